-- Routes: publishing. Events are kept for `sim:events()`, the last thousand of them.

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
---@field private boolean
---@field ttl integer           seconds
---@field published_at string   ISO 8601
---@field coreid string?        the device that published it; nil: it came through the API
---@field user string?          whose event it is

--- Publishes.
---@param cloud particle.simulator.Cloud
---@param event table  a `particle.simulator.Event` without its time; all but the name may be missing
function events.publish(cloud, event)
  cloud.events:add {
    name = event.name, data = event.data, private = event.private or false, ttl = event.ttl or DEFAULT_TTL,
    published_at = iso.format(cloud.clock()), coreid = event.coreid, user = event.user,
  }
end

local function publish(cloud, request)
  if request.params.product then
    local product, refusal = access.product(cloud, request)
    if not product then return refusal end
  end
  local fields = request.fields
  local name = requests.text(fields.name)
  if not name or name == "" then return errors.bad_field("name", "the name of an event") end
  local ttl = requests.integer(fields.ttl)
  if requests.text(fields.ttl) and not ttl then return errors.bad_field("ttl", "a number of seconds") end
  events.publish(cloud, {
    name = name, data = requests.text(fields.data), private = requests.text(fields.private) == "true",
    ttl = ttl, user = request.user.username,
  })
  return reply.json(200, reply.object("ok", true))
end

local function refuse_firehose() return errors.no_prefix end

events.routes = {
  { "POST", { "/v1/devices/events", "/v1/products/{product}/events" }, publish },
  { "GET", "/v1/events", refuse_firehose },
}

return events
