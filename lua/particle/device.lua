-- The verbs of a device. The userdata is the core's; its methods are these. `read` and `call` are what
-- programs do thousands of times: a table for the request, one for its path, and straight to the chain.
-- The others: verbs/device.lua.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local later = require("particle.later")

local failure, options = later.module("particle.failure"), later.module("particle.options")

local type, math_type = type, math.type
local learn, find_first = address.learn, address.find_first
local way_of = core.device_way

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

--- Calls a function of the device (`devices.call_function`). At most once: see `err.delivered`.
---@param function_name string
---@param argument? string|number  sent as text
---@param opts? particle.CallOptions
---@return integer?  what the function returned; negative values are results too
---@return particle.Error?
function methods.call(self, function_name, argument, opts)
  local path, state, record = way_of(self, function_name)
  if path == nil then
    check_way(self, "call", function_name, "the function's name")
    check_argument(argument)
    return find_first(self, "call", opts, call_found, function_name, argument)
  end
  check_argument(argument)
  local request = {
    method = "POST", path = path, form = { arg = argument or "" }, operation = "devices.call_function",
    only = record ~= nil and "return_value" or nil,
  }
  if opts ~= nil then options.apply(request, opts, "call") end
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  local value = type(reply) == "table" and reply.return_value
  if math_type(value) ~= "integer" then
    return failure.protocol(state, request, "the reply has no whole number as return_value", reply)
  end
  if record == nil then learn(self, reply.id, reply.name, reply.connected) end
  return value
end

-- Nulls were asked for so that a null result can be told from none; inside a result they are absent as usual.
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

--- Reads a variable of the device (`devices.get_variable`).
---@param variable string
---@param opts? particle.CallOptions
---@return any  a number, string or boolean; `particle.null` for null; nil exactly when it failed
---@return particle.Error?
function methods.read(self, variable, opts)
  local path, state, record = way_of(self, variable, "events")
  if path == nil then
    check_way(self, "read", variable, "the variable's name", "events")
    return find_first(self, "read", opts, read_found, variable)
  end
  local request = {
    method = "GET", path = path, idempotent = true, nulls = true, operation = "devices.get_variable",
    only = record ~= nil and "result" or nil,
  }
  if opts ~= nil then
    options.apply(request, opts, "read")
    request.nulls = true
  end
  local reply, err = state.send(request)
  if reply == nil then return nil, err end
  local value
  if type(reply) == "table" then value = reply.result end
  if value == nil then return failure.protocol(state, request, "the reply has no result", reply) end
  local info = reply.coreInfo
  if type(info) == "table" and record == nil then
    learn(self, info.deviceID, info.name, info.connected)
  end
  if type(value) == "table" and not (opts and opts.nulls) then return without_nulls(value) end
  return value
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
