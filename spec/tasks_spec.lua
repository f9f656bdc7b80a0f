local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local scheduler = require("particle.scheduler")
local support = require("spec.support")
local tasks = require("particle.tasks")
local warnings = require("spec.support.warnings")

local ID = "0123456789abcdef01234567"
local LONG = 30 -- seconds that never pass in these tests

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
    assert.matches("stack traceback:.*tasks_spec", text)
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
    local sleepers = {}
    for _, time in ipairs { 0.03, 0.01, 0.02, 0, 0.015, 0.025, 0.005 } do
      sleepers[#sleepers + 1] = scheduler.spawn(function()
        scheduler.sleep(time)
        order[#order + 1] = time
      end)
    end
    for _, task in ipairs(sleepers) do task:wait() end
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

  it("cannot be waited for by who keeps it from going on", function()
    local own, beneath
    own = scheduler.spawn(function() coroutine.wrap(function() own:wait() end)() end)
    local expected = "wait: that task cannot go on before this wait has ended"
    assert.error_matches(function() own:wait() end, expected)
    beneath = scheduler.spawn(function() coroutine.wrap(scheduler.sleep)(0.001) end)
    local above = scheduler.spawn(function() coroutine.wrap(function() beneath:wait() end)() end)
    assert.error_matches(function() above:wait() end, expected)
    beneath:wait()
  end)

  it("is waited for and cancelled with a colon", function()
    local task <close> = scheduler.spawn(scheduler.sleep, LONG)
    assert.error_matches(function() task.wait() end,
      "wait: call it with a colon, task:wait(...), on a task (got nil)", 1, true)
    assert.error_matches(function() task.cancel() end,
      "cancel: call it with a colon, task:cancel(...), on a task (got nil)", 1, true)
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
    local expected = "tasks_spec.lua:%d+: cannot wait here: .*require, table%.sort, string%.gsub"
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
    local nested = {}
    for i = 1, 60 do
      nested[i] = scheduler.spawn(function()
        local generate = coroutine.wrap(function()
          local fine, problem = pcall(scheduler.sleep, 0.05)
          coroutine.yield(fine or problem)
        end)
        ends[i] = generate()
      end)
    end
    for _, task in ipairs(nested) do task:wait() end
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

describe("an error of the user's task", function()
  -- Fails, and is forgotten.
  local function fail(message)
    particle.spawn(function() error(message, 0) end)
    scheduler.sleep(0)
  end

  it("is told to warn when nobody can ask for it any more", function()
    local heard = warnings(function()
      fail("unheard")
      collectgarbage()
      collectgarbage()
    end)
    assert.matches("^particle: a task failed, and nobody waited for it: unheard\nstack traceback:", heard)
  end)

  it("is not told while somebody holds the task, nor once it was waited for", function()
    local held
    assert.are.equal("", warnings(function()
      held = particle.spawn(function() error("kept", 0) end)
      scheduler.sleep(0)
      collectgarbage()
      collectgarbage()
      assert.has_error(function() held:wait() end, "kept")
      held = nil
      collectgarbage()
      collectgarbage()
    end))
  end)

  it("is told at the end of a run, once", function()
    local held
    local heard = warnings(function()
      particle.run(function()
        held = particle.spawn(function() error("one", 0) end)
        local waited = particle.spawn(function() error("two", 0) end)
        pcall(waited.wait, waited)
      end)
    end)
    assert.matches("nobody waited for it: one", heard)
    assert.is_nil(heard:find("two", 1, true))
    assert.has_error(function() held:wait() end, "one")
    held = nil
    assert.are.equal("", warnings(function()
      collectgarbage()
      collectgarbage()
    end))
  end)

  it("is told when the program ends", function()
    local result = support.run { "lua5.4", "-W", "-e", [[
      local particle = require("particle")
      task = particle.spawn(function() error("at last", 0) end)
      particle.sleep(0)
    ]] }
    assert.matches("nobody waited for it: at last", result.stderr)
  end)
end)

describe("tasks", function()
  it("of the user keep a loop going, those of the library do not", function()
    assert.is_false(tasks.under_way())
    local own = tasks.spawn(scheduler.sleep, LONG)
    assert.is_false(tasks.under_way())
    local users = tasks.spawn_for_user(scheduler.sleep, LONG)
    assert.is_true(tasks.under_way())
    own:cancel()
    users:cancel()
    assert.is_false(tasks.under_way())
  end)

  it("hand their scope on to those that they start", function()
    local inner, outer, all
    local task = tasks.spawn_for_user(function()
      all = tasks.new_scope()
      tasks.spawn_within(all, function()
        outer = tasks.new_scope()
        tasks.spawn_within(outer, function()
          inner = tasks.spawn_for_user(scheduler.sleep, LONG)
          scheduler.sleep(LONG)
        end)
        scheduler.sleep(LONG)
      end)
      scheduler.sleep(LONG)
    end)
    scheduler.wait(function() return inner end, core.now() + LONG)
    assert.are.equal(2, #tasks.users(outer))
    assert.are.equal(3, #tasks.users(all))
    inner:cancel()
    assert.are.equal(1, #tasks.users(outer))
    for _, left in ipairs(tasks.users(all)) do left:cancel() end
    assert.is_false(task.done)
    task:cancel()
  end)

  it("that wait in place are ended once they can be", function()
    local after, inside
    local task = tasks.spawn(function()
      coroutine.wrap(function() scheduler.sleep(0.01) end)()
      inside = true
      scheduler.sleep(0)
      after = true
    end)
    tasks.spawn(function() tasks.end_soon(task) end)
    assert.are.equal("cancelled", select(2, task:wait()).kind)
    assert.is_true(inside)
    assert.is_nil(after)
    tasks.end_soon(task)
  end)
end)
