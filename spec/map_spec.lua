local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local support = require("spec.support")
local warnings = require("spec.support.warnings")

local LONG = 30 -- seconds that never pass in these tests

local function list(n)
  local items = {}
  for i = 1, n do items[i] = i end
  return items
end

local function counter(n)
  local i = 0
  return function()
    i = i + 1
    if i <= n then return i end
  end
end

local function problem_of(...)
  local fine, problem = pcall(...)
  assert.is_false(fine)
  return problem
end

describe("map", function()
  it("keeps results and errors at the indices of their items", function()
    local results, errors = particle.map({ "a", "b", "c", "d", "e" }, function(item, index)
      scheduler.sleep((6 - index) / 1000)
      if item == "b" then return nil, "no b" end
      if item == "c" then error({ "raised" }) end
      if item == "d" then return false end
      if item == "e" then return nil end
      return item .. index
    end)
    assert.are.same({ n = 5, "a1", [4] = false }, results)
    assert.are.same({ n = 5, [2] = "no b", [3] = { "raised" } }, errors)
  end)

  it("gives empty tables for no items", function()
    assert.are.same({ { n = 0 }, { n = 0 } }, { particle.map({}, error) })
    assert.are.same({ { n = 0 }, { n = 0 } }, { particle.map(function() end, error) })
  end)

  it("takes a list's length from n, where it has that", function()
    local results = particle.map({ n = 3, 1 }, function(item, index) return item or -index end)
    assert.are.same({ n = 3, 1, -2, -3 }, results)
  end)

  it("shows what was raised even where that was nothing", function()
    local _, errors = particle.map({ 1 }, function() error() end)
    assert.are.equal("an error without a value", errors[1])
  end)

  it("has so many at work and no more", function()
    local function check_most(items, limit, expected)
      local at_work, most = 0, 0
      particle.map(items, function()
        at_work = at_work + 1
        most = math.max(most, at_work)
        scheduler.wait(function() return most >= expected end, core.now() + LONG)
        for _ = 1, 5 do scheduler.sleep(0) end -- more would begin meanwhile
        at_work = at_work - 1
      end, { limit = limit })
      assert.are.equal(expected, most)
    end
    for _, limit in ipairs { 1, 7, 500 } do
      check_most(list(40), limit, math.min(limit, 40))
      check_most(counter(40), limit, math.min(limit, 40))
    end
    check_most(list(60), nil, 50)
  end)

  it("calls the function in tasks, which wait beside each other and beside other tasks", function()
    local ticks = 0
    local ticker <close> = particle.spawn(function() -- luacheck: ignore ticker
      while true do
        scheduler.sleep(0.001)
        ticks = ticks + 1
      end
    end)
    local barrier = 0
    particle.map(list(10), function()
      barrier = barrier + 1
      scheduler.wait(function() return barrier == 10 and ticks > 2 end, core.now() + LONG)
    end)
    assert.is_true(ticks > 2)
  end)

  it("lets others run though its function never waits", function()
    local ticks = 0
    local ticker <close> = particle.spawn(function() -- luacheck: ignore ticker
      while true do
        ticks = ticks + 1
        scheduler.sleep(0)
      end
    end)
    particle.map(list(100), function(i) return i end, { limit = 1 })
    assert.is_true(ticks >= 100)
  end)

  it("works in a task, in a generator and inside itself", function()
    local function sums(n)
      return particle.map(list(n), function(i)
        return #particle.map(list(i), function(j)
          scheduler.sleep(0)
          return j
        end)
      end)
    end
    local expected = { n = 5, 1, 2, 3, 4, 5 }
    assert.are.same(expected, sums(5))
    assert.are.same(expected, particle.spawn(sums, 5):wait())
    assert.are.same(expected, coroutine.wrap(sums)(5))
    assert.are.same(expected, particle.spawn(function() return coroutine.wrap(sums)(5) end):wait())
    assert.are.same(expected, particle.wrap(sums)(5))
  end)

  it("reads many devices of several apis beside a stream", function()
    local devices = {}
    for i = 1, 30 do devices[i] = { name = "d" .. i, variables = { x = i } } end
    local sim <close> = simulator.new { devices = devices }
    local other <close> = simulator.new { devices = { { name = "d1", variables = { x = -1 } } } }
    local stream <close> = assert(sim:client():subscribe())
    local handles = assert(sim:client { max_connections = 5 }:devices())
    table.sort(handles, function(a, b) return tonumber(a.name:sub(2)) < tonumber(b.name:sub(2)) end)
    handles[31] = other:client():device("d1")
    local heard = particle.spawn(function() return stream:next(LONG).name end)
    local results, errors = particle.map(handles, function(device, i)
      if i == 10 then sim:device("d3"):publish("ten") end
      return device:read("x")
    end)
    assert.are.same({ n = 31 }, errors)
    for i = 1, 30 do assert.are.equal(i, results[i]) end
    assert.are.equal(-1, results[31])
    assert.are.equal("ten", heard:wait())
  end)

  it("reads thousands of devices, each result at its index", function()
    local devices = {}
    for i = 1, 2000 do devices[i] = { name = "d" .. i, variables = { x = i } } end
    local sim <close> = simulator.new { devices = devices }
    local handles = assert(sim:client { max_connections = 100 }:devices())
    local results, errors = particle.map(handles, function(d) return d:read("x") end, { limit = 100 })
    assert.are.same({ n = 2000 }, errors)
    for i, handle in ipairs(handles) do assert.are.equal(handle.name, "d" .. results[i]) end
  end)

  it("needs no more memory for more items", function()
    local most = 0
    local function read(i)
      scheduler.sleep(0)
      if i % 100 == 0 then
        collectgarbage()
        most = math.max(most, collectgarbage("count"))
      end
    end
    particle.map(counter(200), read, { limit = 20 })
    local before = most
    most = 0
    particle.map(counter(4000), read, { limit = 20 })
    assert.is_true(most - before < 20, ("%.1f kB more"):format(most - before))
  end)

  it("leaves no task behind", function()
    local weak = setmetatable({}, { __mode = "k" })
    particle.map(list(20), function() weak[coroutine.running()] = true end, { limit = 5 })
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)

