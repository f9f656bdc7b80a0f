-- The options of `particle.new` and of single calls: what each must be, and how a call's go into its request.

local check = require("particle.check")
local core = require("particle.core")

local options = {}

-- Types -------------------------------------------------------------------------------------------

---@class particle.rule
---@field expected string                         ends the message "must be ..."
---@field fits fun(value: any): boolean?

local function rule(expected, fits) return { expected = expected, fits = fits } end

local function of_type(name) return function(value) return type(value) == name end end

local function is_finite(value) return type(value) == "number" and value > 0 and value < math.huge end

local function is_count(value) return math.type(value) == "integer" and value > 0 end

local function one_of(...)
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

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

local FLAG = rule("true or false", of_type("boolean"))
local TEXT = rule("a string", of_type("string"))
local TABLE = rule("a table", of_type("table"))
local SECONDS = rule("a positive number of seconds", is_finite)
local COUNT = rule("a positive integer", is_count)
local HEADERS = rule("a table of names and texts", is_text_map)
local PLACE = one_of("header", "query", "body")
local POLICY = rule("a policy (a table) or false", function(value)
  return value == false or type(value) == "table" and core.type(value) == nil
end)
local PRODUCT = rule("a product id (an integer) or slug (a string)", function(value)
  return is_count(value) or type(value) == "string" and core.check_part(value) == nil
end)

--- A call's product: false for none in spite of the api's.
options.SCOPE = rule(PRODUCT.expected .. ", or false", function(value)
  return value == false or PRODUCT.fits(value)
end)

---@type table<string, particle.rule>
local API = {
  token = rule("a string, a function or false", function(value)
    return type(value) == "string" or value == false or is_callable(value) or core.type(value) == "secret"
  end),
  token_in = PLACE,
  base_url = TEXT,
  product = PRODUCT,
  timeout = SECONDS,
  connect_timeout = SECONDS,
  deadline = SECONDS,
  retry = POLICY,
  rate_limit = rule("true, false or a table", function(value)
    return type(value) == "boolean" or type(value) == "table"
  end),
  max_connections = COUNT,
  max_waiting = rule("a whole number that is not negative", function(value)
    return math.type(value) == "integer" and value >= 0
  end),
  max_body = COUNT,
  max_head = COUNT,
  max_depth = COUNT,
  max_event = COUNT,
  max_unread = COUNT,
  http2 = FLAG,
  proxy = TEXT,
  ca_file = TEXT,
  ca_path = TEXT,
  verify = FLAG,
  allow_http = FLAG,
  user_agent = TEXT,
  headers = HEADERS,
  loop = rule("a loop adapter (a table)", of_type("table")),
  log = rule("a function, a file or false", function(value)
    return value == false or is_callable(value) or type(value) == "userdata" or type(value) == "table"
  end),
  retain_login = FLAG,
  token_store = rule("a token store (load, save and clear)", function(value)
    if type(value) ~= "table" and type(value) ~= "userdata" or core.type(value) then return false end
    return is_callable(value.load) and is_callable(value.save) and is_callable(value.clear)
  end),
}

---@type table<string, particle.rule>
local CALL = {
  timeout = SECONDS,
  deadline = SECONDS,
  retry = POLICY,
  idempotent = FLAG,
  headers = HEADERS,
  token_in = PLACE,
  format = one_of("form", "json"),
  nulls = FLAG,
  on_progress = rule("a function", is_callable),
  save_to = rule("the path of a file", function(value)
    return type(value) == "string" and value ~= "" and not value:find("\0", 1, true)
  end),
}

-- Checks ------------------------------------------------------------------------------------------

