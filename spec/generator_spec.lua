local particle = require("particle")
local scheduler = require("particle.scheduler")
local warnings = require("spec.support.warnings")

local LONG = 30 -- seconds that never pass in these tests

describe("wrap", function()
  it("makes what coroutine.wrap makes", function()
    local generate = particle.wrap(function(...)
      local given = table.pack(...)
      while true do given = table.pack(coroutine.yield(table.unpack(given, 1, given.n))) end
    end)
    assert.are.same({ n = 2, 1, nil }, table.pack(generate(1, nil)))
    assert.are.same({ n = 0 }, table.pack(generate()))
    local once = particle.wrap(function() return "end" end)
    assert.are.equal("end", once())
    assert.error_matches(once, "cannot resume dead coroutine")
  end)

  it("suspends the task that calls it, while others go on", function()
    local ticks = 0
    local ticker <close> = particle.spawn(function() -- luacheck: ignore ticker
      while true do
        ticks = ticks + 1
        scheduler.sleep(0)
      end
    end)
    local function values()
      return particle.wrap(function()
        for i = 1, 3 do
          scheduler.sleep(0.001)
          coroutine.yield(i)
        end
      end)
    end
    local tasks = {}
    for i = 1, 60 do -- more than could wait in place
      tasks[i] = particle.spawn(function()
        local sum = 0
        for value in values() do sum = sum + value end
        return sum
      end)
    end
    for _, task in ipairs(tasks) do assert.are.equal(6, task:wait()) end
    assert.is_true(ticks > 2)
  end)

  it("waits in place outside of tasks", function()
    local generate = particle.wrap(function()
      scheduler.sleep(0.001)
      coroutine.yield("a")
    end)
    assert.are.equal("a", generate())
  end)

  it("may be nested, and handed from task to task", function()
    local inner = particle.wrap(function()
      for i = 1, 4 do
        scheduler.sleep(0.001)
        coroutine.yield(i)
      end
    end)
    local outer = particle.wrap(function()
      while true do coroutine.yield(inner() * 10) end
    end)
    local got = {}
    for i = 1, 4 do got[i] = particle.spawn(outer):wait() end
    assert.are.same({ 10, 20, 30, 40 }, got)
  end)

  it("raises the error of its function, after its pending __close", function()
    local closed, thrown = false, {}
    local generate = particle.wrap(function()
      local guard <close> = setmetatable({}, { __close = function() closed = true end }) -- luacheck: ignore
      scheduler.sleep(0.001)
      error(thrown)
    end)
    local fine, problem = pcall(function() particle.spawn(generate):wait() end)
    assert.is_false(fine)
    assert.are.equal(thrown, problem)
    assert.is_true(closed)
  end)

  it("ends with a task that is cancelled inside it", function()
    local closed = false
    local task = particle.spawn(particle.wrap(function()
      local guard <close> = setmetatable({}, { __close = function() closed = true end }) -- luacheck: ignore
      scheduler.sleep(LONG)
    end))
    scheduler.sleep(0)
    scheduler.sleep(0)
    task:cancel()
    assert.is_true(closed)
  end)

  it("that is cancelled inside it may fail in its pending __close, which cannot wait", function()
    local function cancelled(close)
      local task = particle.spawn(particle.wrap(function()
        local guard <close> = setmetatable({}, { __close = close }) -- luacheck: ignore
        scheduler.sleep(LONG)
      end))
      scheduler.sleep(0)
      scheduler.sleep(0)
      return warnings(function() task:cancel() end)
    end
    assert.are.equal("particle: a cancelled task failed: at the end",
      cancelled(function() error("at the end", 0) end))
    assert.matches("a cancelled task failed: .*cannot wait here: .*__close when the task is cancelled",
      cancelled(function() scheduler.sleep(0) end))
  end)

  it("refuses two callers at once, and what is no function", function()
    local generate = particle.wrap(function() scheduler.sleep(LONG) end)
    local task <close> = particle.spawn(generate) -- luacheck: ignore task
    scheduler.sleep(0)
    assert.error_matches(generate, "wrap: the generator is running already")
    assert.error_matches(function() particle.wrap("x") end,
      "wrap: the generator must be a function, got a string")
  end)

  it("says so where its task cannot be suspended", function()
    local task = particle.spawn(function()
      local generate = particle.wrap(function() scheduler.sleep(0) end)
      return select(2, pcall(table.sort, { 2, 1 }, function() generate() end))
    end)
    assert.matches("cannot wait here: .*table%.sort", task:wait())
  end)
end)
