-- What `pairs` gives in no order, in order.

local sorted = {}

--- The names in a table.
---@param values table<string, any>
---@return string[]
function sorted.names(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  return names
end

return sorted
