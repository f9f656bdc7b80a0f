local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")

local ID = "0123456789abcdef01234567"
local LONG = 30 -- seconds that never pass in these tests

-- What other specs left to the collector, such as connections, could end a wait.
local function forget_the_others()
  collectgarbage()
  collectgarbage()
end

describe("the scheduler", function()
  it("sleeps at least as long as it was told", function()
    local start = core.now()
    scheduler.sleep(0.02)
    assert.is_true(core.now() - start >= 0.02)
    scheduler.sleep(0)
  end)

  it("lets others run even when it sleeps no time", function()
    local runs = 0
    local task = scheduler.spawn(function()
      for _ = 1, 3 do
        runs = runs + 1
        scheduler.sleep(0)
      end
    end)
    for _ = 1, 10 do scheduler.sleep(0) end
    assert.are.equal(3, runs)
    task:wait()
  end)

  it("refuses times that are none", function()
    for _, time in ipairs { -1, 0 / 0, "1", {} } do
      assert.has_error(function() scheduler.sleep(time) end)
    end
    assert.has_error(function() scheduler.sleep() end)
  end)

  it("waits for a condition, or until a deadline", function()
    local met = false
    scheduler.spawn(function() met = true end)
    assert.is_true(scheduler.wait(function() return met end, core.now() + LONG))
    assert.is_false(scheduler.wait(function() return false end, core.now() + 0.01))
    assert.is_true(scheduler.wait(function() return true end, core.now() - 1))
  end)

  it("refuses a wait that nothing could end", function()
    forget_the_others()
    assert.has_error(function() scheduler.wait(function() return false end) end,
      "this wait could never end: no call, timer or task is under way")
    local task = scheduler.spawn(scheduler.wait, function() return false end)
    assert.has_error(function() task:wait() end,
      "this wait could never end: no call, timer or task is under way")
    task:cancel()
  end)
end)

