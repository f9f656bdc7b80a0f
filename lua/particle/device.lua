-- The verbs of a device. The userdata is the core's; its methods are these. `read` and `call` are what
-- programs do thousands of times: where nothing stands on their way the core begins them, without a table for
-- the request. The others: verbs/device.lua.

local address = require("particle.address")
local chain = require("particle.chain")
local check = require("particle.check")
local core = require("particle.core")
local later = require("particle.later")

local failure, options = later.module("particle.failure"), later.module("particle.options")

local type, math_type = type, math.type
local learn, find_first = address.learn, address.find_first
local way_of, begin_read, begin_call, finish = core.device_way, core.begin_read, core.begin_call, chain.finish

---@class particle.Device
---@field id string?                    24 hexadecimal digits; nil while only the name is known
---@field name string?
---@field online boolean?               by the last known record
---@field product (integer|string)?     the scope of its calls
---@field record table?                 the last known one
---@field fn table<string, fun(argument?: string|number, opts?: particle.CallOptions): integer>  raises
---@field var table<string, any>        read-only; raises on failure
local methods = core.device_methods

-- Functions and variables ---------------------------------------------------------------------------

-- Where `core.device_way` gave nothing: says what is wrong, else the device must be found first.
local function check_way(self, verb, part, what, reserved)
  check.receiver(self, "device", verb)
  check.part(part, verb, what, reserved)
end

-- These are no closures of the verbs: a function that makes one returns more slowly.
local function call_found(self, rest, name, argument) return self:call(name, argument, rest) end
local function read_found(self, rest, variable) return self:read(variable, rest) end

local function check_argument(argument)
  if argument ~= nil and type(argument) ~= "string" and type(argument) ~= "number" then
    check.fail("call", "the argument", "a string or a number", argument)
  end
end

-- The request's table, the state of the api, and the record; nil: look closer.
local function new_call(self, function_name, argument)
  local path, state, record = way_of(self, function_name)
  if path == nil then return nil end
  check_argument(argument)
  return {
    method = "POST", path = path, form = { arg = argument or "" }, operation = "devices.call_function",
    only = record ~= nil and "return_value" or nil,
  }, state, record
end

local function send_call(self, function_name, argument, opts)
  local request, state, record = new_call(self, function_name, argument)
  if request == nil then
    check_way(self, "call", function_name, "the function's name")
    check_argument(argument)
    return find_first(self, "call", opts, call_found, function_name, argument)
  end
  if opts ~= nil then options.apply(request, opts, "call") end
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  if request.only then return reply end
  local value = type(reply) == "table" and reply.return_value
  if math_type(value) ~= "integer" then
    return failure.protocol(state, request, "the reply has no whole number as return_value", reply)
  end
  if record == nil then learn(self, reply.id, reply.name, reply.connected) end
  return value
end

--- Calls a function of the device (`devices.call_function`). At most once: see `err.delivered`.
---@param function_name string
---@param argument? string|number  sent as text
---@param opts? particle.CallOptions
---@return integer?  what the function returned; negative values are results too
---@return particle.Error?
function methods.call(self, function_name, argument, opts)
  local transfer, state, start
  if opts == nil then transfer, state, start = begin_call(self, function_name, argument) end
  if transfer == nil then return send_call(self, function_name, argument, opts) end
  return finish(transfer, state, start, new_call, self, function_name, argument)
end

-- Of a reply that came whole: nulls were asked for so that a null result can be told from none; inside a
-- result they are absent as usual.
local function without_nulls(value)
  for key, item in pairs(value) do
    if type(item) == "table" then
      without_nulls(item)
    elseif item == core.null and type(key) == "string" then
      value[key] = nil
    end
  end
  return value
end

local function new_read(self, variable)
  local path, state, record = way_of(self, variable, "events")
  if path == nil then return nil end
  return {
    method = "GET", path = path, idempotent = true, operation = "devices.get_variable",
    only = record ~= nil and "result" or nil, nulls = record == nil or nil,
  }, state, record
end

local function learn_from(self, info)
  if type(info) == "table" then learn(self, info.deviceID, info.name, info.connected) end
end

local function send_read(self, variable, opts)
  local request, state, record = new_read(self, variable)
  if request == nil then
    check_way(self, "read", variable, "the variable's name", "events")
    return find_first(self, "read", opts, read_found, variable)
  end
  if opts ~= nil then
    options.apply(request, opts, "read")
    request.nulls = record == nil or opts.nulls
  end
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  if request.only then return reply end
  if type(reply) ~= "table" or reply.result == nil then
    return failure.protocol(state, request, "the reply has no result", reply)
  end
  local value = reply.result
  if record == nil then learn_from(self, reply.coreInfo) end
  if type(value) == "table" and not (opts and opts.nulls) then return without_nulls(value) end
  return value
end

--- Reads a variable of the device (`devices.get_variable`).
---@param variable string
---@param opts? particle.CallOptions
---@return any  a number, string or boolean; `particle.null` for null; nil exactly when it failed
---@return particle.Error?
function methods.read(self, variable, opts)
  local transfer, state, start
  if opts == nil then transfer, state, start = begin_read(self, variable) end
  if transfer == nil then return send_read(self, variable, opts) end
  return finish(transfer, state, start, new_read, self, variable)
end

-- The others ----------------------------------------------------------------------------------------

later.methods(methods, "particle.verbs.device", {
  "info", "ping", "signal", "rename", "set_notes", "claim", "unclaim", "flash", "subscribe",
  "wait_until_online", "vitals", "watch", "url",
})

local getters = core.device_getters

function getters.fn(self) return require("particle.sugar").functions(self) end

function getters.var(self) return require("particle.sugar").variables(self) end

return methods
