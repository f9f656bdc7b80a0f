-- Routes: products, and what an account or organization has of them.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local ids = require("particle.simulator.ids")
local reply = require("particle.simulator.reply")

local FIELDS = {
  { "name", "text", required = true },
  { "description", "string" },
  { "platform_id", "integer", required = true },
  { "settings", "object" },
}

local function group_names(cloud, product)
  local names = {}
  for i, group in ipairs(cloud.store:of("groups", "product " .. product.id).list) do names[i] = group.name end
  return reply.array(names)
end

local function settings(product)
  local location = product.settings.location
  return reply.object("location", reply.value(type(location) == "table" and location or { opt_in = false }),
    "known_application", reply.object("opt_in", false), "quarantine", true)
end

local function view(cloud, product)
  local org = cloud.orgs:find(product.org)
  return reply.object("id", product.id, "platform_id", product.platform_id, "name", product.name,
    "slug", product.slug, "description", product.description, "user",
      product.owner and product.owner.username,
    "org", product.org, "organization_id", org and org.id,
    "subscription_id", ids.of("subscription", 24), "groups", group_names(cloud, product),
    "settings", settings(product), "device_protection", "inactive")
end

local function views(cloud, list)
  local items = {}
  for i, product in ipairs(list) do items[i] = view(cloud, product) end
  return reply.json(200, reply.object("products", reply.array(items)))
end

local function list(cloud, request) return views(cloud, cloud.products:of(request.user)) end

local function list_of_org(cloud, request)
  local named, refusal = access.org(cloud, request)
  if not named then return refusal end
  local items = {}
  for _, product in ipairs(cloud.products.list) do
    if named.products[product.id] then items[#items + 1] = product end
  end
  return views(cloud, items)
end

local function create(cloud, request)
  local named, refusal, spec
  if request.params.org then
    named, refusal = access.org(cloud, request)
    if not named then return refusal end
  end
  spec, refusal = fields.read(request.fields.product, FIELDS)
  if not spec then return refusal end
  spec.org = named and named.org
  local product = cloud.products:add(spec, request.user)
  if named then named.products[product.id] = true end
  return reply.json(200, reply.object("product", view(cloud, product)))
end

local function get(cloud, request)
  local id, refusal = access.product(cloud, request)
  if not id then return refusal end
  return reply.json(200, reply.object("product", view(cloud, cloud.products:find(id))))
end

local function create_registration_code(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local values
  values, refusal = fields.read(request.fields, { { "device_id", "text", required = true } })
  if not values then return refusal end
  local device = cloud.devices:by_identifier(values.device_id:lower())
  if not device or device.product ~= product then return errors.permission_denied end
  return reply.json(200, reply.object("registration_code", ids.of("registration " .. device.id, 32)))
end

local function list_device_orders(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  return reply.json(200, reply.array {})
end

return {
  { "GET", { "/v1/products", "/v1/user/products" }, list, scope = "products:list" },
  { "POST", { "/v1/user/products", "/v1/orgs/{org}/products" }, create },
  { "GET", "/v1/orgs/{org}/products", list_of_org, scope = "products:list" },
  { "GET", "/v1/products/{product}", get, scope = "products:get" },
  { "POST", "/v1/products/{product}/registration_code", create_registration_code },
  { "GET", "/v1/products/{product}/device_orders", list_device_orders },
}
