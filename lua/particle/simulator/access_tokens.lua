-- Routes: listing and revoking access tokens.

local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local OK = reply.json(200, reply.object("ok", true))

local function expiry(token)
  return token.expires_at and iso.format(token.expires_at) or reply.null
end

-- The user of HTTP Basic | nil, refusal.
local function user_by_password(cloud, request)
  local username, password = requests.basic(request)
  local user = cloud.accounts:find(username)
  if not user then return nil, errors.unknown_user end
  if user.password ~= password then return nil, errors.bad_password end
  return user
end

local function list(cloud, request)
  local user, refusal = user_by_password(cloud, request)
  if not user then return refusal end
  if user.mfa and request.query.otp ~= user.mfa then
    return errors.mfa_required(cloud.tokens:challenge(user))
  end
  local items = {}
  for i, token in ipairs(cloud.tokens:of(user)) do
    items[i] = reply.object("token", token.token, "expires_at", expiry(token), "client", token.client)
  end
  return reply.json(200, reply.array(items))
end

local function current(_, request)
  local token = request.token
  return reply.json(200, reply.object("expires_at", expiry(token), "client", token.client,
    "scopes", reply.array {}, "orgs", reply.array {}))
end

local function delete_current(cloud, request)
  cloud.tokens:revoke(request.token.token)
  return OK
end

local function delete_all(cloud, request)
  cloud.tokens:revoke_all(request.user)
  return OK
end

-- Whoever knows the token may revoke it, and an unknown one is no error; older clients send a password, which
-- must be right.
local function delete(cloud, request)
  if requests.basic(request) then
    local user, refusal = user_by_password(cloud, request)
    if not user then return refusal end
  end
  cloud.tokens:revoke(request.params.token)
  return OK
end

return {
  { "GET", "/v1/access_tokens", list, auth = "none" },
  { "DELETE", "/v1/access_tokens", delete_all },
  { "GET", "/v1/access_tokens/current", current },
  { "DELETE", "/v1/access_tokens/current", delete_current },
  { "DELETE", "/v1/access_tokens/{token}", delete, auth = "none", secret = { token = true } },
}
