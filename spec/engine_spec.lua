-- The engine: connections kept and bounded, a queue in order, deadlines while waiting, flat memory.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local support = require("spec.support")

local function get(i) return { method = "GET", path = { "v1", i }, idempotent = true } end

---A script that answers only when told: release() lets one more request through.
local function gated()
  local allowed = 0
  local function script(c)
    while true do
      local request = c:request()
      if not request then return end
      while allowed == 0 do coroutine.yield(false) end
      allowed = allowed - 1
      c:json(('"%s"'):format(request.path))
    end
  end
  return script, function(n) allowed = allowed + (n or 1) end
end

local function settle(server, n)
  raw.wait(function() return server.executed >= n end)
  for _ = 1, 5 do
    core.poller():step(0)
    raw.pump()
  end
  assert.equal(n, server.executed)
end

describe("connections", function()
  it("are kept and used again", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    for i = 1, 50 do assert.equal(1, (raw.call(api, get(i)))) end
    for _, method in ipairs { "POST", "PUT", "DELETE" } do
      raw.call(api, { method = method, path = "/v1/x", form = { a = 1 } })
    end
    assert.equal(1, server.accepted)
    assert.equal(53, server.executed)
  end)

  it("are no more than max_connections", function()
    for _, limit in ipairs { 1, 2, 7 } do
      local script, release = gated()
      local server <close> = raw.new(script)
      local api = server:api { max_connections = limit }
      local transfers = {}
      for i = 1, 20 do transfers[i] = core.submit(api, get(i)) end
      settle(server, limit)
      release(20)
      for i, transfer in ipairs(transfers) do assert.equal("/v1/" .. i, (raw.take(transfer))) end
      assert.is_true(server.accepted <= limit, server.accepted .. " connections")
      core.close(api)
    end
  end)

  it("serve one api each", function()
    local server <close> = raw.new(raw.json("1"))
    local one, other = server:api(), server:api()
    for i = 1, 3 do
      raw.call(one, get(i))
      raw.call(other, get(i))
    end
    assert.equal(2, server.accepted)
    core.close(one)
    raw.wait(function() return server:count() == 1 end)
    raw.call(other, get(4))
    assert.equal(2, server.accepted)
    core.close(other)
    raw.wait(function() return server:count() == 0 end)
  end)

  it("are closed when the server closes them, and others take their place", function()
    local server <close> = raw.new(raw.after(1, function() end))
    local api = server:api()
    for i = 1, 10 do assert.is_true((raw.call(api, get(i)))) end
    assert.is_true(server.accepted >= 10)
  end)

  it("are not left to a child process", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    raw.call(api, get(1))
    local inode
    for line in io.lines("/proc/net/tcp") do
      local fields = {}
      for field in line:gmatch("%S+") do fields[#fields + 1] = field end
      local is_ours = fields[3]:match("%x+$") == ("%04X"):format(server.port)
      if is_ours and fields[10] ~= "0" then inode = fields[10] end -- 0: what is over, with that port
    end
    local function holds(process)
      local pipe <close> = assert(io.popen(("ls -l /proc/%s/fd"):format(process)))
      return pipe:read("a"):find(("socket:[%s]"):format(inode), 1, true) ~= nil
    end
    assert.is_true(holds("$PPID"))
    assert.is_false(holds("self"))
    core.close(api)
  end)
end)

describe("the queue", function()
  it("keeps the order with one connection", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api { max_connections = 1 }
    local transfers = {}
    for i = 1, 30 do transfers[i] = core.submit(api, get(i)) end
    for _, transfer in ipairs(transfers) do assert.equal(1, (raw.take(transfer))) end
    for i, request in ipairs(server.requests) do assert.equal("/v1/" .. i, request.path) end
  end)

  it("starts in order with two", function()
    local script, release = gated()
    local server <close> = raw.new(script)
    local api = server:api { max_connections = 2 }
    local transfers = {}
    for i = 1, 10 do transfers[i] = core.submit(api, get(i)) end
    for n = 2, 10 do
      settle(server, n)
      local seen = {}
      for _, request in ipairs(server.requests) do seen[request.path] = true end
      for i = 1, n do assert.is_true(seen["/v1/" .. i], "call " .. i .. " of " .. n) end
      release()
    end
    release(2)
    for _, transfer in ipairs(transfers) do assert.is_string((raw.take(transfer))) end
  end)

  it("goes on when a running call is cancelled, dropped or fails", function()
    local server <close> = raw.new(
      function(c) c:hang() end, function(c) c:hang() end, function(c) c:request() end, raw.json('"last"'))
    local api = server:api { max_connections = 1 }
    local cancelled, dropped = core.submit(api, get(1)), core.submit(api, get(2))
    local failing, last = core.submit(api, { method = "POST", path = "/v1/3" }), core.submit(api, get(4))
    raw.wait(function() return server.accepted == 1 end)
    cancelled:cancel()
    raw.wait(function() return server.accepted == 2 end)
    do local closing <close> = dropped end -- luacheck: ignore closing
    assert.equal("network", select(2, raw.take(failing)).kind)
    assert.equal("last", (raw.take(last)))
  end)

  it("may be left by a call", function()
    local script, release = gated()
    local server <close> = raw.new(script)
    local api = server:api { max_connections = 1 }
    local transfers = {}
    for i = 1, 4 do transfers[i] = core.submit(api, get(i)) end
    transfers[2]:cancel()
    do local closing <close> = transfers[3] end -- luacheck: ignore closing
    release(4)
    assert.equal("/v1/1", (raw.take(transfers[1])))
    assert.equal("/v1/4", (raw.take(transfers[4])))
    assert.equal(2, #server.requests)
  end)

  it("does not count the waiting as time of an attempt", function()
    local script, release = gated()
    local server <close> = raw.new(script)
    local api = server:api { max_connections = 1, timeout = 50 }
    local first = core.submit(api, get(1))
    local second = core.submit(api, { method = "GET", path = "/v1/2", timeout = 0.5 })
    settle(server, 1)
    local start = core.now()
    raw.wait(function() return core.now() - start > 0.6 end)
    assert.is_false(second:done())
    release(2)
    assert.equal("/v1/1", (raw.take(first)))
    local value, err = raw.take(second)
    assert.is_true(value == "/v1/2" or err.elapsed >= 1)
  end)

  it("never sends a call whose deadline passed while it waited", function()
    local server <close> = raw.new(function(c)
      c:request()
      c:hang()
    end)
    local api = server:api { max_connections = 1 }
    local running = core.submit(api, get(1))
    settle(server, 1)
    local transfers = {}
    for i = 2, 5 do
      local request = { method = "POST", path = { "v1", i }, form = { a = 1 }, deadline = 0.02 * i }
      transfers[i] = core.submit(api, request)
    end
    for i = 5, 2, -1 do
      local value, err = raw.take(transfers[i])
      assert.is_nil(value)
      assert.same({ "timeout", false, false }, { err.kind, err.delivered, err.retryable })
      assert.truthy(err.message:find("deadline", 1, true))
      assert.is_true(err.elapsed >= 0.02 * i and err.elapsed < 30)
    end
    assert.is_false(running:done())
    running:cancel()
    for _ = 1, 10 do
      core.poller():step(0.002)
      raw.pump()
    end
    assert.equal(1, #server.requests)
  end)

  it("notices the first of many deadlines, wherever it stands", function()
    local server <close> = raw.new(function(c) c:hang() end)
    local api = server:api { max_connections = 1, deadline = 100 }
    local transfers = { core.submit(api, get(1)) }
    for i = 2, 40 do
      local request = get(i)
      if i == 20 then request.deadline = 0.05 end
      transfers[i] = core.submit(api, request)
    end
    assert.equal("timeout", select(2, raw.take(transfers[20])).kind)
    for i, transfer in ipairs(transfers) do assert.equal(i == 20, transfer:done()) end
    core.close(api)
  end)

  it("empties when nobody answers in time", function()
    local port, close = raw.deaf()
    local url = "http://127.0.0.1:" .. port
    local api = core.api { base_url = url, max_connections = 2, connect_timeout = 0.03 }
    local transfers = {}
    for i = 1, 6 do transfers[i] = core.submit(api, get(i)) end
    for _, transfer in ipairs(transfers) do
      local _, err = raw.take(transfer)
      assert.same({ "timeout", false, true }, { err.kind, err.delivered, err.retryable })
    end
    close()
  end)

  it("is that of one api, whatever others do", function()
    local stuck <close> = raw.new(function(c) c:hang() end)
    local server <close> = raw.new(raw.json("1"))
    local blocked, free = stuck:api { max_connections = 1 }, server:api { max_connections = 1 }
    local waiting = { core.submit(blocked, get(1)), core.submit(blocked, get(2)) }
    for i = 1, 10 do assert.equal(1, (raw.call(free, get(i)))) end
    assert.is_false(waiting[1]:done() or waiting[2]:done())
    core.close(blocked)
  end)
end)

describe("many calls", function()
  it("run at once", function()
    local script, release = gated()
    local server <close> = raw.new(script)
    local api = server:api { max_connections = 100 }
    local transfers = {}
    for i = 1, 300 do transfers[i] = core.submit(api, get(i)) end
    settle(server, 100)
    release(300)
    for i, transfer in ipairs(transfers) do assert.equal("/v1/" .. i, (raw.take(transfer))) end
    assert.is_true(server.accepted <= 100)
    core.close(api)
  end)

  it("are finished in the order of the replies", function()
    local server <close> = raw.new(function(c)
      local request = c:request()
      local i = tonumber(request.path:match("%d+$"))
      while c.server.turn ~= i do coroutine.yield(false) end
      c:json(tostring(i))
      c.server.turn = i - 1
    end)
    server.turn = 5
    local api = server:api()
    local transfers, ids = {}, {}
    while core.poller():finished() do end -- luacheck: ignore
    for i = 1, 5 do
      transfers[i] = core.submit(api, get(i))
      ids[transfers[i]:id()] = i
    end
    local order = {}
    raw.wait(function()
      local id = core.poller():finished()
      if ids[id] then order[#order + 1] = ids[id] end
      return #order == 5
    end)
    assert.same({ 5, 4, 3, 2, 1 }, order)
  end)
end)

describe("what is left after calls", function()
  local function used()
    collectgarbage()
    collectgarbage()
    return collectgarbage("count")
  end

  ---Makes calls and compares the first part of them with the last.
  local function stays_flat(calls, call)
    for i = 1, calls // 3 do call(i) end
    local memory, open = used(), raw.descriptors()
    for i = 1, calls do call(i) end
    local more = used() - memory
    assert.is_true(more < 64, ("%.1f kB more after %d calls"):format(more, calls))
    assert.equal(open, raw.descriptors())
  end

  local calls = support.sanitized and 300 or 3000

  it("is nothing when they succeed", function()
    local server <close> = raw.new(raw.json('{"name":"temperature","result":21.5,"list":[1,2,3]}'))
    local api = server:api()
    core.set_token(api, "token0123456789")
    stays_flat(calls, function(i)
      local path = { "v1", "devices", "lamp" .. i, "x" }
      local value = raw.call(api, { method = "GET", path = path, idempotent = true })
      assert(value.result == 21.5)
      server.requests = {}
    end)
  end)

  it("is nothing when they fail", function()
    local server <close> = raw.new(raw.replying(404, nil, "<html>No such thing"))
    local api = server:api()
    stays_flat(calls, function(i)
      local value, err = raw.call(api, { method = "POST", path = { "v1", i }, form = { a = i } })
      assert(value == nil and err.kind == "not_found")
      server.requests = {}
    end)
  end)

  it("is nothing when connections die", function()
    local server <close> = raw.new(function(c) c:request() end)
    local api = server:api()
    stays_flat(calls // 10, function(i)
      assert(raw.call(api, { method = "POST", path = { "v1", i }, json = { a = i } }) == nil)
      server.requests = {}
    end)
  end)

  it("is nothing when they are refused, dropped or cancelled", function()
    local server <close> = raw.new(function(c) c:hang() end)
    local api = server:api { max_connections = 2 }
    stays_flat(calls // 10, function(i)
      pcall(core.submit, api, { method = "POST", path = { "v1", "" }, form = { a = i } })
      local transfer = core.submit(api, { method = "POST", path = { "v1", i }, form = { a = i } })
      core.poller():step(0)
      raw.pump()
      if i % 2 == 0 then transfer:cancel() end
      transfer = nil -- luacheck: ignore
      collectgarbage("step")
    end)
  end)

  it("is nothing of an api that was dropped", function()
    local server <close> = raw.new(raw.json("1"))
    stays_flat(calls // 10, function(i)
      local api = server:api { headers = { ["X-A"] = "b" } }
      core.set_token(api, "token" .. i)
      assert(raw.call(api, get(i)) == 1)
      server.requests = {}
      if i % 3 == 0 then core.close(api) end
      if i % 10 == 0 then
        api = nil -- luacheck: ignore
        collectgarbage()
        raw.pump()
      end
    end)
  end)
end)

describe("without descriptors", function()
  it("a call fails, and the next succeeds when there are some again", function()
    local server <close> = raw.new(raw.json("1"))
    local script = ([[
      local core = require("particle.core")
      local api = core.api { base_url = %q }
      local function call()
        local transfer = core.submit(api, { method = "POST", path = "/v1/x", form = { a = 1 } })
        while not transfer:done() do core.poller():step() end
        return transfer:take()
      end
      local files = {}
      while true do
        local file = io.open("/dev/null")
        if not file then break end
        files[#files + 1] = file
      end
      local value, err = call()
      print(value, err.kind, err.delivered, err.retryable)
      for _, file in ipairs(files) do file:close() end
      print(call())
    ]]):format(server.url)
    local few = { "sh", "-c", 'ulimit -n 40; exec lua5.4 -e "$0"', script }
    local result = support.run(few, { step = raw.pump })
    assert.equal("nil\tnetwork\tfalse\ttrue\n1\n", result.stdout, result.stderr)
    assert.equal(0, result.status)
  end)
end)

describe("an event stream", function()
  local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

  local function stream(api, more)
    local request = { method = "GET", path = "/v1/events", events = true, idempotent = true }
    for name, value in pairs(more or {}) do request[name] = value end
    return core.submit(api, request)
  end

  local function open(transfer)
    raw.wait(function() return transfer:done() end)
    return (assert(transfer:take()))
  end

  local function speaking(c)
    c:request()
    c:send(HEAD .. "data: 1\n\n")
    c:hang()
  end

  it("does not wait in the queue, and takes no place of calls", function()
    local server <close> = raw.new(function(c)
      local request = c:request()
      if request and request.path == "/v1/events" then c:send(HEAD) end
      c:hang()
    end)
    local api = server:api { max_connections = 1 }
    local running, queued = core.submit(api, get(1)), core.submit(api, get(2))
    local streams = {}
    for i = 1, 10 do streams[i] = open(stream(api)) end
    settle(server, 11)
    assert.is_false(running:done() or queued:done())
    core.close(api)
    for _, one in ipairs(streams) do assert.is_true(one:ended()) end
  end)

  it("is given up when it was silent for idle, counted from the head and from each byte", function()
    local server <close> = raw.new(function(c)
      c:request()
      c:send(HEAD)
      local due = core.now() + 0.05
      while core.now() < due do c.pause() end
      c:send("\n")
      c:hang()
    end)
    local api = server:api()
    local start = core.now()
    local opened = open(stream(api, { idle = 0.1 }))
    raw.wait(function() return opened:ended() end)
    assert.is_true(core.now() - start >= 0.15)
    assert.are.same({ "timeout", "the stream was silent for 0.1 s (idle)" }, { opened:loss() })
    opened:discard()
    raw.wait(function() return server:count() == 0 end)
  end)

  it("has its own idle, whatever others have", function()
    local server <close> = raw.new(speaking)
    local api = server:api()
    local patient = { open(stream(api)), open(stream(api, { idle = 1000 })) }
    local first, second = open(stream(api, { idle = 0.2 })), open(stream(api, { idle = 0.05 }))
    raw.wait(function() return second:ended() end)
    raw.wait(function() return first:ended() end)
    for _, one in ipairs(patient) do assert.is_false(one:ended()) end
    core.close(api)
  end)

  it("may take its time for the head, however short idle is", function()
    local server <close> = raw.new(function(c)
      c:request()
      local due = core.now() + 0.2
      while core.now() < due do c.pause() end
      c:send(HEAD)
      c:hang()
    end)
    local opened = open(stream(server:api(), { idle = 0.05 }))
    raw.wait(function() return opened:ended() end)
    assert.are.equal("timeout", (opened:loss()))
    opened:discard()
  end)

  it("is given up when its head takes longer than timeout or deadline", function()
    local server <close> = raw.new(function(c) c:hang() end)
    for _, name in ipairs { "timeout", "deadline" } do
      local transfer = stream(server:api(), { [name] = 0.05 })
      local value, err = raw.take(transfer)
      assert.is_nil(value)
      assert.are.equal("timeout", err.kind)
      assert.matches(name, err.message, 1, true)
      assert.are.equal(name == "timeout", err.retryable)
    end
    raw.wait(function() return server:count() == 0 end)
  end)

  it("has no end by timeout or deadline once its head has come", function()
    local server <close> = raw.new(speaking)
    local opened = open(stream(server:api { timeout = 0.05, deadline = 0.05 }))
    local due = core.now() + 0.2
    raw.wait(function() return core.now() > due end)
    assert.is_false(opened:ended())
    opened:discard()
  end)

  it("leaves room for the connections that calls keep", function()
    local calls <close> = raw.new(function(c)
      local request = c:request()
      if request.path == "/v1/events" then
        c:send(HEAD)
        return c:hang()
      end
      repeat c:json("1") until not c:request()
    end)
    local api = calls:api { max_connections = 2 }
    assert.equal(1, (raw.call(api, get(1))))
    local streams = {}
    for i = 1, 40 do streams[i] = open(stream(api)) end
    assert.equal(1, (raw.call(api, get(2))))
    assert.is_false(streams[40]:ended())
    assert.equal(41, calls.accepted)
    core.close(api)
    raw.wait(function() return calls:count() == 0 end)
  end)
end)
