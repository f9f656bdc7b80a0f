-- An event stream as users read one, every published number summed. Usage: event_client.lua URL EVENTS
-- Prints microseconds of wall and CPU for one event.

local core = require("particle.core")
local particle = require("particle")

local url, events = arg[1], assert(tonumber(arg[2]))
local api = particle.new { base_url = url, token = "0123456789abcdef" }

local count, sum = 0, 0
local wall, cpu = core.now(), os.clock()
local stream = assert(api:subscribe(nil, { retry = false }))
for _ = 1, events do
  local event = assert(stream:next())
  count, sum = count + 1, sum + event.data
end
wall, cpu = core.now() - wall, os.clock() - cpu
assert(count == events and sum > 0)
stream:close()
print(("%.4f %.4f"):format(wall / events * 1e6, cpu / events * 1e6))
