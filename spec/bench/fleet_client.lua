-- Reading a fleet as users do it. Usage: fleet_client.lua URL IN_FLIGHT READS STREAMS, the last for idle
-- event streams of the same api. Prints microseconds of wall and CPU for one read.

local core = require("particle.core")
local particle = require("particle")

local url, in_flight, reads = arg[1], math.tointeger(arg[2]), math.tointeger(arg[3])

-- One after another, or with `map` those that are answered after 50 ms.
local api = particle.new {
  base_url = url .. (in_flight > 1 and "/slow" or "/idle"), token = "0123456789abcdef",
  max_connections = in_flight,
}
local streams = {} -- held, so that they stay open
for i = 1, math.tointeger(arg[4]) do streams[i] = assert(api:subscribe()) end

local devices = {}
for i = 1, 1000 do devices[i] = api:device(("%024d"):format(i - 1)) end

local function temperature(device) return device:read("temperature") end

local function run(n)
  if in_flight == 1 then
    for i = 1, n do assert(temperature(devices[i % 1000 + 1])) end
    return
  end
  local list = table.move(devices, 1, n, 1, {})
  local results = particle.map(list, temperature, { limit = in_flight })
  for i = 1, n do assert(results[i]) end
end

run(reads) -- start-up is not counted
local wall, cpu = core.now(), os.clock()
run(reads)
wall, cpu = core.now() - wall, os.clock() - cpu
assert(#streams == math.tointeger(arg[4]))
print(("%.3f %.3f"):format(wall / reads * 1e6, cpu / reads * 1e6))
