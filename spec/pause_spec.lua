local core = require("particle.core")
local particle = require("particle")
local pause = require("particle.pause")
local scheduler = require("particle.scheduler")

describe("a pause", function()
  local api, state

  before_each(function()
    api = particle.new { base_url = "http://127.0.0.1:1", token = "x" }
    state = core.state(api)
  end)

  after_each(function() api:close() end)

  it("takes its time, in place and in a task", function()
    local start = core.now()
    assert.is_true(pause.wait(state, 0.01))
    assert.is_true(scheduler.spawn(pause.wait, state, 0.01):wait())
    assert.is_true(core.now() - start >= 0.02)
  end)

  it("of no time lets the others have their turn", function()
    local ran = false
    local task <close> = scheduler.spawn(function() ran = true end) -- luacheck: ignore task
    assert.is_true(pause.wait(state, 0))
    assert.is_true(ran)
  end)

  it("ends with its api, for all who wait", function()
    local tasks = {}
    for i = 1, 3 do tasks[i] = scheduler.spawn(pause.wait, state, 3600) end
    local closing <close> = scheduler.spawn(function() api:close() end) -- luacheck: ignore closing
    assert.is_false(pause.wait(state, 3600))
    for i = 1, 3 do assert.is_false(tasks[i]:wait()) end
  end)

  it("ends with news for who waits", function()
    local waiter = { news = false }
    local task = scheduler.spawn(pause.wait, state, 3600, waiter)
    scheduler.notify(waiter) -- of nothing
    scheduler.sleep(0)
    assert.is_falsy(task.done)
    waiter.news = true
    scheduler.notify(waiter)
    assert.is_true(task:wait())
  end)

  it("leaves nothing behind, however it ends", function()
    pause.wait(state, 0)
    local task = scheduler.spawn(pause.wait, state, 3600)
    scheduler.sleep(0)
    assert.is_truthy(next(state.pausing))
    task:cancel()
    assert.is_nil(next(state.pausing))
  end)
end)
