-- Waiting on the way of a call: for its next attempt, or for the limiter. The end of the api ends the wait,
-- and so do news for the one who waits.

local core = require("particle.core")
local scheduler = require("particle.scheduler")

local pause = {}

local Pause = {}

function Pause:__close() self.state.pausing[self] = nil end

local function is_over(own) return core.closed(own.state.api) or own.waiter ~= nil and own.waiter.news end

--- Waits that many seconds.
---@param state table  of an api
---@param seconds number
---@param waiter? { news: boolean }  with `news`, and notified of it, it waits no longer
---@return boolean open  false: the api was closed meanwhile
function pause.wait(state, seconds, waiter)
  local due = core.now() + seconds
  local own <close> = setmetatable({ state = state, waiter = waiter }, Pause)
  state.pausing = state.pausing or {}
  state.pausing[own] = true
  scheduler.await_news({ own, waiter }, is_over, own, due)
  return not core.closed(state.api)
end

--- The api was closed: nobody waits any longer.
---@param state table
function pause.end_all(state)
  for own in pairs(state.pausing or {}) do scheduler.notify(own) end
end

return pause