describe("map's iterator", function()
  it("may wait, in whatever way", function()
    local function items()
      for i = 1, 5 do
        scheduler.sleep(0.001)
        coroutine.yield(i)
      end
    end
    local i = 0
    local function plain()
      i = i + 1
      scheduler.sleep(0.001)
      return i <= 5 and i or nil
    end
    for _, iterator in ipairs { coroutine.wrap(items), particle.wrap(items), plain } do
      local results, errors = particle.map(iterator, function(item)
        scheduler.sleep(0.003)
        return item * item
      end, { limit = 3 })
      assert.are.same({ n = 5, 1, 4, 9, 16, 25 }, results)
      assert.are.same({ n = 5 }, errors)
    end
  end)

  it("is not asked again after its end, nor by two at once", function()
    local asked, inside = 0, 0
    local function iterator()
      asked, inside = asked + 1, inside + 1
      assert(inside == 1)
      scheduler.sleep(0.001)
      inside = inside - 1
      if asked <= 10 then return asked end
    end
    local results = particle.map(iterator, function(i) return i end, { limit = 4 })
    assert.are.equal(10, results.n)
    assert.are.equal(11, asked)
  end)

  it("ends it all by an error, returned or raised", function()
    local cloud <close> = Cloud.new(function() scheduler.sleep(LONG) end)
    local lamp = cloud:client():device("lamp")
    local thrown = core.error { kind = "server", message = "no page 2" }
    for _, last in ipairs { function() return nil, thrown end, function() error(thrown) end } do
      local item = counter(2)
      local before = #cloud.requests
      local results, err = particle.map(function()
        local i = item()
        if i then return i end
        scheduler.wait(function() return #cloud.requests == before + 2 end, core.now() + LONG)
        return last()
      end, function() return lamp:read("x") end)
      assert.is_nil(results)
      assert.are.equal(thrown, err)
    end
  end)

  it("may be a table that can be called, or a stream's events", function()
    local callable = setmetatable({}, { __call = counter(3) })
    assert.are.equal(3, #particle.map(callable, function(i) return i end))
    local sim <close> = simulator.new { devices = { { name = "lamp" } } }
    local stream <close> = assert(sim:client():subscribe())
    for i = 1, 3 do sim:device("lamp"):publish("e", tostring(i)) end
    local results = particle.map(stream:each(), function(event)
      if event.data == "3" then stream:close() end
      return event.data
    end)
    assert.are.same({ n = 3, "1", "2", "3" }, results)
  end)
end)

describe("map's deadline", function()
  local function is_late(err, pattern, delivered)
    assert.are.equal("timeout", err.kind)
    assert.matches(pattern, tostring(err))
    assert.are.equal(delivered, err.delivered)
  end

  it("gives up what is at work, and tells it from what was not begun", function()
    local ended = 0
    local results, errors = particle.map({ 0, LONG, 0, LONG, 0, 0 }, function(time)
      local guard <close> = setmetatable({}, { __close = function() ended = ended + 1 end }) -- luacheck: ignore
      scheduler.sleep(time)
      return "done"
    end, { limit = 2, deadline = 0.3 })
    assert.are.same({ n = 6, "done", [3] = "done" }, results)
    assert.are.equal(4, ended)
    assert.are.equal(6, errors.n)
    is_late(errors[2], "given up at the deadline of 0.3 s", "maybe")
    is_late(errors[4], "given up at the deadline", "maybe")
    is_late(errors[5], "not begun before the deadline of 0.3 s", false)
    is_late(errors[6], "not begun before", false)
    assert.is_nil(errors[1] or errors[3])
  end)

  it("holds in a task, for functions that never wait and for iterators that wait", function()
    local function late(items, fn)
      return particle.spawn(particle.map, items, fn, { deadline = 0.02 }):wait()
    end
    local results, errors = late(function() return 1 end, function(i) return i end)
    assert.is_true(results.n > 0 and results.n == errors.n)
    local item = counter(1)
    results, errors = late(function() return item() or scheduler.sleep(LONG) end, function(i) return i end)
    assert.are.same({ n = 2, 1 }, results)
    is_late(errors[2], "given up", "maybe")
  end)

  it("gives up calls under way, and the next call works", function()
    local cloud <close> = Cloud.new(function(_, number)
      if number <= 3 then scheduler.sleep(LONG) end
      return 200, { result = number }
    end)
    local lamp = cloud:client { max_connections = 3 }:device("lamp")
    local _, errors = particle.map(list(3), function() return lamp:read("x") end, { deadline = 0.05 })
    for i = 1, 3 do is_late(errors[i], "given up", "maybe") end
    assert.is_number(lamp:read("x"))
  end)

  it("does not wait for what waits in place, whose result is dropped", function()
    local reached
    local results, errors = particle.spawn(particle.map, { 1 }, function()
      coroutine.wrap(function() scheduler.sleep(0.05) end)()
      reached = true
      scheduler.sleep(LONG)
    end, { deadline = 0.01 }):wait()
    assert.are.same({ n = 1 }, results)
    is_late(errors[1], "given up", "maybe")
    scheduler.wait(function() return reached end, core.now() + LONG)
    assert.is_true(reached) -- it went on until it could be ended
  end)
end)

describe("map's progress", function()
  it("is told after each item, where map was called", function()
    local me, told = coroutine.running(), {}
    local function tell(done, total)
      assert(coroutine.running() == me)
      told[#told + 1] = done .. "/" .. tostring(total)
    end
    particle.map(list(3), function(i) scheduler.sleep(i / 1000) end, { on_progress = tell })
    assert.are.same({ "1/3", "2/3", "3/3" }, told)
    told = {}
    particle.map(counter(2), function(i) error(i) end, { on_progress = tell })
    assert.are.same({ "1/nil", "2/nil" }, told)
  end)

  it("may wait", function()
    local told = 0
    local results = particle.map(list(5), function(i) return i end, { on_progress = function()
      scheduler.sleep(0.001)
      told = told + 1
    end })
    assert.are.equal(5, told)
    assert.are.equal(5, #results)
  end)

  it("ends it all by its error", function()
    local ended = 0
    local thrown = {}
    local function map()
      return particle.map({ 0, LONG, LONG, 0 }, function(time)
        local guard <close> = setmetatable({}, { __close = function() ended = ended + 1 end }) -- luacheck: ignore
        scheduler.sleep(time)
      end, { limit = 3, on_progress = function() error(thrown) end })
    end
    assert.are.equal(thrown, problem_of(map))
    assert.are.equal(3, math.min(ended, 3))
    local before = ended
    assert.are.equal(thrown, problem_of(function() particle.spawn(map):wait() end))
    assert.is_true(ended >= before + 3)
  end)
end)

describe("map's end", function()
  local function guarded_sleep(state)
    return function()
      state.begun = state.begun + 1
      local guard <close> = setmetatable({}, { -- luacheck: ignore guard
        __close = function() state.ended = state.ended + 1 end,
      })
      scheduler.sleep(LONG)
    end
  end

  it("comes at once with the end of its task, also inside another", function()
    local state = { begun = 0, ended = 0 }
    local task = particle.spawn(function()
      particle.map(list(3), function() particle.map(list(4), guarded_sleep(state), { limit = 2 }) end)
    end)
    scheduler.wait(function() return state.begun == 6 end, core.now() + LONG)
    task:cancel()
    assert.are.equal(6, state.ended)
    scheduler.sleep(0)
    assert.are.equal(6, state.begun)
  end)

  it("may come from one of its own items", function()
    local task, after
    task = particle.spawn(particle.map, list(3), function(i)
      if i < 3 then scheduler.sleep(LONG) end
      task:cancel()
      scheduler.sleep(0)
      after = true
    end)
    assert.are.equal("cancelled", select(2, task:wait()).kind)
    for _ = 1, 5 do scheduler.sleep(0) end
    assert.is_nil(after)
  end)

  it("warns of what fails while it is cancelled, and of nothing else", function()
    local text = warnings(function()
      local task = particle.spawn(particle.map, list(2), function(i)
        local guard <close> = setmetatable({}, { -- luacheck: ignore guard
          __close = function() if i == 2 then error("at the end", 0) end end,
        })
        scheduler.sleep(LONG)
      end)
      for _ = 1, 5 do scheduler.sleep(0) end
      task:cancel()
    end)
    assert.are.equal("particle: a cancelled task failed: at the end", text)
  end)

  it("comes with Ctrl-C in a plain script", function()
    local program = [[
      local particle = require("particle")
      local sim = require("particle.simulator").new { devices = { { name = "lamp" } }, latency = 30 }
      local lamp, ended, begun = sim:client():device("lamp"), 0, 0
      local fine, problem = pcall(particle.map, { 1, 2, 3 }, function()
        local guard <close> = setmetatable({}, { __close = function() ended = ended + 1 end })
        begun = begun + 1
        if begun == 3 then print("ready") io.stdout:flush() end
        lamp:read("x")
      end)
      print(fine, problem, ended)
    ]]
    local child <close> = support.start { "lua5.4", "-e", program }
    child:expect("ready")
    child:kill("INT")
    assert.matches("false\t.*interrupted!\t3\n", child:wait().stdout)
  end)
end)

local function of_length(n) return setmetatable({}, { __len = function() return n end }) end

describe("map", function()
  it("says what is wrong with its arguments", function()
    local function problem(...) return problem_of(particle.map, ...) end
    local function none() end
    assert.matches("map_spec.lua:%d+: map: the items must be a list or an iterator, got nil; .*"
      .. "particle%.map%(assert%(api:devices%(%)%), %.%.%.%)", problem(nil, none))
    assert.matches("the items must be a list or an iterator %(a function%), got a string", problem("x", none))
    assert.matches("got an error", problem(core.error { kind = "server", message = "x" }, none))
    assert.matches("got a table that has no item 1", problem({ a = 1 }, none))
    for _, bad in ipairs { { n = -1 }, of_length(-1), of_length(1.5), of_length("x") } do
      assert.matches("map_spec.lua:%d+: map: the items must be .* is no number of items", problem(bad, none))
    end
    assert.matches("what is done for each item must be a function, got nil", problem({}))
    assert.matches('map: unknown option "limits"; did you mean "limit"%?', problem({}, none, { limits = 3 }))
    assert.matches("the options must be a table, got the number 5", problem({}, none, 5))
    for _, limit in ipairs { 0, -1, 2.5, "5", 1e10 } do
      assert.matches("option limit must be a positive integer", problem({}, none, { limit = limit }))
    end
    for _, deadline in ipairs { 0, -1, 0 / 0, math.huge, "1" } do
      assert.matches("option deadline must be a positive number", problem({}, none, { deadline = deadline }))
    end
    assert.matches("option on_progress must be a function", problem({}, none, { on_progress = true }))
  end)
end)

describe("all", function()
  it("calls functions side by side", function()
    local met = 0
    local function meet()
      met = met + 1
      scheduler.wait(function() return met == 2 end, core.now() + LONG)
      return met
    end
    local function refuse() return nil, "why" end
    local function fail() error("x", 0) end
    local results, errors = particle.all { meet, meet, refuse, fail }
    assert.are.same({ n = 4, 2, 2 }, results)
    assert.are.same({ n = 4, [3] = "why", [4] = "x" }, errors)
    assert.are.same({ { n = 0 }, { n = 0 } }, { particle.all {} })
  end)

  it("takes the options of map", function()
    local told = 0
    local _, errors = particle.all({ function() scheduler.sleep(LONG) end, function() end },
      { deadline = 0.02, on_progress = function(_, total) told = told + total end })
    assert.are.equal("timeout", errors[1].kind)
    assert.are.equal(2, told)
  end)

  it("says what is wrong with its arguments", function()
    local function problem(...) return problem_of(particle.all, ...) end
    assert.matches("map_spec.lua:%d+: all: the argument must be a list of functions, got nil", problem())
    assert.matches("all: item 2 must be a function, got the number 7", problem { print, 7 })
    assert.matches("all: item 2 must be a function, got nil", problem { n = 2, print })
    assert.matches("all: the argument must be a list of functions, got a table that has no item 1",
      problem { a = print })
    for _, bad in ipairs { { n = -1 }, of_length(1.5) } do
      assert.matches("all: the argument must be a list of functions, .* no number of items", problem(bad))
    end
    assert.matches('all: unknown option "limt"', problem({}, { limt = 1 }))
  end)
end)
