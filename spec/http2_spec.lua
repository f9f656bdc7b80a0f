-- `http2 = true` against nginx in front of the simulator: one connection for many calls, streams beside it,
-- nothing carried out twice, and no call that waits for a connection that has died.

local core = require("particle.core")
local nginx = require("spec.support.nginx")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local LONG = 20 -- seconds that nothing here takes

local sim, gate, arrived, most, runs

-- What a device does: it notes that it was asked, and answers when the gate is open.
local function pass(key)
  runs[key] = (runs[key] or 0) + 1
  arrived = arrived + 1
  most = math.max(most, arrived)
  scheduler.wait(function() return gate end)
  arrived = arrived - 1
end

setup(function()
  sim = simulator.new { devices = { {
    name = "lamp",
    variables = {
      temperature = 21,
      slow = function()
        pass("slow")
        return 7
      end,
      large = ("x"):rep(200000),
    },
    functions = { once = function(argument)
      pass(argument)
      return 1
    end },
  } } }
end)

teardown(function() sim:close() end)

before_each(function() gate, arrived, most, runs = true, 0, 0, {} end)

local function client(front, options)
  local given = { base_url = front.url, token = sim.token, ca_file = front.ca_file, http2 = true,
    retry = false, timeout = LONG }
  for name, value in pairs(options or {}) do given[name] = value end
  return particle.new(given)
end

-- Runs n tasks at once and gives their results: { value, err }.
local function together(n, fn)
  local tasks, results = {}, {}
  for i = 1, n do tasks[i] = scheduler.spawn(fn, i) end
  for i, task in ipairs(tasks) do results[i] = table.pack(task:wait()) end
  return results
end

local function all_are(expected, results)
  for _, result in ipairs(results) do assert.equal(expected, result[1], tostring(result[2])) end
end

local function until_arrived(n)
  scheduler.wait(function() return arrived == n end, core.now() + LONG)
  assert.equal(n, arrived)
end

local function submit(api, kind, name, request)
  request = request or {}
  request.method = kind == "read" and "GET" or "POST"
  request.path = { "v1", "devices", "lamp", name }
  request.idempotent = kind == "read"
  return core.submit(api, request)
end

local function take(transfer)
  scheduler.await(transfer)
  return transfer:take()
end

