-- A busted helper of `make test LOOP=name`: each test runs as a task of that event loop. Beside it a ticker
-- measures for how long the loop is held up, and a task with a generator of its own uses a second api.
--
-- Measured is the loop's own time: that in which it computes for others than the test itself, and that in
-- which the library waits in place. So a machine that is busy with others makes no test fail.

local busted = require("busted")
local core = require("particle.core")
local loops = require("spec.support.loops")
local particle = require("particle")
local tasks = require("particle.tasks")

local LONGEST = 0.020 -- seconds that a test may hold up the loop

-- Parts of names of tests that hold up the loop by nature.
local MAY_HOLD_UP = {
  -- They wait in generators of their own, for which nothing is suspended.
  "when generators nest their waits too deeply",
  "lets a generator of its own wait",
  "does not wait for what waits in place",
  -- They keep the whole program busy, or have all garbage collected.
  "needs no more memory for more items",
  "missed while the program was busy",
  "seen because the program was busy",
  "reaches back to when the reader fell behind",
  -- The simulator makes, or the client reads, megabytes or thousands of events in one go; or many calls are
  -- under way at once.
  "a fault is borne: `huge`",
  "a fault is borne: `deep`",
  "a fault is borne: `flood`",
  "gives all events of a flood",
  "reads thousands of devices",
  "what is said of its delivery is true",
  "simulator's streams are 500 at once",
  -- OpenSSL reads the system's certificates at the first connection of an api, in one go.
  "a server whose certificate is of a private authority",
}

local loop = loops.new(os.getenv("TEST_LOOP"))
local simulator = require("particle.simulator").new {
  devices = { { name = "other", variables = { three = 3 } } },
}
local other = simulator:client { loop = loop.adapter, log = false }:device("other")
for _ = 1, 1000 do other:read("three") end -- its journal is full now, and grows in no test

-- The loop's own time -------------------------------------------------------------------------------

local waited = 0 -- seconds in place, so far
local methods = getmetatable(core.poller()).__index
local step = methods.step

local function is_at(level, path)
  local info = debug.getinfo(level + 1, "S")
  return info ~= nil and info.source:find(path, 1, true) ~= nil
end

-- Whether a test steps the poller itself, as it may. On the stack: this, the poller's `step` below, a turn of
-- the scheduler, `scheduler.step`, who called it.
local function is_by_hand()
  if not is_at(3, "particle/scheduler.lua") then return true end
  return is_at(5, "spec/") and not is_at(5, "spec/support/loops.lua")
end

function methods.step(poller, timeout)
  if timeout == 0 or is_by_hand() then return step(poller, timeout) end
  local before = core.now()
  local count = step(poller, timeout)
  waited = waited + core.now() - before
  return count
end

local test -- the coroutine of the test
local used, resumed = 0, 0 -- seconds that it computed, and when it was resumed last
local park = tasks.park

local Away = setmetatable({}, { __close = function() resumed = os.clock() end })

function tasks.park(task)
  if coroutine.running() ~= test then return park(task) end
  used = used + os.clock() - resumed
  local away <close> = Away -- luacheck: ignore away
  park(task)
end

local function as_test(run)
  return function()
    test, resumed = coroutine.running(), os.clock()
    local results = table.pack(pcall(run))
    used = used + os.clock() - resumed
    test = nil
    if not results[1] then error(results[2], 0) end
  end
end

local function own_time() return os.clock() - used + waited end

-- What runs beside a test ---------------------------------------------------------------------------

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

local count = { waiting = 0, others = 0, longest = 0 }

local function may_hold_up(name)
  for _, part in ipairs(MAY_HOLD_UP) do
    if name:find(part, 1, true) then return true end
  end
end

local function judge(name, longest, turns)
  if turns <= 1 then
    count.others = count.others + 1
    return
  end
  count.waiting = count.waiting + 1
  if may_hold_up(name) then return end
  count.longest = math.max(count.longest, longest)
  if longest > LONGEST then error(("held up the loop for %.0f ms"):format(longest * 1000), 0) end
end

local function run_beside(name, run)
  local ended, beside = false, nil
  local function has_ended() return ended end
  local ticks = ticker(has_ended)
  loop.begin(function()
    local fine, problem = pcall(use_another_api, has_ended)
    beside = fine or problem
  end)
  local fine, turns = pcall(loops.run, loop, as_test(run))
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

-- For .ci/total, which adds them up.
busted.subscribe({ "suite", "end" }, function()
  print(("held up: %d %.1f %d"):format(count.waiting, count.longest * 1000, count.others))
  return nil, true
end)
