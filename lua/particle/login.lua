-- Getting a token: the grants of OAuth, the second step of accounts with multi-factor authentication, and the
-- record that comes of it. Secrets travel as opaque values in both directions.

local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local options = require("particle.options")
local provider = require("particle.provider")
local rules = require("particle.rules")
local sealed = require("particle.sealed")

local login = {}

---@class particle.Credentials
---@field grant? "password"|"client_credentials"|"refresh_token"  default: by the fields that are given
---@field username? string
---@field password? string            with `username`
---@field refresh_token? string       of an earlier login
---@field client_id? string            default "particle"
---@field client_secret? string        default "particle"
---@field client_auth? "basic"|"body"  how the client shows itself; default "basic"
---@field expires_in? integer          seconds; 0: never
---@field expires_at? string|integer   ISO 8601, or Unix seconds
---@field scope? string                client_credentials: such as "customer=joe@example.com"
---@field otp? string|fun(err: particle.Error): string?  the one-time password of an account with MFA
---@field mfa_token? string            `err.mfa_token` of a login without `otp`: goes on with `otp` alone

--- What a login gives. Its `tostring` shows no token.
---@class particle.TokenRecord
---@field access_token string
---@field refresh_token string?
---@field token_type string?
---@field expires_in integer?          seconds, as the cloud said; 0: never
---@field expires_at integer?          Unix seconds; nil: never, or unknown
local Record = { __name = "particle.token_record" }

local LAST_MOMENT = 253402300799 -- of the year 9999

local function iso_time(value)
  if type(value) ~= "number" or value > LAST_MOMENT then return value end
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.tointeger(value))
end

function Record:__tostring()
  local ends = self.expires_at and "expires " .. iso_time(self.expires_at)
    or self.expires_in == 0 and "never expires" or "expiry unknown"
  return ("particle.token_record (%s)"):format(ends)
end

-- What the caller gives ------------------------------------------------------------------------------

local GRANTS = {
  password = { "username", "password" },
  client_credentials = { "client_id", "client_secret" },
  refresh_token = { "refresh_token" },
}

local function is_text(value) return type(value) == "string" and value ~= "" end

local function is_whole(value, most)
  local number = type(value) == "number" and math.tointeger(value)
  return number and number >= 0 and number <= most
end

local TEXT = rules.rule("a string that is not empty", is_text)
local SECRET = rules.rule("a string that is not empty", function(value)
  return is_text(value) or core.type(value) == "secret"
end)

local CREDENTIALS = {
  grant = rules.one_of("password", "client_credentials", "refresh_token"),
  username = TEXT,
  password = SECRET,
  refresh_token = SECRET,
  client_id = TEXT,
  client_secret = SECRET,
  client_auth = rules.one_of("basic", "body"),
  expires_in = rules.rule("a number of seconds, 0 for never", function(value)
    return is_whole(value, math.maxinteger)
  end),
  expires_at = rules.rule("a time: ISO 8601, or Unix seconds", function(value)
    if type(value) == "string" then return value:find("^%d%d%d%d%-%d%d%-%d%d") end
    return is_whole(value, LAST_MOMENT)
  end),
  scope = TEXT,
  otp = rules.rule("a string or a function", function(value)
    return is_text(value) or core.type(value) == "secret" or rules.is_callable(value)
  end),
  mfa_token = SECRET,
}

local function secret(value)
  if type(value) == "string" then return core.secret(value) end
  return value
end

local function guess_grant(given)
  if given.username then return "password" end
  if given.refresh_token then return "refresh_token" end
end

local function checked_grant(given)
  rules.check(given, CREDENTIALS, "login")
  if given.expires_in and given.expires_at then
    check.raise("login: give expires_in or expires_at, not both")
  end
  if given.mfa_token then
    if not given.otp then check.raise("login: mfa_token needs otp, the one-time password") end
    return nil
  end
  local grant = given.grant or guess_grant(given)
  if not grant then
    check.raise("login: the grant is missing: password, client_credentials or refresh_token")
  end
  for _, name in ipairs(GRANTS[grant]) do
    if given[name] == nil then check.raise(("login: the grant %s needs %s"):format(grant, name)) end
  end
  return grant
end

local function add_lifetime(fields, given)
  fields.expires_in = given.expires_in and math.tointeger(given.expires_in)
  fields.expires_at = iso_time(given.expires_at)
  return fields
end

-- Only what belongs to the grant is sent.
local function grant_fields(given, grant)
  local fields = { grant_type = grant }
  for _, name in ipairs(GRANTS[grant]) do
    if name == "username" then
      fields[name] = given[name]
    elseif name ~= "client_id" and name ~= "client_secret" then
      fields[name] = secret(given[name])
    end
  end
  if grant == "client_credentials" then fields.scope = given.scope end
  return add_lifetime(fields, given)
end

-- What is sent ---------------------------------------------------------------------------------------

