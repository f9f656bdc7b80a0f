-- `device.fn.led("on")` and `device.var.temperature`: what a device has, as if it were the program's own.

local check = require("particle.check")

local sugar = {}

local Functions = {}

function Functions:__index(name)
  local device = self[Functions]
  return function(...)
    if select("#", ...) > 0 and rawequal(self, (...)) then
      check.raise(("device.fn.%s: call it with a dot, not with a colon"):format(tostring(name)))
    end
    local value, err = device:call(name, ...)
    if value == nil then error(err, 0) end
    return value
  end
end

function Functions.__newindex(_, name)
  check.raise(("device.fn.%s cannot be assigned: a function is only called"):format(tostring(name)))
end

local Variables = {}

function Variables:__index(name)
  local value, err = self[Variables]:read(name)
  if value == nil then error(err, 0) end
  return value
end

function Variables.__newindex(_, name)
  check.raise(("device.var.%s cannot be assigned: a variable is only read"):format(tostring(name)))
end

---@param device particle.Device
function sugar.functions(device) return setmetatable({ [Functions] = device }, Functions) end

---@param device particle.Device
function sugar.variables(device) return setmetatable({ [Variables] = device }, Variables) end

return sugar