describe("with http2", function()
  it("200 calls share one connection", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front, { max_connections = 200 })
    local lamp = api:device "lamp"
    all_are(21, together(300, function() return lamp:read "temperature" end))
    gate = false
    local opener = scheduler.spawn(function()
      until_arrived(200)
      gate = true
    end)
    all_are(7, together(200, function() return lamp:read "slow" end))
    opener:wait()
    assert.equal(200, most)
    local entries = front:log(500)
    assert.equal(1, nginx.connections(entries))
    for _, entry in ipairs(entries) do assert.is_true(entry.h2) end
  end)

  it("max_connections bounds the calls under way", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front, { max_connections = 3 })
    local lamp = api:device "lamp"
    gate = false
    local opener = scheduler.spawn(function()
      until_arrived(3)
      gate = true
    end)
    all_are(1, together(20, function(i) return lamp:call("once", tostring(i)) end))
    opener:wait()
    assert.equal(3, most)
    assert.equal(1, nginx.connections(front:log(20)))
  end)

  it("an event stream has a connection of its own, with HTTP/1.1", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local lamp = api:device "lamp"
    assert.equal(21, lamp:read "temperature")
    local one, two = assert(api:subscribe "door"), assert(lamp:subscribe "door")
    assert.equal(21, lamp:read "temperature")
    sim:device("lamp"):publish("door", "open")
    assert.equal("open", assert(one:next(LONG)).data)
    assert.equal("open", assert(two:next(LONG)).data)
    one:close()
    two:close()
    local entries, of_streams = front:log(4), {}
    for _, entry in ipairs(entries) do
      local is_stream = entry.path:find("/events", 1, true) ~= nil
      assert.equal(not is_stream, entry.h2)
      if is_stream then of_streams[#of_streams + 1] = entry end
    end
    assert.equal(2, #of_streams)
    assert.equal(3, nginx.connections(entries))
  end)

  it("a reply above max_body ends its own call only", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front, { max_body = 100000 })
    local lamp = api:device "lamp"
    gate = false
    local waiting = scheduler.spawn(function() return lamp:call("once", "a") end)
    until_arrived(1)
    local value, err = lamp:read "large"
    assert.is_nil(value)
    assert.equal("too_large", err.kind)
    gate = true
    assert.equal(1, (waiting:wait()))
    assert.equal(21, lamp:read "temperature")
    assert.equal(1, nginx.connections(front:log(3)))
  end)

  it("an upload goes through", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local firmware = ("firmware"):rep(100000)
    assert.is_true(api:device("lamp"):flash { data = firmware, filename = "firmware.bin" })
    assert.equal(firmware, sim:device("lamp").firmware)
    assert.is_true(front:log(1)[1].h2)
  end)

  it("a server that breaks off is the network's failure", function()
    local server <close> = raw.new(function(c)
      if not c:request() then return end
      c:send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[1,")
      c:reset()
    end)
    local front <close> = nginx.start(server.url)
    local pump <close> = streaming.pump()
    local api <close> = client(front)
    for _, call in ipairs { { "call", false }, { "read", true } } do
      local value, err = api:device("lamp")[call[1]](api:device "lamp", "x")
      assert.is_nil(value)
      assert.same({ "network", "maybe", call[2] }, { err.kind, err.delivered, err.retryable })
    end
    assert.equal(2, server.executed)
    assert.is_not_nil(pump)
  end)

  it("a server that speaks HTTP/1.1 only is no reason to wait for each other", function()
    local front <close> = nginx.start(sim.url, { http2 = false })
    for _, url in ipairs { front.url, sim.url } do
      local api <close> = client(front, { base_url = url, max_connections = 4 })
      local lamp = api:device "lamp"
      gate, most = false, 0
      local opener = scheduler.spawn(function()
        until_arrived(4)
        gate = true
      end)
      all_are(7, together(12, function() return lamp:read "slow" end))
      opener:wait()
      assert.equal(4, most)
    end
    local entries = front:log(12)
    assert.is_true(nginx.connections(entries) <= 4)
    for _, entry in ipairs(entries) do assert.is_false(entry.h2) end
  end)
end)

describe("with http2, calls that wait for the first connection", function()
  local function submit_four(url, options)
    options.base_url, options.http2, options.max_connections = url, true, 4
    local api, transfers = core.api(options), {}
    for i = 1, 4 do transfers[i] = core.submit(api, { method = "GET", path = "/v1/x", idempotent = true }) end
    return transfers, api
  end

  it("do not fail one after the other when none can be made", function()
    local port, close = raw.deaf()
    for _, transfer in ipairs(submit_four("https://127.0.0.1:" .. port, { connect_timeout = 0.05 })) do
      local value, err = raw.take(transfer)
      assert.is_nil(value)
      assert.same({ "timeout", false, true }, { err.kind, err.delivered, err.retryable })
      assert.is_true(err.elapsed < LONG)
    end
    close()
    for _, transfer in ipairs(submit_four("https://127.0.0.1:" .. raw.closed_port(), {})) do
      assert.equal("network", select(2, raw.take(transfer)).kind)
    end
  end)

  it("go on when the one that makes it is cancelled", function()
    local server <close> = raw.new(function(c)
      if c:fill() then c:hang() end
    end)
    local url = server.url:gsub("^http:", "https:")
    local transfers, api = submit_four(url, { timeout = LONG })
    raw.wait(function() return server.accepted == 1 end)
    transfers[1]:cancel()
    assert.equal("cancelled", select(2, raw.take(transfers[1])).kind)
    raw.wait(function() return server.accepted == 2 end)
    transfers[2]:cancel("deadline")
    raw.wait(function() return server.accepted == 4 end)
    core.close(api)
    for i = 3, 4 do assert.equal("closed", select(2, transfers[i]:take()).kind) end
  end)
end)

describe("a connection of HTTP/2 on which a call timed out", function()
  it("is left by all later calls, and those that are under way finish on it", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local lamp = api:device "lamp"
    gate = false
    local waiting = { scheduler.spawn(function() return lamp:call("once", "a") end),
      scheduler.spawn(function() return lamp:read "slow" end) }
    until_arrived(2)
    local value, err = lamp:call("once", "b", { timeout = 0.1 })
    assert.is_nil(value)
    assert.same({ "timeout", "maybe", false }, { err.kind, err.delivered, err.retryable })
    for _ = 1, 5 do assert.equal(21, lamp:read "temperature") end
    gate = true
    assert.same({ 1, 7 }, { (waiting[1]:wait()), (waiting[2]:wait()) })
    assert.equal(21, lamp:read "temperature")
    local by_path = {}
    for _, entry in ipairs(front:log(9)) do
      local name = entry.path:match("[^/]+$")
      assert.is_true(by_path[name] == nil or by_path[name] == entry.connection)
      by_path[name] = entry.connection
    end
    assert.equal(by_path.once, by_path.slow)
    assert.are_not.equal(by_path.once, by_path.temperature)
    assert.same({ 1, 1 }, { runs.a, runs.slow })
  end)

  it("is left once, however many calls time out on it", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    assert.equal(21, api:device("lamp"):read "temperature")
    gate = false
    local lost = {}
    for i = 1, 5 do lost[i] = submit(api, "read", "slow") end
    until_arrived(5)
    for _, transfer in ipairs(lost) do
      transfer:cancel("deadline")
      assert.equal("timeout", select(2, take(transfer)).kind)
      assert.equal(21, api:device("lamp"):read "temperature")
    end
    gate = true
    local entries = front:log(11)
    assert.equal(2, nginx.connections(entries))
    for _, entry in ipairs(entries) do -- and the other one resumes its TLS session
      assert.equal(entry.connection ~= entries[1].connection, entry.resumed)
    end
  end)

  it("stays where the call was merely cancelled", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    gate = false
    local transfer = submit(api, "read", "slow")
    until_arrived(1)
    transfer:cancel()
    assert.equal("cancelled", select(2, take(transfer)).kind)
    gate = true
    assert.equal(21, api:device("lamp"):read "temperature")
    assert.equal(1, nginx.connections(front:log(2)))
  end)

  it("does not hold up calls when its server has gone silent", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local lamp = api:device "lamp"
    assert.equal(21, lamp:read "temperature")
    local worker = front:log(1)[1].worker
    local stopped <close> = front:stop_worker(worker)
    local value, err = lamp:read("temperature", { timeout = 0.2 })
    assert.is_nil(value)
    assert.same({ "timeout", "maybe", true }, { err.kind, err.delivered, err.retryable })
    for _ = 1, 5 do assert.equal(21, lamp:read "temperature") end
    for i, entry in ipairs(front:log(6)) do assert.equal(i == 1, entry.worker == worker) end
    assert.is_not_nil(stopped)
  end)
end)

describe("a call that is not idempotent, over HTTP/2", function()
  -- Each argument is carried out as often as the result says.
  local function check_deliveries(results)
    local counts = { done = 0, lost = 0 }
    for i, result in ipairs(results) do
      local times, value, err = runs[tostring(i)] or 0, result[1], result[2]
      if value ~= nil then
        assert.same({ 1, 1 }, { value, times })
        counts.done = counts.done + 1
      else
        assert.equal("network", err.kind)
        assert.is_true(times <= 1)
        assert.is_true(err.delivered == "maybe" or times == (err.delivered and 1 or 0))
        assert.equal(err.delivered == false, err.retryable)
        counts.lost = counts.lost + 1
      end
    end
    return counts
  end

  for _, requests in ipairs { 1, 2, 7 } do
    it(("is carried out at most once where the server says goodbye after %d"):format(requests), function()
      local front <close> = nginx.start(sim.url, { directives = ("keepalive_requests %d;"):format(requests) })
      local api <close> = client(front, { max_connections = 30 })
      local lamp = api:device "lamp"
      local in_turn = {}
      for i = 1, 10 do in_turn[i] = table.pack(lamp:call("once", tostring(i))) end
      assert.equal(10, check_deliveries(in_turn).done)
      runs = {}
      local counts = check_deliveries(together(40, function(i) return lamp:call("once", tostring(i)) end))
      assert.is_true(counts.done > 0)
    end)
  end

  it("finishes on the old connection while the server reloads, and later ones find another", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local lamp = api:device "lamp"
    gate = false
    local early = scheduler.spawn(function()
      return together(4, function(i) return lamp:call("once", tostring(i)) end)
    end)
    until_arrived(4)
    front:reload()
    gate = true
    assert.equal(4, check_deliveries(early:wait()).done)
    runs = {}
    check_deliveries(together(4, function(i) return lamp:call("once", tostring(i)) end))
    local value
    for _ = 1, 100 do value = value or lamp:read "temperature" end
    assert.equal(21, value)
  end)

  it("says \"maybe\" when the server dies, and the next call finds its way", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    local lamp = api:device "lamp"
    assert.equal(21, lamp:read "temperature")
    gate = false
    local lost = scheduler.spawn(function()
      return together(4, function(i) return lamp:call("once", tostring(i)) end)
    end)
    until_arrived(4)
    front:kill_worker(front:log(1)[1].worker)
    local results = lost:wait()
    gate = true
    assert.same({ done = 0, lost = 4 }, check_deliveries(results))
    for i, result in ipairs(results) do
      assert.same({ "maybe", 1 }, { result[2].delivered, runs[tostring(i)] })
    end
    assert.equal(1, (lamp:call("once", "next")))
    assert.equal(1, runs.next)
  end)
end)

describe("a connection of HTTP/2 that is reset with a request executed and another unread", function()
  -- Only this way does libcurl take it for a kept connection that died, and send by itself what got no reply.
  local function reset_under(kind)
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front)
    assert.equal(21, api:device("lamp"):read "temperature")
    gate = false
    local name = kind == "read" and "slow" or "once"
    local executed = submit(api, kind, name, kind == "call" and { form = { arg = "executed" } } or nil)
    until_arrived(1)
    local worker = front:log(1)[1].worker
    local stopped <close> = front:stop_worker(worker)
    local unread = submit(api, kind, name, kind == "call" and { form = { arg = "unread" } } or nil)
    scheduler.wait(function() return front:has_unread() end, core.now() + LONG)
    front:kill_worker(worker)
    gate = true
    assert.is_not_nil(stopped)
    return table.pack(take(executed)), table.pack(take(unread))
  end

  it("has neither sent again where they are not idempotent", function()
    for _, result in ipairs { reset_under("call") } do
      assert.is_nil(result[1])
      local err = result[2]
      assert.same({ "network", "maybe", false }, { err.kind, err.delivered, err.retryable })
    end
    assert.same({ executed = 1 }, runs)
  end)

  it("has them sent again, or may have them, where they are", function()
    for _, result in ipairs { reset_under("read") } do
      local value, err = table.unpack(result)
      if value then
        assert.equal(7, value.result)
      else
        assert.same({ "network", "maybe", true }, { err.kind, err.delivered, err.retryable })
      end
    end
  end)
end)

describe("an idempotent call, over HTTP/2", function()
  it("is sent again where the server refused it with its goodbye", function()
    local front <close> = nginx.start(sim.url, { directives = "keepalive_requests 7;" })
    local api <close> = client(front, { max_connections = 30 })
    local lamp = api:device "lamp"
    all_are(21, together(60, function() return lamp:read "temperature" end))
  end)
end)
