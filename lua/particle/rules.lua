-- What options must be: rules, and the check against them.

local check = require("particle.check")
local core = require("particle.core")

local rules = {}

---@class particle.rule
---@field expected string                         ends the message "must be ..."
---@field fits fun(value: any): boolean?

---@param expected string
---@param fits fun(value: any): boolean?
---@return particle.rule
function rules.rule(expected, fits) return { expected = expected, fits = fits } end

local rule = rules.rule

local function of_type(name) return function(value) return type(value) == name end end

local function is_finite(value) return type(value) == "number" and value > 0 and value < math.huge end

local function is_count(value) return math.type(value) == "integer" and value > 0 end

--- One of these words.
---@param ... string
---@return particle.rule
function rules.one_of(...)
  local known, shown = {}, {}
  for i, word in ipairs { ... } do known[word], shown[i] = true, '"' .. word .. '"' end
  return rule(table.concat(shown, " or "), function(value) return known[value] end)
end

local function is_text_map(value)
  if type(value) ~= "table" then return false end
  for name, text in pairs(value) do
    if type(name) ~= "string" or (type(text) ~= "string" and type(text) ~= "number") then return false end
  end
  return true
end

---@param value any
---@return boolean
function rules.is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

rules.FLAG = rule("true or false", of_type("boolean"))
rules.TEXT = rule("a string", of_type("string"))
rules.TABLE = rule("a table", of_type("table"))
rules.FUNCTION = rule("a function", rules.is_callable)
rules.SECONDS = rule("a positive number of seconds", is_finite)
rules.WAIT = rule("true or a positive number of seconds", function(value)
  return value == true or is_finite(value)
end)
rules.COUNT = rule("a positive integer", is_count)
rules.HEADERS = rule("a table of names and texts", is_text_map)
rules.PLACE = rules.one_of("header", "query", "body")
rules.POLICY = rule("a policy (a table) or false", function(value)
  return value == false or type(value) == "table" and core.type(value) == nil
end)
rules.PRODUCT = rule("a product id (an integer) or slug (a string)", function(value)
  return is_count(value) or type(value) == "string" and core.check_part(value) == nil
end)

--- A call's product: false for none in spite of the api's.
rules.SCOPE = rule(rules.PRODUCT.expected .. ", or false", function(value)
  return value == false or rules.PRODUCT.fits(value)
end)

local function unknown(who, name, known, more)
  if type(name) ~= "string" then
    check.raise(("%s: options have names, got %s as a key"):format(who, check.describe(name)))
  end
  local names = {}
  for _, group in ipairs { known, more } do
    for key in pairs(group) do names[#names + 1] = key end
  end
  check.raise(("%s: unknown option %q%s"):format(who, name, require("particle.suggest").hint(name, names)))
end

--- Raises unless `given` is a table that holds known names with fitting values only.
---@param given any
---@param known table<string, particle.rule>
---@param who string     begins the messages
---@param more? table<string, particle.rule>  further known names
function rules.check(given, known, who, more)
  if type(given) ~= "table" or core.type(given) then check.fail(who, "the options", "a table", given) end
  for name, value in pairs(given) do
    local its = known[name] or more and more[name]
    if not its then unknown(who, name, known, more or {}) end
    if not its.fits(value) then check.fail(who, "option " .. name, its.expected, value) end
  end
end

return rules
