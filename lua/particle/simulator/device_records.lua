-- Routes: the lists of devices, one device's record, unclaiming.

local access = require("particle.simulator.access")
local lists = require("particle.simulator.lists")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local PER_PAGE = 25

local function by_handshake(a, b)
  if a.last_handshake_at ~= b.last_handshake_at then return a.last_handshake_at > b.last_handshake_at end
  return a.order < b.order
end

local function records(list, in_product)
  local items = {}
  for i, device in ipairs(list) do items[i] = device:record(false, in_product) end
  return reply.array(items)
end

local function list_account(cloud, request)
  local list = cloud.devices:all(function(device) return device.owner == request.user end)
  table.sort(list, by_handshake)
  return reply.json(200, records(list, false))
end

local function contains(text, part) return not part or text:find(part, 1, true) end

local SORT_KEYS = {
  deviceName = function(device) return device.name end,
  deviceId = function(device) return device.id end,
  lastConnection = function(device) return device.last_handshake_at end,
  firmwareVersion = function(device) return device.firmware_version end,
}

local function sort(list, query)
  local key = SORT_KEYS[query.sortAttr] or SORT_KEYS.lastConnection
  local is_ascending = query.sortDir == "asc"
  table.sort(list, function(a, b)
    local key_a, key_b = key(a), key(b)
    if key_a == key_b then return a.order < b.order end
    return (key_a < key_b) == is_ascending
  end)
end

local function is_as_asked(device, query, groups)
  return contains(device.id, query.deviceId) and contains(device.name, query.deviceName)
    and contains(device.serial_number, query.serialNumber)
    and (not groups or lists.overlap(device.groups, groups))
    and (not query.quarantined or tostring(device.quarantined) == query.quarantined)
end

-- The customers who own some of the devices.
local function owners(list)
  local items, seen = {}, {}
  for _, device in ipairs(list) do
    local owner = device.owner
    if owner and owner.customer_of and not seen[owner] then
      seen[owner] = true
      items[#items + 1] = reply.object("id", owner.id, "username", owner.username)
    end
  end
  return reply.array(items)
end

local function list_product(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local query, groups = request.query, requests.list(request, "groups")
  local list = cloud.devices:all(function(device)
    return device.product == product and is_as_asked(device, query, groups)
  end)
  sort(list, query)
  local page = pages.cut(list, query, PER_PAGE)
  return reply.json(200, reply.object("devices", records(page.items, true), "customers", owners(page.items),
    "meta", pages.meta(page)))
end

local function get(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  return reply.json(200, device:record(true, request.params.product ~= nil))
end

-- In a product the device stays, and with it the team's access.
local function unclaim(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  device.owner = nil
  return reply.json(200, reply.object("ok", true))
end

return {
  { "GET", "/v1/devices", list_account, scope = "devices:list" },
  { "GET", "/v1/products/{product}/devices", list_product, scope = "devices:list" },
  { "GET", access.paths(""), get, scope = "devices:get" },
  { "DELETE", { "/v1/devices/{device}", "/v1/products/{product}/devices/{device}/owner" }, unclaim,
    scope = "devices:release" },
}
