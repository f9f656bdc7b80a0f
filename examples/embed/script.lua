-- What embed.c runs: follows a device's variable and tells the host through the module `host` that it offers.
-- Usage: build/embed examples/embed/script.lua (see embed.c)

local host = require("host")
local simulator = require("particle.simulator")

local on = false
local sim = simulator.new {
  devices = {
    {
      name = "hall-switch",
      variables = { on = function() return on end },
      functions = {
        flip = function()
          on = not on
          return on and 1 or 0
        end,
      },
    },
  },
}

local switch = sim:client():device("hall-switch")
for _ = 1, 3 do
  assert(switch:call("flip"))
  host.light(switch.var.on)
end
sim:close()
