-- Routes: where devices of a product are: what they said last in events named "loc", as trackers do.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local lists = require("particle.simulator.lists")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local PER_PAGE, MOST = 20, 100

-- The points of a product's devices, by device, oldest first.
local function points(cloud, product)
  local found = {}
  for _, event in ipairs(cloud.events:list()) do
    if event.name == "loc" and event.product == product and event.coreid and event.data then
      local data = core.decode(event.data)
      local loc = type(data) == "table" and (data.loc or data)
      if type(loc) == "table" and tonumber(loc.lat) and tonumber(loc.lon) then
        local list = found[event.coreid] or {}
        found[event.coreid] = list
        list[#list + 1] = { time = event.published_at, seconds = iso.parse(event.published_at), loc = loc }
      end
    end
  end
  return found
end

local function corner(text)
  local lat, lon = (text or ""):match("^([%d.+-]+),([%d.+-]+)$")
  return tonumber(lat), tonumber(lon)
end

-- A test of points by the query | nil, refusal.
local function filter(query)
  local from, to = (query.date_range or ""):match("^([^,]+),([^,]+)$")
  from, to = from and iso.parse(from), to and iso.parse(to)
  if query.date_range and not (from and to) then
    return nil, errors.bad_field("date_range", "two ISO 8601 instants joined by a comma")
  end
  local south, west = corner(query.rect_bl)
  local north, east = corner(query.rect_tr)
  if (query.rect_bl or query.rect_tr) and not (south and north and west and east) then
    return nil, errors.bad_field("rect_bl and rect_tr", "lat,lon")
  end
  return function(point)
    local lat, lon = tonumber(point.loc.lat), tonumber(point.loc.lon)
    return (not from or point.seconds >= from and point.seconds <= to)
      and (not south or lat >= south and lat <= north and lon >= west and lon <= east)
  end
end

local function coordinates(point) return reply.array { tonumber(point.loc.lon), tonumber(point.loc.lat) } end

local function geometry(list)
  if #list == 1 then return reply.object("type", "Point", "coordinates", coordinates(list[1])) end
  local line = {}
  for i, point in ipairs(list) do line[i] = coordinates(point) end
  return reply.object("type", "LineString", "coordinates", reply.array(line))
end

-- One device's place now, or its way where a range of dates was asked for.
local function view(device, list, query, in_detail)
  if not query.date_range then list = { list[#list] } end
  local times, properties = {}, {}
  for i, point in ipairs(list) do
    times[i], properties[i] = point.time, reply.value(point.loc)
  end
  return reply.object("device_id", device.id, "product_id", device.product, "device_name", device.name,
    "groups", reply.array(device.groups), "gps_lock", true, "last_heard", iso.format(device.last_heard),
    "timestamps", reply.array(times), "online", device.online, "geometry", geometry(list),
    "properties", in_detail and reply.array(properties) or nil)
end

local function chosen(list, fits)
  local kept = {}
  for _, point in ipairs(list or {}) do
    if fits(point) then kept[#kept + 1] = point end
  end
  return kept
end

local function starts(text, prefix) return not prefix or text:sub(1, #prefix) == prefix end

-- The views of the devices that the query asks for | nil, refusal.
local function found(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return nil, refusal end
  local query = request.query
  local fits
  fits, refusal = filter(query)
  if not fits then return nil, refusal end
  local known, groups, list = points(cloud, product), requests.list(request, "groups"), {}
  for _, device in ipairs(cloud.devices:all(function(one) return one.product == product end)) do
    local own = chosen(known[device.id], fits)
    if own[1] and starts(device.id, query.device_id) and starts(device.name, query.device_name)
      and (not groups or lists.overlap(device.groups, groups)) then
      list[#list + 1] = view(device, own, query)
    end
  end
  return list
end

local function list(cloud, request)
  local views, refusal = found(cloud, request)
  if not views then return refusal end
  local page = pages.cut(views, request.query, PER_PAGE, MOST)
  return reply.json(200, reply.object("locations", reply.array(page.items),
    "meta", reply.object("page", page.page, "per_page", page.size, "total_pages", page.pages,
      "devices_found", page.total)))
end

local function fleet(cloud, request)
  local views, refusal = found(cloud, request)
  if not views then return refusal end
  return reply.json(200, reply.object("locations", reply.array(views)))
end

local function get(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  local fits
  fits, refusal = filter(request.query)
  if not fits then return refusal end
  local own = chosen(points(cloud, device.product)[device.id], fits)
  if not own[1] then return errors.failed(404, "No location found") end
  return reply.json(200,
    reply.object("location", view(device, own, request.query, true), "meta", reply.object()))
end

return {
  { "GET", "/v1/products/{product}/locations", list, scope = "locations:get" },
  { "GET", "/v1/products/{product}/locations/{device}", get, scope = "locations:get" },
  { "GET", "/v1/products/{product}/fleet_locations", fleet, scope = "locations:get" },
}
