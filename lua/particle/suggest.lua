-- The known name that a misspelt one most likely meant.

local suggest = {}

-- Letters swapped, left out, added or wrong, each counting one (optimal string alignment).
local function distance(a, b)
  local two_back, back = {}, {}
  for j = 0, #b do back[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(back[j] + 1, row[j - 1] + 1, back[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], two_back[j - 2] + 1)
      end
    end
    two_back, back = back, row
  end
  return back[#b]
end

local function plain(name) return (name:lower():gsub("[%s_%-]", "")) end

--- The nearest of the known names; nil when none is near. Letter case, `_`, `-` and spaces count for nothing.
---@param name any
---@param known table<any, any>|string[]  a list of names, or a table with the names as keys
---@return string?
function suggest.nearest(name, known)
  if type(name) ~= "string" or #name > 64 then return nil end
  local wanted = plain(name)
  local best, least = nil, math.max(1, #wanted // 3) + 1
  for key, value in pairs(known) do
    local candidate = math.type(key) == "integer" and value or key
    if type(candidate) == "string" then
      local d = distance(wanted, plain(candidate))
      if d < least or (d == least and best and candidate < best) then best, least = candidate, d end
    end
  end
  return best
end

--- The end of a message about an unknown name: `; did you mean "timeout"?`, or nothing.
---@param name any
---@param known table<any, any>|string[]
---@param decorate? fun(name: string): string  how the name is shown; default: in quotes
---@return string
function suggest.hint(name, known, decorate)
  local nearest = suggest.nearest(name, known)
  if not nearest then return "" end
  return "; did you mean " .. (decorate and decorate(nearest) or '"' .. nearest .. '"') .. "?"
end

return suggest
