-- The example of a store in Redis, against a Redis of its own: on a free port, in memory, ended with the
-- specs.

local particle = require("particle")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local redis_store = assert(loadfile("examples/redis_store.lua"))()

local function step() scheduler.step(0.01) end

local function start_redis()
  local port = support.free_port()
  local folder = support.folder()
  local process = support.start {
    "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
    "--dir", folder.path, "--daemonize", "no",
  }
  process:expect("Ready to accept connections")
  local function stop()
    process:stop()
    folder:remove()
  end
  return port, process, stop
end

describe("limits shared through Redis", function()
  local port, redis, stop

  if not support.have("redis-server") then
    pending("need redis-server")
    return
  end

  before_each(function() port, redis, stop = start_redis() end)

  after_each(function() stop() end)

  local function new_store(options)
    local given = { port = port, timeout = 30 }
    for name, value in pairs(options or {}) do given[name] = value end
    return redis_store.new(given)
  end

  local function run(url, token, ...)
    return support.start({ "lua5.4", "examples/shared_limit.lua", "--timeout", 30, ... }, {
      env = { PARTICLE_API_ENDPOINT = url, PARTICLE_ACCESS_TOKEN = token }, step = step,
    })
  end

  it("are kept by two programs together, by the cloud's own count", function()
    local sim <close> = simulator.new { devices = { { name = "lamp" } } }
    local arguments = { "--limit", 30, "--count", 30, "--pause", 0.005, "127.0.0.1:" .. port }
    local one <close> = run(sim.url, sim.token, table.unpack(arguments))
    local two <close> = run(sim.url, sim.token, table.unpack(arguments))
    local sent, refused = 0, 0
    for _, process in ipairs { one, two } do
      local result = process:wait()
      assert.are.equal("", result.stderr)
      local s, r = result.stdout:match("(%d+) requests sent, (%d+) refused\n$")
      sent, refused = sent + s, refused + r
      local told = result.stdout:find("the limit of 30 requests in 300 s is used up", 1, true)
      assert.are.equal(tonumber(r) > 0, told ~= nil)
    end
    assert.are.same({ 30, 30, 30 }, { sent, refused, #sim:requests() })
  end)

  it("are shown with a simulated cloud to who has no account", function()
    local result = support.run { "lua5.4", "examples/shared_limit.lua", "127.0.0.1:" .. port }
    assert.are.equal("", result.stderr)
    assert.is_truthy(result.stdout:find("\n10 requests sent, 10 refused\n$"))
    assert.are.equal(2, support.run({ "lua5.4", "examples/shared_limit.lua", "nowhere" }).status)
    assert.are.equal(2, support.run({ "lua5.4", "examples/shared_limit.lua", "--limit", "x" }).status)
  end)

  it("are kept by each alone when Redis is gone, who says so", function()
    local sim <close> = simulator.new { devices = { { name = "lamp" } } }
    local arguments = { "--limit", 40, "--count", 50, "--pause", 0.005, "127.0.0.1:" .. port }
    local one <close> = run(sim.url, sim.token, table.unpack(arguments))
    local two <close> = run(sim.url, sim.token, table.unpack(arguments))
    support.wait_until(function() return #sim:requests() >= 10 end, { step = step })
    redis:kill("KILL")
    for _, process in ipairs { one, two } do
      local result = process:wait()
      assert.is_truthy(result.stderr:find("^the limit is kept alone: Redis at 127%.0%.0%.1:%d+: [^\n]+\n$"),
        result.stderr)
      assert.is_truthy(result.stdout:find("40 requests sent, 10 refused\n", 1, true), result.stdout)
    end
    assert.are.equal(80, #sim:requests())
  end)

  it("are shared again when Redis is back", function()
    local told = {}
    local sim <close> = simulator.new { devices = { { name = "lamp" } } }
    local store = new_store { pause = 0 }
    local api <close> = sim:client { rate_limit = { store = store, on_store_failure = function(problem)
      told[#told + 1] = problem and "gone" or "back"
    end } }
    store.port = support.free_port()
    assert(api:devices())
    store.port = port
    assert(api:devices())
    assert.are.same({ "gone", "back" }, told)
  end)

  describe("as a store", function()
    local function limit(count, window) return { key = "k", count = count, window = window } end

    it("count in any window, by the server's clock, and reserve the future", function()
      local a, b = new_store(), new_store()
      local limits = { limit(3, 1000) }
      for i, store in ipairs { a, b, a } do assert.are.same({ true, 0.0, i }, { store:take(limits, 0) }) end
      local granted, seconds, which = b:take(limits, 10)
      assert.is_false(granted)
      assert.is_true(seconds > 900 and seconds <= 1000 and which == 1)
      granted, seconds = b:take(limits, 2000)
      assert.is_true(granted and seconds > 900 and seconds <= 1000)
      for _ = 1, 2 do a:take(limits, 2000) end
      granted, seconds = a:take(limits, 2000)
      assert.is_true(granted and seconds > 1900 and seconds <= 2000)
    end)

    it("count a request under all of its limits or none", function()
      local store = new_store()
      local narrow, wide = limit(1, 1000), { key = "wide", count = 3, window = 1000 }
      assert.is_true(store:take({ narrow, wide }, 0))
      for _ = 1, 5 do assert.are.equal(1, (select(3, store:take({ narrow, wide }, 0)))) end
      assert.is_true(store:take({ wide }, 0))
      assert.is_true(store:take({ wide }, 0))
      assert.is_false(store:take({ wide }, 0))
    end)

    it("take a place back, under all of its limits", function()
      local a, b = new_store(), new_store()
      local limits = { limit(1, 1000), { key = "wide", count = 2, window = 1000 } }
      assert.is_true(a:take(limits, 0))
      local granted, _, place = a:take(limits, 2000)
      assert.is_true(granted)
      assert.is_false(b:take({ limits[2] }, 0))
      assert.is_true(b:give_back(limits, place))
      assert.is_true(b:take({ limits[2] }, 0))
      local _, seconds = b:take({ limits[1] }, 2000)
      assert.is_true(seconds > 900 and seconds <= 1000)
      a.port, a.connection = support.free_port(), nil
      assert.is_truthy(select(2, a:give_back(limits, place)):find("connection refused", 1, true))
    end)

    it("forget what is over", function()
      local store = new_store()
      assert.is_true(store:take({ limit(1, 0.05) }, 0))
      support.wait_until(function() return store:take({ limit(1, 0.05) }, 0) end)
    end)

    it("give places out once, and take them back", function()
      local a, b = new_store(), new_store()
      local holder = a:acquire("p", 1)
      assert.is_false(b:acquire("p", 1))
      assert.is_true(a:renew("p", holder))
      assert.is_true(a:release("p", holder))
      assert.is_truthy(b:acquire("p", 1))
    end)

    it("say what is wrong, and let Redis alone for a while", function()
      local store = new_store { port = support.free_port() }
      local limits = { limit(1, 1) }
      assert.are.same({ "nil", "Redis at 127.0.0.1:" .. store.port .. ": connection refused" },
        { tostring((store:take(limits, 0))), (select(2, store:take(limits, 0))) })
      store.port = port
      assert.is_nil((store:take(limits, 0)))
      store.resting_until = 0
      assert.is_true(store:take(limits, 0))
      local secret = new_store { password = "s3cret" }
      local _, problem = secret:acquire("p", 1)
      assert.is_truthy(problem:find("Redis at", 1, true))
      assert.is_nil(problem:find("s3cret", 1, true))
    end)

    it("take no answer that is not one of theirs", function()
      local store = new_store()
      store.connection = {
        send = function() return 1 end, receive = function() return "+OK" end, close = function() end,
      }
      local granted, problem = store:take({ limit(1, 1) }, 0)
      assert.is_nil(granted)
      assert.is_truthy(problem:find("no Redis", 1, true))
    end)

    it("do not mistake the answer to an interrupted question for theirs", function()
      local store = new_store()
      assert.is_true(store:take({ limit(5, 1000) }, 0))
      local socket = store.connection
      store.connection = setmetatable({ receive = function() error("interrupted!", 0) end }, {
        __index = function(_, name) return function(_, ...) return socket[name](socket, ...) end end,
      })
      assert.has_error(function() store:take({ limit(5, 1000) }, 0) end, "interrupted!")
      assert.is_truthy(store:acquire("p", 1) > 0)
    end)
  end)

  it("free the place of a stream whose program died, and keep it until then", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local server <close> = require("spec.support.raw_server").new(streaming.open())
    local program <close> = support.start({ "lua5.4", "-e", ([[
      package.path = "examples/?.lua;" .. package.path
      local api = require("particle").new { base_url = %q, token = "x", rate_limit = {
        streams = 1, store = require("redis_store").new { port = %d, timeout = 30, lease = 2 } } }
      local stream = assert(api:subscribe())
      io.stdout:write("open\n"):flush()
      stream:next()
    ]]):format(server.url, port) }, { step = step })
    program:expect("open\n")
    local store = new_store { lease = 2 }
    local api <close> = particle.new { base_url = server.url, token = "x", log = false,
      rate_limit = { streams = 1, store = store } }
    local function expiry()
      local places = store.prefix .. server.url .. " streams"
      return tonumber(store:ask("table", { "ZRANGE", places, 0, 0, "WITHSCORES" })[2])
    end
    local first = expiry()
    support.wait_until(function() return expiry() > first end, { step = step }) -- it was renewed
    assert.are.equal("rate_limited", select(2, api:subscribe()).kind)
    program:kill("KILL")
    local stream = support.wait_until(function() return api:subscribe() end, { step = step })
    stream:close()
  end)
end)
