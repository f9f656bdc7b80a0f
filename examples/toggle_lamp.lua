-- Calls a device's function: switches a lamp on, or off when it was on.
-- Usage: eval "$(make -s env)"; lua5.4 examples/toggle_lamp.lua [DEVICE]
-- With PARTICLE_ACCESS_TOKEN set, DEVICE (a name or an id) is one of yours with a function `toggle` that
-- returns the new state; else it is a simulated `kitchen-lamp`.

local particle = require("particle")

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if not token or token == "" then
    local sim = require("particle.simulator").new { devices = require("particle.fleet").new() }
    return sim:client(), "kitchen-lamp"
  end
  return particle.new()
end

local api, default = connect()
local name = arg[1] or default
if not name then
  io.stderr:write("usage: lua5.4 examples/toggle_lamp.lua DEVICE\n")
  os.exit(2, true)
end

local state, err = api:device(name):call("toggle")
if state then
  print(name .. " is " .. (state == 1 and "on" or "off"))
elseif err.kind == "device_offline" then
  print(name .. " is offline; is it powered?")
elseif err.delivered == "maybe" then
  -- A function is never called twice by itself: whether it ran is for the program to find out.
  print(name .. " may have been toggled, but no answer came: " .. err)
else
  print(name .. " was not toggled: " .. err)
end
os.exit(state ~= nil, true)
