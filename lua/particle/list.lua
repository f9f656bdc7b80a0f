-- Lists of devices: pages, filters, and the search for one name in a product.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local countdown = require("particle.countdown")
local failure = require("particle.failure")
local options = require("particle.options")
local rules = require("particle.rules")

local check_part = core.check_part

local list = {}

local PER_PAGE = 100

---@class particle.DeviceFilter
---@field product? integer|string|false  list this product (false: the account in spite of the api's product)
---@field name? string                   exactly this name
---@field online? boolean                online, or offline
---@field platform_id? integer           such as 32, Photon 2
---@field device_id? string              product only: part of the id
---@field device_name? string            product only: part of the name
---@field serial_number? string          product only: part of the serial number
---@field groups? string|string[]        product only: full names of groups
---@field sort_attr? "deviceName"|"deviceId"|"firmwareVersion"|"lastConnection"  product only
---@field sort_dir? "asc"|"desc"         product only
---@field quarantined? boolean           product only

local TEXT = rules.TEXT

local FILTERS = {
  product = rules.SCOPE,
  name = TEXT,
  online = rules.FLAG,
  platform_id = rules.rule("an integer", function(value) return math.type(value) == "integer" end),
  device_id = TEXT,
  device_name = TEXT,
  serial_number = TEXT,
  groups = rules.rule("a group's name or a list of them", function(value)
    return type(value) == "string" or type(value) == "table"
  end),
  sort_attr = TEXT,
  sort_dir = rules.one_of("asc", "desc"),
  quarantined = rules.FLAG,
}

-- Those that the cloud itself applies, by their names on the wire.
local WIRE = {
  device_id = "deviceId", device_name = "deviceName", serial_number = "serialNumber", groups = "groups",
  sort_attr = "sortAttr", sort_dir = "sortDir", quarantined = "quarantined",
}

--- Raises unless the filter is one.
---@param filter any
function list.check(filter)
  rules.check(filter, FILTERS, "devices")
end

local function is_array(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function matches(record, filter)
  return (filter.name == nil or record.name == filter.name)
    and (filter.online == nil or (record.online or record.connected or false) == filter.online)
    and (filter.platform_id == nil or record.platform_id == filter.platform_id)
end

-- Appends handles for those records that pass; false when a record is none.
local function collect(api, product, records, filter, handles)
  local count, filtered, new = #handles, next(filter) ~= nil, core.device
  for i = 1, #records do
    local record = records[i]
    local id = type(record) == "table" and record.id
    if type(id) ~= "string" or check_part(id) then return false end
    if not filtered or matches(record, filter) then
      count = count + 1
      handles[count] = new(api, id, product, record)
    end
  end
  return true
end

-- A device may move to a later page between two requests.
local function without_repeats(handles)
  local seen, kept = {}, {}
  for _, handle in ipairs(handles) do
    if not seen[handle.id] then kept[#kept + 1] = handle end
    seen[handle.id] = true
  end
  return kept
end

local function get(state, request, opts)
  if opts ~= nil then options.apply(request, opts, "devices") end
  return state.send(request)
end

local function of_account(api, state, filter, opts)
  for name in pairs(filter) do
    if WIRE[name] then check.raise(("devices: the filter %s needs a product"):format(name)) end
  end
  local request = {
    method = "GET", path = { "v1", "devices" }, idempotent = true, operation = "devices.list",
  }
  local reply, err = get(state, request, opts)
  if reply == nil then return nil, err end
  local handles = {}
  if not is_array(reply) or not collect(api, nil, reply, filter, handles) then
    return failure.protocol(state, request, "the reply is no list of devices", reply)
  end
  return handles
end

local function page_query(filter, page)
  local query = { page = page, per_page = PER_PAGE }
  for name, wire in pairs(WIRE) do query[wire] = filter[name] end
  if type(filter.groups) == "table" then query.groups = table.concat(filter.groups, ",") end
  if filter.name and not filter.device_name then query.deviceName = filter.name end
  return query
end

local function is_last(reply, page)
  local meta = reply.meta
  local pages = type(meta) == "table" and meta.total_pages
  return #reply.devices == 0 or type(pages) ~= "number" or page >= pages
end

local function of_product(api, state, product, filter, opts)
  local handles, page, time = {}, 0, countdown.new(state, opts) -- a list without end has a deadline
  repeat
    page = page + 1
    local request = {
      method = "GET", path = { "v1", "products", product, "devices" }, query = page_query(filter, page),
      idempotent = true, operation = "devices.list",
    }
    if opts ~= nil then options.apply(request, opts, "devices") end
    local reply, err = time:send(state.send, request)
    if reply == nil then return nil, err end
    if type(reply) ~= "table" or not is_array(reply.devices)
      or not collect(api, product, reply.devices, filter, handles) then
      return failure.protocol(state, request, "the reply is no page of devices", reply)
    end
  until is_last(reply, page)
  return without_repeats(handles)
end

--- Handles for all devices that pass the filter (`devices.list`).
---@param api particle.Api
---@param state table
---@param product? integer|string  nil: the account's
---@param filter particle.DeviceFilter
---@param opts? particle.CallOptions
---@return particle.Device[]?
---@return particle.Error?
function list.devices(api, state, product, filter, opts)
  if product == nil then return of_account(api, state, filter, opts) end
  return of_product(api, state, product, filter, opts)
end

--- The one device of a product that has this name: product paths take ids only.
---@param api particle.Api
---@param state table
---@param product integer|string
---@param name string
---@param opts? particle.CallOptions
---@return particle.Device?
---@return particle.Error?
function list.find(api, state, product, name, opts)
  local found, err = of_product(api, state, product, { name = name }, opts)
  if not found then return nil, err end
  if #found == 1 then return found[1] end
  local request = { method = "GET", path = { "v1", "products", product, "devices" } }
  if #found == 0 then
    local message = ("product %s has no device named %s"):format(product, name)
    return failure.unsent(state, request, "not_found", message)
  end
  local message = ("product %s has %d devices named %s: use an id"):format(product, #found, name)
  return failure.unsent(state, request, "bad_request", message)
end

--- See `api:devices`, for which the group of that name may be called.
---@param _ table
---@param api particle.Api
---@param filter? particle.DeviceFilter
---@param opts? particle.CallOptions
---@return particle.Device[]?
---@return particle.Error?
function list.of_api(_, api, filter, opts)
  check.receiver(api, "api", "devices")
  local state = check.open(api)
  if filter ~= nil then list.check(filter) end
  local product = address.product(state, filter and filter.product)
  return list.devices(api, state, product, filter or {}, opts)
end

return list
