-- The cloud's refusals, byte for byte as they were recorded; where no recording exists, in the nearest shape.

local reply = require("particle.simulator.reply")

local errors = {}

-- {"error":...,"error_description":...}
local function oauth(status, code, description, ...)
  return reply.json(status, reply.object("error", code, "error_description", description, ...))
end

-- {"ok":false,"error":...}
local function failed(status, text)
  return reply.json(status, reply.object("ok", false, "error", text))
end

-- {"ok":false,"errors":[...]}
local function failed_list(status, item)
  return reply.json(status, reply.object("ok", false, "errors", reply.array { item }))
end

-- {"ok":false,"code":500,"errors":[...]}
local function failed_with_code(item)
  return reply.json(500, reply.object("ok", false, "code", 500, "errors", reply.array { item }))
end

errors.oauth, errors.failed = oauth, failed

-- Requests
errors.no_route = failed(404, "Not found")
errors.bad_json = failed(400, "The request body is not valid JSON")
errors.bad_multipart = failed(400, "The request body is not valid multipart/form-data")

-- Tokens
errors.no_token = oauth(400, "invalid_request", "The access token was not found")
errors.token_invalid = oauth(401, "invalid_token", "The access token provided is invalid.")
errors.token_expired = oauth(401, "invalid_token", "The access token provided has expired.")
errors.bad_password = failed_list(401, "Bad password")
errors.unknown_user = failed_list(400, "Unknown user")

errors.api_user = oauth(400, "unauthorized", "API users are not allowed to call this endpoint")
errors.out_of_scope = oauth(403, "insufficient_scope", "The access token has not the scope of this endpoint")

-- POST /oauth/token
errors.not_a_form = oauth(400, "invalid_request",
  "Method must be POST with application/x-www-form-urlencoded encoding")
errors.no_grant = oauth(400, "invalid_request", "Invalid or missing grant_type parameter")
errors.unknown_grant = oauth(400, "unsupported_grant_type", "The grant type is not supported")
errors.bad_client = oauth(400, "invalid_client", "Client credentials are invalid")
errors.bad_user = oauth(400, "invalid_grant", "User credentials are invalid")
errors.bad_refresh_token = oauth(400, "invalid_grant", "Invalid refresh token")
errors.refresh_token_expired = oauth(400, "invalid_grant", "Refresh token has expired")
errors.bad_otp = oauth(400, "invalid_grant", "OTP expired")
errors.bad_scope = oauth(400, "invalid_scope", "The requested scope is invalid")

---@param description string
function errors.bad_lifetime(description) return oauth(400, "invalid_request", description) end

---@param mfa_token string
function errors.mfa_required(mfa_token)
  return oauth(403, "mfa_required", "Multifactor authentication required", "mfa_token", mfa_token)
end

-- Devices
errors.permission_denied = reply.json(403, reply.object("error", "Permission Denied",
  "info", "I didn't recognize that device name or ID, try opening "
    .. "https://api.particle.io/v1/devices?access_token=undefined"))
errors.product_unknown = failed(404, "Product not found.")
errors.org_unknown = failed(404, "Organization not found.")
errors.variable_timed_out = failed(408, "timed out")
errors.function_timed_out = failed(408, "Timed out.")
errors.signal_timed_out = failed_with_code(
  reply.object("error", "Timed out, didn't hear back from device service"))
errors.flash_timed_out = failed_with_code("Request Timed Out")
errors.bad_signal = failed(400, 'signal must be "1" or "0"')
errors.no_file = failed(400, "no file was uploaded")
errors.nothing_to_change = failed(400, "no field that can be changed")

---@param name string
function errors.variable_unknown(name) return failed(404, "Unknown Variable: " .. name) end

---@param name string
function errors.function_unknown(name) return failed(404, "Function " .. name .. " not found") end

---@param field string
---@param expected string
function errors.bad_field(field, expected) return failed(400, ("%s must be %s"):format(field, expected)) end

---@param field string
function errors.missing_field(field) return failed(400, field .. " is required") end

---@param field string  whose value another one has
function errors.taken(field) return failed(400, field .. " is already in use") end

-- Claims
errors.no_device_id = failed_list(400, "arg.deviceID is empty")
errors.no_such_device = failed_list(404, "device does not exist")
errors.claim_offline = failed_list(404, reply.array { "Core isn't online", 404 })
errors.claim_of_others = reply.json(403,
  reply.object("errors", reply.array { "That belongs to someone else." }))

-- Events
errors.no_prefix = failed(400, "event prefix filter is required")

-- Of a status alone
local BY_STATUS = {
  [401] = errors.token_invalid, [403] = errors.permission_denied, [404] = errors.no_route,
  [408] = errors.function_timed_out, [429] = failed(429, "Too many requests"),
  [500] = failed(500, "Internal server error"), [503] = failed(503, "Service unavailable"),
  [529] = failed(529, "Too many event streams"),
}

---@param status integer
function errors.of_status(status) return BY_STATUS[status] or failed(status, "Refused") end

return errors
