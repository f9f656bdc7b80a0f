local cqueues = require("cqueues")
local loop = require("particle.loop.cqueues")
local particle = require("particle")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local LONG = streaming.LONG -- seconds that no wait here takes

describe("in cqueues", function()
  local sim, api, lamp, controller

  before_each(function()
    sim = simulator.new {
      devices = { { name = "lamp",
        variables = { x = 1, slow = function() particle.sleep(LONG) end } } },
    }
    api = sim:client { loop = loop, log = false }
    lamp = api:device("lamp")
    controller = cqueues.new()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function read_twice() return lamp:read("x") + lamp:read("x") end

  -- Lets both go on in turns until they are empty.
  local function run(...)
    local deadline = cqueues.monotime() + LONG
    local left
    repeat
      left = 0
      for _, one in ipairs { ... } do
        if not one:empty() then
          assert(one:step(0.001))
          left = left + 1
        end
      end
      assert(cqueues.monotime() < deadline, "a controller does not end")
    until left == 0
  end

  it("coroutines wait side by side, and leave nothing in their controller", function()
    local sum = 0
    for _ = 1, 20 do
      controller:wrap(function()
        local two = read_twice()
        sum = sum + two
      end)
    end
    assert(controller:loop())
    assert.are.equal(40, sum)
    assert.are.equal(0, controller:count())
  end)

  it("several controllers are served, each as long as its own coroutines wait", function()
    local other, order = cqueues.new(), {}
    controller:wrap(function()
      read_twice()
      order[#order + 1] = "first"
    end)
    other:wrap(function()
      while not order[1] do particle.sleep(0.001) end
      read_twice()
      order[#order + 1] = "second"
    end)
    run(controller, other)
    assert.are.same({ "first", "second" }, order)
  end)

  it("a controller ends though a coroutine of another goes on waiting", function()
    local other = cqueues.new()
    other:wrap(function() lamp:read("slow") end)
    assert(other:step(0))
    controller:wrap(read_twice)
    assert(controller:loop())
    assert.is_false(other:empty())
  end)

  it("tasks keep each controller with a coroutine of ours going, and end it", function()
    local other, task = cqueues.new(), nil
    controller:wrap(function()
      task = particle.spawn(read_twice)
      read_twice()
    end)
    other:wrap(function() particle.sleep(0.001) end)
    run(controller, other)
    assert.are.equal(2, task:wait())
  end)

  it("a controller may run inside another", function()
    local ticks, sum = 0, 0
    controller:wrap(function()
      local inner = cqueues.new()
      inner:wrap(function()
        while ticks < 3 do particle.sleep(0.001) end
        sum = sum + read_twice()
      end)
      assert(inner:loop())
      sum = sum + read_twice()
    end)
    controller:wrap(function()
      while ticks < 3 do
        cqueues.sleep(0.001)
        ticks = ticks + 1
      end
    end)
    assert(controller:loop())
    assert.are.equal(4, sum)
  end)

  it("a coroutine that is collected while it waits holds up nobody", function()
    local stream = assert(api:subscribe())
    local weak = setmetatable({}, { __mode = "k" })
    do
      local other = cqueues.new()
      for _, fn in ipairs {
        function() lamp:read("slow") end, function() stream:next() end, function() particle.sleep(LONG) end,
      } do
        local co = coroutine.create(fn)
        weak[co] = true
        other:attach(co)
      end
      assert(other:step(0))
      assert(other:step(0.001))
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
    sim:device("lamp"):publish("door", "open")
    local event
    controller:wrap(function() event = stream:next(LONG) end)
    assert(controller:loop())
    assert.are.equal("open", event.data)
    stream:close()
  end)

  it("an error ends its coroutine, and the controller goes on when told so", function()
    local sum
    controller:wrap(function()
      lamp:read("x")
      error("oh", 0)
    end)
    controller:wrap(function()
      particle.sleep(0.005)
      sum = read_twice()
    end)
    local fine, problem = controller:loop()
    assert.is_false(fine)
    assert.are.equal("oh", problem)
    assert(controller:loop())
    assert.are.equal(2, sum)
  end)

  it("a run is its coroutine's own: neither its end nor its error concerns other tasks", function()
    local other, slow
    controller:wrap(function()
      other = { pcall(particle.run, function()
        particle.spawn(particle.sleep, 0.001)
        particle.sleep(0.001)
        error("fails", 0)
      end) }
    end)
    controller:wrap(function()
      local task <close> = particle.spawn(particle.sleep, LONG)
      slow = { particle.run(function()
        while not other do particle.sleep(0.001) end
        return "fine", tostring(task)
      end) }
    end)
    assert(controller:loop())
    assert.are.same({ false, "fails" }, other)
    assert.are.same({ "fine", "particle.task (running)" }, slow)
  end)

  it("a task may call what suspends a coroutine of cqueues", function()
    local condition = require("cqueues.condition").new()
    local first, second, woken
    controller:wrap(function()
      local task = particle.spawn(function()
        cqueues.sleep(0.001)
        woken = condition:wait(LONG)
        return woken, lamp:read("x")
      end)
      repeat
        condition:signal()
        cqueues.sleep(0.001)
      until woken ~= nil
      first, second = task:wait()
    end)
    assert(controller:loop())
    assert.is_true(first)
    assert.are.equal(1, second)
  end)

  it("a cancelled task leaves nothing of cqueues waiting", function()
    controller:wrap(function()
      local waits
      local task = particle.spawn(function()
        waits = true
        cqueues.sleep(LONG)
      end)
      repeat particle.sleep(0) until waits
      task:cancel()
      assert.are.equal("cancelled", select(2, task:wait()).kind)
    end)
    local before = cqueues.monotime()
    assert(controller:loop())
    assert.is_true(cqueues.monotime() - before < LONG)
  end)

  it("outside of a controller everything waits in place", function()
    assert.are.equal(2, read_twice())
    local task = particle.spawn(function()
      cqueues.sleep(0.001)
      return read_twice()
    end)
    assert.are.equal(2, task:wait())
    assert.are.equal(2, coroutine.wrap(function() return read_twice() end)())
  end)

  it("Ctrl-C is raised by who runs the controller, after which it can go on", function()
    local result
    local child <close> = support.start { "lua5.4", "-e", [[
      local particle = require("particle")
      local loop = require("particle.loop.cqueues")
      local sim = require("particle.simulator").new {
        devices = { { name = "lamp", variables = { x = 1, slow = function() particle.sleep(1000) end } } },
      }
      local api = sim:client { loop = loop }
      local lamp = api:device("lamp")
      local controller = require("cqueues").new()
      local waiting = true
      controller:wrap(function()
        print("ready")
        io.stdout:flush()
        print(select(2, lamp:read("slow")).kind)
      end)
      print(pcall(function()
        local fine, problem = controller:loop()
        if not fine then error(problem, 0) end
      end))
      controller:wrap(function()
        print(lamp:read("x"))
        api:close()
      end)
      print(controller:loop())
    ]] }
    child:expect("ready")
    child:kill("INT")
    result = child:wait()
    assert.are.equal("", result.stderr)
    assert.matches("^ready\nfalse\t[^\n]*interrupted!\n1\nclosed\ntrue\n$", result.stdout)
  end)
end)
