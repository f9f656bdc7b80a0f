-- Routes: the event streams.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local streams = require("particle.simulator.streams")
local subscriptions = require("particle.simulator.subscription")

-- What the path names, as fields of a subscription | nil, refusal.
local function named(cloud, request)
  local params = request.params
  if params.org then return access.org(cloud, request) end
  if params.device then
    local device, refusal = access.device(cloud, request)
    return device and { device = device, product = params.product and device.product }, refusal
  end
  if params.product then
    local product, refusal = access.product(cloud, request)
    return product and { product = product }, refusal
  end
  return {}
end

local function opens(scope)
  return function(cloud, request)
    local refusal = cloud.streams:refusal()
    if refusal then return refusal end
    local fields
    fields, refusal = named(cloud, request)
    if not fields then return refusal end
    fields.scope, fields.user, fields.path = scope, request.user, request.path
    fields.prefix = request.params.prefix or ""
    return streams.reply(subscriptions.new(fields))
  end
end

local function refuse_firehose() return errors.no_prefix end

-- A route whose reply is a stream.
local function stream(paths, scope, needed)
  return { "GET", paths, opens(scope), streams = true, scope = needed }
end

local function both(path) return { path, path .. "/{prefix}" } end

return {
  { "GET", "/v1/events", refuse_firehose },
  stream("/v1/events/{prefix}", "public"),
  stream(both("/v1/devices/events"), "mine"),
  stream(both("/v1/devices/{device}/events"), "device"),
  stream(both("/v1/products/{product}/events"), "product", "events:get"),
  stream(both("/v1/products/{product}/devices/{device}/events"), "product"),
  stream(both("/v1/orgs/{org}/events"), "org"),
  stream(both("/v1/orgs/{org}/products/{product}/events"), "org"),
  stream(both("/v1/orgs/{org}/devices/{device}/events"), "org"),
}
