-- From what a caller of `subscribe` asks for to a stream: whose events, and where the cloud has them.

local backoff = require("particle.backoff")
local check = require("particle.check")
local core = require("particle.core")
local options = require("particle.options")
local stream = require("particle.stream")

local subscribe = {}

---@class particle.Subscription: particle.SubscribeOptions
---@field device? particle.Device|string   one device's; an id or a name
---@field product? integer|string|false    a product's fleet; false: not in the api's product
---@field org? string                      an organization's
---@field scope? "mine"|"public"           mine: those of the account's devices (default); public: those of
---everybody, and the account's private ones; takes a prefix

local WHERE = {
  device = options.rule("a device, an id or a name", function(value)
    return core.type(value) == "device" or type(value) == "string" and core.check_part(value) == nil
  end),
  product = options.SCOPE,
  org = options.rule("the name of an organization", function(value)
    return type(value) == "string" and core.check_part(value) == nil
  end),
  scope = options.one_of("mine", "public"),
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

-- Checks what was given; a copy of its own, because it is kept.
local function own_options(opts, who, known)
  if opts == nil then return {} end
  options.apply({ method = "GET" }, opts, who, known)
  local copy = copy_of(opts)
  if copy.retry then options.check(copy.retry, backoff.RULES, who .. ": retry") end
  if copy.headers then copy.headers = copy_of(copy.headers) end
  return copy
end

local function open(api, opts, prefix, place)
  if core.closed(api) then error("the api is closed", 0) end
  place.api, place.opts, place.prefix = api, opts, prefix
  if place.path then place.path[#place.path + 1] = prefix end
  return stream.new(place)
end

local function of_org(opts, product)
  local path = { "v1", "orgs", opts.org, "events" }
  local device = opts.device
  if device then
    local id = type(device) == "string" and device or device.id or core.device_ref(device)
    path = { "v1", "orgs", opts.org, "devices", id, "events" }
  elseif product then
    path = { "v1", "orgs", opts.org, "products", product, "events" }
  end
  return { path = path, operation = "events.stream_org" }
end

local function of_device(api, opts)
  local device = opts.device
  if type(device) == "string" then device = api:device(device, { product = opts.product }) end
  return { device = device, operation = "events.stream_device" }
end

local function public(prefix)
  if prefix == nil then
    check.raise('subscribe: the cloud wants a prefix for scope = "public", such as subscribe("temp", {...})')
  end
  return { path = { "v1", "events" }, operation = "events.stream" }
end

-- device > product > organization > account; but an organization is never there by default.
local function place_of(api, state, opts, prefix)
  if opts.scope == "public" then return public(prefix) end
  if opts.org then return of_org(opts, opts.product or nil) end
  if opts.device then return of_device(api, opts) end
  local product = opts.product
  if product == nil and opts.scope == nil then product = state.options.product end
  if product then
    return { path = { "v1", "products", product, "events" }, operation = "events.stream_product" }
  end
  return { path = { "v1", "devices", "events" }, operation = "events.stream_mine" }
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
  return open(api, own, prefix, place_of(api, core.state(api), own, prefix))
end

--- See `device:subscribe`.
---@param device particle.Device
---@param prefix? string
---@param opts? particle.SubscribeOptions
---@return particle.Stream?
---@return particle.Error?
function subscribe.device(device, prefix, opts)
  check_prefix(prefix, "subscribe")
  local own = own_options(opts, "subscribe", stream.OPTIONS)
  return open(core.device_api(device), own, prefix, { device = device, operation = "events.stream_device" })
end

return subscribe
