-- Routes: the lists of devices, one device's record, unclaiming.

local access = require("particle.simulator.access")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local PER_PAGE = 25

local function by_handshake(a, b)
  if a.last_handshake_at ~= b.last_handshake_at then return a.last_handshake_at > b.last_handshake_at end
  return a.order < b.order
end

local function records(list, in_product, from, to)
  local items = {}
  for i = from or 1, math.min(to or #list, #list) do items[#items + 1] = list[i]:record(false, in_product) end
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

local function count_of(text, default)
  local count = requests.integer(text)
  return count and count >= 1 and count or default
end

local function list_product(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local query = request.query
  local list = cloud.devices:all(function(device)
    return device.product == product and contains(device.id, query.deviceId)
      and contains(device.name, query.deviceName) and contains(device.serial_number, query.serialNumber)
  end)
  sort(list, query)
  local page, size = count_of(query.page, 1), count_of(query.per_page or query.perPage, PER_PAGE)
  local pages = math.max(1, math.ceil(#list / size))
  return reply.json(200, reply.object(
    "devices", records(list, true, (page - 1) * size + 1, page * size),
    "customers", reply.array {},
    "meta", reply.object("total_pages", pages)))
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
  { "GET", "/v1/devices", list_account },
  { "GET", "/v1/products/{product}/devices", list_product },
  { "GET", access.paths(""), get },
  { "DELETE", { "/v1/devices/{device}", "/v1/products/{product}/devices/{device}/owner" }, unclaim },
}
