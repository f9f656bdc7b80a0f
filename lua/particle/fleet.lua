-- A small fleet of lively devices for the simulator: the prompt's, and anyone's who wants something to play
-- with.

local scheduler = require("particle.scheduler")

local fleet = {}

local function kitchen_lamp()
  local on, brightness = false, 80
  return {
    name = "kitchen-lamp",
    platform_id = 32,
    variables = {
      temperature = 21.5,
      on = function() return on end,
      brightness = function() return on and brightness or 0 end,
    },
    functions = {
      led = function(arg)
        on = arg == "on"
        return on and 1 or 0
      end,
      toggle = function()
        on = not on
        return on and 1 or 0
      end,
      dim = function(arg)
        local percent = math.tointeger(tonumber(arg))
        if not percent or percent < 0 or percent > 100 then return -1 end
        brightness = percent
        return brightness
      end,
    },
  }
end

-- Warm at noon, cool at night, with a slow ripple so that two readings differ.
local function warmth(seconds)
  local day = 2 * math.pi * seconds / 86400
  return math.floor((21 - 7 * math.cos(day) + 0.6 * math.sin(seconds / 11)) * 10 + 0.5) / 10
end

local function greenhouse(clock)
  local watered, soil = clock(), 60
  local function moisture() return math.max(5, soil - (clock() - watered) // 60) end
  return {
    name = "greenhouse",
    platform_id = 13,
    variables = {
      temperature = function() return warmth(clock()) end,
      moisture = function() return math.tointeger(moisture()) end,
      firmware = "1.4.2",
    },
    functions = {
      water = function(arg)
        local seconds = math.tointeger(tonumber(arg))
        if not seconds or seconds < 1 then return -1 end
        soil = math.min(100, moisture() + 3 * seconds)
        watered = clock()
        return math.tointeger(soil)
      end,
    },
  }
end

local function garage_door()
  local open, cycles = false, 0
  return {
    name = "garage-door",
    platform_id = 12,
    variables = {
      open = function() return open end,
      cycles = function() return cycles end,
    },
    functions = {
      door = function(arg)
        if arg ~= "open" and arg ~= "close" then return -1 end
        local wanted = arg == "open"
        if wanted ~= open then cycles = cycles + 1 end
        open = wanted
        return open and 1 or 0
      end,
    },
  }
end

local function attic_sensor()
  return { name = "attic-sensor", platform_id = 13, online = false, variables = { temperature = 17.0 } }
end

--- The devices for `simulator.new { devices = ... }`: `kitchen-lamp`, `greenhouse`, `garage-door`, and
--- `attic-sensor`, which is offline.
---@param clock? fun(): integer  Unix seconds; default `os.time`
---@return table[] devices
function fleet.new(clock)
  return { kitchen_lamp(), greenhouse(clock or os.time), garage_door(), attic_sensor() }
end

-- Event number i of the fleet: which device, the event's name and its data.
local function nth_event(i)
  if i % 5 == 0 then return "garage-door", "door", i % 10 == 0 and "closed" or "opened" end
  if i % 7 == 0 then return "kitchen-lamp", "motion" end
  return "greenhouse", "temperature", ("%.1f"):format(21 + 4 * math.sin(i / 6) + math.sin(i * 1.7))
end

-- Holds the simulator weakly, so that this ends with it; its devices by what they are, since the user may
-- rename them.
local function publish_for_ever(ref, devices, every)
  local i = 0
  repeat
    scheduler.sleep(every)
    i = i + 1
    local name, event, data = nth_event(i)
    devices[name]:publish(event, data)
  until not ref[1]
end

--- Lets the devices of `fleet.new` publish events whenever something waits: the greenhouse its `temperature`,
--- the garage door `door`, the lamp a `motion` without data.
---@param sim particle.Simulator
---@param every? number  seconds from one event to the next (0.3)
---@return particle.Task  `cancel` ends it
function fleet.animate(sim, every)
  local devices, ref = {}, setmetatable({ sim }, { __mode = "v" })
  for _, name in ipairs { "greenhouse", "garage-door", "kitchen-lamp" } do
    devices[name] = sim:device(name)
  end
  return scheduler.spawn(publish_for_ever, ref, devices, every or 0.3)
end

return fleet
