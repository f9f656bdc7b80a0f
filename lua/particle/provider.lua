-- The token of an api: where it is kept, how it is renewed, and what a call is told when there is none.

local core = require("particle.core")
local failure = require("particle.failure")
local options = require("particle.options")
local scheduler = require("particle.scheduler")

local provider = {}

--- The api uses this token from now on.
---@param state table
---@param token string|userdata  text, or a secret
---@param expires_at? number     Unix seconds; nil: never, or unknown
function provider.set(state, token, expires_at)
  core.set_token(state.api, token)
  state.token_expires_at = math.tointeger(expires_at) or expires_at
  state.token_number = (state.token_number or 0) + 1
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

-- Token function ----------------------------------------------------------------------------------

-- What a token function returned: text, a secret, or the record of api:login; and when it ends.
local function unpack_token(token, expires_at)
  if type(token) == "table" and core.type(token) == nil then
    return token.access_token, expires_at or token.expires_at
  end
  return token, expires_at
end

local function ask(state, request)
  local given, second = state.token_function(state.api)
  if given == nil or given == false then
    if core.type(second) == "error" then return nil, second end
    local why = type(second) == "string" and ": " .. second or ""
    return failure.unsent(state, request, "unauthorized", "the token function gave no token" .. why)
  end
  local token, expires_at = unpack_token(given, second)
  if type(token) ~= "string" and core.type(token) ~= "secret" then
    error("the token function must return a token (a string), got a " .. type(token), 0)
  end
  provider.set(state, token, expires_at)
  return true
end

local Flight = {}

-- Where the token function raised, those who wait get an error of their own.
function Flight:__close()
  self.state.flight = nil
  if not self.done then
    self.done = true
    local _
    _, self.failure = failure.unsent(self.state, self.request, "unauthorized", "the token function failed")
  end
  for _, waiter in ipairs(self.waiters) do scheduler.notify(waiter) end
end

local function is_done(flight) return flight.done end

local function first(state, request)
  local flight <close> = setmetatable({
    state = state, request = request, owner = coroutine.running(), waiters = {},
  }, Flight)
  state.flight = flight
  local ok, err = ask(state, request)
  flight.done, flight.failure = true, err
  return ok, err
end

-- One asks, the others wait for the answer.
local function obtain(state, request)
  local flight = state.flight
  if not flight then return first(state, request) end
  if flight.owner == coroutine.running() then
    error("the token function needs a token itself: let it use api:login or another api", 0)
  end
  local limit, waiter = request.deadline or state.deadline, {}
  table.insert(flight.waiters, waiter)
  if not scheduler.await_news({ waiter }, is_done, flight, core.now() + limit) then
    return failure.unsent(state, request, "timeout", "the token function did not return within the deadline")
  end
  if flight.failure then return nil, flight.failure end
  return true
end

local function count(value, second)
  local told = value == nil and second or type(second) == "table" and second
  if told and told.attempts then told.attempts = told.attempts + 1 end
  return value, second
end

--- The layer of an api whose token comes from a function: it is asked on first use, and once more after a
--- 401, after which the call, which was refused and not carried out, is sent again.
---@param state table  with `token_function`
---@return particle.Middleware
function provider.function_layer(state)
  return function(request, send)
    if request.auth ~= nil then return send(request) end
    if not core.has_token(state.api) then
      local ok, err = obtain(state, request)
      if not ok then return nil, err end
    end
    local number = state.token_number
    local value, second = send(request)
    if value ~= nil or second.status ~= 401 then return value, second end
    if state.token_number == number then
      local ok, err = obtain(state, request)
      if not ok then return nil, err end
    end
    return count(send(request))
  end
end

return provider
