-- What a program gets from `sim:device(name)`: a device to look at and to change while it is in use.

local check = require("particle.check")
local events = require("particle.simulator.events")
local suggest = require("particle.suggest")

local live = {}

local NAME = "the name of an event: a string that is not empty, without line breaks"
local TEXT = "a string that is not empty"
local function is_text(value) return type(value) == "string" and value ~= "" end
local function is_note(value) return value == nil or type(value) == "string" end
local function is_table(value) return type(value) == "table" end

---@class particle.simulator.LiveDevice
---@field id string                       read only
---@field name string
---@field online boolean
---@field notes string?
---@field variables table<string, any>    each a value, or a function that returns one
---@field functions table<string, fun(argument: string): integer?>  nothing returned counts as 0
---@field platform_id integer             read only
---@field product_id integer?             read only
---@field owner string?                   read only: the user name; nil: nobody claimed it
---@field signaling boolean               read only: whether it was told to blink
---@field firmware string?                read only: the bytes that were flashed last
---@field app string?                     read only: the known app that was flashed last
---@field flash_result "success"|"failed"  how the next updates end; failed ones change nothing
local methods = {}

local devices = setmetatable({}, { __mode = "k" }) -- live device -> { device, cloud }

local function of(self, method)
  local entry = devices[self]
  if not entry then
    check.raise(("%s: call it with a colon on what sim:device returned, got %s"):format(
      method, check.describe(self)))
  end
  return entry.device, entry.cloud
end

--- Publishes an event from the device.
---@param name string
---@param data? string
---@param details? { private: boolean?, ttl: integer? }  `ttl` in seconds
function methods:publish(name, data, details)
  local device, cloud = of(self, "publish")
  if not is_text(name) or not events.is_name(name) then check.fail("publish", "the name", NAME, name) end
  if data ~= nil and type(data) ~= "string" then check.fail("publish", "the data", "a string", data) end
  if not is_table(details or {}) then check.fail("publish", "the details", "a table", details) end
  events.publish_from(cloud, device, {
    name = name, data = data, private = details and details.private, ttl = details and details.ttl,
  })
end

local function same(name)
  return function(device) return device[name] end
end

local GETTERS = {
  id = same("id"), name = same("name"), online = same("online"), notes = same("notes"),
  variables = same("variables"), functions = same("functions"), platform_id = same("platform_id"),
  product_id = same("product"), signaling = same("signaling"), firmware = same("firmware"), app = same("app"),
  flash_result = same("flash_result"),
  owner = function(device) return device.owner and device.owner.username end,
}

local function setter(name, expected, fits)
  return function(device, value)
    if not fits(value) then check.fail("a simulated device", name, expected, value) end
    device[name] = value
  end
end

local SETTERS = {
  name = setter("name", TEXT, is_text),
  notes = setter("notes", "a string or nil", is_note),
  variables = setter("variables", "a table of names and values", is_table),
  functions = setter("functions", "a table of names and functions", is_table),
  online = function(device, value, cloud)
    if type(value) ~= "boolean" then check.fail("a simulated device", "online", "true or false", value) end
    if value == device.online then return end
    device:set_online(value, cloud.clock())
    events.report(cloud, device, "spark/status", value and "online" or "offline")
  end,
  flash_result = setter("flash_result", '"success" or "failed"', function(value)
    return value == "success" or value == "failed"
  end),
}

local Live = { __name = "particle.simulator.device" }

local function unknown(name)
  local known = {}
  for field in pairs(GETTERS) do known[field] = true end
  for method in pairs(methods) do known[method] = true end
  check.raise(("a simulated device has no field %q%s"):format(tostring(name), suggest.hint(name, known)))
end

function Live:__index(name)
  if methods[name] then return methods[name] end
  local get = GETTERS[name]
  if not get then unknown(name) end
  return get(devices[self].device)
end

function Live:__newindex(name, value)
  local set = SETTERS[name]
  if not set then
    if not GETTERS[name] then unknown(name) end
    check.raise(("the field %s of a simulated device cannot be set"):format(name))
  end
  set(devices[self].device, value, devices[self].cloud)
end

function Live:__tostring()
  local device = devices[self].device
  local state = device.online and "online" or "offline"
  return ("simulated device %s (%s, %s)"):format(device.name, device.id, state)
end

--- The live device of a device, always the same.
---@param device particle.simulator.Device
---@param cloud particle.simulator.Cloud
---@return particle.simulator.LiveDevice
function live.of(device, cloud)
  if not device.live then
    device.live = setmetatable({}, Live)
    devices[device.live] = { device = device, cloud = cloud }
  end
  return device.live
end

return live
