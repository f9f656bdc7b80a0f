-- What an event stream is to carry: whose events, and of which name.

---@class particle.simulator.Subscription
---@field scope "public"|"mine"|"device"|"product"|"org"
---@field user particle.simulator.User    who asked
---@field path string                     of the request, without its query
---@field prefix string                   of the events' names; "": all
---@field device particle.simulator.Device?
---@field product integer?
---@field org string?
---@field products table<integer, true>?  of the organization
local Subscription = {}
Subscription.__index = Subscription

local subscription = {}

---@param fields table  a `particle.simulator.Subscription`
---@return particle.simulator.Subscription
function subscription.new(fields)
  return setmetatable(fields, Subscription)
end

local function is_of_device(self, event)
  if self.device == nil then return true end
  return event.coreid == self.device.id
end

local IN_SCOPE = {
  public = function(self, event) return not event.private or event.user == self.user.username end,
  mine = function(self, event) return event.user == self.user.username end,
  device = function(self, event) return is_of_device(self, event) and event.user == self.user.username end,
  product = function(self, event) return event.product == self.product and is_of_device(self, event) end,
  org = function(self, event)
    return self.products[event.product or false] ~= nil and is_of_device(self, event)
      and (self.product == nil or event.product == self.product)
  end,
}

--- Whether the stream carries the event.
---@param event particle.simulator.Event
---@return boolean
function Subscription:wants(event)
  return event.name:sub(1, #self.prefix) == self.prefix and IN_SCOPE[self.scope](self, event)
end

--- Whether the stream tells what only a product's team may know.
---@return boolean
function Subscription:is_of_product() return self.scope == "product" or self.scope == "org" end

return subscription
