-- Publishing: what devices, the API and the cloud itself do. Events are kept for `sim:events()`, the last
-- thousand of them, and go to the streams that want them.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local events = {}

events.LIMIT = 1000
local DEFAULT_TTL = 60

---@class particle.simulator.Event
---@field name string
---@field data string?          nil: published without
---@field private boolean       for the account's own streams only
---@field ttl integer           seconds
---@field published_at string   ISO 8601
---@field coreid string?        the device that published it; nil: it came through the API
---@field user string?          whose event it is
---@field product integer?      whose fleet it comes from

--- Whether a text can be the name of an event: an empty one, or one with line breaks, cannot be streamed.
---@param text string?
---@return boolean
function events.is_name(text) return text ~= nil and text ~= "" and not text:find("[%z\r\n]") end

--- Publishes.
---@param cloud particle.simulator.Cloud
---@param event table  a `particle.simulator.Event` without its time; all but the name may be missing
function events.publish(cloud, event)
  local published = {
    name = event.name, data = event.data, private = event.private or false, ttl = event.ttl or DEFAULT_TTL,
    published_at = iso.format(cloud.clock()), coreid = event.coreid, user = event.user,
    product = event.product,
  }
  cloud.events:add(published)
  cloud.streams:deliver(published)
  for _, listener in pairs(cloud.listeners) do listener(cloud, published) end
end

--- Publishes from a device.
---@param cloud particle.simulator.Cloud
---@param device particle.simulator.Device
---@param event table  its `name`, `data`, `private`, `ttl`
function events.publish_from(cloud, device, event)
  events.publish(cloud, {
    name = event.name, data = event.data, private = event.private, ttl = event.ttl, coreid = device.id,
    user = device.owner and device.owner.username, product = device.product,
  })
end

--- What the platform itself tells of a device.
---@param cloud particle.simulator.Cloud
---@param device particle.simulator.Device
---@param name string  such as "spark/status"
---@param data string
function events.report(cloud, device, name, data)
  events.publish_from(cloud, device, { name = name, data = data, private = true })
end

local function publish(cloud, request)
  local product, refusal
  if request.params.product then
    product, refusal = access.product(cloud, request)
    if not product then return refusal end
  end
  local fields = request.fields
  local name = requests.text(fields.name)
  if not events.is_name(name) then return errors.bad_field("name", "the name of an event") end
  local ttl = requests.integer(fields.ttl)
  if requests.text(fields.ttl) and not ttl then return errors.bad_field("ttl", "a number of seconds") end
  events.publish(cloud, {
    name = name, data = requests.text(fields.data), private = requests.text(fields.private) == "true",
    ttl = ttl, user = request.user.username, product = product,
  })
  return reply.json(200, reply.object("ok", true))
end

events.routes = {
  { "POST", { "/v1/devices/events", "/v1/products/{product}/events" }, publish, scope = "events:send" },
}

return events
