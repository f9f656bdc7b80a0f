-- The first lines to write: a simulated cloud with one device, a variable read, a function called. No account
-- needed.
-- Usage: eval "$(make -s env)"; lua5.4 examples/quickstart.lua

local simulator = require("particle.simulator")

-- A device is a few Lua values and functions.
local on = false
local sim = simulator.new {
  devices = {
    {
      name = "kitchen-lamp",
      variables = { temperature = 21.5, on = function() return on end },
      functions = {
        led = function(arg)
          on = arg == "on"
          return on and 1 or 0
        end,
      },
    },
  },
}

-- With an account of your own this line is: local api = require("particle").new()
local api = sim:client()

local lamp = api:device("kitchen-lamp")
print("temperature", lamp:read("temperature"))
print("led on", lamp:call("led", "on"))
print("is it on?", lamp:read("on"))

-- The first result is nil exactly when the call failed; the second then says why.
local value, err = lamp:read("pressure")
if value == nil then print("pressure", err.kind) end

sim:close()
