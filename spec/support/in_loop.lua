-- A busted helper of `make test LOOP=name`: each test runs as a task of that event loop. Beside it a ticker
-- runs, and a task with a generator of its own uses a second api.
--
-- A test fails when the library waits in place in it, however shortly. For how long the loop computes in one
-- go for others than the test itself is measured, too, in processor time: a busy machine makes no test fail.

local busted = require("busted")
local core = require("particle.core")
local loops = require("spec.support.loops")
local particle = require("particle")
local tasks = require("particle.tasks")

-- Seconds of computing in one go: what is told of, and what is a failure, which is far above, for processors
-- that are shared.
local AIM, LONGEST = 0.02, 0.1

-- Parts of names of tests that wait in place by nature: in coroutines that are no tasks, for which nothing is
-- suspended, or inside the step of a source.
local MAY_WAIT_IN_PLACE = {
  "a task cannot be waited for by who keeps it from going on",
  "calls in generators inside tasks wait for each other",
  "calls work in a user's generator in a plain program",
  "does not wait for what waits in place",
  "lets a generator of its own wait",
  "map's iterator may wait, in whatever way",
  "streams are read in a plain coroutine that nobody knows of",
  "streams are read in a user's own generator, in a plain program and in a task",
  "streams of a collected coroutine go on",
  "tasks that wait in place are ended once they can be",
  "that waits inside its step",
  "when generators nest their waits too deeply",
}

-- Parts of names of tests that have much to compute in one go.
local MAY_COMPUTE = {
  -- They keep the whole program busy, or have all garbage collected.
  "needs no more memory for more items",
  "missed while the program was busy",
  "reaches back to when the reader fell behind",
  -- The simulator makes, or the client reads, megabytes or thousands of events in one go; or many calls are
  -- under way at once.
  "a fault is borne: `huge`",
  "a fault is borne: `deep`",
  "a fault is borne: `flood`",
  "gives all events of a flood",
  "reads thousands of devices",
  "what is said of its delivery is true",
  "with http2 200 calls share one connection",
  -- The calls begin at once, each on a connection of its own: that many TLS handshakes in one go.
  "over HTTP/2 is carried out at most once where the server says goodbye",
  "over HTTP/2 is sent again where the server refused it with its goodbye",
  -- OpenSSL reads the system's certificates at the first connection of an api, in one go.
  "a server whose certificate is of a private authority",
}

local loop = loops.new(os.getenv("TEST_LOOP"))
local simulator = require("particle.simulator").new {
  devices = { { name = "other", variables = { three = 3 } } },
}
local other = simulator:client { loop = loop.adapter, log = false }:device("other")
for _ = 1, 1000 do other:read("three") end -- its journal is full now, and grows in no test

-- Waits in place ------------------------------------------------------------------------------------

local waits = 0 -- turns of the test that waited in place
local methods = getmetatable(core.poller()).__index
local step = methods.step

-- On the stack: this, the poller's `step` below, a turn of the scheduler, `scheduler.step`, who called it. A
-- test may make turns itself.
local function is_of_the_scheduler()
  local caller = debug.getinfo(5, "S")
  return caller ~= nil and caller.source:find("particle/scheduler.lua", 1, true) ~= nil
end

function methods.step(poller, timeout)
  if timeout ~= 0 and is_of_the_scheduler() then waits = waits + 1 end
  return step(poller, timeout)
end

-- The loop's own time -------------------------------------------------------------------------------

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

local function own_time() return os.clock() - used end

-- What runs beside a test ---------------------------------------------------------------------------

-- Its result's field `longest` is how long the loop computed in one go; it has `ended` some time after
-- may_end() does.
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

local function is_among(parts, name)
  for _, part in ipairs(parts) do
    if name:find(part, 1, true) then return true end
  end
end

local function judge(name, longest, turns)
  if waits > 0 and not is_among(MAY_WAIT_IN_PLACE, name) then
    error(("held up the loop: it waited in place (turns: %d)"):format(waits), 0)
  end
  if turns <= 1 then
    count.others = count.others + 1
    return
  end
  count.waiting = count.waiting + 1
  if is_among(MAY_COMPUTE, name) then return end
  count.longest = math.max(count.longest, longest)
  if longest > AIM then io.write(("\n  computed %.0f ms in one go: %s\n  "):format(longest * 1000, name)) end
  if longest > LONGEST then error(("held up the loop for %.0f ms"):format(longest * 1000), 0) end
end

local function run_beside(name, run)
  local ended, beside = false, nil
  local function has_ended() return ended end
  waits = 0
  local ticks = ticker(has_ended)
  loop.begin(function()
    local fine, problem = pcall(use_another_api, has_ended)
    beside = fine or problem
  end)
  local fine, turns = pcall(loops.run, loop, as_test(run))
  ended = true
  core.poller():alarm(0) -- a test that stepped the poller itself may have taken the alarm from the loop
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
