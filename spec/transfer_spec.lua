-- What can go wrong between us and the cloud, and what the error then says.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local GET = { method = "GET", path = { "v1", "devices" }, query = { q = "unseen" }, idempotent = true }
local POST = { method = "POST", path = { "v1", "devices" }, form = { arg = "on" } }

local function with(request, fields)
  local copy = {}
  for name, value in pairs(request) do copy[name] = value end
  for name, value in pairs(fields) do copy[name] = value end
  return copy
end

---What is true of every error.
local function check_error(err, request, url)
  assert.equal("error", core.type(err))
  assert.equal("string", type(err.message))
  assert.equal(request.method, err.method)
  assert.equal(url .. "/v1/devices", err.url)
  assert.equal(1, err.attempts)
  assert.is_true(err.elapsed >= 0 and err.elapsed < 60, tostring(err.elapsed))
  assert.equal("boolean", type(err.retryable))
end

---Makes a call that must fail.
---@param expected table fields of the error
local function fails(script, expected, request, options)
  local server <close> = raw.new(script)
  request = request or GET
  local value, err = raw.call(server:api(options), request)
  assert.is_nil(value)
  check_error(err, request, server.url)
  -- On a machine that sleeps, a short time may be over before the request was sent.
  if err.kind == "timeout" and server.executed == 0 and not err.delivered then err.delivered = "maybe" end
  for name, wanted in pairs(expected) do assert.equal(wanted, err[name], name .. " of " .. err) end
  return err, server
end

local function ends(script, request, options)
  local server <close> = raw.new(script)
  return raw.call(server:api(options), request or GET)
end

local function head(lines) return "HTTP/1.1 200 OK\r\n" .. (lines or "") .. "\r\n" end

describe("a connection that fails", function()
  it("is refused: nothing was sent", function()
    local url = "http://127.0.0.1:" .. raw.closed_port()
    local value, err = raw.call(core.api { base_url = url }, POST)
    assert.is_nil(value)
    check_error(err, POST, url)
    assert.equal("network", err.kind)
    assert.is_false(err.delivered)
    assert.is_true(err.retryable)
    assert.is_nil(err.status)
  end)

  it("is closed before the request is read", function()
    local err = fails(function() end, { kind = "network", retryable = false }, POST)
    assert.is_true(err.delivered == false or err.delivered == "maybe")
  end)

  it("is closed after the request was read, without a reply", function()
    fails(function(c) c:request() end, { kind = "network", delivered = "maybe", retryable = true })
    fails(function(c) c:request() end, { kind = "network", delivered = "maybe", retryable = false }, POST)
  end)

  it("is reset after the request was read", function()
    local function reset(c)
      c:request()
      c:reset()
    end
    fails(reset, { kind = "network", delivered = "maybe", retryable = true })
    fails(reset, { kind = "network", delivered = "maybe", retryable = false }, POST)
  end)

  it("is reset inside the reply", function()
    fails(function(c)
      c:request()
      c:send(head("Content-Length: 100\r\n") .. "{")
      for _ = 1, 20 do c.pause() end
      c:reset()
    end, { kind = "network", delivered = "maybe", status = 200 })
  end)

  it("ends inside the reply's head", function()
    for _, lines in ipairs { "", "Content-Le", "A: b\r\n" } do
      local expected = { kind = "network", delivered = "maybe", retryable = false }
      fails(raw.bytes("HTTP/1.1 200 OK\r\n" .. lines), expected, POST)
    end
  end)

  it("ends inside the reply's first line", function()
    local err = fails(raw.bytes("HTTP/1.1 20"), { delivered = "maybe" }, POST)
    assert.is_true(err.kind == "network" or err.kind == "protocol")
  end)

  it("ends after an interim reply", function()
    for _, more in ipairs { "", "HTTP/1.1 20" } do
      local text = "HTTP/1.1 100 Continue\r\n\r\n" .. more
      fails(raw.bytes(text), { kind = "network", delivered = "maybe" }, POST)
    end
  end)

  it("ends before the whole body came", function()
    local expected = { kind = "network", delivered = "maybe", status = 200 }
    fails(raw.bytes(head("Content-Length: 100\r\n") .. "{}"), expected)
    fails(raw.bytes(head("Content-Length: 1\r\n")), expected, POST)
  end)

  it("ends inside a chunk, and between chunks", function()
    local chunked = head("Transfer-Encoding: chunked\r\n")
    fails(raw.bytes(chunked .. "10\r\n{"), { kind = "network", delivered = "maybe", status = 200 })
    fails(raw.bytes(chunked .. "2\r\n{}\r\n"), { kind = "network", delivered = "maybe" }, POST)
  end)
end)

