-- Error objects that are made in Lua rather than from a transfer, and the addresses that they show.

local core = require("particle.core")

local failure = {}

--- The address of a path: parts percent-encoded one by one, no query, secret parts hidden.
---@param base_url string
---@param path string|(string|integer)[]  encoded, or raw parts
---@param secret_path? table<integer, boolean>
---@return string
function failure.url(base_url, path, secret_path)
  if type(path) == "string" then return base_url .. path:gsub("[?#].*$", ""):gsub("%c", "?") end
  local shown = { base_url }
  for i, part in ipairs(path) do
    local hidden = secret_path and secret_path[i] or type(part) == "userdata"
    shown[i + 1] = hidden and "<secret>" or core.escape(tostring(part))
  end
  return table.concat(shown, "/")
end

local function new(state, request, fields)
  fields.method = request.method
  fields.url = failure.url(request.origin or state.base_url, request.path, request.secret_path)
  fields.retryable = fields.retryable or false
  fields.elapsed = fields.elapsed or 0
  return nil, core.error(fields)
end

--- Nothing was sent: no token, a device that is not there, a file that cannot be read ...
---@param state table
---@param request table
---@param kind string
---@param message string
---@return nil, particle.Error
function failure.unsent(state, request, kind, message)
  return new(state, request, { kind = kind, message = message, attempts = 0, delivered = false })
end

--- A reply that is not what the cloud promises. What happened there is unknown.
---@param state table
---@param request table
---@param message string
---@param body any  the decoded reply
---@return nil, particle.Error
function failure.protocol(state, request, message, body)
  return new(state, request, {
    kind = "protocol", message = message, body = core.scrub(state.api, body), attempts = 1,
    delivered = "maybe",
  })
end

--- The own limiter does not let it pass before the deadline. Nothing was sent.
---@param state table
---@param request table
---@param message string
---@param seconds? number  until it would
---@return nil, particle.Error
function failure.limited(state, request, message, seconds)
  return new(state, request, {
    kind = "rate_limited", message = message, retry_after = seconds, retryable = true, attempts = 0,
    delivered = false,
  })
end

--- The core knows what was left of the deadline when the request got to it; the caller knows the whole.
---@param err particle.Error
---@param seconds number
function failure.set_deadline(err, seconds)
  local message = err.message
  if err.kind ~= "timeout" or type(message) ~= "string" then return end
  if not message:find("^no result within the deadline of ") then return end
  err.message = ("no result within the deadline of %s s"):format(seconds + 0.0)
end

return failure
