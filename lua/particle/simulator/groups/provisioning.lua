-- Routes: device keys and serial numbers.

local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local reply = require("particle.simulator.reply")

local KEY = {
  { "deviceID", "text", required = true }, { "publicKey", "text", required = true }, { "filename", "string" },
  { "order", "string" }, { "algorithm", "text", one_of = { "rsa", "ecc" } }, { "product_id", "any" },
}

local function send_public_key(cloud, request)
  local values, refusal = fields.read(request.fields, KEY)
  if not values then return refusal end
  local id = request.params.device:lower()
  if values.deviceID:lower() ~= id then return errors.bad_field("deviceID", "that of the path") end
  local device = cloud.devices:by_identifier(id)
  if not device or device.owner and device.owner ~= request.user then return errors.permission_denied end
  device.public_key = values.publicKey
  return reply.json(200, "Success!")
end

local function look_up(cloud, request)
  local serial = request.params.serial_number
  local device = cloud.devices:first(function(one) return one.serial_number == serial end)
  if not device then return errors.failed(404, "Serial number not found") end
  return reply.json(200, reply.object("ok", true, "deviceID", device.id, "device_id", device.id,
    "serial_number", serial, "platform_id", device.platform_id, "iccid", device.iccid,
    "mobile_secret", request.query.mobile_secret and device.mobile_secret))
end

return {
  { "POST", "/v1/provisioning/{device}", send_public_key },
  { "GET", "/v1/serial_numbers/{serial_number}", look_up },
}
