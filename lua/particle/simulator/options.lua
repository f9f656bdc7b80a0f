-- The options of `simulator.new`: what each must be, and what is said about those that are not.

local check = require("particle.check")
local core = require("particle.core")
local suggest = require("particle.suggest")

local options = {}

local WHO = "simulator.new"

---@class particle.simulator.Options
---@field devices? particle.simulator.DeviceSpec[]  of the first user
---@field users? particle.simulator.UserSpec[]      default: one, whose name and password `sim` has
---@field products? particle.simulator.ProductSpec[]  of the first user
---@field flash_time? number            seconds that an update of a device takes; default 0
---@field compile_time? number          seconds that the compiler takes; default 0
---@field logic? fun(code: string, event: table, log: fun(...: any))  stands for the JavaScript of logic
---functions
---@field webhook_delays? number[]      seconds before each repetition of a failed webhook; default 30 and 60
---@field port? integer                 default: a free one
---@field latency? number|fun(request: particle.simulator.Entry): number?  seconds before a request is handled
---@field strict? boolean               take a token from the query of GET only, as the reference's text says
---@field keepalive? number|false        seconds between a stream's empty lines; default: 9 to 13 as the cloud
---@field orgs? table<string, integer[]>  organizations: name -> its products
---@field clock? fun(): number          Unix seconds: for time stamps, the expiry of tokens and keep-alives
---@field token_lifetime? integer       seconds that tokens live, 90 days; 0: for ever
---@field clients? table<string, string>  further OAuth clients: id -> secret
---@field faults? particle.simulator.FaultSpec[]  as for `sim:fault`
---@field on_error? fun(message: string)  is told of errors in device code; default: `warn`

---@class particle.simulator.UserSpec
---@field username string
---@field password string
---@field devices? particle.simulator.DeviceSpec[]
---@field mfa? string                   the one-time password that logins then ask for; always the same

---@class particle.simulator.ProductSpec
---@field name string
---@field id? integer                   default: the next one that is free, from 10001
---@field slug? string                  default: made from the name
---@field description? string
---@field platform_id? integer          default 32, Photon 2
---@field devices? particle.simulator.DeviceSpec[]
---@field team? string[]                user names of its members besides the first user

---@class particle.simulator.DeviceSpec
---@field name string
---@field id? string                    24 hex digits; default: made from the name
---@field platform_id? integer          default 32, Photon 2
---@field product_id? integer           makes it reachable through this product as well
---@field online? boolean               default true
---@field claimed? boolean              default true; false: nobody's, until somebody claims it
---@field notes? string
---@field variables? table<string, any> numbers, strings, booleans, or functions that return one
---@field functions? table<string, fun(argument: string): integer?>  nothing returned counts as 0

local function of_type(name) return function(value) return type(value) == name end end

local function is_text(value) return type(value) == "string" and value ~= "" end

local function is_list(value)
  if type(value) ~= "table" then return false end
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then return false end
  end
  return true
end

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(value) == "table" and type(meta) == "table" and meta.__call ~= nil
end

local function is_variable(value)
  local kind = type(value)
  return kind == "number" or kind == "string" or kind == "boolean" or value == core.null or is_callable(value)
end

local function is_seconds(value) return type(value) == "number" and value >= 0 and value < math.huge end

-- A rule: what is expected, the check, and for a table of names what each value must be (a rule again).
local FLAG = { "true or false", of_type("boolean") }
local TEXT = { "a string that is not empty", is_text }
local FUNCTION = { "a function", of_type("function") }
local DEVICES = { "a list of devices", is_list }
local COUNT = { "a positive integer", function(value) return math.type(value) == "integer" and value > 0 end }

local SECONDS = { "a number of seconds that is not negative", is_seconds }

local function is_list_of(fits)
  return function(value)
    if not is_list(value) then return false end
    for _, item in ipairs(value) do
      if not fits(item) then return false end
    end
    return true
  end
end

