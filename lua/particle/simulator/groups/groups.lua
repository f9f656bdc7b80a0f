-- Routes: the device groups of a product.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local lists = require("particle.simulator.lists")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local resource = require("particle.simulator.resource")

local function devices_of(cloud, product, group)
  return cloud.devices:all(function(device)
    return device.product == product and lists.index_of(device.groups, group) ~= nil
  end)
end

local function take_off(device, group)
  local kept = core.array {}
  for _, name in ipairs(device.groups) do
    if name ~= group then kept[#kept + 1] = name end
  end
  device.groups = kept
end

local function put_into(device, group)
  if not lists.index_of(device.groups, group) then device.groups[#device.groups + 1] = group end
end

local NAME = "lowercase letters, digits, dashes and underscores"

local groups = {
  kind = "groups", paths = { "/v1/products/{product}/groups" }, param = "group", key = "name",
  one = "group", body = "", many = "groups", missing = errors.failed(404, "Group not found."),
  fields = {
    { "name", "text", required = true, pattern = "^[%l%d_-]+$", expected = NAME },
    { "color", "text", pattern = "^#%x%x%x%x%x%x$", expected = "a colour such as #34495e" },
    { "description", "string" },
  },
}

function groups.view(group, context)
  local count = #devices_of(context.cloud, context.owner.product, group.name)
  return reply.pick(group, { "name", "description", "color", "fw_version" }, "device_count", count)
end

local function complete(group)
  group.color, group.description = group.color or "#34495e", group.description or ""
end

-- Puts another name, or none, where firmware was released to a group.
local function replace_in_releases(context, name, new_name)
  for _, version in ipairs(context.cloud.store:of("product_firmware", context.owner.key).list) do
    local i = lists.index_of(version.groups, name)
    if i and new_name then version.groups[i] = new_name elseif i then table.remove(version.groups, i) end
  end
end

local function rename(group, context, changes)
  local name = group.name
  if next(changes) == nil then return errors.nothing_to_change end
  if changes.name and changes.name ~= name then
    if context.table:get(changes.name) then return errors.taken("name") end
    for _, device in ipairs(devices_of(context.cloud, context.owner.product, name)) do
      device.groups[lists.index_of(device.groups, name)] = changes.name
    end
    context.table:rename(name, changes.name)
    replace_in_releases(context, name, changes.name)
  end
  for field, value in pairs(changes) do group[field] = value end
end

local function empty(group, context)
  replace_in_releases(context, group.name, nil)
  for _, device in ipairs(devices_of(context.cloud, context.owner.product, group.name)) do
    take_off(device, group.name)
  end
end

groups.verbs = {
  list = { scope = "groups:list", filter = function(group, query)
    return not query.name or group.name:find(query.name, 1, true)
  end },
  create = { scope = "groups:create", run = complete },
  get = { scope = "groups:get" },
  update = { scope = "groups:update", run = rename },
  delete = { scope = "groups:remove", run = empty },
}

local BATCH = {
  { "action", "text", required = true, one_of = { "groups" } },
  { "devices", "texts", required = true },
  { "metadata", "object", required = true },
}

local function names_in(metadata, key) return type(metadata[key]) == "table" and metadata[key] or {} end

local function assign(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local values
  values, refusal = fields.read(request.fields, BATCH)
  if not values then return refusal end
  local known = cloud.store:of("groups", "product " .. product)
  for _, id in ipairs(values.devices) do
    local device = cloud.devices:by_identifier(id)
    if not device or device.product ~= product then return errors.permission_denied end
  end
  for _, name in ipairs(names_in(values.metadata, "add")) do
    if type(name) ~= "string" or not known:get(name) then return groups.missing end
  end
  for _, id in ipairs(values.devices) do
    local device = cloud.devices:by_identifier(id)
    for _, name in ipairs(names_in(values.metadata, "add")) do put_into(device, name) end
    for _, name in ipairs(names_in(values.metadata, "remove")) do take_off(device, name) end
  end
  return reply.json(200, reply.object("ok", true))
end

-- Which devices would get another firmware.
local function impact(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local version = requests.integer(request.query.firmware_version)
  if request.query.action ~= "edit_groups_for_firmware" then
    return errors.bad_field("action", "edit_groups_for_firmware")
  end
  if not version then return errors.bad_field("firmware_version", "an integer") end
  local names, is_default = requests.list(request, "groups") or {}, request.query.product_default == "true"
  local counts, versions, total = {}, {}, 0
  for _, device in ipairs(cloud.devices:all(function(one) return one.product == product end)) do
    local from = device.firmware_version
    if from ~= version and (is_default or lists.overlap(device.groups, names)) then
      if not counts[from] then versions[#versions + 1] = from end
      counts[from], total = (counts[from] or 0) + 1, total + 1
    end
  end
  table.sort(versions)
  for i, from in ipairs(versions) do versions[i] = reply.object("version", from, "total", counts[from]) end
  return reply.json(200, reply.object("devices", reply.object("firmware_update",
    reply.object("total", total, "by_version", reply.array(versions)))))
end

return resource.routes(groups, {
  { "PUT", "/v1/products/{product}/devices", assign, scope = "devices:update" },
  { "GET", "/v1/products/{product}/impact", impact, scope = "groups.impact:get" },
})
