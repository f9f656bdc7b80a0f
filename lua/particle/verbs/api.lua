-- The verbs of an api that many programs do without; see api.lua.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local options = require("particle.options")
local rules = require("particle.rules")

---@class particle.Api
local methods = {}

---@class particle.CallOptions
---@field timeout? number            seconds for one attempt, from the moment it is sent
---@field deadline? number           seconds for the whole call: queue, limiter and all attempts
---@field retry? particle.RetryPolicy|false  for this call: what differs from the api's; false: one attempt
---@field idempotent? boolean        whether the call may be repeated
---@field headers? table<string, string|number>  besides those that the library sends
---@field token_in? "header"|"query"|"body"   raises where the cloud does not allow it
---@field format? "form"|"json"      how the fields of the body are sent
---@field nulls? boolean             keep nulls in objects as `particle.null`
---@field save_to? string            path of a file for the bytes of a reply, whose place `true` takes; it is
---there when all of them are, and not before
---@field on_progress? fun(done: integer, total: integer?)  hears about every 0.1 s how many bytes of an
---upload or a download are done, from 0 again with each attempt; may wait; an error in it ends the call

---@class particle.Response
---@field status integer             of the HTTP reply
---@field headers table<string, string>   any letter case finds a name
---@field elapsed number             seconds
---@field attempts integer           how many were made

--- What went wrong, in one word.
---@alias particle.Kind
---| "network" | "timeout" | "tls" | "unauthorized" | "forbidden" | "not_found" | "device_offline"
---| "rate_limited" | "bad_request" | "server" | "protocol" | "too_large" | "mfa_required" | "cancelled"
---| "closed"

---@class particle.Error
---@field kind particle.Kind         what went wrong, in one word
---@field message string             for people
---@field status integer?            of the HTTP reply
---@field code string?               the cloud's own
---@field body any                   decoded, else the raw text
---@field method string              of the HTTP request
---@field url string                 without query and secrets
---@field retryable boolean          whether another attempt may succeed
---@field retry_after number?        seconds that the cloud asks to wait
---@field attempts integer           how many were made
---@field delivered boolean|"maybe"  whether the cloud got the request
---@field elapsed number             seconds
---@field mfa_token string?          for `api:login { mfa_token = ..., otp = ... }`

--- Claims a device for the account (`devices.claim`).
---@param id string  of the device
---@param opts? particle.CallOptions|{ request_transfer?: boolean }  true: ask the present owner for it
---@return particle.Device?  a handle for the claimed device
---@return particle.Error?
function methods.claim(self, id, opts)
  check.receiver(self, "api", "claim")
  local state = check.open(self)
  check.part(id, "claim", "the id", nil)
  local request = {
    method = "POST", path = { "v1", "devices" }, form = { id = id }, operation = "devices.claim",
  }
  if opts ~= nil then
    options.apply(request, opts, "claim", { request_transfer = rules.FLAG })
    local body = request.form or request.json
    body.request_transfer = opts.request_transfer
  end
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  local told = type(reply) == "table" and reply.id
  local fits = type(told) == "string" and core.check_part(told) == nil and told ~= "events"
  return self:device(fits and told or id)
end

-- The account's things ------------------------------------------------------------------------------

--- Whose account it is (`user.get`).
---@param opts? particle.CallOptions
---@return table?  { username, account_info, mfa, ... }
---@return particle.Error?
function methods.whoami(self, opts)
  check.receiver(self, "api", "whoami")
  local request = { method = "GET", path = { "v1", "user" }, idempotent = true, operation = "user.get" }
  if opts ~= nil then options.apply(request, opts, "whoami") end
  return check.open(self).send(request)
end

--- An instance of a ledger, to read and write its data; no request is made.
---@param name string  of the ledger
---@param whose particle.Device|string|integer  a device, or the id of a device, product or owner
---@param where? { org?: string }  the ledger of an organization
---@return particle.Ledger
function methods.ledger(self, name, whose, where)
  check.receiver(self, "api", "ledger")
  check.open(self)
  return require("particle.ledger").new(self, name, whose, where)
end

--- Makes a webhook, or changes the one of that name: afterwards it is as described. Takes the arguments of
--- `api.integrations:create_webhook`, `name` among them.
---@param webhook table
---@param opts? particle.CallOptions
---@return table?  the webhook
---@return "created"|"updated"|particle.Error  of kind `bad_request` where several have the name
function methods.ensure_webhook(self, webhook, opts)
  check.receiver(self, "api", "ensure_webhook")
  check.open(self)
  return require("particle.webhook").ensure(self, webhook, opts)
end

-- Events ------------------------------------------------------------------------------------------

local LONGEST_NAME = 2048 -- as that of devices, functions and variables

local PUBLISH = {
  private = rules.FLAG,
  ttl = rules.rule("a number of seconds", function(value)
    return type(value) == "number" and value >= 0
  end),
  product = rules.SCOPE,
}

--- Publishes an event (`events.publish`).
---@param name string           letters, digits, `_`, `-` and `/`
---@param data? string|number  sent as text
---@param details? { private?: boolean, ttl?: number, product?: integer|string|false }|particle.CallOptions
---`private`: for the account's own streams only; `ttl`: seconds; `product`: false: not in the api's product
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function methods.publish(self, name, data, details, opts)
  check.receiver(self, "api", "publish")
  local state = check.open(self)
  if type(name) ~= "string" or name == "" then
    check.fail("publish", "the event's name", "a string that is not empty", name)
  end
  if #name > LONGEST_NAME then
    check.raise(("publish: the event's name is longer than %d bytes"):format(LONGEST_NAME))
  end
  if data ~= nil and type(data) ~= "string" and type(data) ~= "number" then
    check.fail("publish", "data", "a string or a number", data)
  end
  local given = details or {}
  local request = { method = "POST", form = { name = name, data = data }, operation = "events.publish" }
  if details ~= nil then options.apply(request, details, "publish", PUBLISH) end
  if opts ~= nil then options.apply(request, opts, "publish") end
  local body = request.form or request.json
  body.private, body.ttl = given.private, given.ttl
  local product = address.product(state, given.product)
  request.path = product and { "v1", "products", product, "events" } or { "v1", "devices", "events" }
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  return true
end

