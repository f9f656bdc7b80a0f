-- What memory stays as calls go by, with a new handle for each. Usage: memory.lua URL read|missing|refused
-- Prints kB resident and kB of Lua at call 10,000 and at call 100,000.

local particle = require("particle")

local url, name = arg[1], arg[2]
local FIRST, LAST = 10000, 100000

local api = particle.new { base_url = url, token = "0123456789abcdef", retry = false }

local expected = { missing = "not_found", refused = "network" }

local function call()
  local value, err = api:device("lamp"):read(name == "missing" and "missing" or "temperature")
  assert((value == nil and err.kind or nil) == expected[name])
end

local function resident()
  local file = assert(io.open("/proc/self/status"))
  local kilobytes = file:read("a"):match("VmRSS:%s+(%d+)")
  file:close()
  return tonumber(kilobytes)
end

local function measure()
  collectgarbage()
  collectgarbage()
  return resident(), collectgarbage("count")
end

for _ = 1, FIRST do call() end
local resident_first, lua_first = measure()
for _ = FIRST + 1, LAST do call() end
local resident_last, lua_last = measure()
print(("%d %.1f %d %.1f"):format(resident_first, lua_first, resident_last, lua_last))
