-- Routes: which devices a product has: import, removal, quarantine.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local function identifiers(request)
  local given, list = request.fields, {}
  local text = request.files and request.files[1] and request.files[1].data or given.file
  if type(text) == "string" then
    for line in text:gmatch("[^%s]+") do list[#list + 1] = line end
  elseif type(given.ids) == "table" then
    list = given.ids
  elseif type(given.id) == "string" then
    list = { given.id }
  end
  return #list > 0 and list or nil
end

-- By id, serial number, IMEI or ICCID.
local function find(cloud, text)
  if type(text) ~= "string" then return nil end
  return cloud.devices:by_identifier(text:lower()) or cloud.devices:first(function(device)
    return text == device.serial_number or text == device.imei or text == device.iccid
  end)
end

local function import_one(product, device, user, lists)
  if device.product == product and not device.quarantined then
    lists.existing[#lists.existing + 1] = device.id
    return
  end
  if device.product and device.product ~= product and device.owner then
    lists.nonmember[#lists.nonmember + 1] = device.id
    return
  end
  device.product, device.quarantined = product, false
  if user then device.owner = user end
  lists.updated[#lists.updated + 1] = device.id
end

local function summary(lists)
  return reply.json(200, reply.object("updated", #lists.updated,
    "updatedDeviceIds", reply.array(lists.updated), "existingDeviceIds", reply.array(lists.existing),
    "nonmemberDeviceIds", reply.array(lists.nonmember), "invalidDeviceIds", reply.array(lists.invalid)))
end

local function import(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local list = identifiers(request)
  if not list then return errors.missing_field("id") end
  local claim_user = requests.text(request.fields.claim_user) or request.query.claim_user
  local member = claim_user and cloud.products:find(product).team:find(claim_user)
  if claim_user and not member then return errors.bad_field("claim_user", "a member of the team") end
  local lists = { updated = {}, existing = {}, nonmember = {}, invalid = {} }
  for _, text in ipairs(list) do
    local device = find(cloud, text)
    if device then
      import_one(product, device, member and member.user, lists)
    else
      lists.invalid[#lists.invalid + 1] = requests.text(text) or core.null
    end
  end
  return summary(lists)
end

-- Removal and denial alike take the device out; who was its owner is so no longer.
local function remove(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  if device.owner and device.owner.customer_of then device.owner = nil end
  device.product, device.groups, device.desired_firmware_version = nil, core.array {}, nil
  device.development, device.quarantined = false, false
  return reply.empty(204)
end

return {
  { "POST", "/v1/products/{product}/devices", import, scope = "devices:import" },
  { "DELETE", "/v1/products/{product}/devices/{device}", remove, scope = "devices:remove" },
}
