-- Renewing the token of an api: on first use, once its time has come, and once after a 401. One renewal
-- serves all calls and streams that wait, and one that was refused is not repeated at once.

local core = require("particle.core")
local failure = require("particle.failure")
local provider = require("particle.provider")
local scheduler = require("particle.scheduler")

local renewal = {}

-- Seconds without another try after the cloud refused one: an account is not to be locked by a program that
-- tries a wrong password with each of its calls. Nor is it to stay without a token for good, because the
-- cloud asked for years of patience.
local SHORTEST_PAUSE, LONGEST_PAUSE = 60, 3600

-- How the cloud refuses what tokens are renewed by, and what calls are then told.
local REFUSALS = {
  unauthorized = "unauthorized", forbidden = "unauthorized", not_found = "unauthorized",
  bad_request = "unauthorized", mfa_required = "mfa_required",
}

local PASSING = { network = true, timeout = true, server = true, rate_limited = true }

-- The clocks of a state can be set, for tests and for clients of a simulator.
local function now(state) return (state.now or core.now)() end
local function time(state) return (state.clock or core.time)() end

-- What calls are told ----------------------------------------------------------------------------------

local NEXT_STEP = {
  mfa_required = ": call api:login again, with otp",
  unauthorized = "",
}

-- With what came of the attempt that got a 401, if there was one.
local function after(refused, err)
  if refused then err.status, err.attempts = refused.status, refused.attempts or 1 end
  return nil, err
end

-- The error of a call whose token could not be renewed. The cause is a text, or the error of the renewal.
-- Nothing was carried out: at most a 401 came.
local function told(state, request, cause, refused)
  local message, kind = cause, core.closed(state.api) and "closed" or "unauthorized"
  if core.type(cause) == "error" then
    kind = REFUSALS[cause.kind] or cause.kind
    message = ("the token could not be renewed: %s%s"):format(cause.message, NEXT_STEP[kind] or "")
  end
  local _, err = failure.unsent(state, request, kind, message)
  if core.type(cause) == "error" then
    err.code, err.retry_after, err.mfa_token = cause.code, cause.retry_after, cause.mfa_token
    err.retryable = PASSING[kind] or false
  end
  return after(refused, err)
end

-- Where a token comes from -----------------------------------------------------------------------------

-- What a token function returned: text, a secret, or the record of api:login; and when it ends.
local function unpack_token(token, expires_at)
  if type(token) == "table" and core.type(token) == nil then
    return token.access_token, expires_at or token.expires_at
  end
  return token, expires_at
end

local function ask_function(state)
  local given, second = state.token_function(state.api)
  if given == nil or given == false then
    if core.type(second) == "error" then return nil, second end
    return nil, "the token function gave no token" .. (type(second) == "string" and ": " .. second or "")
  end
  local token, expires_at = unpack_token(given, second)
  if type(token) ~= "string" and core.type(token) ~= "secret" then
    error("the token function must return a token (a string), got a " .. type(token), 0)
  end
  provider.set(state, token, expires_at)
  return true
end

-- The store's record, if its token belongs to this address | nil, problem.
local function stored(state)
  if not state.store then return nil end
  local record, problem = state.store:load()
  if record == nil then return nil, problem end
  if type(record) ~= "table" then return nil, "the token store gave a " .. type(record) end
  if record.base_url ~= nil and record.base_url ~= state.base_url then
    return nil, "the stored token belongs to another address"
  end
  return record
end

local function is_text(value) return type(value) == "string" or core.type(value) == "secret" end

local function is_same(state, token)
  if type(token) == "string" then token = core.secret(token) end
  return state.held_token == token
end

-- Takes the token of the record, unless it is over, or the one that is to be replaced: another process may
-- have renewed it.
local function take_stored(state, record)
  local token, ends = record.access_token, record.expires_at
  if type(ends) ~= "number" then ends = nil end
  if not is_text(token) or is_same(state, token) or ends and ends <= time(state) then return false end
  return (pcall(provider.set, state, token, ends)) -- a token that cannot be sent is none
end

-- What api:login is to be called with, and what else was found.
local function credentials(state, record)
  if state.retained_login then return state.retained_login end
  if record and is_text(record.refresh_token) and record.client_id == nil then
    return { grant = "refresh_token", refresh_token = record.refresh_token }
  end
end

local function log_in(state, given)
  local ok, err = require("particle.login").renew(state, given)
  if ok or not REFUSALS[err.kind] then return ok, err end
  -- A refresh token may be good for one time, and another program have been first: its token is in the store.
  local record = stored(state)
  if record and take_stored(state, record) then return true end
  return nil, err
end

local function renew(state)
  local record, problem = stored(state)
  if record and take_stored(state, record) then return true end
  if state.token_function then return ask_function(state) end
  local given = credentials(state, record)
  if given then return log_in(state, given) end
  local reason = problem or record and "the stored token has expired" or state.token_reason
  return nil, require("particle.token").explain(reason)
end

-- One for all ------------------------------------------------------------------------------------------

local Flight = {}

