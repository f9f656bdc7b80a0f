-- One job of the bench as users write it. Usage: client.lua URL read|call|list|cjson OPERATIONS
-- Prints microseconds of wall and CPU for one. `cjson`: what lua-cjson alone takes for the list's JSON.

local core = require("particle.core")
local particle = require("particle")

local url, name, operations = arg[1], arg[2], assert(tonumber(arg[3]))

local api = particle.new { base_url = url, token = "0123456789abcdef" }
local lamp = api:device("0123456789abcdef01234567")

local jobs = {}

function jobs.read(n)
  for _ = 1, n do assert(lamp:read("temperature")) end
end

function jobs.call(n)
  for _ = 1, n do assert(lamp:call("led", "on")) end
end

function jobs.list(n)
  for _ = 1, n do assert(#assert(api:devices()) == 100) end
end

function jobs.cjson(n)
  local text = assert(api:request { path = "/v1/devices", raw = true })
  local decode = require("cjson").new().decode
  for _ = 1, n do assert(#decode(text) == 100) end
end

local run = assert(jobs[name], "unknown job")
run(operations // 10 + 1) -- start-up is not counted
local wall, cpu = core.now(), os.clock()
run(operations)
wall, cpu = core.now() - wall, os.clock() - cpu
print(("%.3f %.3f"):format(wall / operations * 1e6, cpu / operations * 1e6))
