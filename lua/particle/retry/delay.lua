-- How long to wait for the next attempt: exponential with full jitter, on top of what the cloud asks for.

local backoff = require("particle.backoff")

-- Limits are counted over minutes: whoever is told of one comes back on another scale.
local SLOWER = 10

local function told(err)
  local seconds = err.retry_after
  return type(seconds) == "number" and seconds > 0 and seconds or 0
end

--- The policy's `delay`.
---@param number integer  of the attempt that failed, from 1
---@param err particle.Error
---@param policy particle.RetryPolicy
---@return number seconds
local function seconds_to_wait(number, err, policy)
  local slower = err.kind == "rate_limited" and SLOWER or 1
  return told(err) + backoff.delay(number, {
    base = policy.base * slower, cap = policy.cap * slower, random = policy.random,
  })
end

return seconds_to_wait
