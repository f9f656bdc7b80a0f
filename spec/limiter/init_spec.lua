local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local memory = require("particle.limiter.memory")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"

describe("the limiter", function()
  local cloud, now, slept

  before_each(function()
    now, slept = 1000, {}
    cloud = Cloud.new(function(request)
      if request.path == "/oauth/token" then return 200, { access_token = ("a"):rep(40) } end
      return 200, { result = 1, return_value = 1 }
    end)
  end)

  after_each(function() cloud:close() end)

  local function limited(more)
    local made = {
      clock = function() return now end,
      sleep = function(seconds)
        slept[#slept + 1] = math.floor(seconds * 100 + 0.5) / 100
        now = now + seconds
      end,
    }
    for name, value in pairs(more) do made[name] = value end
    return made
  end

  local function client(rate_limit, options)
    local given = { rate_limit = rate_limit, log = false }
    for name, value in pairs(options or {}) do given[name] = value end
    return cloud:client(given)
  end

  local function layer_of(options)
    options.token, options.log = "x", false
    return core.state(particle.new(options)).limiter
  end

  it("is on for the cloud's own address only, unless told otherwise", function()
    local other = "http://127.0.0.1:1"
    assert.is_truthy(layer_of {})
    assert.is_truthy(layer_of { base_url = "https://api.particle.io/" })
    assert.is_nil(layer_of { base_url = other })
    assert.is_nil(layer_of { rate_limit = false })
    assert.is_truthy(layer_of { base_url = other, rate_limit = true })
    assert.is_truthy(layer_of { base_url = other, rate_limit = {} })
  end)

  it("lets a call wait until the window has room", function()
    local lamp = client(limited { requests = { 2, 10 } }):device(ID)
    for _ = 1, 5 do assert.are.equal(1, lamp:read("x")) end
    assert.are.same({ 10.1, 10.1 }, slept)
    assert.are.equal(5, #cloud.requests)
  end)

  it("refuses at once what would wait beyond the deadline", function()
    local api = client(limited { requests = { 1, 300 } })
    local lamp = api:device(ID)
    assert.are.equal(1, lamp:read("x"))
    local value, err = lamp:call("f")
    assert.is_nil(value)
    assert.are.same({ "rate_limited", false, 0, true, "POST" },
      { err.kind, err.delivered, err.attempts, err.retryable, err.method })
    assert.is_nil(err.status)
    assert.is_true(math.abs(err.retry_after - 303) < 1e-6)
    assert.is_truthy(err.message:find("^not sent: the limit of 1 requests in 300 s is used up for 303%.0 s, "
      .. "until %d%d:%d%d:%d%d UTC, which is beyond the deadline$"), err.message)
    assert.are.equal(1, lamp:read("x", { deadline = 400 }))
    assert.are.same({ 303 }, slept)
    assert.are.equal(2, #cloud.requests)
  end)

  it("refuses without retries of what it refused", function()
    local lamp = client(limited { requests = { 1, 300 } }, { retry = {
      sleep = function() error("no retry is due") end,
    } }):device(ID)
    lamp:read("x")
    local _, err = lamp:read("x")
    assert.are.same({ "rate_limited", 0 }, { err.kind, err.attempts })
  end)

  it("counts each attempt", function()
    local failing <close> = Cloud.new(function() return 503, {} end)
    local api <close> = failing:client {
      rate_limit = limited { requests = { 3, 1000 } }, log = false,
      retry = { sleep = function() end, attempts = 9 },
    }
    local _, err = api:device(ID):read("x")
    assert.are.same({ "rate_limited", 3, "maybe" }, { err.kind, err.attempts, err.delivered })
    assert.are.equal(3, #failing.requests)
  end)

  it("counts what is sent again with another token", function()
    local refusing <close> = Cloud.new(function() return 401, {} end)
    local api <close> = refusing:client {
      token = function() return "t" end, rate_limit = limited { requests = { 3, 1000 } }, log = false,
    }
    assert.are.equal("unauthorized", select(2, api:device(ID):read("x")).kind)
    local _, err = api:device(ID):read("x")
    assert.are.same({ "rate_limited", 1 }, { err.kind, err.attempts })
    assert.are.equal(3, #refusing.requests)
  end)

  it("leaves a call that waited the rest of its deadline", function()
    local api = client(limited { requests = { 1, 10 } }, { deadline = 30 })
    local left = {}
    cloud.answer = function() return 200, { result = 1 } end
    local state = core.state(api)
    state.place = function(request, send) -- further in
      left[#left + 1] = request.deadline or "whole"
      return send(request)
    end
    require("particle.chain").compose(state)
    api:device(ID):read("x")
    api:device(ID):read("x")
    assert.are.equal("whole", left[1])
    assert.is_true(math.abs(left[2] - 19.9) < 1e-6)
  end)

  it("lets a call wait for all but nothing of its deadline", function()
    local lamp = client(limited { requests = { 1, 10 } }):device(ID)
    lamp:read("x")
    cloud.answer = function() scheduler.sleep(60) end
    local _, err = lamp:read("x", { deadline = 10.1 + 1e-9 })
    assert.are.equal("timeout", err.kind)
    assert.are.same({ 10.1 }, slept)
  end)

  it("tells of the whole deadline when the rest of it passes", function()
    local api = client(limited { requests = { 1, 10 } })
    api:device(ID):read("x")
    cloud.answer = function() scheduler.sleep(60) end
    local _, err = api:device(ID):read("x", { deadline = 10.3 })
    assert.are.equal("no result within the deadline of 10.3 s", err.message)
  end)

  it("counts logins apart, and both among all", function()
    local api = client(limited { requests = { 3, 60 }, token_requests = { 1, 600 } }, { deadline = 60 })
    local function login() return api:login { username = "joe", password = "x" } end
    assert.is_truthy(login())
    local _, err = login()
    assert.is_truthy(err.message:find("the limit of 1 token_requests in 600 s", 1, true))
    local lamp = api:device(ID)
    assert.are.equal(1, lamp:read("x"))
    assert.are.equal(1, lamp:read("x"))
    assert.is_nil((lamp:read("x")))
  end)

  it("is one for all apis of an address, and another for another", function()
    local other <close> = Cloud.new(function() return 200, { result = 1 } end)
    local rate_limit = { requests = { 2, 3600 } }
    local a, b = client(rate_limit):device(ID), client(rate_limit):device(ID)
    assert.are.equal(1, a:read("x"))
    assert.are.equal(1, b:read("x"))
    assert.is_nil((a:read("x")))
    assert.is_nil((b:read("x")))
    assert.are.equal(1, other:client({ rate_limit = rate_limit, log = false }):device(ID):read("x"))
    assert.are.equal(1, client({ requests = { 2, 3600 }, store = memory.new() }):device(ID):read("x"))
  end)

  it("ends a wait with its task and with its api", function()
    local api = client({ requests = { 1, 3600 }, store = memory.new() })
    local function read() return api:device(ID):read("x", { deadline = 10000 }) end
    read()
    local cancelled, closed = scheduler.spawn(read), scheduler.spawn(read)
    scheduler.sleep(0)
    cancelled:cancel()
    api:close()
    local _, err = closed:wait()
    assert.are.same({ "closed", false, 0 }, { err.kind, err.delivered, err.attempts })
    assert.are.equal(1, #cloud.requests)
  end)

  describe("when calls that wait are cancelled", function()
    local store, api

    local function clock() return now end

    before_each(function()
      store = memory.new(clock)
      api = client { requests = { 1, 3600 }, store = store, clock = clock }
      assert.are.equal(1, api:device(ID):read("x"))
    end)

    local function begin()
      local task = scheduler.spawn(function() return api:device(ID):read("x", { deadline = 1e6 }) end)
      scheduler.sleep(0)
      return task
    end

    local function reservations()
      local log = store.logs[cloud.url .. " requests"]
      return log.last - log.first + 1
    end

    it("gives their places back", function()
      local tasks = {}
      for i = 1, 4 do tasks[i] = begin() end
      assert.are.equal(5, reservations())
      for _, i in ipairs { 2, 4 } do tasks[i]:cancel() end
      scheduler.sleep(0)
      assert.are.equal(3, reservations())
      for _, i in ipairs { 1, 3 } do tasks[i]:cancel() end
      scheduler.sleep(0)
      assert.are.equal(1, reservations())
    end)

    local function await_requests(count)
      support.wait_until(function() return #cloud.requests == count end, {
        step = function() scheduler.step(0.01) end,
      })
    end

    it("lets the others move up", function()
      local first, _, third = begin(), begin(), begin()
      now = now + 3636
      first:cancel()
      await_requests(2)
      now = now + 3636
      begin()
      third:cancel()
      await_requests(3)
    end)

    it("lets one who comes later have the place", function()
      local due = now + 3636
      begin():cancel()
      begin()
      local log = store.logs[cloud.url .. " requests"]
      assert.are.equal(due, log[log.last])
      api:close()
    end)

    it("gives their places back when the api is closed", function()
      local tasks = { begin(), begin() }
      api:close()
      for _, task in ipairs(tasks) do assert.are.equal("closed", select(2, task:wait()).kind) end
      assert.are.equal(1, reservations())
    end)

    it("gives all their places back when one is cancelled while another's is given back", function()
      local tasks, give_back = {}, store.give_back
      for i = 1, 4 do tasks[i] = begin() end
      function store.give_back(...) -- it may take a while
        store.give_back = nil
        tasks[4]:cancel()
        return give_back(...)
      end
      tasks[2]:cancel()
      scheduler.sleep(0)
      assert.are.equal(3, reservations())
    end)

    it("gives the place back when the given sleep raises", function()
      api = client {
        requests = { 1, 3600 }, store = store, clock = clock, sleep = function() error("enough", 0) end,
      }
      assert.has_error(function() api:device(ID):read("x", { deadline = 1e6 }) end, "enough")
      assert.are.equal(1, reservations())
    end)
  end)

  it("lets waiting calls go in the order in which they came", function()
    local api = client({ requests = { 1, 0.02 }, store = memory.new() })
    local order, tasks = {}, {}
    for i = 1, 4 do
      tasks[i] = scheduler.spawn(function()
        assert(api:device(ID):read("x"))
        order[#order + 1] = i
      end)
    end
    for i = 1, 4 do tasks[i]:wait() end
    assert.are.same({ 1, 2, 3, 4 }, order)
  end)

  describe("of event streams", function()
    local server, api

    local function subscribe() return api:subscribe(nil, { retry = streaming.AT_ONCE }) end

    local function open_api(more)
      local rate_limit = { streams = 2, store = memory.new() }
      for name, value in pairs(more or {}) do rate_limit[name] = value end
      api = streaming.client(server, { rate_limit = rate_limit, log = false })
    end

    local pump

    before_each(function()
      server, pump = raw.new(streaming.open()), streaming.pump()
      open_api()
    end)

    after_each(function()
      api:close()
      pump:cancel()
      server:close()
    end)

    local function assert_full()
      local stream, err = subscribe()
      assert.is_nil(stream)
      assert.are.same({ "rate_limited", false }, { err.kind, err.delivered })
      assert.are.equal("not opened: 2 event streams are open already, which is the limit; close one",
        err.message)
    end

    it("gives a place back when a stream is closed", function()
      local streams = { assert(subscribe()), assert(subscribe()) }
      assert_full()
      streams[1]:close()
      streams[1] = assert(subscribe())
      assert_full()
    end)

    it("gives a place back when a stream is forgotten", function()
      do
        local _, _ = assert(subscribe()), assert(subscribe())
        assert_full()
      end
      support.wait_until(function()
        collectgarbage()
        return subscribe()
      end, { step = function() scheduler.sleep(0.001) end })
    end)

    it("gives a place back when a stream is refused", function()
      local refusing <close> = raw.new(raw.replying(403, {}, "{}"))
      local with <close> = streaming.client(refusing, {
        rate_limit = { streams = 1, store = memory.new() }, log = false,
      })
      for _ = 1, 3 do assert.are.equal("forbidden", select(2, with:subscribe()).kind) end
    end)

    it("gives a place back when an opening is cancelled", function()
      local slow <close> = raw.new(function(c)
        c:request()
        c:hang()
      end)
      local with <close> = streaming.client(slow, {
        rate_limit = { streams = 1, store = memory.new() }, log = false,
      })
      for i = 1, 2 do
        local task = scheduler.spawn(function() return with:subscribe() end)
        streaming.wait(function() return slow.executed == i end)
        task:cancel()
      end
    end)

    it("keeps a stream's place through its losses", function()
      local losing <close> = raw.new(
        streaming.ending(streaming.event("n", "1")), streaming.ending(streaming.event("n", "2")),
        streaming.open(streaming.event("n", "3")))
      local with <close> = streaming.client(losing, {
        rate_limit = { streams = 1, store = memory.new() }, log = false,
      })
      local stream = assert(with:subscribe(nil, { retry = streaming.AT_ONCE }))
      for i = 1, 3 do assert.are.equal(tostring(i), assert(stream:next(streaming.LONG)).data) end
      assert.is_nil((with:subscribe()))
    end)

    it("gives a place back when the api is closed, whose events can still be read", function()
      local store = memory.new()
      open_api { store = store }
      local stream = assert(subscribe())
      api:close()
      assert.are.equal(0, store.places[server.url .. " streams"].taken)
      assert.are.equal("closed", select(2, stream:next(0)).kind)
    end)

    it("counts openings, and refuses those beyond the deadline", function()
      open_api { stream_openings = { 2, 3600 }, streams = false }
      local _, _ = assert(subscribe()), assert(subscribe())
      local stream, err = subscribe()
      assert.is_nil(stream)
      assert.is_truthy(err.message:find("the limit of 2 stream_openings in 3600 s", 1, true))
    end)
  end)

  describe("with a shared store", function()
    it("goes on alone when that is gone, and says so by a function or a warning", function()
      local store, told = memory.new(), {}
      store.take = function() return nil, "connection refused" end
      local lamp = client({ requests = { 2, 3600 }, store = store, on_store_failure = function(problem)
        told[#told + 1] = problem
      end }):device(ID)
      assert.are.equal(1, lamp:read("x"))
      assert.are.equal(1, lamp:read("x"))
      assert.is_nil((lamp:read("x")))
      assert.are.same({ "connection refused" }, told)
      local result = support.run({ "lua5.4", "-W", "-e", ([[
        local function refuse() return nil, "refused" end
        local store = { take = refuse, acquire = refuse, renew = refuse, release = refuse }
        local api = require("particle").new { base_url = %q, token = "x", rate_limit = { store = store } }
        print(api:device("x"):read("x"))
      ]]):format(cloud.url) }, { step = function() scheduler.step(0.01) end })
      assert.are.equal("1\n", result.stdout)
      assert.are.equal("Lua warning: particle: the shared rate limits cannot be reached, so they are kept"
        .. " alone: refused\n", result.stderr)
    end)

    it("refuses an answer that is no time, rather than wait for ever", function()
      local answer
      local store = setmetatable({ take = function() return table.unpack(answer, 1, 3) end },
        { __index = memory.new() })
      local lamp = client({ store = store }):device(ID)
      local cases = {
        { { true, 0 / 0 }, "the number %-?nan" }, { { true, math.huge }, "the number inf" },
        { { true, -1 }, "the number %-1" }, { { true, "5" }, "a string" }, { { true }, "nil" },
        { { false, 0 / 0, 1 }, "the number %-?nan" }, { { false, math.huge, 1 }, "the number inf" },
        { { false, nil, 1 }, "nil" },
      }
      for _, case in ipairs(cases) do
        answer = case[1]
        local fine, problem = pcall(lamp.read, lamp, "x")
        assert.is_false(fine)
        assert.is_truthy(problem:find("rate_limit: what the store's take gives as the seconds to wait must be"
          .. " a number that is neither negative nor infinite, got " .. case[2] .. "$"))
      end
      answer = { true, 60 }
      assert.error_matches(function() lamp:read("x", { deadline = 59 }) end, "rate_limit: what the store's"
        .. " take gives as the seconds to wait must be no more than its patience, 59, got the number 60$")
      answer = { false, 5, 3 }
      assert.error_matches(function() lamp:read("x") end, "rate_limit: what the store's take gives as the"
        .. " limit that is in the way must be an index of the limits, got the number 3$")
      assert.are.equal(0, #cloud.requests)
    end)

    it("renews the leases of streams for as long as there are any", function()
      local inner, renewed = memory.new(), 0
      inner.lease = 0.003
      inner.renew = function()
        renewed = renewed + 1
        return true
      end
      local pump <close> = streaming.pump() -- luacheck: ignore pump
      local server <close> = raw.new(streaming.open())
      local api <close> = streaming.client(server, { rate_limit = { store = inner }, log = false })
      local stream = assert(api:subscribe())
      streaming.wait(function() return renewed >= 3 end)
      stream:close()
      scheduler.sleep(0.01)
      local before = renewed
      scheduler.sleep(0.02)
      assert.are.equal(before, renewed)
      stream = assert(api:subscribe())
      streaming.wait(function() return renewed > before end)
      stream:close()
    end)
  end)

  it("names what is wrong with its options", function()
    local cases = {
      { { request = 5 }, 'unknown option "request"' },
      { { requests = 0 }, "option requests must be a positive integer, { number, seconds } or false" },
      { { requests = { 5 } }, "option requests must be a positive integer, { number, seconds } or false" },
      { { streams = 2.5 }, "option streams must be a positive integer or false" },
      { { store = {} }, "option store must be a store with the methods take, acquire, renew and release" },
      { { store = setmetatable({ give_back = 5 }, { __index = memory.new() }) },
        "option store must be a store with the methods take, acquire, renew and release (and may have" },
      { { clock = 5 }, "option clock must be a function" },
    }
    for _, case in ipairs(cases) do
      local _, problem = pcall(particle.new, { token = "x", rate_limit = case[1] })
      assert.is_truthy(problem:find("particle.new: rate_limit: " .. case[2], 1, true), problem)
    end
  end)
end)
