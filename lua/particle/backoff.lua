-- How long to wait before the next attempt: exponential, capped, with full jitter, so that many clients of a
-- server that comes back do not come back together.

local rules = require("particle.rules")

local backoff = {}

---@class particle.Backoff
---@field base? number             seconds: the longest wait before the first attempt (1)
---@field cap? number              seconds: the longest wait before any (60)
---@field random? fun(): number    from 0 up to 1 (`math.random`)

backoff.BASE, backoff.CAP = 1, 60

--- What the fields of a policy must be.
backoff.RULES = {
  base = rules.SECONDS,
  cap = rules.SECONDS,
  random = rules.FUNCTION,
}

local LONGEST_TOLD = 900 -- seconds; what a server asks for beyond this is not believed

--- Seconds to wait.
---@param attempt integer          counts from 1
---@param policy? particle.Backoff
---@param least? number            seconds that the server asked for, which the jitter comes on top of
---@return number
function backoff.delay(attempt, policy, least)
  local base, cap = policy and policy.base or backoff.BASE, policy and policy.cap or backoff.CAP
  local random = policy and policy.random or math.random
  local most = attempt > 60 and cap or math.min(base * 2 ^ (attempt - 1), cap)
  return math.min(least or 0, LONGEST_TOLD) + random() * most
end

return backoff