local function send(state, given, fields, opts)
  local id, client_secret = given.client_id or "particle", secret(given.client_secret or "particle")
  local request = {
    method = "POST", path = { "oauth", "token" }, form = fields, auth = "none", seal = sealed.reply,
    operation = "oauth.login",
  }
  if given.client_auth == "body" then
    fields.client_id, fields.client_secret = id, client_secret
  else
    request.auth = { id, client_secret }
  end
  if opts ~= nil then options.apply(request, opts, "login") end
  return request, state.send(request)
end

local function send_otp(state, given, mfa_token, otp, opts)
  return send(state, given, add_lifetime({
    grant_type = "urn:custom:mfa-otp", mfa_token = secret(mfa_token), otp = secret(otp),
  }, given), opts)
end

local function one_time_password(given, err)
  if not rules.is_callable(given.otp) then return given.otp end
  local otp = given.otp(err)
  if otp ~= nil and not is_text(otp) and core.type(otp) ~= "secret" then
    check.fail("login", "what the function otp returns", "a string", otp)
  end
  return otp
end

-- Sends the grant, then the one-time password if the account asks for one and it is known.
local function exchange(state, given, grant, opts)
  if not grant then return send_otp(state, given, given.mfa_token, one_time_password(given), opts) end
  local request, reply, err = send(state, given, grant_fields(given, grant), opts)
  if reply ~= nil or err.kind ~= "mfa_required" then return request, reply, err end
  if not SECRET.fits(err.mfa_token) then return request, nil, err end
  local otp = one_time_password(given, err)
  if otp == nil then return request, nil, err end
  return send_otp(state, given, err.mfa_token, otp, opts)
end

-- What comes of it -----------------------------------------------------------------------------------

-- What else came is left out where it is none: a token without it is as good.
local function utf8_text(value)
  return type(value) == "string" and utf8.len(value) and value or nil
end

local function new_record(state, reply)
  local seconds = math.tointeger(tonumber(reply.expires_in))
  local now = math.floor((state.clock or core.time)())
  local ends = seconds and now + seconds -- before now where that is too much for an integer
  return setmetatable({
    access_token = sealed.take(reply.access_token),
    refresh_token = utf8_text(sealed.take(reply.refresh_token)),
    token_type = utf8_text(reply.token_type),
    expires_in = seconds,
    expires_at = ends and ends > now and ends or nil,
  }, Record)
end

-- What another login will take, with its secrets made opaque; nil when nothing would do. A one-time password
-- is good for one time only, and a moment that was to be the end of this token is not that of the next.
local function renewable(given, grant, record)
  local kept = {
    grant = grant, username = given.username, password = given.password, client_id = given.client_id,
    client_secret = given.client_secret, client_auth = given.client_auth, scope = given.scope,
    otp = rules.is_callable(given.otp) and given.otp or nil,
    expires_in = given.expires_in or given.expires_at and record.expires_in,
  }
  if not grant or grant == "refresh_token" then
    kept.grant, kept.refresh_token = "refresh_token", record.refresh_token or given.refresh_token
    if not kept.refresh_token then return nil end
  end
  for _, name in ipairs { "password", "client_secret", "refresh_token" } do
    kept[name] = secret(kept[name])
  end
  return kept
end

local function save(state, given, record)
  if not state.store then return nil end
  local saved, problem = state.store:save {
    access_token = record.access_token, refresh_token = record.refresh_token, token_type = record.token_type,
    expires_at = record.expires_at, base_url = state.base_url, client_id = given.client_id,
  }
  if not saved then return "the token could not be saved: " .. tostring(problem) end
end

local function obtain(state, given, grant, opts)
  local request, reply, err = exchange(state, given, grant, opts)
  if reply == nil then return nil, err end
  if type(reply) ~= "table" or not sealed.text(reply.access_token) then
    return failure.protocol(state, request, "the reply holds no access token", nil)
  end
  local record = new_record(state, reply)
  local fine, problem = pcall(provider.set, state, reply.access_token, record.expires_at)
  if not fine then
    return failure.protocol(state, request, "the reply's access token cannot be used: " .. problem, nil)
  end
  if state.options.retain_login and not state.token_function then
    state.retained_login = renewable(given, grant, record)
  end
  return record, save(state, given, record)
end

--- See `api:login`.
---@param state table
---@param given particle.Credentials
---@param opts? particle.CallOptions
---@return particle.TokenRecord?
---@return particle.Error|string|nil
function login.login(state, given, opts)
  return obtain(state, given, checked_grant(given), opts)
end

--- Logs in once more, with what was kept of an earlier login.
---@param state table
---@param kept particle.Credentials
---@return true?
---@return particle.Error?
function login.renew(state, kept)
  local record, second = obtain(state, kept, kept.grant)
  if not record then return nil, second end
  if second then warn("particle: ", second) end
  return true
end

return login
