-- What each kind puts on the wire, read from a bare socket.

local fault_kinds = require("particle.simulator.fault_kinds")
local raw_server = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local socket = require("socket")
local support = require("spec.support")

describe("a fault puts on the wire", function()
  local sim, clients

  before_each(function()
    sim = assert(simulator.new {
      devices = { { name = "lamp", variables = { level = 7 } } }, keepalive = false,
      clock = function() return 0 end,
    })
    clients = {}
  end)

  after_each(function()
    for _, client in ipairs(clients) do client:close() end
    sim:close()
  end)

  local function ask(path)
    local client = assert(socket.connect("127.0.0.1", sim.port))
    clients[#clients + 1] = client
    client:settimeout(0)
    assert(client:send(("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"):format(
      path, sim.token)))
    local received = ""
    local function read()
      local all, problem, part = client:receive(1 << 20)
      received = received .. (all or part or "")
      return received, problem ~= "timeout" and problem or nil
    end
    return read
  end

  -- What comes until it matches, or the connection ends; and how it ended, nil: it is open.
  local function receive(path, pattern)
    local read = ask(path)
    local received, ended
    support.wait_until(function()
      received, ended = read()
      return ended or pattern and received:find(pattern)
    end, { step = function() sim:step(0.002) end, what = pattern })
    return received, ended
  end

  local LEVEL = "/v1/devices/lamp/level?format=raw"
  local function head(length)
    return "^HTTP/1.1 200 Fault\r\n.*Content%-Length: " .. length .. "\r\n.*\r\n\r\n"
  end

  -- Kind, further options, what comes of a body "0123456789", how the connection ends.
  local BODIES = {
    { "close_body", {}, head(10) .. "01234$", "closed" },
    { "reset_body", {}, head(10) .. "01234$", "closed" }, -- luasocket's name for a reset too
    { "truncated_chunk", {}, "Transfer%-Encoding: chunked\r\n\r\na\r\n01234$", "closed" },
    { "slow_head", { interval = 0 }, head(10) .. "0123456789$", "closed" },
    { "head_only", {}, head(10) .. "$" },
    { "wrong_length", { by = -3 }, head(7) .. "0123456789$" },
    { "wrong_length", { by = 3 }, head(13) .. "0123456789$" },
    { "wrong_length", { by = -30 }, head(0) .. "0123456789$" },
  }
  for i, case in ipairs(BODIES) do
    it(("what is spoilt: %s (%d)"):format(case[1], i), function()
      local spec = { kind = case[1], body = "0123456789" }
      for name, value in pairs(case[2]) do spec[name] = value end
      sim:fault(spec)
      local received, ended = receive(LEVEL, not case[4] and case[3] or nil)
      assert.truthy(received:find(case[3]), received)
      assert.equal(case[4], ended)
      assert.equal("200", received:match("^HTTP/1.1 (%d+)"))
    end)
  end

  it("the cloud's own reply, spoilt, when the handler ran", function()
    sim:fault { kind = "close_body", after = true }
    local received = receive("/v1/devices/nix/level")
    assert.truthy(received:find('^HTTP/1.1 403 Fault\r\n.*\r\n\r\n{"error":"Permission'), received)
    sim:fault { kind = "slow_head", interval = 0 }
    assert.equal("7", receive(LEVEL):match("\r\n\r\n(.*)$"))
  end)

  it("any JSON, spoilt, when it did not", function()
    sim:fault { kind = "slow_head", interval = 0, after = false }
    assert.equal('{"ok":true}', receive(LEVEL):match("\r\n\r\n(.*)$"))
  end)

  it("nothing at all", function()
    sim:fault { kind = "close" }
    assert.same({ "", "closed" }, { receive(LEVEL) })
    sim:fault { kind = "silence" }
    local read = ask(LEVEL)
    support.wait_until(function() return #sim:requests() == 2 end, { step = function() sim:step(0.002) end })
    sim:step(0.01)
    assert.same({ "" }, { read() })
  end)

  it("nothing on a connection that is let go once its client has gone", function()
    collectgarbage() -- closes what other specs have left to it
    collectgarbage()
    local open = raw_server.descriptors()
    for _, kind in ipairs { "silence", "head_only" } do
      sim:fault { kind = kind }
      ask(LEVEL)
      local function has_come() return sim:requests()[#sim:requests()].fault == kind end
      support.wait_until(function() return sim:requests()[1] and has_come() end,
        { step = function() sim:step(0.002) end })
      assert.equal(open + 2, raw_server.descriptors())
      clients[#clients]:close()
      support.wait_until(function() return raw_server.descriptors() == open end,
        { step = function() sim:step(0.002) end })
    end
  end)

  -- Kind, options, what must be in the reply.
  local REPLIES = {
    { "status", { status = 418, body = "tea", headers = { ["X-A"] = 1 }, retry_after = 3 },
      { "^HTTP/1.1 418 ", "X%-A: 1\r\n", "Retry%-After: 3\r\n", "\r\n\r\ntea$" } },
    { "status", { status = 401 }, { "^HTTP/1.1 401 ", '{"error":"invalid_token",' } },
    { "status", { status = 201 }, { "^HTTP/1.1 201 ", "\r\n\r\n$" } },
    { "gateway", { status = 504 }, { "^HTTP/1.1 504 ", "Content%-Type: text/html\r\n", "<title>504<" } },
    { "html", {}, { "^HTTP/1.1 200 ", "Content%-Type: text/html\r\n", "<html>" } },
    { "empty", {}, { "^HTTP/1.1 200 ", "Content%-Length: 0\r\n", "\r\n\r\n$" } },
    { "no_content", {}, { "^HTTP/1.1 204 ", "\r\n\r\n$" } },
    { "rate_limit", { retry_after = "soon" }, { "^HTTP/1.1 429 ", "Retry%-After: soon\r\n" } },
    { "redirect", { status = 308, location = "http://example.com/" },
      { "^HTTP/1.1 308 ", "Location: http://example.com/\r\n" } },
    { "redirect_loop", {}, { "^HTTP/1.1 302 ", "Location: /v1/devices/lamp/level\r\n" } },
    { "gzip", {}, { "Content%-Encoding: gzip\r\n", "\r\n\r\n\x1F\x8B" } },
    { "garbage", {}, { '\r\n\r\n{"ok":$' } },
    { "deep", { depth = 3 }, { "\r\n\r\n%[%[%[%]%]%]$" } },
    { "nul", {}, { "\r\n\r\n7\0more$" } },
    { "bom", {}, { "\r\n\r\n\u{FEFF}7$" } },
    { "bad_utf8", {}, { '\r\n\r\n{"data":"\xFF\xC0\x80"}$' } },
    { "huge", { size = 100000 }, { '\r\n\r\n1\r\n"\r\n10000\r\nxxx', 'x\r\n1\r\n"\r\n0\r\n\r\n$' } },
    { "delay", { delay = 0 }, { "^HTTP/1.1 200 ", "\r\n\r\n7$" } },
  }
  for i, case in ipairs(REPLIES) do
    it(("a reply: %s (%d)"):format(case[1], i), function()
      local spec = { kind = case[1] }
      for name, value in pairs(case[2]) do spec[name] = value end
      sim:fault(spec)
      local received = receive(LEVEL, case[3][#case[3]])
      for _, pattern in ipairs(case[3]) do assert.truthy(received:find(pattern), received) end
    end)
  end

  local STREAM = "/v1/devices/events"
  local NOW = '"ttl":60,"published_at":"1970-01-01T00:00:00.000Z","coreid":"api"}\n\n'

  -- Kind, options, the stream's bytes without chunks.
  local STREAMS = {
    { "cr", {}, ":ok\r\r" },
    { "crlf", {}, ":ok\r\n\r\n" },
    { "split", {}, ":ok\n\n" },
    { "comments", { count = 2 }, ":ok\n\n: nothing yet\n: nothing yet\n" },
    { "flood", { count = 2 }, ':ok\n\nevent: flood\ndata: {"data":"1",' .. NOW
      .. 'event: flood\ndata: {"data":"2",' .. NOW },
    { "nameless", {}, ':ok\n\ndata: {"data":"nameless",' .. NOW },
    { "dataless", {}, ":ok\n\nevent: dataless\n\n" },
    { "duplicate_id", {}, ':ok\n\nid: 7\nevent: twice\ndata: {"data":"same",' .. NOW
      .. 'id: 7\nevent: twice\ndata: {"data":"same",' .. NOW },
    { "retry", { milliseconds = 5 }, ":ok\n\nretry: 5\n\n" },
    { "nul", {}, ':ok\n\nevent: fault\ndata: {"data":"fault"}\0more\n\n' },
    { "huge", { size = 3 }, ":ok\n\nevent: fault\ndata: xxx\n\n" },
    { "delay", { delay = 0 }, ":ok\n\n" },
  }
  for _, case in ipairs(STREAMS) do
    it("a stream: " .. case[1], function()
      local spec = { kind = case[1] }
      for name, value in pairs(case[2]) do spec[name] = value end
      sim:fault(spec)
      local read = ask(STREAM)
      local function body()
        local pieces, from = {}, 1
        local chunks = read():match("\r\n\r\n(.*)$") or ""
        while true do
          local digits, after = chunks:match("^(%x+)\r\n()", from)
          if not digits then return table.concat(pieces), #pieces end
          local length = tonumber(digits, 16)
          pieces[#pieces + 1] = chunks:sub(after, after + length - 1)
          from = after + length + 2
        end
      end
      support.wait_until(function() return #body() >= #case[3] end, { step = function() sim:step(0.002) end })
      local text, pieces = body()
      assert.equal(case[3], text)
      if case[1] == "split" then assert.equal(#text, pieces) end
    end)
  end

  it("nothing odd where a stream is refused", function()
    for _, kind in ipairs { "split", "comments", "nul", "huge" } do
      sim:fault { kind = kind }
      assert.truthy(receive("/v1/devices/nix/events", "Permission Denied"):find("^HTTP/1.1 403 "))
    end
  end)

  it("a refusal once the token is revoked", function()
    local old = sim:token_of(sim.username)
    sim:fault { kind = "revoke" }
    assert.truthy(receive(LEVEL, "is invalid"):find("^HTTP/1.1 401 "))
    assert.not_equal(old, sim:token_of(sim.username))
    sim:fault { kind = "revoke" }
    assert.truthy(receive("/nowhere", "Not found"):find("^HTTP/1.1 404 "))
  end)

  it("times of a clock that has jumped", function()
    local function time() return receive("/v1/devices/lamp/level", "}}"):match('"last_heard":"(.-)"') end
    sim:fault { kind = "clock", seconds = 3600 }
    assert.equal("1970-01-01T01:00:00.000Z", time())
    sim:fault { kind = "clock", seconds = -3600, after = true }
    assert.equal("1970-01-01T01:00:00.000Z", time())
    assert.equal("1970-01-01T00:00:00.000Z", time())
  end)

  it("something for every kind", function()
    for name, kind in pairs(fault_kinds) do
      assert.equal("string", type(kind.text), name)
      assert.equal(not kind.server, kind.answer ~= nil, name)
    end
  end)
end)
