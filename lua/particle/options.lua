-- The options of single calls: what each must be, and how they go into the request.

local check = require("particle.check")
local core = require("particle.core")
local rules = require("particle.rules")

local options = {}

---@type table<string, particle.rule>
local CALL = {
  timeout = rules.SECONDS,
  deadline = rules.SECONDS,
  retry = rules.POLICY,
  idempotent = rules.FLAG,
  headers = rules.HEADERS,
  token_in = rules.PLACE,
  format = rules.one_of("form", "json"),
  nulls = rules.FLAG,
  on_progress = rules.FUNCTION,
  save_to = rules.rule("the path of a file", function(value)
    return type(value) == "string" and value ~= "" and not value:find("\0", 1, true)
  end),
}

local function check_policy(policy, who)
  if policy then require("particle.retry.policy").check(policy, who) end
end

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

--- Raises unless these are options of a call.
---@param opts any
---@param who string  the verb, for messages
function options.check_call(opts, who)
  rules.check(opts, CALL, who)
  check_policy(opts.retry, who)
end

--- Checks the `opts` of a call and puts them into its request.
---@param request table
---@param opts particle.CallOptions
---@param who string     the verb, for messages
---@param more? table<string, particle.rule>  options of the verb itself, which are checked and left alone
function options.apply(request, opts, who, more)
  rules.check(opts, CALL, who, more)
  request.timeout = opts.timeout or request.timeout
  request.deadline = opts.deadline or request.deadline
  if opts.retry ~= nil then
    check_policy(opts.retry, who)
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

return options