describe("a reply that is not what HTTP promises", function()
  local function protocol(text, request)
    return fails(raw.bytes(text), { kind = "protocol", delivered = "maybe", retryable = false }, request)
  end

  it("is not HTTP/1", function()
    protocol("hello there\r\n\r\n")
    protocol("SSH-2.0-OpenSSH_9.2\r\n", POST)
    protocol("HTTP/3.7 200 OK\r\n\r\ntrue")
  end)

  it("has no status", function()
    protocol("HTTP/1.1 abc OK\r\n\r\ntrue")
    protocol("HTTP/1.1 20 OK\r\n\r\ntrue", POST)
    assert.equal(999, protocol("HTTP/1.1 999 What\r\n\r\ntrue").status)
    assert.equal(600, protocol("HTTP/1.1 600 What\r\n\r\ntrue").status)
  end)

  it("has a length below nothing, or a NUL in its head", function()
    protocol(head("Content-Length: -5\r\n") .. "true")
    protocol(head("A: b\0c\r\nContent-Length: 4\r\n") .. "true", POST)
  end)

  it("has a chunk whose size is no number", function()
    local text = head("Transfer-Encoding: chunked\r\n") .. "zz\r\n{"
    local err = fails(raw.bytes(text), { delivered = "maybe" }, POST)
    assert.is_true(err.kind == "protocol" or err.kind == "network")
  end)

  it("claims a compression that it has not, or that nobody knows", function()
    protocol(raw.message(200, { ["Content-Encoding"] = "gzip" }, "not compressed at all"), POST)
    protocol(raw.message(200, { ["Content-Encoding"] = "mystery" }, "what?"))
  end)

  it("is a redirect: it is not followed, and the token stays here", function()
    local elsewhere <close> = raw.new(raw.json("true"))
    for _, status in ipairs { 300, 301, 302, 303, 304, 307, 308 } do
      local headers = { Location = elsewhere.url .. "/v1/devices" }
      local server <close> = raw.new(raw.replying(status, headers, "moved"))
      local api = server:api()
      core.set_token(api, "canary-token")
      local value, err = raw.call(api, GET)
      assert.is_nil(value)
      assert.same({ "protocol", status, false }, { err.kind, err.status, err.retryable })
      assert.truthy(err.message:find("redirect", 1, true))
      core.close(api)
    end
    assert.equal(0, elsewhere.accepted)
  end)

  it("is an event stream: the call ends at once", function()
    for _, name in ipairs { "text/event-stream", "TEXT/Event-Stream; charset=utf-8" } do
      fails(function(c)
        c:request()
        c:send(head("content-type:\t" .. name .. "\r\nTransfer-Encoding: chunked\r\n"))
        c:hang()
      end, { kind = "protocol", delivered = "maybe", status = 200 })
    end
  end)

  it("may have a content type that only resembles an event stream's", function()
    local headers = { ["Content-Type"] = "text/events", ["X-Content-Type"] = "text/event-stream" }
    assert.is_true(ends(raw.replying(200, headers, "true")))
  end)
end)