--- Follows events (`events.stream_mine` and its kin): those of the account's devices, or where `opts` says.
--- Waits for the reply's head. The stream survives losses of its connection by itself.
---@param prefix? string  of the events' names; upper and lower case differ
---@param opts? particle.Subscription
---@return particle.Stream?
---@return particle.Error?  when it was refused
function methods.subscribe(self, prefix, opts)
  check.receiver(self, "api", "subscribe")
  check.open(self)
  if type(prefix) == "table" and opts == nil then prefix, opts = nil, prefix end
  return require("particle.subscribe").api(self, prefix, opts)
end

-- Any call ----------------------------------------------------------------------------------------

local REQUEST = {
  method = rules.rule('a word such as "GET"', function(value)
    return type(value) == "string" and value:find("^%u+$")
  end),
  path = rules.rule("a list of parts or an encoded string", function(value)
    return type(value) == "string" or type(value) == "table"
  end),
  query = rules.TABLE,
  form = rules.TABLE,
  json = rules.rule("a value", function() return true end),
  multipart = rules.TABLE,
  body = rules.TEXT,
  headers = rules.HEADERS,
  raw = rules.FLAG,
  idempotent = rules.FLAG,
}

local function unescaped(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The one path with a token in it: there it becomes an opaque value, which no error, log or middleware shows.
local function sealed(path)
  local parts = path
  if type(path) == "string" then
    local token = path:match("^/v1/access_tokens/([%w%%._~-]+)$")
    parts = { "v1", "access_tokens", token and unescaped(token) }
  end
  local token = parts[3]
  if parts[1] ~= "v1" or parts[2] ~= "access_tokens" or type(token) ~= "string" or token == "current" then
    return path
  end
  local copy = { table.unpack(parts) }
  copy[3] = core.secret(token)
  return copy
end

---@class particle.Request
---@field method? string          default "GET"
---@field path string|(string|integer)[]  encoded already, or a list of raw parts
---@field query? table<string, any>  names and values behind the `?`
---@field form? table             one of form, json, multipart and body
---@field json? any             any value that JSON can hold
---@field multipart? table[]      { name =, data = | path =, filename =, type = }
---@field body? string            with a Content-Type among the headers
---@field headers? table<string, string|number>  besides those that the library sends
---@field raw? boolean            the reply's text as it came
---@field idempotent? boolean     default: true for GET and HEAD

--- Any request that the verbs do not know.
---@param request particle.Request
---@param opts? particle.CallOptions
---@return any body                  nil exactly when it failed
---@return particle.Response|particle.Error  the error when it failed
function methods.request(self, request, opts)
  check.receiver(self, "api", "request")
  local state = check.open(self)
  rules.check(request, REQUEST, "request")
  if request.path == nil then check.fail("request", "path", "a list of parts or an encoded string", nil) end
  local made = {}
  for name, value in pairs(request) do made[name] = value end
  made.method, made.path = request.method or "GET", sealed(request.path)
  if made.headers then made.headers = options.seal_headers(made.headers) end
  if made.idempotent == nil then made.idempotent = made.method == "GET" or made.method == "HEAD" end
  if opts ~= nil then options.apply(made, opts, "request") end
  made.response = true
  return state.send(made)
end

--- The address of a path, each part percent-encoded, without a token: `api:url("v1", "devices", "my lamp")`.
---@param ... string|integer  raw parts; none: the address of the cloud itself
---@return string
function methods.url(self, ...)
  check.receiver(self, "api", "url")
  local state = check.open(self)
  local parts = { ... }
  for i = 1, select("#", ...) do
    if math.type(parts[i]) ~= "integer" then check.part(parts[i], "url", "part " .. i, nil) end
  end
  return failure.url(state.base_url, parts)
end

--- Puts a middleware, `function(request, send) return send(request) end`, into the way of every request:
--- around the whole call (default), or around each of its attempts. A later one runs inside the earlier ones.
---@param middleware particle.Middleware
---@param level? "call"|"attempt"  (call)
---@return particle.Api  the same api
function methods.use(self, middleware, level)
  check.receiver(self, "api", "use")
  local state = check.open(self)
  if not rules.is_callable(middleware) then
    check.fail("use", "the middleware", "a function(request, send)", middleware)
  end
  if level ~= nil and level ~= "call" and level ~= "attempt" then
    check.fail("use", "the level", '"call" or "attempt"', level)
  end
  require("particle.chain").use(state, middleware, level or "call")
  return self
end

--- Gets a token, which the api uses from then on (`oauth.login` and its kin). With `retain_login` the token
--- is renewed by the same credentials, with `token_store` it is kept there.
---@param credentials particle.Credentials
---@param opts? particle.CallOptions
---@return particle.TokenRecord?
---@return particle.Error|string|nil  a text: why the token, which is in use, could not be kept in the store
function methods.login(self, credentials, opts)
  check.receiver(self, "api", "login")
  local state = check.open(self)
  return require("particle.login").login(state, credentials, opts)
end

return methods
