-- The options of `particle.new`.

local check = require("particle.check")
local core = require("particle.core")
local rules = require("particle.rules")

local api_options = {}

local rule, is_callable = rules.rule, rules.is_callable

-- Whether it can be indexed at all, a userdata does not tell.
local function has_method(value, name)
  local fine, method = pcall(function() return value[name] end)
  return fine and is_callable(method)
end

---@type table<string, particle.rule>
local API = {
  token = rule("a string, a function or false", function(value)
    return type(value) == "string" or value == false or is_callable(value) or core.type(value) == "secret"
  end),
  token_in = rules.PLACE,
  base_url = rules.TEXT,
  product = rules.PRODUCT,
  timeout = rules.SECONDS,
  connect_timeout = rules.SECONDS,
  deadline = rules.SECONDS,
  retry = rules.POLICY,
  rate_limit = rule("true, false or a table", function(value)
    return type(value) == "boolean" or type(value) == "table"
  end),
  max_connections = rules.COUNT,
  max_waiting = rule("a whole number that is not negative", function(value)
    return math.type(value) == "integer" and value >= 0
  end),
  max_body = rules.COUNT,
  max_head = rules.COUNT,
  max_depth = rules.COUNT,
  max_event = rules.COUNT,
  max_unread = rules.COUNT,
  http2 = rules.FLAG,
  proxy = rules.TEXT,
  ca_file = rules.TEXT,
  ca_path = rules.TEXT,
  verify = rules.FLAG,
  allow_http = rules.FLAG,
  user_agent = rules.TEXT,
  headers = rules.HEADERS,
  loop = rule("a loop adapter (a table)", rules.TABLE.fits),
  log = rule("a function, a file or false", function(value)
    return value == false or is_callable(value) or type(value) == "userdata" or type(value) == "table"
  end),
  retain_login = rules.FLAG,
  token_store = rule("a token store (load, save and clear)", function(value)
    if type(value) ~= "table" and type(value) ~= "userdata" or core.type(value) then return false end
    return has_method(value, "load") and has_method(value, "save") and has_method(value, "clear")
  end),
}

--- The options of `particle.new`, checked; a string or secret stands for `{ token = ... }`.
---@param given? particle.Options|string|userdata
---@return particle.Options  a copy of its own
function api_options.read(given)
  if given == nil then given = {} end
  if type(given) == "string" or core.type(given) == "secret" then given = { token = given } end
  if type(given) ~= "table" then
    check.fail("particle.new", "the argument", "a table of options or a token", given)
  end
  rules.check(given, API, "particle.new")
  if type(given.rate_limit) == "table" then
    require("particle.limiter").check(given.rate_limit, "particle.new")
  end
  if given.retry then require("particle.retry.policy").check(given.retry, "particle.new") end
  local copy = {}
  for name, value in pairs(given) do copy[name] = value end
  return copy
end

return api_options
