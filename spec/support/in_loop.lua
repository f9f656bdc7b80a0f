-- A busted helper of `make test LOOP=name`: each test runs as a task of that event loop. Beside it a ticker
-- measures for how long the loop is held up, and a task with a generator of its own uses a second api.
--
-- Measured is the loop's own time: that in which it computes, and that in which the library waits in place.
-- So a machine that is busy with others makes no test fail.

local busted = require("busted")
local core = require("particle.core")
local loops = require("spec.support.loops")
local particle = require("particle")
local support = require("spec.support")

local LONGEST = 0.020 -- seconds that a test may hold up the loop

-- Parts of names of tests that hold up the loop themselves, by nature.
local MAY_HOLD_UP = {
  -- They compute, or wait in generators of their own, for the whole program to be busy.
  "not seen because the program was busy",
  "covers what was missed while the program was busy",
  "reaches back to when the reader fell behind",
  "when generators nest their waits too deeply",
  "lets a generator of its own wait",
  -- They go through thousands of events or results between two waits.
  "what is said of its delivery is true",
  "do not disturb the order of those that sleep",
  "may come ten thousand at once",
  "gives all events of a flood, in order",
  "is too long ends the stream for good",
}

local loop = loops.new(os.getenv("TEST_LOOP"))
local simulator = require("particle.simulator").new {
  devices = { { name = "other", variables = { three = 3 } } },
}
local other = simulator:client { loop = loop.adapter, log = false }:device("other")
for _ = 1, 1000 do other:read("three") end -- its journal is full now, and grows in no test

local waited = 0 -- seconds in place, so far
local by_hand -- the test itself steps the poller, waits for a child process, or collects all garbage

local methods = getmetatable(core.poller()).__index
local step = methods.step

local function is_at(level, path)
  local info = debug.getinfo(level + 1, "S")
  return info ~= nil and info.source:find(path, 1, true) ~= nil
end

-- On the stack: this, the poller's `step` below, a turn of the scheduler, `scheduler.step`, who called it.
local function is_by_hand()
  if not is_at(3, "particle/scheduler.lua") then return true end
  return is_at(5, "spec/") and not is_at(5, "spec/support/loops.lua")
end

function methods.step(poller, timeout)
  if is_by_hand() then by_hand = true end
  if timeout == 0 then return step(poller, timeout) end
  local before = core.now()
  local count = step(poller, timeout)
  waited = waited + core.now() - before
  return count
end

local wait_until = support.wait_until

function support.wait_until(...)
  by_hand = true
  return wait_until(...)
end

local collect = collectgarbage

function _G.collectgarbage(what, ...) -- luacheck: ignore 122
  if what == nil or what == "collect" then by_hand = true end
  return collect(what, ...)
end

local function own_time() return os.clock() + waited end

local function may_hold_up(name)
  for _, part in ipairs(MAY_HOLD_UP) do
    if name:find(part, 1, true) then return true end
  end
  return by_hand
end

local function use_another_api(may_end)
  repeat
    for value in coroutine.wrap(function()
      for i = 1, 3 do coroutine.yield(i) end
    end) do
      assert(math.type(value) == "integer", "a generator was handed a foreign yield")
      particle.sleep(0.001)
    end
    assert(other:read("three") == 3)
  until may_end()
end

local count = { measured = 0, by_hand = 0, without_waits = 0, longest = 0 }

local function judge(name, longest, turns)
  if turns <= 1 then
    count.without_waits = count.without_waits + 1
  elseif may_hold_up(name) then
    count.by_hand = count.by_hand + 1
  else
    count.measured = count.measured + 1
    count.longest = math.max(count.longest, longest)
    if longest > LONGEST then error(("held up the loop for %.0f ms"):format(longest * 1000), 0) end
  end
end

-- Its result's field `longest` is how long nothing else ran; it has `ended` some time after may_end() does.
local function ticker(may_end)
  local self, last = { longest = 0, ended = false }, own_time()
  loop.tick(function()
    local now = own_time()
    self.longest, last = math.max(self.longest, now - last), now
    self.ended = may_end()
    return self.ended
  end)
  return self
end

local function run_beside(name, run)
  local ended, beside = false, nil
  by_hand = false
  local ticks = ticker(function() return ended end)
  loop.begin(function()
    local fine, problem = pcall(use_another_api, function() return ended end)
    beside = fine or problem
  end)
  local fine, turns = pcall(loops.run, loop, run)
  ended = true
  repeat loop.turn() until beside and ticks.ended
  loop.turn() -- what is closed is gone then
  if not fine then error(turns, 0) end
  if beside ~= true then error(beside, 0) end
  judge(name, ticks.longest, turns)
end

busted.subscribe({ "test", "start" }, function(element, parent)
  local run = element.run
  local name = parent.name .. " " .. element.name
  element.run = function() run_beside(name, run) end
  return nil, true
end)

-- For .ci/test, which adds them up.
busted.subscribe({ "suite", "end" }, function()
  print(("held up: %d %.1f %d %d"):format(
    count.measured, count.longest * 1000, count.by_hand, count.without_waits))
  return nil, true
end)
