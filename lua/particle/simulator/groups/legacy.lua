-- Routes of former years: mesh networks, the payment card, prices.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local resource = require("particle.simulator.resource")

local networks = {
  kind = "networks", paths = { "/v1/networks" }, param = "network", key = "id", body = "",
  missing = errors.failed(404, "Network not found"), fields = { { "name", "text", required = true } },
}

function networks.view(network)
  return reply.pick(network, { "id", "name", "type", "state", "gateway_count", "device_count", "last_heard",
    "created_at" })
end

local function device_id(request)
  return requests.text(request.fields.device_id or request.fields.deviceID)
end

local function join(network, device, is_gateway)
  network.members[device.id] = true
  network.device_count = network.device_count + 1
  if is_gateway then network.gateway_count = network.gateway_count + 1 end
  device.network = network
end

local function leave(device)
  local network = device.network
  if not network then return end
  network.members[device.id], device.network = nil, nil
  network.device_count = network.device_count - 1
end

local function create(network, context)
  local device = context.cloud.devices:of_user(context.request.user, device_id(context.request) or "")
  if not device then return errors.permission_denied end
  network.id, network.type, network.state = context.cloud.store:id("network"), "micro_wifi", "confirmed"
  network.gateway_count, network.device_count, network.members = 0, 0, {}
  network.last_heard = context.now
  join(network, device, true)
end

local ACTIONS = {
  ["add-device"] = function(network, device) join(network, device) end,
  ["remove-device"] = function(_, device) leave(device) end,
  ["gateway-enable"] = function(network) network.gateway_count = network.gateway_count + 1 end,
  ["gateway-disable"] = function(network) network.gateway_count = network.gateway_count - 1 end,
}

local function update(network, context)
  local act = ACTIONS[context.request.fields.action]
  if not act then
    return errors.bad_field("action", "add-device, remove-device, gateway-enable or gateway-disable")
  end
  local device = context.cloud.devices:of_user(context.request.user, device_id(context.request) or "")
  if not device then return errors.permission_denied end
  act(network, device)
end

local function dissolve(network, context)
  for id in pairs(network.members) do leave(context.cloud.devices:by_identifier(id)) end
end

networks.verbs = {
  list = {}, create = { status = 200, run = create }, get = {}, update = { run = update },
  delete = { status = 200, run = dissolve },
}

local function members(cloud, request)
  local context, network = resource.find(networks, cloud, request)
  if not context then return network end
  local items = {}
  for _, device in ipairs(cloud.devices:all(function(one) return network.members[one.id] end)) do
    items[#items + 1] = reply.object("id", device.id, "network", reply.object("id", network.id))
  end
  return reply.json(200, reply.array(items))
end

local function leave_network(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  leave(device)
  return reply.json(200, reply.object("ok", true))
end

local function card() return reply.json(200, reply.object("card", core.null)) end

local function pricing_impact(_, request)
  for _, name in ipairs { "action", "plan" } do
    if not request.query[name] then return errors.missing_field(name) end
  end
  return reply.json(200,
    reply.object("allowed", true, "action", request.query.action, "plan", request.query.plan,
    "chargeable", false))
end

return resource.routes(networks, {
  { "GET", "/v1/networks/{network}/devices", members },
  { "DELETE", "/v1/devices/{device}/network", leave_network },
  { "GET", "/v1/card", card },
  { "GET", "/v1/pricing-impact", pricing_impact },
})
