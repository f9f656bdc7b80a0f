-- In the event loop of luv: tasks call devices and follow events side by side, and a timer of the program's
-- own ticks on meanwhile. The cloud is simulated, in the same loop.
-- Usage: eval "$(make -s env)"; lua5.4 examples/loop_luv.lua   (needs Debian's lua-luv)

local particle = require("particle")
local uv = require("luv")

local sim = require("particle.simulator").new {
  devices = {
    { name = "oven", variables = { temperature = function()
      particle.sleep(0.2) -- it takes its time
      return 180
    end } },
    { name = "door", functions = { open = function() return 1 end } },
  },
}
local api = sim:client { loop = require("particle.loop.luv") }
local clock, ticks = uv.new_timer(), 0

particle.spawn(function()
  print("oven", assert(api:device("oven"):read("temperature")))
  assert(api:publish("meal", "ready"))
  clock:close()
end)

particle.spawn(function()
  for event in assert(api:subscribe("meal")):each() do -- luacheck: ignore 512 (one is enough)
    print("event", event.name, event.data)
    break
  end
end)

clock:start(10, 10, function()
  ticks = ticks + 1
  if ticks == 1 then -- a callback is no task: it begins one
    particle.spawn(function() print("door", assert(api:device("door"):call("open"))) end)
  end
end)

uv.run() -- returns when nothing is left to wait for
print(ticks > 5 and "the clock ticked meanwhile" or "the clock stood still")