-- However it ends, those who wait hear of it; where it was given up, with no result.
function Flight:__close(problem)
  self.state.flight = nil
  self.over = true
  if problem ~= nil then
    self.ended, self.cause = true, self.state.token_function and "the token function failed"
      or "the token could not be renewed: " .. tostring(problem)
  end
  for _, waiter in ipairs(self.waiters) do scheduler.notify(waiter) end
end

local function is_over(flight) return flight.over end

local function hold(state, cause)
  if core.type(cause) ~= "error" then return end
  local pause = cause.retry_after
  if REFUSALS[cause.kind] then
    state.refusals = (state.refusals or 0) + 1
    pause = SHORTEST_PAUSE * 2 ^ math.min(state.refusals - 1, 20)
  end
  if pause then
    state.hold = { until_then = now(state) + math.min(pause, LONGEST_PAUSE), cause = cause }
  end
end

local function fly(flight)
  local guard <close> = flight -- luacheck: ignore guard
  flight.owner = coroutine.running()
  local ok, cause = renew(flight.state)
  flight.ended, flight.cause = true, cause
  if not ok then hold(flight.state, cause) end
  return ok, cause
end

local function new_flight(state)
  local flight = setmetatable({ state = state, waiters = {} }, Flight)
  state.flight = flight
  return flight
end

local function held_back(state)
  local held = state.hold
  local left = held and held.until_then - now(state)
  if not left then return nil end
  if left <= 0 then
    state.hold = nil
    return nil
  end
  return held.cause, math.ceil(left)
end

local obtain

local function follow(state, request, flight, due, refused)
  if flight.owner == coroutine.running() then
    error("the token function needs a token itself: let it use api:login or another api", 0)
  end
  local waiter = {} -- a key of its own: one task at a time may wait for a key
  table.insert(flight.waiters, waiter)
  if not scheduler.await_news({ waiter }, is_over, flight, due) then
    local _, err = failure.unsent(state, request, "timeout", "the token was not renewed within the deadline")
    return after(refused, err)
  end
  if not flight.ended then return obtain(state, request, due, refused) end
  if flight.cause then return told(state, request, flight.cause, refused) end
  return true
end

-- Gets another token: true | nil, error. A token function is the caller's own code and may raise: it runs in
-- the call that needs it first. What we do ourselves is a job, so that no call takes it along when it is
-- given up or its deadline is over.
function obtain(state, request, due, refused)
  local flight = state.flight
  if flight then return follow(state, request, flight, due, refused) end
  local cause, left = held_back(state)
  if cause then
    local _, err = told(state, request, cause, refused)
    err.retry_after = left
    return nil, err
  end
  if not state.token_function then
    flight = new_flight(state)
    scheduler.spawn_job(Flight.__close, fly, flight) -- a job that failed is not closed
    return follow(state, request, flight, due, refused)
  end
  local ok
  ok, cause = fly(new_flight(state))
  if ok then return true end
  if core.type(cause) == "error" then return nil, cause end -- its own
  return told(state, request, cause, refused)
end

-- The layer --------------------------------------------------------------------------------------------

local function can_renew(state)
  return state.token_function ~= nil or state.retained_login ~= nil or state.store ~= nil
end

-- A token whose time has come would be refused: asking for another first saves the way there and back, and
-- the upload of a firmware. Once for each token: our clock may be wrong, and the cloud is to judge then.
local function is_spent(state)
  if state.flight then return true end
  local ends = state.token_expires_at
  if not ends or state.judged_number == state.token_number or time(state) < ends then return false end
  state.judged_number = state.token_number
  return true
end

-- Whether there is none to send, or none worth sending.
local function needs_token(state)
  if core.has_token(state.api) then return can_renew(state) and is_spent(state) end
  return can_renew(state) or not state.tokenless
end

local function count(value, second)
  local of = value == nil and second or type(second) == "table" and second
  if of and of.attempts then of.attempts = of.attempts + 1 end
  return value, second
end

local function has_own_token(request)
  if request.auth ~= nil then return true end
  local headers = request.headers
  if not headers then return false end
  for name in pairs(headers) do
    if type(name) == "string" and name:lower() == "authorization" then return true end
  end
  return false
end

-- Sends it with what is left of its deadline.
local function send_until(request, send, due, number)
  local given = request.deadline
  if number > 1 then request.deadline = math.max(due - core.now(), 0.001) end
  local value, second = send(request)
  request.deadline = given
  return value, second
end

--- The layer of an api whose token can be renewed. A call that got a 401 was not carried out and is sent once
--- more, with another token.
---@param state table  with `token_function` or `store`, or that of an api which retains logins
---@return particle.Middleware
function renewal.layer(state)
  return function(request, send)
    if has_own_token(request) then return send(request) end
    local due = core.now() + (request.deadline or state.deadline)
    local waited = needs_token(state)
    if waited then
      local ok, err = obtain(state, request, due)
      if not ok then return nil, err end
    end
    local number = state.token_number
    local value, second = send_until(request, send, due, waited and 2 or 1)
    if value ~= nil or second.status ~= 401 or not can_renew(state) then return value, second end
    if state.token_number == number then
      local ok, err = obtain(state, request, due, second)
      if not ok then return nil, err end
    end
    return count(send_until(request, send, due, 2))
  end
end

return renewal
