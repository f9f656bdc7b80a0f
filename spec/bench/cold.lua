-- A new process that makes one call, beside a C program. Usage: cold.lua LUA CLOUD BASELINE [ROUNDS]

local core = require("particle.core")
local measuring = require("spec.bench.measuring")

local lua, cloud_program, baseline = arg[1], arg[2], arg[3]
local ROUNDS = 10 * math.max(tonumber(arg[4]) or 11, 5)
local AIM = 1.15

local function milliseconds(...)
  local start = core.now()
  measuring.run(...)
  local wall = 1000 * (core.now() - start)
  return wall, wall
end

local cloud <close> = measuring.start(cloud_program)
local url = "http://127.0.0.1:" .. assert(cloud:read("n"), "the fake cloud did not start")
local m = measuring.compare(ROUNDS, function() return milliseconds(baseline, url, "read", 1) end,
  function() return milliseconds(lua, "spec/bench/cold_client.lua", url) end)
print(("\nA new process that makes one call, with its start: medians of %d interleaved rounds, %s.\n"):format(
  ROUNDS, measuring.place))
print(("C %.1f ms, particle %.1f ms, ratio %.2f, aim <= %.2f: %s"):format(m.c, m.ours, m.ratio, AIM,
  measuring.verdict(m.ratio, AIM)))
