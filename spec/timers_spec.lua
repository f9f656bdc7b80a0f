local timers = require("particle.timers")

describe("timers", function()
  local woken

  local function wake(task) woken[#woken + 1] = task.name end

  before_each(function() woken = {} end)

  it("fire in the order of their times, equal ones in the order in which they were set", function()
    local state = 1
    local expected = {}
    for i = 1, 200 do
      state = state * 48271 % 2147483647
      local task = { name = i, due = state % 20 }
      expected[i] = task
      timers.set(task, task.due)
    end
    table.sort(expected, function(a, b) return a.due < b.due or a.due == b.due and a.name < b.name end)
    assert.are.equal(expected[1].due, timers.next_due())
    timers.fire(9.5, wake)
    assert.are.equal(expected[#woken + 1].due, timers.next_due())
    timers.fire(20, wake)
    for i, task in ipairs(expected) do assert.are.equal(task.name, woken[i]) end
    assert.are.equal(200, #woken)
    assert.is_nil(timers.next_due())
  end)

  it("are one for each task: the last that was set", function()
    local task = { name = "x" }
    timers.set(task, 5)
    timers.set(task, 9)
    timers.set(task, 7)
    timers.fire(6, wake)
    assert.are.same({}, woken)
    assert.are.equal(7, timers.next_due())
    timers.fire(10, wake)
    assert.are.same({ "x" }, woken)
    assert.is_nil(timers.next_due())
  end)

  it("that were given up do not fire, and are not waited for", function()
    local first, second = { name = 1 }, { name = 2 }
    timers.set(first, 1)
    timers.set(second, 2)
    timers.give_up(first)
    timers.give_up(first)
    assert.are.equal(2, timers.next_due())
    timers.fire(3, wake)
    assert.are.same({ 2 }, woken)
  end)

  it("that were given up are forgotten, however far away they were", function()
    local last = { name = "last" }
    timers.set(last, 1)
    local weak = setmetatable({}, { __mode = "k" })
    for i = 1, 1000 do
      local task = { name = i }
      weak[task] = true
      timers.set(task, 1000 + i)
      timers.give_up(task)
    end
    collectgarbage()
    collectgarbage()
    local kept = 0
    for _ in pairs(weak) do kept = kept + 1 end
    assert.is_true(kept <= 101, kept)
    timers.fire(5000, wake)
    assert.are.same({ "last" }, woken)
  end)

  it("keep their order while others are given up by the hundred", function()
    local reader = { name = "reader" }
    for i = 1, 50 do timers.set({ name = i % 7 }, 20 + i % 7) end
    for _ = 1, 1000 do
      timers.set(reader, 20.5)
      timers.give_up(reader)
    end
    timers.fire(30, wake)
    local sorted = table.move(woken, 1, #woken, 1, {})
    table.sort(sorted)
    assert.are.equal(50, #woken)
    assert.are.same(sorted, woken)
  end)

  it("that a woken task sets anew wait for their time", function()
    local task = { name = "again" }
    timers.set(task, 1)
    timers.fire(1, function(found)
      wake(found)
      timers.set(found, 2)
    end)
    assert.are.same({ "again" }, woken)
    timers.fire(2, wake)
    assert.are.equal(2, #woken)
  end)
end)
