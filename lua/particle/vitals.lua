-- The vitals of a device: the latest that the cloud knows, or new ones that it is asked for.

local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local options = require("particle.options")
local rules = require("particle.rules")

local vitals = {}

local EVENT = "spark/device/diagnostics/update"

local HOW = { refresh = rules.WAIT }

-- The options of each call.
local function split(how)
  local opts = {}
  for name, value in pairs(how) do
    if not HOW[name] then opts[name] = value end
  end
  return opts
end

-- The device answers by an event, so that is heard of before it is asked.
local function refresh(api, device, seconds, opts)
  local stream, err = device:subscribe(EVENT, { deadline = opts.deadline })
  if not stream then return nil, err end
  local guard <close> = stream -- luacheck: ignore guard
  local asked, problem = api.diagnostics:refresh({ device = device }, opts)
  if not asked then return nil, problem end
  local event, late = stream:next(seconds)
  if event then return true end
  if late.kind == "timeout" then
    late.message = ("the device sent no vitals within %g s"):format(seconds)
  end
  return nil, late
end

--- See `device:vitals`.
---@param device particle.Device
---@param how? particle.Vitals
---@return table?
---@return particle.Error?
function vitals.of(device, how)
  local api = core.device_api(device)
  local state = check.open(api)
  how = how or {}
  local probe = { method = "GET", path = { "v1", "diagnostics", core.device_ref(device), "last" } }
  options.apply(probe, how, "vitals", HOW) -- misuse raises before anything is sent
  local opts, seconds = split(how), how.refresh
  if seconds then
    local fresh, err = refresh(api, device, seconds == true and state.deadline or seconds, opts)
    if not fresh then return nil, err end
  end
  local body, err = api.diagnostics:last({ device = device }, opts)
  if body == nil then return nil, err end
  local found = type(body) == "table" and body.diagnostics
  if type(found) == "table" then return found end
  return failure.protocol(state, probe, "the reply holds no vitals", body)
end

return vitals