describe("a reply that comes slowly or oddly", function()
  it("is read byte by byte", function()
    local message = raw.message(200, { ["X-A"] = "b" }, '{"a":[1,2,"drei"]}')
    local value, response = ends(raw.bytes(message, 1), with(GET, { response = true }))
    assert.same({ a = { 1, 2, "drei" } }, value)
    assert.equal("b", response.headers["x-a"])
  end)

  it("is read chunk by chunk, each cut in two", function()
    local message = head("Transfer-Encoding: chunked\r\n") ..
      "1;x=y\r\n[\r\n3\r\n1,2\r\n1\r\n]\r\n0\r\nX-Late: 1\r\n\r\n"
    assert.same({ 1, 2 }, (ends(raw.bytes(message, 1))))
  end)

  it("follows interim replies", function()
    local early = "HTTP/1.1 100 Continue\r\n\r\n" .. ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"):rep(3)
    local script = raw.bytes(early .. raw.message(200, nil, "7"))
    local value, response = ends(script, with(POST, { response = true }))
    assert.equal(7, value)
    assert.equal(200, response.status)
    assert.is_nil(response.headers.link)
  end)

  it("is longer than its length says: the rest is no reply to the next call", function()
    local text = head("Content-Length: 4\r\n") .. "true" .. raw.message(200, nil, "666")
    local server <close> = raw.new(raw.bytes(text), raw.json("1"))
    local api = server:api()
    assert.is_true(raw.call(api, GET))
    assert.equal(1, raw.call(api, GET))
  end)

  it("ends with the connection, as in HTTP/1.0", function()
    assert.is_true(ends(raw.bytes("HTTP/1.0 200 OK\r\n\r\ntrue")))
    assert.is_true(ends(raw.bytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntrue")))
  end)
end)

describe("time", function()
  local function hang(c)
    c:request()
    c:hang()
  end

  it("runs out before a reply: timeout", function()
    local expected = { kind = "timeout", delivered = "maybe", retryable = true }
    assert.is_true(fails(hang, expected, with(GET, { timeout = 0.1 })).elapsed >= 0.1)
    fails(hang, { kind = "timeout", delivered = "maybe", retryable = false }, with(POST, { timeout = 0.1 }))
    fails(hang, { kind = "timeout", delivered = "maybe" }, POST, { timeout = 0.1 })
  end)

  it("runs out inside a reply: timeout, with the status that came", function()
    fails(function(c)
      c:request()
      c:send(head("Content-Length: 10\r\n") .. "{")
      c:hang()
    end, { kind = "timeout", delivered = "maybe", status = 200 }, with(GET, { timeout = 0.1 }))
  end)

  it("is not won by a byte now and then", function()
    fails(function(c)
      c:request()
      c:send(head("Content-Length: 1000000\r\n"))
      while c:send("x") do coroutine.yield(false) end
    end, { kind = "timeout", delivered = "maybe" }, with(GET, { timeout = 0.1 }))
  end)

  it("runs out while nobody accepts: nothing was sent", function()
    local port, close = raw.deaf()
    local api = core.api { base_url = "http://127.0.0.1:" .. port, connect_timeout = 0.1 }
    for _, request in ipairs { POST, with(POST, { deadline = 30 }), with(POST, { timeout = 0.05 }) } do
      local value, err = raw.call(api, request)
      assert.is_nil(value)
      assert.same({ "timeout", false, true }, { err.kind, err.delivered, err.retryable })
      assert.is_true(err.elapsed >= 0.05 and err.elapsed < 20)
    end
    close()
  end)

  it("is over: the deadline leaves none for another attempt", function()
    local expected = { kind = "timeout", delivered = "maybe", retryable = false }
    local err = fails(hang, expected, with(GET, { deadline = 0.1 }))
    assert.truthy(err.message:find("deadline", 1, true))
    fails(hang, { kind = "timeout", retryable = false }, GET, { deadline = 0.1 })
    local port, close = raw.deaf()
    local api = core.api { base_url = "http://127.0.0.1:" .. port, deadline = 0.1 }
    local _, late = raw.call(api, GET)
    assert.same({ "timeout", false, false }, { late.kind, late.delivered, late.retryable })
    close()
  end)

  it("is not measured by libcurl's own wish to wait for 100-continue", function()
    local server <close> = raw.new(raw.json("true"))
    assert.is_true(raw.call(server:api(), with(POST, { form = { arg = ("x"):rep(2000000) } })))
    assert.is_nil(server:last().headers.expect)
  end)
end)

describe("size", function()
  local function compressed(bytes)
    local pipe = assert(io.popen(("head -c %d /dev/zero | gzip -9"):format(bytes)))
    local text = pipe:read("a")
    pipe:close()
    return text
  end

  local too_large = { kind = "too_large", delivered = "maybe", status = 200, retryable = false }

  it("of a body is bounded by max_body, whatever length it claims", function()
    fails(raw.replying(200, nil, ("x"):rep(2001)), too_large, GET, { max_body = 2000 })
    fails(raw.bytes(head() .. ("x"):rep(100000)), too_large, GET, { max_body = 2000 })
    local chunks = ("100\r\n" .. ("x"):rep(256) .. "\r\n"):rep(100)
    fails(raw.bytes(head("Transfer-Encoding: chunked\r\n") .. chunks), too_large, GET, { max_body = 2000 })
    assert.equal(1998, #ends(raw.replying(200, nil, '"' .. ("x"):rep(1998) .. '"'), GET, { max_body = 2000 }))
  end)

  it("of a body counts after decompression", function()
    local bomb = compressed(20000000)
    assert.is_true(#bomb < 100000)
    fails(raw.replying(200, { ["Content-Encoding"] = "gzip" }, bomb), too_large, GET, { max_body = 1000000 })
    local small = raw.replying(200, { ["Content-Encoding"] = "gzip" }, compressed(1000))
    assert.equal(("\0"):rep(1000), (ends(small, with(GET, { raw = true }), { max_body = 1000 })))
  end)

  it("of a head is bounded", function()
    local line = "A: " .. ("x"):rep(1000) .. "\r\n"
    fails(raw.bytes("HTTP/1.1 200 OK\r\n" .. line:rep(400) .. "\r\n"), too_large)
    fails(function(c)
      c:request()
      c:send("HTTP/1.1 200 OK\r\n")
      while c:send(line) do c.pause() end
    end, too_large)
  end)

  it("of one header line is bounded", function()
    local text = "HTTP/1.1 200 OK\r\nA: " .. ("x"):rep(400000) .. "\r\n\r\n"
    local err = fails(raw.bytes(text), { kind = "too_large", delivered = "maybe" }, POST)
    assert.is_false(err.retryable)
  end)

  it("of interim replies is bounded", function()
    fails(function(c)
      c:request()
      while c:send("HTTP/1.1 100 Continue\r\n\r\n") do c.pause() end
    end, { delivered = "maybe" }, POST)
  end)

  it("leaves the api usable after each", function()
    local server <close> = raw.new(raw.replying(200, nil, ("x"):rep(3000)), raw.json("true"))
    local api = server:api { max_body = 2000 }
    assert.is_nil((raw.call(api, GET)))
    assert.is_true(raw.call(api, GET))
  end)
end)

describe("a request that follows others on the same handle", function()
  local EACH = {
    { method = "GET" }, { method = "GET", query = { a = 1 } }, { method = "GET", timeout = 9 },
    { method = "GET", headers = { ["X-One"] = "1" } }, { method = "POST", form = { a = "b" } },
    { method = "POST" }, { method = "POST", json = { 1 } }, { method = "PUT", body = "x" },
    { method = "DELETE" }, { method = "DELETE", form = { a = "c" } }, { method = "HEAD" },
    { method = "POST", multipart = { { name = "f", data = "y" } } }, { method = "POST", query = { a = 2 } },
  }

  local function sent(server, api, fields)
    assert(raw.call(api, with(fields, { path = { "v1", "x" } })))
    local request = server:last()
    local text = request.head .. request.body
    return (text:gsub("%-%-+%w+", "BOUNDARY"):gsub("boundary=%S+", "BOUNDARY"))
  end

  it("is what it would be on a new one", function()
    local function serve(c)
      while true do
        local request = c:request()
        if not request then return end
        c:send(request.method == "HEAD" and "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
          or "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue")
      end
    end
    local server <close> = raw.new(serve)
    local alone = {}
    for i, fields in ipairs(EACH) do
      local api = server:api { max_connections = 1 }
      alone[i] = sent(server, api, fields)
      core.close(api)
    end
    local api = server:api { max_connections = 1 }
    for i, first in ipairs(EACH) do
      for k, second in ipairs(EACH) do
        assert.equal(alone[i], sent(server, api, first))
        assert.equal(alone[k], sent(server, api, second))
      end
    end
    core.close(api)
  end)

  it("has a time of its own", function()
    local function serve(c)
      assert(c:request())
      local due = core.now() + 0.4
      while core.now() < due do c.pause() end
      c:send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue")
    end
    local server <close> = raw.new(serve)
    local api = server:api { max_connections = 1 }
    local request = { method = "GET", path = { "v1", "x" } }
    for _ = 1, 2 do
      assert.is_true(raw.call(api, request))
      local _, err = raw.call(api, with(request, { timeout = 0.1 }))
      assert.equal("timeout", err.kind)
    end
    core.close(api)
  end)
end)
