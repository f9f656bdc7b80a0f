-- Routes: the account itself: making, reading, changing and deleting it, and its second factor.

local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local ids = require("particle.simulator.ids")
local reply = require("particle.simulator.reply")

local function done(message) return reply.json(200, reply.object("ok", true, "message", message)) end

local OK = done(nil)
local WRONG_PASSWORD = errors.failed(400, "Password is incorrect")

local function account_info(user)
  local info = user.account_info or {}
  return reply.object("first_name", info.first_name or "", "last_name", info.last_name or "",
    "business_account", info.business_account or false, "company_name", info.company_name)
end

local function get(cloud, request)
  local user = request.user
  local devices = cloud.devices:all(function(device) return device.owner == user end)
  local cellular = 0
  for _, device in ipairs(devices) do
    if device:is_cellular() then cellular = cellular + 1 end
  end
  return reply.json(200, reply.object(
    "username", user.username, "subscription_ids", reply.array {}, "account_info", account_info(user),
    "mfa", reply.object("enabled", user.mfa ~= nil), "scim_provisioned", false, "no_password", false,
    "wifi_device_count", #devices - cellular, "cellular_device_count", cellular))
end

local function identify(_, request)
  local user = request.user
  if request.query.tracking == "1" then
    return reply.json(200, reply.object("tracking_id", ids.of("tracking " .. user.id, 24)))
  end
  return reply.json(200, reply.object("id", user.id, "email", user.username))
end

local INFO = { "account_info", "object" }
local INFO_FIELDS = {
  { "first_name", "string" }, { "last_name", "string" }, { "business_account", "boolean" },
  { "company_name", "string" },
}

-- The fields that the rules know, those of `account_info` checked as well.
local function read(request, rules)
  local values, refusal = fields.read(request.fields, rules)
  if not values or not values.account_info then return values, refusal end
  values.account_info, refusal = fields.read(values.account_info, INFO_FIELDS)
  if not values.account_info then return nil, refusal end
  return values
end

local NEW = { { "username", "text", required = true }, { "password", "text", required = true }, INFO }

local function create(cloud, request)
  local values, refusal = read(request, NEW)
  if not values then return refusal end
  if cloud.accounts:find(values.username) then return errors.failed(400, "username must be unique") end
  local user = cloud.accounts:add(values)
  user.account_info = values.account_info
  return OK
end

local CHANGES = {
  { "username", "text" }, { "password", "text" }, { "current_password", "string" },
  { "invalidate_tokens", "boolean" }, INFO,
}

local function update(cloud, request)
  local user = request.user
  local values, refusal = read(request, CHANGES)
  if not values then return refusal end
  local is_guarded = values.username or values.password
  if not is_guarded and not values.account_info then return errors.nothing_to_change end
  if is_guarded and values.current_password ~= user.password then return WRONG_PASSWORD end
  if values.username and values.username ~= user.username then
    if cloud.accounts:find(values.username) then return errors.failed(400, "username must be unique") end
    cloud.accounts:rename(user, values.username)
  end
  user.password = values.password or user.password
  user.account_info = values.account_info or user.account_info
  if values.invalidate_tokens then cloud.tokens:revoke_all(user) end
  return done(values.password and "Password changed" or "User updated")
end

-- The devices become nobody's, and the teams go on without the user.
local function delete(cloud, request)
  local user = request.user
  if request.fields.password ~= user.password then return WRONG_PASSWORD end
  cloud.tokens:revoke_all(user)
  for _, device in ipairs(cloud.devices:all(function(one) return one.owner == user end)) do
    device.owner = nil
  end
  for _, list in ipairs { cloud.products.list, cloud.orgs.list } do
    for _, owner in ipairs(list) do owner.team:remove(user.username) end
  end
  cloud.accounts:remove(user)
  return done("User deleted")
end

-- The mail --------------------------------------------------------------------------------------------

-- No mail is sent: what it would bring can be computed from the address.
local function mailed(purpose, username) return ids.of(("%s %s"):format(purpose, username), 40) end

local function user_of_mail(cloud, purpose, token)
  for _, user in ipairs(cloud.accounts.list) do
    if mailed(purpose, user.username) == token then return user end
  end
end

local function request_reset(_, request)
  local values, refusal = fields.read(request.fields, { { "username", "text", required = true } })
  if not values then return refusal end
  return done("Password reset email sent.")
end

local function reset(cloud, request)
  local values, refusal = fields.read(request.fields,
    { { "token", "text", required = true }, { "password", "text", required = true } })
  if not values then return refusal end
  local user = user_of_mail(cloud, "reset", values.token)
  if not user then return errors.failed(400, "Invalid password reset token") end
  user.password = values.password
  return OK
end

local function verify(cloud, request)
  local values, refusal = fields.read(request.fields, { { "token", "text", required = true } })
  if not values then return refusal end
  local user = user_of_mail(cloud, "verify", values.token)
  if not user then return errors.failed(400, "Invalid verification token") end
  return OK
end

-- The second factor -----------------------------------------------------------------------------------

local function start_mfa(cloud, request)
  local secret = cloud.random:base64(16):upper():gsub("[^A-Z2-7]", "A")
  local label = ("otpauth://totp/Particle:%s?secret=%s&issuer=Particle"):format(request.user.username, secret)
  return reply.json(200, reply.object("mfa_token", cloud.tokens:challenge(request.user), "qr_url", label,
    "secret", secret))
end

local CONFIRMATION = {
  { "mfa_token", "text", required = true },
  { "otp", "text", required = true, pattern = "^%d%d%d%d%d%d$", expected = "six digits" },
  { "invalidate_tokens", "boolean" },
}

-- The simulator knows no moving codes: the one that confirms is right from then on.
local function confirm_mfa(cloud, request)
  local values, refusal = fields.read(request.fields, CONFIRMATION)
  if not values then return refusal end
  local user = request.user
  if not cloud.tokens:enrol(values.mfa_token, user) then return errors.bad_otp end
  user.mfa = values.otp
  local tokens
  if values.invalidate_tokens then
    local client = request.token.client
    cloud.tokens:revoke_all(user)
    tokens = reply.array { cloud.tokens:issue(user, client, cloud.token_lifetime).token }
  end
  return reply.json(200, reply.object("enrolled", true, "tokens", tokens))
end

local function disable_mfa(_, request)
  if request.fields.current_password ~= request.user.password then return WRONG_PASSWORD end
  request.user.mfa = nil
  return OK
end

return {
  { "GET", "/v1/user", get },
  { "PUT", "/v1/user", update },
  { "DELETE", "/v1/user", delete },
  { "GET", "/v1/user/identify", identify },
  { "POST", "/v1/users", create, auth = "none" },
  { "POST", "/v1/user/password-reset", request_reset, auth = "none" },
  { "PUT", "/v1/user/password-reset", reset, auth = "none" },
  { "POST", "/v1/user/verify", verify, auth = "none" },
  { "GET", "/v1/user/mfa-enable", start_mfa },
  { "POST", "/v1/user/mfa-enable", confirm_mfa },
  { "PUT", "/v1/user/mfa-disable", disable_mfa },
}
