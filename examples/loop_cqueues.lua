-- In an event loop of cqueues: coroutines of its controller call devices and follow events side by side, and
-- a clock of the program's own ticks on meanwhile. The cloud is simulated, in the same loop.
-- Usage: eval "$(make -s env)"; lua5.4 examples/loop_cqueues.lua   (needs Debian's lua-cqueues)

local cqueues = require("cqueues")
local particle = require("particle")

local sim = require("particle.simulator").new {
  devices = {
    { name = "oven", variables = { temperature = function()
      particle.sleep(0.2) -- it takes its time
      return 180
    end } },
    { name = "door", functions = { open = function() return 1 end } },
  },
}
local api = sim:client { loop = require("particle.loop.cqueues") }
local loop = cqueues.new()
local cooking, ticks = true, 0

loop:wrap(function()
  print("oven", assert(api:device("oven"):read("temperature")))
  assert(api:publish("meal", "ready"))
  cooking = false
end)

loop:wrap(function()
  print("door", assert(api:device("door"):call("open")))
end)

loop:wrap(function()
  for event in assert(api:subscribe("meal")):each() do -- luacheck: ignore 512 (one is enough)
    print("event", event.name, event.data)
    break
  end
end)

loop:wrap(function()
  while cooking do
    cqueues.sleep(0.01)
    ticks = ticks + 1
  end
end)

assert(loop:loop()) -- returns when nothing is left to wait for
print(ticks > 5 and "the clock ticked meanwhile" or "the clock stood still")
