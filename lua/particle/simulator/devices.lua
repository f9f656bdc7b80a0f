-- All devices of the simulated cloud: who owns which, and which are a product's.

local device = require("particle.simulator.device")
local ids = require("particle.simulator.ids")

---@class particle.simulator.Devices
---@field private list particle.simulator.Device[]
---@field private by_id table<string, particle.simulator.Device>
local Devices = {}
Devices.__index = Devices

local function free_id(self, seed)
  local id = "e00fce68" .. ids.of("device " .. seed, 16)
  return self.by_id[id] and free_id(self, seed .. "'") or id
end

--- Adds a device; one without an id gets the same in each run.
---@param spec table  as in `simulator.new`, checked
---@param owner particle.simulator.User?
---@param now number  Unix seconds
---@return particle.simulator.Device
function Devices:add(spec, owner, now)
  local added = device.new(spec, spec.id or free_id(self, spec.name), owner, now)
  self.list[#self.list + 1] = added
  added.order = #self.list
  self.by_id[added.id] = added
  return added
end

---@param id any
---@return particle.simulator.Device?
function Devices:by_identifier(id) return self.by_id[id] end

--- One of a user's devices.
---@param user particle.simulator.User
---@param ref string  id or name
---@return particle.simulator.Device?
function Devices:of_user(user, ref)
  local found = self.by_id[ref]
  if found then return found.owner == user and found or nil end
  return self:first(function(candidate) return candidate.owner == user and candidate.name == ref end)
end

--- The first in the order of creation.
---@param condition fun(device: particle.simulator.Device): any
---@return particle.simulator.Device?
function Devices:first(condition)
  for _, candidate in ipairs(self.list) do
    if condition(candidate) then return candidate end
  end
end

---@param condition fun(device: particle.simulator.Device): any
---@return particle.simulator.Device[]  in the order of creation
function Devices:all(condition)
  local list = {}
  for _, candidate in ipairs(self.list) do
    if condition(candidate) then list[#list + 1] = candidate end
  end
  return list
end

local devices = {}

---@return particle.simulator.Devices
function devices.new()
  return setmetatable({ list = {}, by_id = {} }, Devices)
end

return devices
