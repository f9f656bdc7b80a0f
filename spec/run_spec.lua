local particle = require("particle")
local scheduler = require("particle.scheduler")
local support = require("spec.support")
local warnings = require("spec.support.warnings")

local LONG = 30 -- seconds that never pass in these tests

describe("run", function()
  it("calls a function in a task, and gives its results", function()
    local main, inside = coroutine.running(), nil
    local results = table.pack(particle.run(function(...)
      inside = coroutine.running()
      scheduler.sleep(0)
      return nil, ...
    end, 1, nil))
    assert.are.same({ n = 3, nil, 1, nil }, results)
    assert.are_not.equal(main, inside)
    assert.are.equal(0, select("#", particle.run(function() end)))
  end)

  it("returns when all tasks have ended, also those of tasks and those from before", function()
    local ended = {}
    local function ends(name, time)
      return function()
        scheduler.sleep(time)
        ended[name] = true
      end
    end
    particle.spawn(ends("before", 0.004))
    assert.are.equal("result", particle.run(function()
      particle.spawn(function()
        particle.spawn(ends("inner", 0.006))
        ended.outer = true
      end)
      return "result"
    end))
    assert.are.same({ before = true, outer = true, inner = true }, ended)
  end)

  it("does not wait for what the library does for itself", function()
    local job <close> = scheduler.spawn(scheduler.sleep, LONG) -- luacheck: ignore job
    particle.run(function() end)
  end)

  it("raises the function's error, and ends the other tasks", function()
    local thrown, closed = {}, 0
    local function forever()
      local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end }) -- luacheck: ignore
      scheduler.sleep(LONG)
    end
    assert.are.equal("", warnings(function()
      local fine, problem = pcall(particle.run, function()
        for _ = 1, 3 do particle.spawn(forever) end
        scheduler.sleep(0.001)
        error(thrown)
      end)
      assert.is_false(fine)
      assert.are.equal(thrown, problem)
    end))
    assert.are.equal(3, closed)
  end)

  it("inside a task waits for the tasks that were started in it", function()
    local order = {}
    particle.run(function()
      particle.spawn(function()
        scheduler.sleep(0.02)
        order[#order + 1] = "other"
      end)
      particle.run(function()
        particle.spawn(function()
          scheduler.sleep(0.001)
          order[#order + 1] = "own"
        end)
      end)
      order[#order + 1] = "inner run"
    end)
    assert.are.same({ "own", "inner run", "other" }, order)
  end)

  it("inside map and beside another run works", function()
    local results = particle.run(function()
      return (particle.map({ 1, 2, 3 }, function(i)
        return particle.run(function()
          particle.spawn(scheduler.sleep, 0.001)
          return i * i
        end)
      end))
    end)
    assert.are.same({ n = 3, 1, 4, 9 }, results)
  end)

  it("ends with the task that it is in, and takes its tasks along", function()
    local closed = 0
    local task = particle.spawn(function()
      particle.run(function()
        particle.spawn(function()
          local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end }) -- luacheck: ignore
          scheduler.sleep(LONG)
        end)
        scheduler.sleep(LONG)
      end)
    end)
    for _ = 1, 5 do scheduler.sleep(0) end
    task:cancel()
    assert.are.equal(1, closed)
    particle.run(function() end) -- nothing is left to wait for
  end)

  it("raises misuse", function()
    assert.error_matches(function() particle.run(7) end,
      "run: the argument must be a function, got the number 7")
  end)

  it("ends all tasks at Ctrl-C, running their pending __close", function()
    local program = [[
      local particle = require("particle")
      local function forever(name)
        local guard <close> = setmetatable({}, { __close = function() print(name, "closed") end })
        particle.sleep(30)
      end
      print(pcall(particle.run, function()
        particle.spawn(forever, "one")
        particle.spawn(function() print("ready") io.stdout:flush() end)
        forever("main")
      end))
    ]]
    local child <close> = support.start { "lua5.4", "-e", program }
    child:expect("ready")
    child:kill("INT")
    local output = child:wait().stdout
    for _, pattern in ipairs { "one\tclosed\n", "main\tclosed\n", "\nfalse\t.*interrupted!\n$" } do
      assert.matches(pattern, output)
    end
  end)
end)
