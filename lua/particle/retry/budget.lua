-- May we? A bucket of tokens against storms: each retry takes some, each call that succeeds gives some back.
-- When all fails, a hundred retries empty it, and from then on each call fails at its first attempt. As long
-- as fewer than two in seven attempts fail it gains more than it loses, however many calls run at once.

local budget = {}

local CAPACITY, COST, REFILL = 500, 5, 2

--- What keeps an api from repeating too much; a policy may bring another one.
---@class particle.RetryBudget
---@field spend fun(self, err: particle.Error): boolean  Takes what a retry costs; false: there is too little.
---@field succeed fun(self)  A call succeeded.

---@class particle.RetryBucket: particle.RetryBudget
---@field tokens number
---@field package capacity number
---@field package cost number
---@field package refill number
local Bucket = {}
Bucket.__index = Bucket

function Bucket:spend()
  if self.tokens < self.cost then return false end
  self.tokens = self.tokens - self.cost
  return true
end

function Bucket:succeed()
  local tokens = self.tokens
  if tokens < self.capacity then self.tokens = math.min(tokens + self.refill, self.capacity) end
end

---@param capacity? number  tokens (500)
---@param cost? number      of a retry (5)
---@param refill? number    of a success (2)
---@return particle.RetryBucket
function budget.new(capacity, cost, refill)
  capacity = capacity or CAPACITY
  return setmetatable({
    capacity = capacity, tokens = capacity, cost = cost or COST, refill = refill or REFILL,
  }, Bucket)
end

return budget
