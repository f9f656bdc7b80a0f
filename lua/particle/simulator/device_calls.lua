-- Routes: what a device itself answers: variables, functions, ping.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

-- Runs device code: ok, its value | false, reply. What it raises is its author's to see and an error of the
-- cloud to whoever called.
local function run(cloud, device, what, fn, ...)
  local function failed(problem)
    local text = type(problem) == "string" and problem or tostring(problem)
    return { text = text, trace = debug.traceback(text, 2) }
  end
  local ok, value = xpcall(fn, failed, ...)
  if ok then return true, value end
  cloud.on_error(("%s of %s: %s"):format(what, device.name, value.trace))
  return false, errors.failed(500, value.text)
end

local function refuse_value(cloud, device, what, expected, value)
  local got = math.type(value) or type(value)
  local text = ("%s of %s must %s, got %s"):format(what, device.name, expected, got)
  cloud.on_error(text)
  return errors.failed(500, text)
end

local function is_callable(value) return type(value) == "function" or type(value) == "table" end

local SCALARS = { string = true, number = true, boolean = true }

local function read_value(cloud, device, name)
  local value, what = device.variables[name], "variable " .. name
  if is_callable(value) then
    local ok, result = run(cloud, device, what, value)
    if not ok then return nil, result end
    value = result
  end
  if not SCALARS[type(value)] and value ~= core.null then
    return nil, refuse_value(cloud, device, what, "be a number, a string or a boolean", value)
  end
  if not device.online then return nil, errors.variable_timed_out end
  device:remember_type(name, value)
  return value
end

local function read_variable(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  local name = request.params.variable
  if not device.online then return errors.variable_timed_out end
  if device.variables[name] == nil then return errors.variable_unknown(name) end
  local value, problem = read_value(cloud, device, name)
  if problem then return problem end
  device.last_heard = cloud.clock()
  if request.query.format == "raw" then return reply.json(200, value) end
  return reply.json(200, reply.object("cmd", "VarReturn", "name", name, "result", value,
    "coreInfo", reply.object("last_app", "", "last_heard", iso.format(device.last_heard), "connected", true,
      "last_handshake_at", iso.format(device.last_handshake_at), "deviceID", device.id)))
end

-- A C int, as far as Lua's numbers can be one: fractions are cut off, nothing is 0.
local function to_integer(value)
  if value == nil then return 0 end
  if type(value) ~= "number" or value ~= value then return nil end
  return math.tointeger(value < 0 and math.ceil(value) or math.floor(value))
end

-- The official clients spell it in three ways.
local function argument_of(request)
  local fields = request.fields
  return requests.text(fields.arg) or requests.text(fields.args) or requests.text(fields.params) or ""
end

local function call_function(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  local name = request.params["function"]
  local fn = device.functions[name]
  if not device.online then return errors.function_timed_out end
  if not fn then return errors.function_unknown(name) end
  local what = "function " .. name
  local ok, value = run(cloud, device, what, fn, argument_of(request))
  if not ok then return value end
  local result = to_integer(value)
  if not result then return refuse_value(cloud, device, what, "return an integer", value) end
  if not device.online then return errors.function_timed_out end
  device.last_heard = cloud.clock()
  if (request.fields.format or request.query.format) == "raw" then return reply.json(200, result) end
  return reply.json(200, reply.object("id", device.id, "name", device.name, "connected", true,
    "return_value", result))
end

local function ping(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  if device.online then device.last_heard = cloud.clock() end
  return reply.json(200, reply.object("online", device.online, "ok", true))
end

return {
  { "GET", access.paths("/{variable}"), read_variable, scope = "devices.variable:get" },
  { "POST", access.paths("/{function}"), call_function, scope = "devices.function:call" },
  { "PUT", access.paths("/ping"), ping, scope = "devices:ping" },
}
