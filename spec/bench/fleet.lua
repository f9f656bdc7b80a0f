-- The bench of fleets: many reads in flight, and reads beside many idle streams. Usage: fleet.lua LUA
-- FOLDER_OF_PROGRAMS [ROUNDS]

local measuring = require("spec.bench.measuring")

local run, verdict = measuring.run, measuring.verdict
local lua, programs = arg[1], arg[2]
local ROUNDS = math.max(tonumber(arg[3]) or 7, 5)

local READS = 1000
local FLEETS = { { in_flight = 50, aim = 1.05 }, { in_flight = 200, aim = 1.10 } }
local AIM_CPU = 1.2

local STREAMS, READS_BESIDE = 1000, 4000

local function baseline(url, in_flight, reads, streams)
  return run(programs .. "/fleet_baseline", url, in_flight, reads, streams)
end

local function ours(url, in_flight, reads, streams)
  return run(lua, "spec/bench/fleet_client.lua", url, in_flight, reads, streams)
end

local FLEET_HEAD = [[

Fleets: %d reads, each answered after 50 ms; microseconds for one, medians of %d rounds, %s.
C is spec/bench/fleet_baseline.c: libcurl's multi on epoll; ours is particle.map.

               C            particle        ratio        CPU ratio
in flight   wall    CPU     wall    CPU     wall    CPU  of rounds    aims for wall and CPU
]]
local FLEET_LINE = "%6d   %7.1f %6.1f  %7.1f %6.1f   %6.3f %6.2f  %.2f-%.2f  <= %.2f %-6s  <= %.2f %s\n"

local function bench_fleets(url)
  io.write(FLEET_HEAD:format(READS, ROUNDS, measuring.place))
  for _, fleet in ipairs(FLEETS) do
    local m = measuring.compare(ROUNDS, function() return baseline(url, fleet.in_flight, READS, 0) end,
      function() return ours(url, fleet.in_flight, READS, 0) end)
    io.write(FLEET_LINE:format(fleet.in_flight, m.c, m.c_cpu, m.ours, m.ours_cpu, m.ratio, m.ratio_cpu,
      m.least, m.most, fleet.aim, verdict(m.ratio, fleet.aim), AIM_CPU, verdict(m.ratio_cpu, AIM_CPU)))
  end
end

local BESIDE_HEAD = [[

A read beside %d idle streams of the same api, against one without them: microseconds of CPU, medians.

            without     with    ratio
]]

local function bench_beside(url)
  io.write(BESIDE_HEAD:format(STREAMS))
  for _, side in ipairs { { "C", baseline }, { "particle", ours } } do
    local name, measure = table.unpack(side)
    local m = measuring.compare(ROUNDS, function() return measure(url, 1, READS_BESIDE, 0) end,
      function() return measure(url, 1, READS_BESIDE, STREAMS) end)
    io.write(("%-8s   %8.1f %8.1f   %6.2f\n"):format(name, m.c_cpu, m.ours_cpu, m.ratio_cpu))
  end
end

local cloud <close> = measuring.start(programs .. "/cloud")
local url = "http://127.0.0.1:" .. assert(cloud:read("n"), "the fake cloud did not start")
bench_fleets(url)
bench_beside(url)
