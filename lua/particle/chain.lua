-- The way of a request: call middleware, retry, attempt middleware, log, token, limiter, core. It is composed
-- when one of these changes, so that a call passes no layer that does nothing. The opening of an event stream
-- passes no retry: a stream comes back by rules of its own. The limiter comes last, because it is to count
-- what is sent, and a request that got a 401 is sent once more.

local await = require("particle.await").transfer
local core = require("particle.core")
local later = require("particle.later")

local chain = {}

local failure, files = later.module("particle.failure"), later.module("particle.files")
local submit, take = core.submit, core.transfer_methods.take

--- The rest of a request's way, for a middleware to call: gives the reply, or nil and the error.
---@alias particle.Send fun(request: table): any, any

--- A function around requests: it may look at the request and change it, send it or not, and look at what
--- comes back.
---@alias particle.Middleware fun(request: table, send: particle.Send): any, any

-- An error raised while waiting (Ctrl-C) discards the transfer, and so does the end of a cancelled task.
local function transport(state)
  local api = state.api
  return function(request)
    local problem = request.multipart and files.problem_of(request.multipart) -- between attempts files change
    if problem then return failure.unsent(state, request, "cancelled", problem) end
    local transfer <close> = submit(request.server or api, request)
    if request.on_progress then require("particle.progress").await(transfer, request) else await(transfer) end
    local seal = request.seal
    if seal then return seal(take(transfer)) end
    return take(transfer)
  end
end

local Attempt = {}

function Attempt:__close()
  if self.transfer then self.transfer:discard() end
end

-- The opened connection is the result, and outlives this function.
local function opening(api)
  return function(request)
    local attempt <close> = setmetatable({ transfer = submit(api, request) }, Attempt)
    local transfer = attempt.transfer
    await(transfer)
    attempt.transfer = nil
    return transfer:take()
  end
end

local function wrap(layer, send)
  return function(request) return layer(request, send) end
end

local function checked(value, second, ...)
  if value == nil and core.type(second) ~= "error" then
    error("a middleware returned nil without an error object as its second result", 0)
  end
  return value, second, ...
end

-- Middleware sees the response with the value, and that is the whole reply; the caller of a verb gets what
-- that verb promises.
local function watched(send)
  return function(request)
    request.response = true
    request.nulls = request.nulls or request.only == "result" or nil -- a null is to be told from nothing
    request.only = nil
    return checked(send(request))
  end
end

local function add(layers, more)
  for _, layer in ipairs(more) do layers[#layers + 1] = layer end
end

local function through(layers, send)
  for i = #layers, 1, -1 do send = wrap(layers[i], send) end
  return send
end

--- Composes `state.send` anew, `state.open`, which opens event streams, and `state.again`, which goes on
--- after a first attempt that failed. The slots of the state: `call` and `attempt` (lists of middleware),
--- `log`, `token`, `limiter` and `place` (one layer each, or nil), and `retry`, a function that puts itself
--- around `send`: each call passes it, so it is to cost nothing. `own_clock` says that its clock must be read
--- before a first attempt, so that the core begins none by itself.
---@param state table
function chain.compose(state)
  local inner = {}
  add(inner, state.attempt)
  for _, name in ipairs { "log", "token", "limiter", "place" } do add(inner, { state[name] }) end
  local send, open = through(inner, transport(state)), through(inner, opening(state.api))
  core.set_direct(state.api, #inner == 0 and #state.call == 0 and not state.own_clock)
  if state.retry then send, state.again = state.retry(send) end
  send, open = through(state.call, send), through(state.call, open)
  if #state.call + #state.attempt > 0 then send, open = watched(send), watched(open) end
  state.send, state.open = send, open
end

--- The way of a request that the core has begun, since nothing stands on its way (`core.begin_read`,
--- `core.begin_call`). Only where that fails it gets a table, for the attempts after it.
---@param transfer userdata
---@param state table
---@param start number  seconds of `core.now()`: when it was submitted
---@param new_request fun(device: particle.Device, name: string, argument: any): table
---@param device particle.Device
---@param name string
---@param argument? string|number
---@return any, any
function chain.finish(transfer, state, start, new_request, device, name, argument)
  local again, closing <close> = state.again, transfer -- luacheck: ignore closing
  await(transfer)
  local value, err = take(transfer)
  if value == nil then
    value, err = again(new_request(device, name, argument), err, start)
    if value == nil then return nil, err end
    return value
  end
  local policy = state.policy
  if policy then policy.budget:succeed() end
  return value
end

--- Gives a new api its chain.
---@param state table  with `api` in it
function chain.install(state)
  state.call, state.attempt = {}, {}
  chain.compose(state)
end

--- Adds a middleware inside those of its level that are there already.
---@param state table
---@param middleware particle.Middleware
---@param level "call"|"attempt"
function chain.use(state, middleware, level)
  table.insert(state[level], middleware)
  chain.compose(state)
end

return chain
