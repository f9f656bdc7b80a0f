-- A shared store that may be out of reach: then the limits are kept alone, and somebody is told. What was
-- sent while it could be reached is remembered, so that "alone" does not begin anew.

local backed = {}

---@class particle.limiter.Backed: particle.LimitStore
---@field private shared particle.LimitStore
---@field private alone particle.LimitStore
---@field private tell fun(problem: string?)
---@field private problem string?
local Backed = {}
Backed.__index = Backed

function Backed:note(problem)
  if (problem == nil) == (self.problem == nil) then return end
  self.problem = problem
  self.tell(problem)
end

-- What the shared store answered, with its state noted; nil: it cannot be reached.
function Backed:answer(first, second, third)
  if first == nil then
    self:note(tostring(second))
  else
    self:note(nil)
  end
  return first, second, third
end

function Backed:take(limits, patience)
  local granted, wait, third = self:answer(self.shared:take(limits, patience))
  if granted == nil then
    granted, wait, third = self.alone:take(limits, patience)
    return granted, wait, granted and { alone = third } or third
  end
  if not granted then return granted, wait, third end
  local _, _, alone = self.alone:take(limits, math.huge)
  return granted, wait, { shared = third, alone = alone }
end

function Backed:give_back(limits, place)
  self.alone:give_back(limits, place.alone)
  if place.shared == nil or not self.shared.give_back then return true end
  return self:answer(self.shared:give_back(limits, place.shared))
end

function Backed:acquire(key, count)
  local shared = self:answer(self.shared:acquire(key, count))
  if shared == false then return false end
  local alone = self.alone:acquire(key, count)
  if alone or shared ~= nil then return { shared = shared, alone = alone } end
  return false
end

function Backed:renew(key, holder)
  if holder.shared == nil then return true end
  return self:answer(self.shared:renew(key, holder.shared))
end

function Backed:release(key, holder)
  if holder.alone then self.alone:release(key, holder.alone) end
  if holder.shared == nil then return true end
  return self:answer(self.shared:release(key, holder.shared))
end

---@param shared particle.LimitStore
---@param alone particle.LimitStore
---@param tell fun(problem: string?)  why it cannot be reached; nil: it is back
---@return particle.LimitStore
function backed.new(shared, alone, tell)
  return setmetatable({ shared = shared, alone = alone, tell = tell, lease = shared.lease }, Backed)
end

return backed
