-- Looking things up in lists.

local lists = {}

---@param list any[]
---@param item any
---@return integer?  where the item is first
function lists.index_of(list, item)
  for i, one in ipairs(list) do
    if one == item then return i end
  end
end

--- Whether two lists have an item in common.
---@param list any[]
---@param other any[]
---@return boolean
function lists.overlap(list, other)
  for _, item in ipairs(other) do
    if lists.index_of(list, item) then return true end
  end
  return false
end

return lists
