-- What idle event streams cost. Usage: idle_client.lua URL TOKEN STREAMS
-- Prints bytes of heap and of resident memory for one stream, and of the heap that Lua's part.

local heap = require("heap")
local particle = require("particle")

local url, token, count = arg[1], arg[2], assert(tonumber(arg[3]))
local api = particle.new { base_url = url, token = token }
local streams = {}

local function resident()
  local file <close> = assert(io.open("/proc/self/statm"))
  return tonumber(file:read("l"):match("^%d+ (%d+)")) * 4096
end

local function open(n)
  for _ = 1, n do
    local stream = assert(api:subscribe())
    streams[#streams + 1] = stream
  end
  -- Each reads until it has nothing, as its reader would before it waits.
  for _, stream in ipairs(streams) do stream:next(0) end
  collectgarbage()
  collectgarbage()
end

open(10) -- start-up is not counted
for i = #streams + 1, #streams + count do streams[i] = false end
for i = #streams, 11, -1 do streams[i] = nil end
local heap_before, resident_before, lua_before = heap(), resident(), collectgarbage("count") * 1024
open(count)
print(("%d %d %d"):format((heap() - heap_before) // count, (resident() - resident_before) // count,
  math.floor((collectgarbage("count") * 1024 - lua_before) // count)))
