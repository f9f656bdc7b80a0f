-- What is asked of `sim:fault`: what each option must be, and what is said about those that are not.

local check = require("particle.check")
local kinds = require("particle.simulator.fault_kinds")
local pattern = require("particle.simulator.pattern")
local routes = require("particle.simulator.routes")
local sorted = require("particle.sorted")
local suggest = require("particle.suggest")

local options = {}

local WHO = "fault"

--- What goes wrong, with which requests. What a kind takes besides is listed in doc/faults.md.
---@class particle.simulator.FaultSpec
---@field kind? string         what happens; default: `status` or `delay`, if there is such an option
---@field route? string        method and path, or path only: "POST /v1/devices/{device}/{function}"
---@field method? string       such as "GET"
---@field path? string         a Lua pattern that the raw path must match
---@field device? string       name or id: only what concerns this device
---@field n? integer|"ever"    how many requests: default 1, with `probability` "ever"
---@field after? boolean       true: the handler runs, and what was asked for is done; false: it does not
---@field delay? number        seconds before anything of the reply is sent
---@field probability? number  of striking, above 0 and up to 1
---@field random? fun(): number  from 0 to 1, for `probability`; default `math.random`
---@field status? integer      the reply's
---@field body? string         the reply's
---@field headers? table<string, string|integer>
---@field retry_after? integer|string  seconds, an HTTP date, or nonsense
---@field location? string     where a redirection leads
---@field size? integer        bytes
---@field depth? integer       arrays in each other
---@field by? integer          how many bytes `Content-Length` is too large; too small: negative
---@field interval? number     seconds between two bytes
---@field count? integer       comments, or events
---@field milliseconds? integer
---@field seconds? number      how long connections are refused; how far the clock jumps

-- Checks ----------------------------------------------------------------------------------------------

local function is_text(value) return type(value) == "string" and value ~= "" end

local function is_ratio(value) return type(value) == "number" and value > 0 and value <= 1 end

local COMMON = {
  kind = { expected = "a string", fits = is_text },
  route = { expected = "a string", fits = is_text },
  method = { expected = "a method in capitals", fits = function(value)
    return type(value) == "string" and value:find("^%u+$") ~= nil
  end },
  path = { expected = "a Lua pattern", fits = function(value) return type(value) == "string" end },
  device = { expected = "a name or an id", fits = is_text },
  n = { expected = 'a positive integer or "ever"', fits = function(value)
    return value == "ever" or math.type(value) == "integer" and value > 0
  end },
  after = { expected = "true or false", fits = function(value) return type(value) == "boolean" end },
  delay = { expected = "a number of seconds that is not negative", fits = function(value)
    return type(value) == "number" and value >= 0 and value < math.huge
  end },
  probability = { expected = "a number above 0 and up to 1", fits = is_ratio },
  random = { expected = "a function", fits = function(value) return type(value) == "function" end },
}

-- A copy with the kind.
local function with_kind(given)
  if type(given) ~= "table" then check.fail(WHO, "the argument", "a table", given) end
  local spec = {}
  for name, value in pairs(given) do spec[name] = value end
  if spec.kind == nil then spec.kind = given.status and "status" or given.delay and "delay" or nil end
  return spec
end

local function kind_of(name)
  if type(name) ~= "string" then check.fail(WHO, "kind", "a string", name) end
  if kinds[name] then return kinds[name] end
  local hint = suggest.hint(name, kinds)
  if hint == "" then hint = "; the kinds are " .. table.concat(options.kinds(), ", ") end
  check.raise(("%s: there is no kind %q%s"):format(WHO, name, hint))
end

-- The options that a kind knows.
local function rules_of(kind)
  local rules = { kind = COMMON.kind }
  for name, rule in pairs(kind.server and {} or COMMON) do rules[name] = rule end
  if kind.streams then rules.after = nil end
  for name, rule in pairs(kind.options) do rules[name] = rule end
  return rules
end

local function check_options(given, kind)
  local rules = rules_of(kind)
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then
      check.raise(("%s: kind %s has no option %s%s"):format(WHO, given.kind, tostring(name),
        suggest.hint(name, rules)))
    end
    if not rule.fits(value) then check.fail(WHO, name, rule.expected, value) end
  end
  for name, rule in pairs(kind.options) do
    if rule.required and given[name] == nil then
      check.raise(("%s: kind %s wants the option %s, %s"):format(WHO, given.kind, name, rule.expected))
    end
  end
  if given.kind == "delay" and not given.delay then
    check.raise(("%s: kind delay wants the option delay, %s"):format(WHO, COMMON.delay.expected))
  end
end

--- A route without its placeholders' names: {device} and :device are the same.
---@param route string
---@return string
function options.shape(route) return (route:gsub("{[^}/]*}", "{}"):gsub(":[%w_]+", "{}")) end

local shape = options.shape

local function check_route(wanted)
  local hints = {}
  for _, route in ipairs(routes:list()) do
    local path = route:match(" (.*)$")
    if shape(route) == shape(wanted) or shape(path) == shape(wanted) then return end
    hints[#hints + 1] = wanted:find(" ", 1, true) and route or path
  end
  check.raise(("%s: there is no route %q%s"):format(WHO, wanted, suggest.hint(wanted, hints)))
end

local function check_pattern(text)
  local problem = pattern.problem(text)
  if problem then check.raise(("%s: path %q is no Lua pattern: %s"):format(WHO, text, problem)) end
end

--- Raises unless this is a fault; a copy with the defaults.
---@param given any
---@return particle.simulator.FaultSpec
---@return particle.simulator.FaultKind
function options.check(given)
  local spec = with_kind(given)
  local kind = kind_of(spec.kind)
  check_options(spec, kind)
  if spec.route then check_route(spec.route) end
  if spec.path then check_pattern(spec.path) end
  for name, rule in pairs(kind.options) do
    if spec[name] == nil then spec[name] = rule.default end
  end
  if spec.after == nil then spec.after = kind.after or false end
  spec.n = spec.n or spec.probability and "ever" or 1
  return spec, kind
end

--- The names of all kinds.
---@return string[]  sorted
function options.kinds() return sorted.names(kinds) end

return options
