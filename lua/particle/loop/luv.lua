-- The adapter of luv: `particle.new { loop = require "particle.loop.luv" }`. What `particle.spawn` began may
-- wait; one handle on the default loop serves the poller, and keeps the loop going while that is under way.

local core = require("particle.core")
local scheduler = require("particle.scheduler")
local uv = require("luv")

---@type particle.Loop
local loop = {}

local TICK = 10 -- milliseconds, where the system has no descriptor for the poller

local function serve() scheduler.step(0) end

local function open()
  local fd = core.poller():pollfd()
  local handle = fd and assert(uv.new_poll(fd)) or assert(uv.new_timer())
  if fd then assert(handle:start("r", serve)) else assert(handle:start(TICK, TICK, serve)) end
  return handle
end

local handle = open()
handle:unref()

function loop.start() handle:ref() end

function loop.stop() handle:unref() end

-- A task waits for a callback of luv by yielding a function, which is given one.
function loop.adopt(values, answer)
  if type(values[1]) ~= "function" then return nil end
  values[1](answer)
  return function() end -- an answer that comes too late is not heard
end

return loop
