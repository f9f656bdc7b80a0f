-- The attempts of a call after its first one failed. Whether (classifier), when (delay) and how often at all
-- (budget) are parts of the policy; this is the glue, which keeps the deadline.

local core = require("particle.core")
local countdown = require("particle.countdown")
local failure = require("particle.failure")
local pause = require("particle.pause")

local attempts = {}

local Call = {}
Call.__index = Call

-- The whole call is told of, not its last attempt alone. One that may have been delivered stays in doubt,
-- whatever became of the later ones.
function Call:failed(err)
  err.attempts, err.elapsed = self.attempts, self.policy.clock() - self.start
  if self.unsure and err.delivered == false then err.delivered = "maybe" end
  failure.set_deadline(err, self.deadline)
  return nil, err
end

function Call:succeeded(value, response)
  self.policy.budget:succeed()
  if type(response) == "table" then
    response.attempts, response.elapsed = self.attempts + response.attempts, self.policy.clock() - self.start
  end
  return value, response
end

function Call:note(err)
  self.attempts = self.attempts + (err.attempts or 1)
  self.unsure = self.unsure or err.delivered == "maybe"
end

-- Seconds to wait; nil: there is no further attempt.
function Call:delay(number, err)
  local how = self.policy
  if number >= how.attempts or not how.classifier(err, self.request) then return nil end
  local seconds = how.delay(number, err, how)
  local in_time = how.clock() + seconds < self.start + self.deadline -- never where it is no number
  if not in_time then return nil end
  return how.budget:spend(err) and seconds or nil
end

-- False: the api was closed meanwhile.
function Call:sleep(seconds)
  local sleep = self.policy.sleep
  if not sleep then return pause.wait(self.state, seconds) end
  sleep(seconds)
  return not core.closed(self.state.api)
end

function Call:send(number, send)
  local request = self.request
  local attempt = request.attempt
  request.attempt = number
  local left = self.start + self.deadline - self.policy.clock()
  local value, second = countdown.within(left, send, request)
  request.attempt = attempt
  return value, second
end

function Call:go_on(send, err)
  local number = 1
  while true do
    self:note(err)
    local seconds = self:delay(number, err)
    if not seconds then return self:failed(err) end
    if not self:sleep(seconds) then
      local _, closed = failure.unsent(self.state, self.request, "closed", "the api was closed")
      return self:failed(closed)
    end
    number = number + 1
    local value, second = self:send(number, send)
    if value ~= nil then return self:succeeded(value, second) end
    if core.type(second) ~= "error" then return nil, second end
    err = second
  end
end

--- Sends a request whose first attempt failed again, until one succeeds or the policy says no.
---@param state table  of an api
---@param policy particle.RetryPolicy
---@param request table
---@param start number  seconds of the policy's clock, before the first attempt
---@param send particle.Send
---@param err particle.Error  of the first attempt
---@return any, any
function attempts.go_on(state, policy, request, start, send, err)
  return setmetatable({
    state = state, policy = policy, request = request, start = start,
    deadline = request.deadline or state.deadline, attempts = 0, unsure = false,
  }, Call):go_on(send, err)
end

return attempts