local function unknown(who, name, rules, more)
  local suggest = require("particle.suggest")
  local known = {}
  for _, group in ipairs { rules, more } do
    for key in pairs(group) do known[#known + 1] = key end
  end
  if type(name) ~= "string" then
    check.raise(("%s: options have names, got %s as a key"):format(who, check.describe(name)))
  end
  check.raise(("%s: unknown option %q%s"):format(who, name, suggest.hint(name, known)))
end

--- Raises unless `given` is a table that holds known names with fitting values only.
---@param given any
---@param rules table<string, particle.rule>
---@param who string     begins the messages
---@param more? table<string, particle.rule>  further known names
function options.check(given, rules, who, more)
  if type(given) ~= "table" or core.type(given) then check.fail(who, "the options", "a table", given) end
  for name, value in pairs(given) do
    local known = rules[name] or more and more[name]
    if not known then unknown(who, name, rules, more or {}) end
    if not known.fits(value) then check.fail(who, "option " .. name, known.expected, value) end
  end
end

--- The options of `particle.new`, checked; a string or secret stands for `{ token = ... }`.
---@param given? particle.Options|string|userdata
---@return particle.Options  a copy of its own
function options.for_api(given)
  if given == nil then given = {} end
  if type(given) == "string" or core.type(given) == "secret" then given = { token = given } end
  if type(given) ~= "table" then
    check.fail("particle.new", "the argument", "a table of options or a token", given)
  end
  options.check(given, API, "particle.new")
  if type(given.rate_limit) == "table" then
    require("particle.limiter").check(given.rate_limit, "particle.new")
  end
  if given.retry then require("particle.retry.policy").check(given.retry, "particle.new") end
  local copy = {}
  for name, value in pairs(given) do copy[name] = value end
  return copy
end

-- Per call ----------------------------------------------------------------------------------------

local function set_format(request, format, who)
  local body = request.form or request.json
  if body == nil then
    check.raise(('%s: format = "%s" is for calls that send fields in their body'):format(who, format))
  end
  request.form, request.json = nil, nil
  request[format] = body
end

--- Whether the cloud takes the token of this request there.
---@param request table
---@param place "header"|"query"|"body"
---@return boolean
function options.allows_token(request, place)
  local method = request.method
  if place == "query" then return method == "GET" end
  if place == "header" then return true end
  return (method == "POST" or method == "PUT" or method == "DELETE")
    and request.json == nil and request.multipart == nil and request.body == nil
end

local WHERE = { query = "GET only", body = "POST, PUT and DELETE with a form only" }

local function set_token_in(request, place, who)
  if not options.allows_token(request, place) then
    check.raise(('%s: token_in = "%s" is for %s'):format(who, place, WHERE[place]))
  end
  request.token_in = place
end

local function set_save_to(request, path, who)
  if not request.raw then check.raise(who .. ": save_to is for calls that give bytes") end
  request.save_to = path
end

local function set_on_progress(request, listener, who)
  if not request.raw and not request.multipart then
    check.raise(who .. ": on_progress is for uploads, and for calls that give bytes")
  end
  request.on_progress = listener
end

local SECRET_HEADERS = { authorization = true, ["proxy-authorization"] = true, cookie = true }

--- The same header lines; those that are secret as opaque values, which no middleware shows.
---@param headers table<string, any>
---@return table<string, any>
function options.seal_headers(headers)
  local sealed
  for name, text in pairs(headers) do
    if SECRET_HEADERS[name:lower()] and type(text) == "string" then
      sealed = sealed or {}
      sealed[name] = core.secret(text)
    end
  end
  if not sealed then return headers end
  for name, text in pairs(headers) do
    if sealed[name] == nil then sealed[name] = text end
  end
  return sealed
end

local function merge_headers(request, headers)
  headers = options.seal_headers(headers)
  if not request.headers then
    request.headers = headers
    return
  end
  local merged = {}
  for name, text in pairs(request.headers) do merged[name] = text end
  for name, text in pairs(headers) do merged[name] = text end
  request.headers = merged
end

--- Checks the `opts` of a call and puts them into its request.
---@param request table
---@param opts particle.CallOptions
---@param who string     the verb, for messages
---@param more? table<string, particle.rule>  options of the verb itself, which are checked and left alone
function options.apply(request, opts, who, more)
  options.check(opts, CALL, who, more)
  request.timeout = opts.timeout or request.timeout
  request.deadline = opts.deadline or request.deadline
  if opts.retry ~= nil then
    if opts.retry then require("particle.retry.policy").check(opts.retry, who) end
    request.retry = opts.retry
  end
  if opts.idempotent ~= nil then request.idempotent = opts.idempotent end
  if opts.nulls ~= nil then request.nulls = opts.nulls end
  if opts.headers then merge_headers(request, opts.headers) end
  if opts.format then set_format(request, opts.format, who) end
  if opts.save_to then set_save_to(request, opts.save_to, who) end
  if opts.on_progress then set_on_progress(request, opts.on_progress, who) end
  if opts.token_in then set_token_in(request, opts.token_in, who) end
end

-- For the options that a verb has of its own.
options.rule, options.one_of, options.is_callable = rule, one_of, is_callable
options.FLAG, options.TEXT, options.TABLE = FLAG, TEXT, TABLE
options.SECONDS, options.COUNT, options.HEADERS = SECONDS, COUNT, HEADERS

return options