local OPTIONS = {
  devices = DEVICES,
  products = { "a list of products", is_list },
  flash_time = SECONDS,
  logic = FUNCTION,
  compile_time = SECONDS,
  webhook_delays = { "a list of numbers of seconds", is_list_of(is_seconds) },
  users = { "a list of users that is not empty", function(value) return is_list(value) and #value > 0 end },
  port = { "a port (an integer from 0 to 65535)", function(value)
    return math.type(value) == "integer" and value >= 0 and value <= 65535
  end },
  latency = { "a number of seconds that is not negative, or a function", function(value)
    return is_seconds(value) or type(value) == "function"
  end },
  strict = FLAG,
  keepalive = { "a positive number of seconds, or false", function(value)
    return value == false or is_seconds(value) and value > 0
  end },
  orgs = { "a table of organizations and their products", of_type("table"), {
    "a list of product ids", is_list_of(COUNT[2]),
  } },
  clock = FUNCTION,
  token_lifetime = { "a number of seconds (an integer; 0: for ever)", function(value)
    return math.type(value) == "integer" and value >= 0
  end },
  clients = { "a table of client ids and secrets", of_type("table"), TEXT },
  faults = { "a list of faults", is_list },
  on_error = FUNCTION,
}

local PRODUCT = {
  name = TEXT,
  id = COUNT,
  slug = { "a string that is not empty, with a letter",
    function(value) return is_text(value) and value:find("%a") ~= nil end },
  description = { "a string", of_type("string") },
  platform_id = COUNT,
  devices = DEVICES,
  team = { "a list of user names", is_list_of(is_text) },
}

local USER = { username = TEXT, password = TEXT, devices = DEVICES, mfa = TEXT }

local DEVICE = {
  name = TEXT,
  id = { "a string of 24 hex digits", function(value)
    return type(value) == "string" and #value == 24 and not value:find("%X")
  end },
  platform_id = COUNT,
  product_id = COUNT,
  online = FLAG,
  claimed = FLAG,
  notes = { "a string", of_type("string") },
  variables = { "a table of names and values", of_type("table"), {
    "a number, a string, a boolean or a function", is_variable,
  } },
  functions = { "a table of names and functions", of_type("table"), { "a function", is_callable } },
}

local function check_value(value, rule, what)
  if not rule[2](value) then check.fail(WHO, what, rule[1], value) end
  if not rule[3] then return end
  for name, item in pairs(value) do
    if not is_text(name) then check.fail(WHO, "a name in " .. what, TEXT[1], name) end
    check_value(item, rule[3], what .. "." .. name)
  end
end

-- Raises unless the table (`where` says which one) has known names, fitting values, and the required names.
local function check_table(given, rules, where, required)
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then
      local shown = type(name) == "string" and ("%q"):format(name) or tostring(name)
      check.raise(("%s: %sunknown option %s%s"):format(WHO, where, shown, suggest.hint(name, rules)))
    end
    check_value(value, rule, where .. "option " .. name)
  end
  for _, name in ipairs(required or {}) do
    if given[name] == nil then check.raise(("%s: %soption %s is missing"):format(WHO, where, name)) end
  end
end

-- A copy of a device's table; `seen` holds the ids and names that are taken.
local function device(given, what, seen)
  if type(given) ~= "table" then check.fail(WHO, what, "a table", given) end
  check_table(given, DEVICE, what .. ": ", { "name" })
  local copy = {}
  for name, value in pairs(given) do copy[name] = value end
  copy.id = given.id and given.id:lower()
  if copy.id and seen.ids[copy.id] then check.raise(("%s: %s: id %s is taken"):format(WHO, what, copy.id)) end
  if seen.names[copy.name] then
    check.raise(("%s: %s: the name %q is taken by another device of the user"):format(WHO, what, copy.name))
  end
  if copy.id then seen.ids[copy.id] = true end
  seen.names[copy.name] = true
  return copy
end

local function devices(given, what, seen)
  local copies = {}
  for i, spec in ipairs(given or {}) do copies[i] = device(spec, ("%s[%d]"):format(what, i), seen) end
  return copies
end

local function users(given, first_names, ids)
  local copies, names = {}, {}
  for i, spec in ipairs(given) do
    local what = ("users[%d]"):format(i)
    if type(spec) ~= "table" then check.fail(WHO, what, "a table", spec) end
    check_table(spec, USER, what .. ": ", { "username", "password" })
    if names[spec.username] then
      check.raise(("%s: %s: there are two users %s"):format(WHO, what, spec.username))
    end
    names[spec.username] = true
    local seen = { ids = ids, names = i == 1 and first_names or {} }
    copies[i] = {
      username = spec.username, password = spec.password, mfa = spec.mfa,
      devices = devices(spec.devices, what .. ".devices", seen),
    }
  end
  return copies
end

local function names_of(specs)
  local names = {}
  for _, spec in ipairs(specs or {}) do names[spec.username] = true end
  return names
end

local function check_free(taken, value, what, name)
  if value and taken[value] then check.raise(("%s: %s: %s %s is taken"):format(WHO, what, name, value)) end
  taken[value or false] = true
end

local function products(given, seen, usernames)
  local copies, taken = {}, {}
  for i, spec in ipairs(given) do
    local what, copy = ("products[%d]"):format(i), {}
    if type(spec) ~= "table" then check.fail(WHO, what, "a table", spec) end
    check_table(spec, PRODUCT, what .. ": ", { "name" })
    check_free(taken, spec.id, what, "id")
    check_free(taken, spec.slug, what, "slug")
    for _, username in ipairs(spec.team or {}) do
      if not usernames[username] then
        check.raise(("%s: %s: there is no user %s"):format(WHO, what, username))
      end
    end
    for name, value in pairs(spec) do copy[name] = value end
    copy.devices = spec.devices and devices(spec.devices, what .. ".devices", seen)
    copies[i] = copy
  end
  return copies
end

--- Raises unless these are options; a copy, so that later changes of the tables change nothing.
---@param given? particle.simulator.Options
---@return particle.simulator.Options
function options.check(given)
  if given == nil then given = {} end
  if type(given) ~= "table" then check.fail(WHO, "the argument", "a table of options", given) end
  check_table(given, OPTIONS, "")
  local copy, seen = {}, { ids = {}, names = {} }
  for name, value in pairs(given) do copy[name] = value end
  copy.devices = devices(given.devices, "devices", seen)
  copy.users = given.users and users(given.users, seen.names, seen.ids)
  copy.products = given.products and products(given.products, seen, names_of(copy.users))
  return copy
end

return options
