-- Routes: POST /oauth/token and its grants. Forms only.

local customers = require("particle.simulator.customers")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local oauth = {}

--- The clients that official tools and the documentation use; CLI2 has no secret of note.
oauth.CLIENTS = {
  ["particle"] = "particle", ["particle-api"] = "particle-api", ["particle-cli"] = "particle-cli",
  CLI2 = true,
}

-- The id of the client that asks, if it is known.
local function client_of(cloud, request)
  local id, secret = requests.basic(request)
  if not id then id, secret = request.fields.client_id, request.fields.client_secret end
  local expected = id and cloud.clients[id]
  return (expected == true or expected ~= nil and expected == secret) and id or nil
end

-- Seconds that the token is to live: `expires_in`, else until `expires_at`, else as usual | nil, problem.
local function lifetime_of(cloud, fields)
  local expires_in, expires_at = fields.expires_in, fields.expires_at
  if expires_in then
    local seconds = requests.integer(expires_in)
    if seconds and seconds >= 0 then return seconds end
    return nil, "expires_in must be a number of seconds"
  end
  if not expires_at then return cloud.token_lifetime end
  local moment = type(expires_at) == "string" and iso.parse(expires_at)
  if not moment then return nil, "expires_at must be an ISO 8601 date or instant" end
  local seconds = math.floor(moment - cloud.clock())
  if seconds > 0 then return seconds end
  return nil, "expires_at must be in the future"
end

local NO_STORE = "no-store"

local function issue(cloud, request, user, client, status)
  local lifetime, problem = lifetime_of(cloud, request.fields)
  if not lifetime then return errors.bad_lifetime(problem) end
  local token = cloud.tokens:issue(user, client, lifetime)
  local body = reply.object("access_token", token.token, "token_type", "bearer", "expires_in", lifetime,
    "refresh_token", token.refresh_token)
  return reply.json(status or 200, body, { ["Cache-Control"] = NO_STORE })
end

local grants = {}

function grants.password(cloud, request, client)
  local fields = request.fields
  local user = cloud.accounts:find(fields.username)
  if not user or user.password ~= fields.password then return errors.bad_user end
  if user.mfa then return errors.mfa_required(cloud.tokens:challenge(user)) end
  return issue(cloud, request, user, client)
end

grants["urn:custom:mfa-otp"] = function(cloud, request, client)
  local user = cloud.tokens:answer(request.fields.mfa_token, request.fields.otp)
  if not user then return errors.bad_otp end
  return issue(cloud, request, user, client)
end

-- In the cloud for tokens of products only; here for all.
function grants.refresh_token(cloud, request, client)
  local token, problem = cloud.tokens:check_refresh(request.fields.refresh_token, client)
  if not token then
    return problem == "expired" and errors.refresh_token_expired or errors.bad_refresh_token
  end
  return issue(cloud, request, token.user, client)
end

-- A customer's token, of a client that belongs to the customer's product.
local function for_customer(cloud, request, client, scope)
  local email = type(scope) == "string" and scope:match("^customer=(.+)$")
  local customer = email and customers.of_client(cloud, client, email)
  if not customer then return errors.bad_scope end
  return issue(cloud, request, customer, client)
end

-- The simulated clients are the first user's, those made later their maker's.
function grants.client_credentials(cloud, request, client)
  local scope = request.fields.scope
  if scope ~= nil and scope ~= "" then return for_customer(cloud, request, client, scope) end
  local owner = cloud.client_owners[client] or cloud.accounts.list[1]
  if not owner then return errors.bad_client end
  return issue(cloud, request, owner, client)
end

local function token(cloud, request)
  if request.content_type ~= "application/x-www-form-urlencoded" then return errors.not_a_form end
  local name = request.fields.grant_type
  if type(name) ~= "string" or name == "" then return errors.no_grant end
  local grant = grants[name]
  if not grant then return errors.unknown_grant end
  local client = client_of(cloud, request)
  if not client then return errors.bad_client end
  return grant(cloud, request, client)
end

oauth.client_of, oauth.issue = client_of, issue

oauth.routes = {
  { "POST", "/oauth/token", token, auth = "none" },
}

return oauth
