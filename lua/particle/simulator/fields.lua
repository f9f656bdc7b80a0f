-- The fields of a body: which there may be, of what kind, and what is said of those that do not fit. Forms
-- carry text, which stands for numbers and booleans where these are expected.

local core = require("particle.core")
local errors = require("particle.simulator.errors")
local lists = require("particle.simulator.lists")
local requests = require("particle.simulator.request")

local fields = {}

---@class particle.simulator.Field
---@field [1] string     name
---@field [2] string     kind, one of those below
---@field required? boolean
---@field nullable? boolean
---@field one_of? string[]
---@field pattern? string  that a text must match
---@field expected? string  what is said instead of the kind

local BOOLEANS = { ["true"] = true, ["false"] = false, ["1"] = true, ["0"] = false }

local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

local function text_list(value)
  if type(value) == "string" then value = { value } end
  if not is_list(value) then return nil end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then return nil end
  end
  return core.array(value)
end

-- Each gives the value, or nil for one that does not fit.
local KINDS = {
  text = { "a string that is not empty", function(value)
    return type(value) == "string" and value ~= "" and value or nil
  end },
  string = { "a string", function(value) return type(value) == "string" and value or nil end },
  integer = { "an integer", requests.integer },
  boolean = { "true or false", function(value)
    if type(value) == "boolean" then return value end
    return BOOLEANS[value]
  end },
  object = { "an object", function(value)
    return type(value) == "table" and value[1] == nil and value or nil
  end },
  list = { "a list", function(value) return is_list(value) and core.array(value) or nil end },
  texts = { "a list of strings", text_list },
  any = { "a value", function(value) return value end },
}

local function expectation(rule)
  if rule.expected then return rule.expected end
  if rule.one_of then return "one of " .. table.concat(rule.one_of, ", ") end
  return KINDS[rule[2]][1]
end

local function read(rule, value)
  if value == core.null then return rule.nullable and value or nil end
  value = KINDS[rule[2]][2](value)
  if value == nil then return nil end
  if rule.one_of and not lists.index_of(rule.one_of, value) then return nil end
  if rule.pattern and not value:find(rule.pattern) then return nil end
  return value
end

--- The fields that the rules know.
---@param given any  a table, or what came instead of one
---@param rules particle.simulator.Field[]
---@param is_change? boolean  none is required
---@return table<string, any>? values
---@return particle.simulator.Reply? refusal
function fields.read(given, rules, is_change)
  local values = {}
  given = type(given) == "table" and given or {}
  for _, rule in ipairs(rules) do
    local name, value = rule[1], given[rule[1]]
    if value ~= nil then
      values[name] = read(rule, value)
      if values[name] == nil then return nil, errors.bad_field(name, expectation(rule)) end
    elseif rule.required and not is_change then
      return nil, errors.missing_field(name)
    end
  end
  return values
end

return fields
