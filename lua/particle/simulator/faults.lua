-- The faults that were asked for: which requests they strike, and how often.

local check = require("particle.check")
local options = require("particle.simulator.fault_options")
local scheduler = require("particle.scheduler")
local suggest = require("particle.suggest")

local faults = {}

-- One fault -------------------------------------------------------------------------------------------

---@class particle.simulator.Fault
---@field kind string
---@field hits integer  how many requests it has struck
---@field package spec table
---@field package definition table  of its kind
---@field package owner table       all faults
---@field package left number       how many requests it may strike yet
---@field package device? table     the one that it concerns
local Fault = { __name = "particle.simulator.fault" }
Fault.__index = Fault

--- Takes it back. Does nothing when it is over.
function Fault:remove()
  self.left = 0
  self.owner:drop(self)
end

Fault.__close = Fault.remove

function Fault:__tostring()
  local state = self.left > 0 and "under way" or "over"
  return ("fault %s (%s, %d struck)"):format(self.kind, state, self.hits)
end

local function concerns(self, request, route, template)
  local spec = self.spec
  if self.definition.server then return false end
  if self.definition.streams and not (route and route.streams) then return false end
  if spec.method and spec.method ~= request.method then return false end
  if spec.path and not request.path:find(spec.path) then return false end
  if spec.device then
    local ref = request.params and request.params.device
    if not ref or ref ~= self.device.id and ref ~= self.device.name then return false end
  end
  if not spec.route then return true end
  local wanted, path = options.shape(spec.route), template and options.shape(template)
  return path ~= nil and (path == wanted or request.method .. " " .. path == wanted)
end

local function dice_fall(spec)
  return not spec.probability or (spec.random or math.random)() < spec.probability
end

local function count_hit(self)
  self.hits, self.left = self.hits + 1, self.left - 1
  if self.left <= 0 then self.owner:drop(self) end
end

-- All of them -----------------------------------------------------------------------------------------

---@class particle.simulator.Faults
---@field private cloud particle.simulator.Cloud
---@field private list particle.simulator.Fault[]  oldest first
---@field private service particle.simulator.Service?
local Faults = {}
Faults.__index = Faults

---@param cloud particle.simulator.Cloud
---@return particle.simulator.Faults
function faults.new(cloud) return setmetatable({ cloud = cloud, list = {} }, Faults) end

local function find_device(devices, ref)
  local found = devices:by_identifier(ref) or devices:first(function(device) return device.name == ref end)
  if found then return found end
  local names = {}
  for i, device in ipairs(devices:all(function() return true end)) do names[i] = device.name end
  check.raise(("fault: there is no device %q%s"):format(ref, suggest.hint(ref, names)))
end

-- Connections are refused by the service, which a cloud has only later.
local function refuse(self, fault)
  if not self.service then return end
  self.service:refuse(fault)
  if fault.spec.seconds then self.service:later(fault.spec.seconds, fault.remove, fault) end
end

---@param given particle.simulator.FaultSpec
---@return particle.simulator.Fault
function Faults:add(given)
  local spec, kind = options.check(given)
  local fault = setmetatable({
    kind = spec.kind, hits = 0, spec = spec, definition = kind, owner = self,
    left = (spec.n == "ever" or kind.server) and math.huge or spec.n,
    device = spec.device and find_device(self.cloud.devices, spec.device),
  }, Fault)
  self.list[#self.list + 1] = fault
  if kind.server then refuse(self, fault) end
  return fault
end

--- Gives it the service that refuses connections.
---@param service particle.simulator.Service
function Faults:attach(service)
  self.service = service
  for _, fault in ipairs(self.list) do
    if fault.definition.server then refuse(self, fault) end
  end
end

--- Strikes it off.
---@param fault particle.simulator.Fault
function Faults:drop(fault)
  for i, other in ipairs(self.list) do
    if other == fault then table.remove(self.list, i) break end
  end
  if fault.definition.server and self.service then self.service:accept(fault) end
end

--- The fault that strikes a request, if one does.
---@param request particle.simulator.Request
---@param route particle.simulator.Route?
---@param entry particle.simulator.Entry
---@return particle.simulator.Fault?
function Faults:strike(request, route, entry)
  for _, fault in ipairs(self.list) do
    if concerns(fault, request, route, entry.route) and dice_fall(fault.spec) then
      count_hit(fault)
      return fault
    end
  end
end

--- The reply to a request that a fault has struck. May wait: to be called in a task.
---@param fault particle.simulator.Fault
---@param request particle.simulator.Request
---@param handle fun(): particle.simulator.Reply  lets the cloud answer in earnest; must not run twice
---@return particle.simulator.Reply
function Faults:answer(fault, request, handle)
  local spec = fault.spec
  if spec.delay and not spec.after then scheduler.sleep(spec.delay) end
  local reply = fault.definition.answer(spec, request, handle, self.cloud)
  if spec.delay and spec.after then scheduler.sleep(spec.delay) end
  return reply
end

return faults
