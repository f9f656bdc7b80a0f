-- Routes: claiming a device, and codes with which devices claim themselves.

local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local function claim_of_others(cloud, fields)
  if requests.text(fields.request_transfer) ~= "true" then return errors.claim_of_others end
  return reply.json(200, reply.object("ok", true, "transfer_id", cloud.random:hex(24)))
end

-- A device id for a product, whose device is yet to be made.
local function provision(cloud, request, product_id)
  local product = cloud.products:find(requests.text(product_id))
  if not product or not product.team:has(request.user) then return errors.product_unknown end
  local device = cloud.devices:add({
    name = ("device-%d"):format(cloud.store:count("provisioned device")), platform_id = product.platform_id,
    online = false,
  }, nil, cloud.clock())
  return reply.json(200, reply.object("device_id", device.id))
end

local function claim(cloud, request)
  local id = request.fields.id
  if id == nil and request.fields.product_id ~= nil then
    return provision(cloud, request, request.fields.product_id)
  end
  if type(id) ~= "string" or id == "" then return errors.no_device_id end
  local device = cloud.devices:by_identifier(id:lower())
  if not device then return errors.no_such_device end
  if device.owner and device.owner ~= request.user then return claim_of_others(cloud, request.fields) end
  if not device.online then return errors.claim_offline end
  device.owner = request.user
  return reply.json(200, reply.object("ok", true, "user_id", request.user.id, "id", device.id,
    "connected", true))
end

local function create_code(cloud, request)
  local owned = {}
  for i, device in ipairs(cloud.devices:all(function(one) return one.owner == request.user end)) do
    owned[i] = device.id
  end
  return reply.json(200, reply.object("claim_code", cloud.random:base64(63),
    "device_ids", reply.array(owned)))
end

-- For a customer of the product, or of its team.
local function create_product_code(cloud, request)
  local product = cloud.products:find(request.params.product)
  local user = request.user
  if not product or not (user.customer_of == product.id or product.team:has(user)) then
    return errors.product_unknown
  end
  return create_code(cloud, request)
end

return {
  { "POST", "/v1/devices", claim },
  { "POST", "/v1/device_claims", create_code },
  { "POST", { "/v1/products/{product}/device_claims", "/v1/orgs/{org}/products/{product}/device_claims" },
    create_product_code },
}
