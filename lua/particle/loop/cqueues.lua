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

-- No methods, in which Ctrl-C could strike while cqueues asks.
local fd = core.poller():pollfd()
local what = fd and { pollfd = fd, events = "r" } or TICK

-- Serves the poller in one controller.
---@class particle.loop.cqueues.Pump
---@field co? thread        that does it
---@field waiting integer   how many coroutines of the controller wait
---@field look userdata     a condition: it may be over

local pumps = setmetatable({}, { __mode = "k" }) -- by their controller

local function is_needed(pump) return pump.waiting > 0 or scheduler.under_way() end

local start

-- An error, such as that of Ctrl-C, goes to who runs the controller, who may go on with it.
local function serve(pump, controller)
  while is_needed(pump) do
    poll(what, pump.look)
    local fine, problem = pcall(scheduler.step, 0)
    if not fine then
      start(pump, controller)
      error(problem, 0)
    end
  end
  pump.co = nil
end

function start(pump, controller)
  local co = coroutine.create(function() serve(pump, controller) end)
  controller:attach(co)
  pump.co = co
end

local Pump = {}

-- A coroutine has waited, whatever the end.
function Pump:__close()
  self.waiting = self.waiting - 1
  if self.waiting == 0 then self.look:signal() end
end

local function pump_of(controller)
  local pump = pumps[controller]
  if not pump then
    pump = setmetatable({ waiting = 0, look = condition.new() }, Pump)
    pumps[controller] = pump
  end
  return pump
end

function loop.start()
  local controller = running()
  if not controller then return end
  local pump = pump_of(controller)
  if not pump.co or coroutine.status(pump.co) == "dead" then start(pump, controller) end
end

function loop.stop()
  for _, pump in pairs(pumps) do pump.look:signal() end
end

function loop.current()
  local controller, direct = running()
  if direct and pump_of(controller).co ~= coroutine.running() then return condition.new() end
end

function loop.suspend(woken)
  local pump <close> = pump_of(running())
  pump.waiting = pump.waiting + 1
  loop.start()
  poll(woken)
end

function loop.resume(woken) woken:signal() end

-- A coroutine of the controller waits on the task's behalf.
function loop.adopt(values, answer)
  local controller = running()
  if values[1] ~= cqueues._POLL or not controller then return nil end
  local given_up, n = condition.new(), values.n + 1
  values[n] = given_up
  controller:wrap(function() answer(coroutine.yield(table.unpack(values, 1, n))) end)
  return function() given_up:signal() end
end

return loop