describe("calls", function()
  local gate, cloud, lamp, api

  before_each(function()
    gate = 1
    cloud = Cloud.new(function(_, number)
      scheduler.wait(function() return #cloud.requests >= gate end)
      return 200, { result = number }
    end)
    api = cloud:client()
    lamp = api:device(ID)
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("run side by side in tasks", function()
    gate = 10
    local tasks, sum = {}, 0
    for i = 1, 10 do tasks[i] = scheduler.spawn(function() return lamp:read("x") end) end
    for _, task in ipairs(tasks) do sum = sum + assert(task:wait()) end
    assert.are.equal(55, sum)
  end)

  it("block nothing else in a plain program", function()
    gate = 2
    local other = scheduler.spawn(function() return lamp:read("x") end)
    local first = lamp:read("x")
    assert.are.equal(3, first + other:wait())
  end)

  it("of two apis run side by side", function()
    gate = 2
    local second = cloud:client()
    local task = scheduler.spawn(function() return second:device(ID):read("x") end)
    assert.are.equal(3, lamp:read("x") + task:wait())
    second:close()
  end)

  it("work in a user's generator in a plain program", function()
    local values = coroutine.wrap(function()
      for _ = 1, 3 do coroutine.yield(assert(lamp:read("x"))) end
    end)
    assert.are.same({ 1, 2, 3 }, { values(), values(), values() })
  end)

  it("in generators inside tasks wait for each other", function()
    gate = 3
    local tasks, sum = {}, 0
    for i = 1, 3 do
      tasks[i] = scheduler.spawn(function()
        return coroutine.wrap(function() coroutine.yield(lamp:read("x")) end)()
      end)
    end
    for _, task in ipairs(tasks) do sum = sum + task:wait() end
    assert.are.equal(6, sum)
  end)

  it("end with kind closed when their api is closed", function()
    gate = 100
    local task = scheduler.spawn(function() return lamp:read("x") end)
    scheduler.wait(function() return #cloud.requests == 1 end, core.now() + LONG)
    api:close()
    local value, err = task:wait()
    assert.is_nil(value)
    assert.are.equal("closed", err.kind)
  end)

  it("are collected when their task is forgotten", function()
    assert.has_no.errors(function()
      for _ = 1, 50 do
        scheduler.spawn(function() return lamp:read("x") end):cancel()
        collectgarbage("step")
      end
      assert(lamp:read("x"))
    end)
  end)
end)

describe("a source", function()
  it("is stepped when its time has passed, until it is removed", function()
    local httpd = require("particle.simulator.httpd")
    local server = httpd.new {}
    local steps = 0
    local source = {
      pollfd = function() return server:pollfd() end,
      timeout = function() return 0.001 end,
      step = function() steps = steps + 1 end,
    }
    scheduler.add_source(source)
    scheduler.wait(function() return steps >= 3 end, core.now() + LONG)
    scheduler.remove_source(source)
    local before = steps
    scheduler.sleep(0.01)
    assert.are.equal(before, steps)
    assert.is_true(before >= 3)
    scheduler.remove_source(source)
    server:close()
  end)

  it("that waits inside its step is not entered again", function()
    local httpd = require("particle.simulator.httpd")
    local server = httpd.new {}
    local inside, deepest = 0, 0
    local source = {
      pollfd = function() return server:pollfd() end,
      timeout = function() return 0 end,
      step = function()
        inside = inside + 1
        deepest = math.max(deepest, inside)
        scheduler.sleep(0.001)
        inside = inside - 1
      end,
    }
    scheduler.add_source(source)
    scheduler.sleep(0.01)
    scheduler.remove_source(source)
    assert.are.equal(1, deepest)
    server:close()
  end)
end)

describe("SIGINT", function()
  local support = require("spec.support")

  local PROGRAM = [[
    local scheduler = require("particle.scheduler")
    local api = require("particle").new { base_url = arg[1], token = "t", timeout = 30 }
    local lamp = api:device("%s")
    print("ready")
    io.stdout:flush()
    print(%s)
    print(lamp:read("quick"))
  ]]

  local waits = {
    ["a call"] = 'pcall(lamp.read, lamp, "slow")',
    ["a call in a generator"] = 'pcall(coroutine.wrap(function() coroutine.yield(lamp:read("slow")) end))',
    ["a task"] = 'pcall(function() scheduler.spawn(lamp.read, lamp, "slow"):wait() end)',
    ["a generator in a task"] = [[pcall(function()
      scheduler.spawn(coroutine.wrap(function() coroutine.yield(lamp:read("slow")) end)):wait()
    end)]],
  }

  local function check_interrupt(wait)
    local cloud <close> = Cloud.new(function(request)
      if request.path:find("slow") then scheduler.sleep(LONG) end
      return 200, { result = "quick" }
    end)
    local child <close> = support.start({ "lua5.4", "-e", PROGRAM:format(ID, wait), "/dev/null", cloud.url },
      { step = function() scheduler.step(0.005) end })
    scheduler.wait(function() return #cloud.requests == 1 end, core.now() + LONG)
    child:kill("INT")
    assert.matches("ready\nfalse\t.*interrupted!\nquick\n", child:wait().stdout)
  end

  for name, wait in pairs(waits) do
    it("interrupts " .. name .. ", after which the handle still works", function() check_interrupt(wait) end)
  end
end)

describe("news", function()
  local function flag() return { set = false } end

  local function is_set(subject) return subject.set end

  it("wake the task that waits for their key, which looks again", function()
    local key, looks = flag(), 0
    local task = scheduler.spawn(scheduler.await_news, { key }, function(subject)
      looks = looks + 1
      return subject.set
    end, key)
    scheduler.sleep(0.005)
    local before = looks
    for _ = 1, 5 do scheduler.sleep(0) end
    assert.are.equal(before, looks)
    scheduler.notify(key)
    scheduler.sleep(0)
    assert.are.equal(before + 1, looks)
    key.set = true
    scheduler.notify(key)
    assert.is_true(task:wait())
  end)

  it("of any of several keys wake it", function()
    local keys = { flag(), flag(), flag() }
    for i = 1, 3 do
      keys[i].set = false
      local task = scheduler.spawn(scheduler.await_news, keys, function() return keys[i].set end)
      scheduler.sleep(0)
      keys[i].set = true
      scheduler.notify(keys[i])
      assert.is_true(task:wait())
      scheduler.notify(keys[1]) -- nobody waits for it any more
    end
  end)

  it("may be waited for until a deadline, in a task and in place", function()
    local key = flag()
    local function wait() return scheduler.await_news({ key }, is_set, key, core.now() + 0.01) end
    assert.is_false(wait())
    assert.is_false(scheduler.spawn(wait):wait())
    key.set = true
    assert.is_true(wait())
    assert.is_true(scheduler.await_news({ key }, is_set, key, core.now() - 1))
  end)

  it("may be waited for in place", function()
    local key = flag()
    scheduler.spawn(function()
      scheduler.sleep(0.002)
      key.set = true
    end)
    assert.is_true(scheduler.await_news({ key }, is_set, key))
    key.set = false
    forget_the_others()
    assert.has_error(function() scheduler.await_news({ key }, is_set, key) end,
      "this wait could never end: no call, timer or task is under way")
  end)

  it("that come before a deadline leave no timer until then", function()
    local key = flag()
    local sleeper <close> = scheduler.spawn(scheduler.sleep, LONG) -- luacheck: ignore sleeper
    local reader <close> = scheduler.spawn(function() -- luacheck: ignore reader
      while true do
        key.set = false
        scheduler.await_news({ key }, is_set, key, core.now() + 3600)
      end
    end)
    local function hear(n)
      for _ = 1, n do
        key.set = true
        scheduler.notify(key)
        scheduler.step(0)
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    local before = hear(500)
    assert.is_true(hear(5000) - before < 200)
  end)

  it("are not heard by a task that was cancelled", function()
    local key = flag()
    local first = scheduler.spawn(scheduler.await_news, { key }, is_set, key)
    scheduler.sleep(0)
    first:cancel()
    local second = scheduler.spawn(scheduler.await_news, { key }, is_set, key)
    scheduler.sleep(0)
    key.set = true
    scheduler.notify(key)
    assert.is_true(second:wait())
  end)

  it("that nobody waits for are dropped", function()
    scheduler.notify("nobody")
    scheduler.notify({})
  end)

  it("of finished calls reach listeners, each once", function()
    local heard = {}
    scheduler.listen(function(id) heard[id] = (heard[id] or 0) + 1 end)
    local cloud <close> = Cloud.new(function() return 200, {} end)
    local api <close> = cloud:client { log = false }
    local transfer = core.submit(api, { method = "GET", path = "/v1/x" })
    local id = transfer:id()
    scheduler.await(transfer)
    scheduler.sleep(0)
    assert.are.equal(1, heard[id])
    transfer:discard()
  end)
end)
