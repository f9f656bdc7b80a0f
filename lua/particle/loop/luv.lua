-- The adapter of luv: `particle.new { loop = require "particle.loop.luv" }`. What `particle.spawn` began may
-- wait; one handle on the default loop serves the poller, and keeps the loop going while that is under way.

local core = require("particle.core")
local scheduler = require("particle.scheduler")
local uv = require("luv")

---@type particle.Loop
local loop = {}

local TICK = 10 -- milliseconds, where the system has no descriptor for the poller

local handle

local function serve()
  local fine, problem = pcall(scheduler.step, 0)
  if not scheduler.under_way() then handle:unref() end
  if not fine then error(problem, 0) end
end

local function open()
  local fd = core.poller():pollfd()
  if fd then
    handle = assert(uv.new_poll(fd))
    handle:start("r", serve)
  else
    handle = assert(uv.new_timer())
    handle:start(TICK, TICK, serve)
  end
end

function loop.start()
  if not handle then open() end
  handle:ref()
end

return loop
