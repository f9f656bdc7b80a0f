local loop = require("particle.loop.luv")
local particle = require("particle")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")
local uv = require("luv")

local LONG = streaming.LONG -- seconds that no wait here takes

describe("in luv", function()
  local sim, api, lamp

  before_each(function()
    sim = simulator.new {
      devices = { { name = "lamp",
        variables = { x = 1, slow = function() particle.sleep(LONG) end } } },
    }
    api = sim:client { loop = loop, log = false }
    lamp = api:device("lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  teardown(function()
    uv.walk(function(handle)
      if not handle:is_closing() then handle:close() end
    end)
    uv.run()
  end)

  local function after(milliseconds, fn)
    local timer = uv.new_timer()
    timer:start(milliseconds, 0, function()
      timer:close()
      fn()
    end)
  end

  it("tasks keep the loop going, and nothing else of ours does", function()
    local stream = assert(api:subscribe())
    assert.is_false(uv.loop_alive())
    local value
    particle.spawn(function() value = lamp:read("x") end)
    assert.is_true(uv.loop_alive())
    uv.run()
    assert.are.equal(1, value)
    assert.is_false(uv.loop_alive())
    stream:close()
  end)

  it("a task may be spawned by a callback", function()
    local value
    after(1, function()
      particle.spawn(function() value = lamp:read("x") end)
    end)
    uv.run()
    assert.are.equal(1, value)
  end)

  it("a callback that is no task waits in place", function()
    local value, ticked
    after(1, function()
      after(0, function() ticked = true end)
      value = lamp:read("x")
      assert.is_nil(ticked)
    end)
    uv.run()
    assert.are.equal(1, value)
    assert.is_true(ticked)
  end)

  it("a stream in the background is served as long as the loop runs for others", function()
    local stream <close> = assert(api:subscribe())
    sim:device("lamp"):publish("door", "open")
    local timer, event = uv.new_timer(), nil
    timer:start(1, 1, function()
      event = stream:next(0)
      if event then timer:close() end
    end)
    uv.run()
    assert.are.equal("open", event.data)
  end)

  it("an error in a task is raised by wait, and the loop goes on", function()
    local value
    local failing = particle.spawn(error, "oh", 0)
    particle.spawn(function() value = lamp:read("x") end)
    uv.run()
    assert.are.equal(1, value)
    local _, problem = pcall(failing.wait, failing)
    assert.are.equal("oh", problem)
  end)

  it("a cancelled task keeps nothing going", function()
    local task = particle.spawn(lamp.read, lamp, "slow")
    after(2, function() task:cancel() end)
    uv.run()
    assert.are.equal("cancelled", select(2, task:wait()).kind)
  end)

  it("a task waits for a callback, whose first answer counts", function()
    local timer, values = uv.new_timer(), nil
    particle.spawn(function()
      values = table.pack(coroutine.yield(function(callback)
        timer:start(1, 1, function() callback("a", nil, "c") end)
      end))
      values.x = lamp:read("x")
      timer:close()
    end)
    uv.run()
    assert.are.same({ "a", nil, "c", n = 3, x = 1 }, values)
  end)

  it("a task whose callback is not to be had fails", function()
    local task = particle.spawn(function()
      coroutine.yield(function() error("no callback", 0) end)
    end)
    uv.run()
    local _, problem = pcall(task.wait, task)
    assert.are.equal("no callback", problem)
  end)

  it("a task that is cancelled hears no callback", function()
    local reached, answer
    local task = particle.spawn(function()
      coroutine.yield(function(callback) answer = callback end)
      reached = true
    end)
    particle.spawn(function()
      while not answer do particle.sleep(0.001) end
      task:cancel()
      answer()
    end)
    uv.run()
    assert.is_nil(reached)
    assert.are.equal("cancelled", select(2, task:wait()).kind)
  end)

  local PROGRAM = [[
    local particle = require("particle")
    local loop = require("particle.loop.luv")
    local uv = require("luv")
    local sim = require("particle.simulator").new {
      devices = { { name = "lamp", variables = { slow = function() particle.sleep(1000) end } } },
    }
    local lamp = sim:client { loop = loop }:device("lamp")
    local task = particle.spawn(function()
      print("ready")
      io.stdout:flush()
      lamp:read("slow")
    end)
    %s
    uv.run()
    print("over")
  ]]

  local function interrupt(lines)
    local child <close> = support.start { "lua5.4", "-e", PROGRAM:format(lines) }
    child:expect("ready")
    child:kill("INT")
    return child:wait()
  end

  it("Ctrl-C ends the program with the next thing that happens", function()
    local result = interrupt("uv.new_timer():start(1, 1, function() end)")
    assert.is_truthy(result.stderr:find("interrupted!", 1, true))
    assert.is_true(result.status ~= 0)
    assert.are.equal("ready\n", result.stdout)
  end)

  it("Ctrl-C may be a signal of the loop, that ends what waits", function()
    local result = interrupt([[
      local signal = uv.new_signal()
      signal:start("sigint", function()
        signal:close()
        task:cancel()
      end)
    ]])
    assert.are.equal("", result.stderr)
    assert.are.equal("ready\nover\n", result.stdout)
  end)
end)
