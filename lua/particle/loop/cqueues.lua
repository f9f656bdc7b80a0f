-- The adapter of cqueues: `particle.new { loop = require "particle.loop.cqueues" }`. Whatever a controller
-- runs may wait; in each controller with waiting coroutines one coroutine of ours serves the poller.

local condition = require("cqueues.condition")
local cqueues = require("cqueues")
local core = require("particle.core")
local scheduler = require("particle.scheduler")

---@type particle.Loop
local loop = {}

local poll, running = cqueues.poll, cqueues.running
local TICK = 0.01 -- seconds, where the system has no descriptor for the poller

local poller = core.poller()
local what = poller:pollfd() and poller or TICK
local over = condition.new() -- nothing is under way any more
local pumps = setmetatable({}, { __mode = "k" }) -- controller -> the coroutine that serves the poller in it

-- Woken coroutines run in between, and often wait again at once.
local function is_over()
  if scheduler.under_way() then return false end
  poll(0)
  return not scheduler.under_way()
end

local start

-- An error, such as that of Ctrl-C, goes to who runs the controller, who may go on with it.
local function pump(controller)
  local fine, problem
  repeat
    poll(what, over)
    fine, problem = pcall(scheduler.step, 0)
  until not fine or is_over()
  pumps[controller] = nil
  if not fine then
    start()
    error(problem, 0)
  end
  over:signal()
end

function start()
  local controller = running()
  if not controller or pumps[controller] then return end
  pumps[controller] = coroutine.create(function() pump(controller) end)
  controller:attach(pumps[controller])
end

loop.start = start

function loop.current()
  local controller, direct = running()
  if direct and pumps[controller] ~= coroutine.running() then return condition.new() end
end

function loop.suspend(woken)
  start()
  poll(woken)
end

function loop.resume(woken) woken:signal() end

-- A coroutine of the controller waits on the task's behalf.
function loop.adopt(values, go_on)
  local controller = running()
  if values[1] ~= cqueues._POLL or not controller then return false end
  controller:wrap(function() go_on(coroutine.yield(table.unpack(values, 1, values.n))) end)
  return true
end

return loop
