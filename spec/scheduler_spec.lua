local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")

local ID = "0123456789abcdef01234567"
local LONG = 30 -- seconds that never pass in these tests

-- What `warn` is told while `fn` runs.
local function warnings(fn)
  local heard, before = {}, warn
  _G.warn = function(...) heard[#heard + 1] = table.concat({ ... }) end -- luacheck: ignore 122
  local fine, problem = pcall(fn)
  _G.warn = before -- luacheck: ignore 122
  assert(fine, problem)
  return table.concat(heard, "\n")
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
    assert.has_error(function() scheduler.wait(function() return false end) end,
      "this wait could never end: no call, timer or task is under way")
    local task = scheduler.spawn(scheduler.wait, function() return false end)
    assert.has_error(function() task:wait() end,
      "this wait could never end: no call, timer or task is under way")
    task:cancel()
  end)
end)

describe("a task", function()
  it("gives its arguments to its function, and its results to wait", function()
    local task = scheduler.spawn(function(...) return select("#", ...), nil, ... end, 1, nil)
    assert.are.same({ n = 4, 2, nil, 1, nil }, table.pack(task:wait()))
    assert.are.same({ n = 4, 2, nil, 1, nil }, table.pack(task:wait()))
    assert.are.equal("particle.task (done)", tostring(task))
    assert.is_true(scheduler.is_task(task))
    assert.is_false(scheduler.is_task({}))
  end)

  it("does not run before the next turn", function()
    local ran = false
    local task = scheduler.spawn(function() ran = true end)
    assert.is_false(ran)
    task:wait()
    assert.is_true(ran)
  end)

  it("raises its error where it is waited for", function()
    local thrown = { "mine" }
    local task = scheduler.spawn(function()
      scheduler.sleep(0)
      error(thrown)
    end)
    local _, problem = pcall(task.wait, task)
    assert.are.equal(thrown, problem)
    assert.are.equal("particle.task (failed)", tostring(task))
  end)

  it("tells warn of an error that nobody waits for, with a traceback", function()
    local text = warnings(function()
      scheduler.spawn(function() error("oh dear") end)
      scheduler.sleep(0.001)
    end)
    assert.matches("oh dear", text, 1, true)
    assert.matches("stack traceback:.*scheduler_spec", text)
  end)

  it("is not disturbed by another's error", function()
    local result
    warnings(function()
      scheduler.spawn(function() error(setmetatable({}, { __tostring = function() error("twice") end })) end)
      result = scheduler.spawn(function()
        scheduler.sleep(0.001)
        return "fine"
      end):wait()
    end)
    assert.are.equal("fine", result)
  end)

  it("sleeps beside others, who wake in the order of their times", function()
    local order = {}
    local tasks = {}
    for _, time in ipairs { 0.03, 0.01, 0.02, 0, 0.015, 0.025, 0.005 } do
      tasks[#tasks + 1] = scheduler.spawn(function()
        scheduler.sleep(time)
        order[#order + 1] = time
      end)
    end
    for _, task in ipairs(tasks) do task:wait() end
    local sorted = table.move(order, 1, #order, 1, {})
    table.sort(sorted)
    assert.are.same(sorted, order)
    assert.are.equal(7, #order)
  end)

  it("wakes at a condition that another makes true, or at its deadline", function()
    local met = false
    local waiting = scheduler.spawn(scheduler.wait, function() return met end, core.now() + LONG)
    local late = scheduler.spawn(scheduler.wait, function() return false end, core.now() + 0.01)
    scheduler.spawn(function()
      scheduler.sleep(0.001)
      met = true
    end)
    assert.is_true(waiting:wait())
    assert.is_false(late:wait())
  end)

  it("hears of an error in its own condition", function()
    local asked = 0
    scheduler.spawn(function()
      for _ = 1, 3 do scheduler.sleep(0.001) end
    end)
    local task = scheduler.spawn(function()
      return scheduler.wait(function()
        asked = asked + 1
        if asked > 2 then error("bad condition", 0) end
      end, core.now() + LONG)
    end)
    assert.has_error(function() task:wait() end, "bad condition")
  end)

  it("can be waited for by tasks and by the main program at once", function()
    local inner = scheduler.spawn(function()
      scheduler.sleep(0.001)
      return 7
    end)
    local outer = scheduler.spawn(function() return inner:wait() + 1 end)
    assert.are.equal(8, outer:wait())
    assert.are.equal(7, inner:wait())
  end)

  it("cannot wait for itself", function()
    local task
    task = scheduler.spawn(function() task:wait() end)
    local _, problem = pcall(task.wait, task)
    assert.matches("a task cannot wait for itself", problem)
  end)

  it("gives way when it yields by hand", function()
    local steps = {}
    local one = scheduler.spawn(function()
      for i = 1, 2 do
        steps[#steps + 1] = "one" .. i
        coroutine.yield("ignored")
      end
    end)
    local two = scheduler.spawn(function() steps[#steps + 1] = "two" end)
    one:wait()
    two:wait()
    assert.are.same({ "one1", "two", "one2" }, steps)
  end)

  it("says why it cannot wait inside a function that cannot be suspended", function()
    local function problem_in(fn)
      local task = scheduler.spawn(function() return select(2, pcall(fn)) end)
      return task:wait()
    end
    local expected = "scheduler_spec.lua:%d+: cannot wait here: .*require, table%.sort, string%.gsub"
    assert.matches(expected, problem_in(function()
      table.sort({ 2, 1 }, function(a, b)
        scheduler.sleep(0)
        return a < b
      end)
    end))
    assert.matches(expected,
      problem_in(function() string.gsub("x", "x", function() scheduler.sleep(0) end) end))
    package.preload["spec.waits"] = function() scheduler.sleep(0) end
    assert.matches(expected, problem_in(function() require("spec.waits") end))
    package.preload["spec.waits"] = nil
  end)

  it("lets a generator of its own wait, which is never handed a foreign yield", function()
    local other = 0
    local ticker = scheduler.spawn(function()
      for _ = 1, 3 do
        scheduler.sleep(0.001)
        other = other + 1
      end
    end)
    local task = scheduler.spawn(function()
      local got = {}
      for value in coroutine.wrap(function()
        for i = 1, 3 do
          scheduler.sleep(0.005)
          coroutine.yield(i)
        end
      end) do got[#got + 1] = value end
      return got
    end)
    assert.are.same({ 1, 2, 3 }, task:wait())
    ticker:wait()
    assert.are.equal(3, other)
  end)

  it("says so when generators nest their waits too deeply", function()
    local ends = {}
    local tasks = {}
    for i = 1, 60 do
      tasks[i] = scheduler.spawn(function()
        local generate = coroutine.wrap(function()
          local fine, problem = pcall(scheduler.sleep, 0.05)
          coroutine.yield(fine or problem)
        end)
        ends[i] = generate()
      end)
    end
    for _, task in ipairs(tasks) do task:wait() end
    local fine, refused = 0, 0
    for _, outcome in ipairs(ends) do
      if outcome == true then
        fine = fine + 1
      else
        assert.matches("nested too deeply", outcome)
        refused = refused + 1
      end
    end
    assert.is_true(fine > 0 and refused > 0 and fine + refused == 60)
    scheduler.sleep(0) -- and nothing is broken
  end)

  it("is forgotten after its end", function()
    local weak = setmetatable({}, { __mode = "k" })
    for _ = 1, 10 do
      local task = scheduler.spawn(function() scheduler.sleep(0) end)
      weak[task] = true
      task:wait()
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)

describe("a cancelled task", function()
  it("ends where it sleeps, running its pending __close", function()
    local closed, reached = false, false
    local task = scheduler.spawn(function()
      local guard <close> = setmetatable({}, { -- luacheck: ignore guard
        __close = function() closed = true end,
      })
      scheduler.sleep(LONG)
      reached = true
    end)
    scheduler.sleep(0)
    scheduler.step(0)
    task:cancel()
    assert.is_true(closed)
    local value, err = task:wait()
    assert.is_nil(value)
    assert.are.equal("cancelled", err.kind)
    task:cancel()
    scheduler.step(0)
    assert.is_false(reached)
    assert.are.equal("particle.task (cancelled)", tostring(task))
  end)

  it("need not have begun", function()
    local ran = false
    local task = scheduler.spawn(function() ran = true end)
    task:cancel()
    scheduler.step(0)
    assert.is_false(ran)
  end)

  it("wakes those who wait for it", function()
    local task = scheduler.spawn(scheduler.sleep, LONG)
    local waiting = scheduler.spawn(function() return select(2, task:wait()).kind end)
    scheduler.step(0)
    scheduler.step(0)
    task:cancel()
    assert.are.equal("cancelled", waiting:wait())
  end)

  it("cannot be cancelled from within", function()
    local task
    task = scheduler.spawn(function() task:cancel() end)
    local _, problem = pcall(task.wait, task)
    assert.matches("a running task cannot be ended from within", problem)
  end)

  it("may be bound to a block", function()
    local task
    do
      local bound <close> = scheduler.spawn(scheduler.sleep, LONG)
      task = bound
    end
    assert.are.equal("cancelled", select(2, task:wait()).kind)
  end)

  it("gives up its call, and the next one works", function()
    local release = false
    local cloud <close> = Cloud.new(function(_, number)
      if number == 1 then scheduler.wait(function() return release end) end
      return 200, { result = number }
    end)
    local lamp = cloud:client():device(ID)
    local task = scheduler.spawn(function() return lamp:read("x") end)
    scheduler.wait(function() return #cloud.requests == 1 end, core.now() + LONG)
    task:cancel()
    assert.are.equal("cancelled", select(2, task:wait()).kind)
    assert.are.equal(2, lamp:read("x"))
    release = true
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

  it("do not disturb the order of those that sleep", function()
    local key, order, sleepers = flag(), {}, {}
    for i = 1, 50 do
      sleepers[i] = scheduler.spawn(function()
        scheduler.sleep(0.2 + i % 7 / 100)
        order[#order + 1] = i % 7
      end)
    end
    local reader <close> = scheduler.spawn(function() -- luacheck: ignore reader
      while true do
        key.set = false
        scheduler.await_news({ key }, is_set, key, core.now() + 0.2)
      end
    end)
    for _ = 1, 1000 do
      key.set = true
      scheduler.notify(key)
      scheduler.step(0)
    end
    for _, sleeper in ipairs(sleepers) do sleeper:wait() end
    local sorted = table.move(order, 1, #order, 1, {})
    table.sort(sorted)
    assert.are.equal(50, #order)
    assert.are.same(sorted, order)
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
