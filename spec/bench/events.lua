-- The bench of event streams: what an event costs, and what an idle stream holds. Usage: events.lua LUA
-- FOLDER_OF_PROGRAMS [ROUNDS]

local measuring = require("spec.bench.measuring")

local run, verdict = measuring.run, measuring.verdict
local lua, programs = arg[1], arg[2]
local ROUNDS = math.max(tonumber(arg[3]) or 7, 5)
local EVENTS, AIM = 500000, 10
local STREAMS, AIM_BYTES = 500, 1024

local function bench_time()
  local cloud <close> = measuring.start(programs .. "/event_cloud", EVENTS)
  local url = "http://127.0.0.1:" .. assert(cloud:read("n"), "the fake cloud did not start")
  local m = measuring.compare(ROUNDS,
    function() return run(programs .. "/event_baseline", url, EVENTS) end,
    function() return run(lua, "spec/bench/event_client.lua", url, EVENTS) end)
  print(("\nEvents: microseconds for one of %d, each decoded, medians of %d rounds, %s."):format(
    EVENTS, ROUNDS, measuring.place))
  print("C is spec/bench/event_baseline.c: libcurl, lines by memchr, the number taken from the envelope.\n")
  print("         C            particle        ratio        CPU ratio")
  print("      wall    CPU     wall    CPU     wall    CPU  of rounds    aim for CPU")
  print(("  %8.3f %6.3f  %7.3f %6.3f   %6.2f %6.2f  %.2f-%.2f  <= %d  %s"):format(m.c, m.c_cpu, m.ours,
    m.ours_cpu, m.ratio, m.ratio_cpu, m.least, m.most, AIM, verdict(m.ratio_cpu, AIM)))
end

-- The simulator serves, in a process of its own.
local function bench_idle()
  local cloud <close> = measuring.start("particle-simulator", "spec/bench/idle_fleet.lua")
  local url, token = assert(cloud:read("l")):match("(http.*)"), assert(cloud:read("l")):match("token: (%x+)")
  local c_heap, c_resident = run(programs .. "/idle_baseline", url, token, STREAMS)
  local heap, resident, of_lua = run(lua, "spec/bench/idle_client.lua", url, token, STREAMS)
  print(("\nIdle streams: bytes for one of %d. C is spec/bench/idle_baseline.c: libcurl and nothing else.\n")
    :format(STREAMS))
  print("                C   particle      more")
  print(("heap     %8d   %8d  %8d  <= %d  %s (%d of it Lua's)"):format(c_heap, heap, heap - c_heap, AIM_BYTES,
    verdict(heap - c_heap, AIM_BYTES), of_lua))
  print(("resident %8d   %8d  %8d"):format(c_resident, resident, resident - c_resident))
end

bench_time()
bench_idle()
