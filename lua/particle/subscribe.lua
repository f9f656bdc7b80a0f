-- From what a caller of `subscribe` asks for to a stream: whose events, and where the cloud has them.

local backoff = require("particle.backoff")
local check = require("particle.check")
local core = require("particle.core")
local options = require("particle.options")
local rules = require("particle.rules")
local stream = require("particle.stream")

local subscribe = {}

---@class particle.Subscription: particle.SubscribeOptions
---@field device? particle.Device|string   one device's; an id or a name
---@field product? integer|string|false    a product's fleet; false: not in the api's product
---@field org? string                      an organization's
---@field scope? "mine"|"public"           mine: those of the account's devices (default); public: those of
---everybody, and the account's private ones; takes a prefix

local WHERE = {
  device = rules.rule("a device, an id or a name", function(value)
    return core.type(value) == "device" or type(value) == "string" and core.check_part(value) == nil
  end),
  product = rules.SCOPE,
  org = rules.rule("the name of an organization", function(value)
    return type(value) == "string" and core.check_part(value) == nil
  end),
  scope = rules.one_of("mine", "public"),
}
for name, rule in pairs(stream.OPTIONS) do WHERE[name] = rule end

local function check_prefix(prefix, who)
  if prefix ~= nil then check.part(prefix, who, "the prefix of the events' names") end
end

local function copy_of(given)
  local copy = {}
  for name, value in pairs(given) do copy[name] = value end
  return copy
end

local NONE = {}

-- Checks what was given; a copy of its own, because it is kept.
local function own_options(opts, who, known)
  if opts == nil then return NONE end
  options.apply({ method = "GET" }, opts, who, known)
  local copy = copy_of(opts)
  if copy.retry then rules.check(copy.retry, backoff.RULES, who .. ": retry") end
  if copy.headers then copy.headers = copy_of(options.seal_headers(copy.headers)) end
  return copy
end

-- An idle stream is to be small: its path is one text, which streams of the same events share.
local function encode(parts, prefix)
  local encoded = { "" }
  for i, part in ipairs(parts) do encoded[i + 1] = core.escape(tostring(part)) end
  encoded[#encoded + 1] = prefix and core.escape(prefix)
  return table.concat(encoded, "/")
end

local function of_org(opts)
  local device, product = opts.device, opts.product
  if device then
    local id = type(device) == "string" and device or device.id or core.device_ref(device)
    return { "v1", "orgs", opts.org, "devices", id, "events" }
  end
  if product then return { "v1", "orgs", opts.org, "products", product, "events" } end
  return { "v1", "orgs", opts.org, "events" }
end

local function public(prefix)
  if prefix == nil then
    check.raise('subscribe: the cloud wants a prefix for scope = "public", such as subscribe("temp", {...})')
  end
  return { "v1", "events" }
end

local function of_account(state, opts)
  local product = opts.product
  if product == nil and opts.scope == nil then product = state.options.product end
  return product and { "v1", "products", product, "events" } or { "v1", "devices", "events" }
end

local function of_device(api, opts)
  if type(opts.device) ~= "string" then return opts.device end
  return api:device(opts.device, { product = opts.product })
end

local function new(api, opts, prefix)
  if opts.device and not opts.org then
    return stream.new { api = api, opts = opts, device = of_device(api, opts), prefix = prefix }
  end
  local parts = opts.scope == "public" and public(prefix) or opts.org and of_org(opts)
    or of_account(core.state(api), opts)
  return stream.new { api = api, opts = opts, path = encode(parts, prefix) }
end

local function check_combination(opts)
  if opts.scope == nil then return end
  for _, name in ipairs { "device", "product", "org" } do
    if opts[name] then
      check.raise(('subscribe: scope = "%s" and %s exclude each other'):format(opts.scope, name))
    end
  end
end

--- See `api:subscribe`.
---@param api particle.Api
---@param prefix? string
---@param opts? particle.Subscription
---@return particle.Stream?
---@return particle.Error?
function subscribe.api(api, prefix, opts)
  check_prefix(prefix, "subscribe")
  local own = own_options(opts, "subscribe", WHERE)
  check_combination(own)
  return new(api, own, prefix)
end

--- Checks the options of a stream.
---@param opts? particle.SubscribeOptions
---@param who string  for messages
---@return table  a copy
function subscribe.options(opts, who) return own_options(opts, who, stream.OPTIONS) end

--- A stream of the events at a path.
---@param api particle.Api
---@param own table  from `subscribe.options`
---@param parts (string|integer)[]  raw
---@param time particle.Countdown  for the first connection
---@return particle.Stream?
---@return particle.Error?
function subscribe.at(api, own, parts, time)
  return stream.new { api = api, opts = own, path = encode(parts), time = time }
end

--- See `device:subscribe`.
---@param device particle.Device
---@param prefix? string
---@param opts? particle.SubscribeOptions
---@return particle.Stream?
---@return particle.Error?
function subscribe.device(device, prefix, opts)
  check_prefix(prefix, "subscribe")
  local own = subscribe.options(opts, "subscribe")
  return stream.new { api = core.device_api(device), opts = own, device = device, prefix = prefix }
end

return subscribe
