-- Routes: the account itself.

local reply = require("particle.simulator.reply")

local function get(cloud, request)
  local user = request.user
  local devices = cloud.devices:all(function(device) return device.owner == user end)
  local cellular = 0
  for _, device in ipairs(devices) do
    if device:is_cellular() then cellular = cellular + 1 end
  end
  return reply.json(200, reply.object(
    "username", user.username,
    "subscription_ids", reply.array {},
    "account_info", reply.object("first_name", "", "last_name", "", "business_account", false),
    "mfa", reply.object("enabled", user.mfa ~= nil),
    "scim_provisioned", false, "no_password", false,
    "wifi_device_count", #devices - cellular, "cellular_device_count", cellular))
end

return {
  { "GET", "/v1/user", get },
}
