-- What is wrong with a Lua pattern. `string.find` tells only once a match gets to the place in question.

local pattern = {}

local MOST_CAPTURES = 32 -- as in Lua
local DEEPEST = 199      -- captures and repetitions that Lua nests

local REPEATED = { ["*"] = true, ["+"] = true, ["-"] = true, ["?"] = true }

-- The position after a set, which begins here | nil, problem.
local function after_set(text, i)
  i = i + (text:sub(i + 1, i + 1) == "^" and 2 or 1)
  repeat -- a "]" that comes first is one of the set
    if i > #text then return nil, 'a "]" is missing' end
    i = i + (text:sub(i, i) == "%" and 2 or 1)
  until text:sub(i, i) == "]"
  return i + 1
end

-- The position after a single character or class, which begins here | nil, problem.
local function after_class(text, i)
  local first = text:sub(i, i)
  if first == "[" then return after_set(text, i) end
  if first ~= "%" then return i + 1 end
  if i == #text then return nil, 'it ends with "%"' end
  return i + 2
end

local Reader = {}
Reader.__index = Reader

-- Each reads what begins at the position, and gives the position after it | nil, problem.

function Reader:open(i)
  local is_position = self.text:sub(i + 1, i + 1) == ")"
  if #self.captures == MOST_CAPTURES then return nil, "it has too many captures" end
  self.captures[#self.captures + 1] = is_position and "closed" or "open"
  self.depth = self.depth + 1
  return i + (is_position and 2 or 1)
end

function Reader:close(i)
  for n = #self.captures, 1, -1 do
    if self.captures[n] == "open" then
      self.captures[n], self.depth = "closed", self.depth + 1
      return i + 1
    end
  end
  return nil, 'a ")" has no "("'
end

function Reader:balance(i)
  if i + 3 > #self.text then return nil, '"%b" wants two characters' end
  return i + 4
end

function Reader:frontier(i)
  if self.text:sub(i + 2, i + 2) ~= "[" then return nil, '"%f" wants a set in brackets' end
  return after_set(self.text, i + 2)
end

function Reader:reference(i)
  local number = self.text:sub(i + 1, i + 1)
  if self.captures[tonumber(number)] == "closed" then return i + 2 end
  return nil, ('there is no capture "%%%s"'):format(number)
end

function Reader:class(i)
  local after, problem = after_class(self.text, i)
  if not after then return nil, problem end
  if not REPEATED[self.text:sub(after, after)] then return after end
  self.depth = self.depth + 1
  return after + 1
end

local ITEMS = {
  ["("] = Reader.open, [")"] = Reader.close, ["%b"] = Reader.balance, ["%f"] = Reader.frontier,
}

function Reader:item(i)
  local first = self.text:sub(i, i)
  if first == "%" then first = self.text:sub(i, i + 1) end
  if first:find("^%%%d$") then return self:reference(i) end
  return (ITEMS[first] or self.class)(self, i)
end

--- Why Lua would not take this as a pattern.
---@param text string
---@return string?  nil: it would
function pattern.problem(text)
  local reader = setmetatable({ text = text, captures = {}, depth = 0 }, Reader)
  local i = text:sub(1, 1) == "^" and 2 or 1
  while i <= #text do
    local after, problem = reader:item(i)
    if not after then return problem end
    i = after
  end
  for _, state in ipairs(reader.captures) do
    if state == "open" then return 'a "(" has no ")"' end
  end
  if reader.depth > DEEPEST then return "it is too complex" end
end

return pattern
