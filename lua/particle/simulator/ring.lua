-- A list that keeps its last items only.

---@class particle.simulator.Ring
---@field private items table
---@field private limit integer
---@field private count integer  of all items ever added
local Ring = {}
Ring.__index = Ring

---@param item any
function Ring:add(item)
  self.items[self.count % self.limit + 1] = item
  self.count = self.count + 1
end

---@return table[]  the items, oldest first, in a new table
function Ring:list()
  local list, items, limit = {}, self.items, self.limit
  for i = math.max(self.count - limit, 0), self.count - 1 do list[#list + 1] = items[i % limit + 1] end
  return list
end

local ring = {}

---@param limit integer
---@return particle.simulator.Ring
function ring.new(limit)
  return setmetatable({ items = {}, limit = limit, count = 0 }, Ring)
end

return ring
