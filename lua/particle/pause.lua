-- Waiting on the way of a call: for its next attempt, or for the limiter. The end of the api ends the wait.

local core = require("particle.core")
local scheduler = require("particle.scheduler")

local pause = {}

local Pause = {}

function Pause:__close() self.state.pausing[self] = nil end

local function is_closed(state) return core.closed(state.api) end

--- Waits that many seconds.
---@param state table  of an api
---@param seconds number
---@return boolean open  false: the api was closed meanwhile
function pause.wait(state, seconds)
  local due = core.now() + seconds
  local own <close> = setmetatable({ state = state }, Pause)
  state.pausing = state.pausing or {}
  state.pausing[own] = true
  return not scheduler.await_news({ own }, is_closed, state, due)
end

--- The api was closed: nobody waits any longer.
---@param state table
function pause.end_all(state)
  for own in pairs(state.pausing or {}) do scheduler.notify(own) end
end

return pause
