-- The token of an api: where it is kept, where it is sent, and what a call is told when there is none.
-- How it is renewed: renewal.lua.

local core = require("particle.core")
local later = require("particle.later")

local provider = {}

local failure, options = later.module("particle.failure"), later.module("particle.options")

--- The api uses this token from now on.
---@param state table
---@param token string|userdata  text, or a secret
---@param expires_at? number     Unix seconds; nil: never, or unknown
function provider.set(state, token, expires_at)
  core.set_token(state.api, token)
  state.token_expires_at = math.tointeger(expires_at) or expires_at
  state.token_number = (state.token_number or 0) + 1
  state.held_token = type(token) == "string" and core.secret(token) or token
  state.hold, state.refusals = nil, nil
end

-- Where the token goes ----------------------------------------------------------------------------

--- The layer of an api whose `token_in` is not "header": used where the cloud allows it.
---@param place "query"|"body"
---@return particle.Middleware
function provider.place_layer(place)
  return function(request, send)
    if request.token_in == nil and request.auth == nil and options.allows_token(request, place) then
      request.token_in = place
    end
    return send(request)
  end
end

-- No token found ----------------------------------------------------------------------------------

--- The layer of an api that found no token: a call that needs one fails, and nothing is sent.
---@param state table
---@param reason? string  from `token.find`
---@return particle.Middleware
function provider.missing_layer(state, reason)
  return function(request, send)
    if request.auth ~= nil or core.has_token(state.api) then return send(request) end
    local message = require("particle.token").explain(reason)
    return failure.unsent(state, request, "unauthorized", message)
  end
end

return provider
