-- Routes: the firmware versions of a product, and their release.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local firmware = require("particle.simulator.firmware")
local iso = require("particle.simulator.iso")
local lists = require("particle.simulator.lists")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local resource = require("particle.simulator.resource")

local versions = {
  kind = "product_firmware", paths = { "/v1/products/{product}/firmware" }, param = "version",
    key = "version",
  key_of = requests.integer, missing = errors.failed(404, "Firmware version not found."),
  taken = errors.failed(400, "version already exists"),
  fields = { { "title", "string" }, { "description", "string" }, { "mandatory", "boolean" } },
}

local FIELDS = {
  { "version", "integer", required = true }, { "title", "text", required = true },
  { "description", "string" }, { "mandatory", "boolean" },
}

local ORDER = {
  "_id", "version", "title", "description", "name", "size", "product_default", "uploaded_on", "updated_at",
  "uploaded_by", "product_id", "mandatory", "groups", "intelligent",
}

function versions.view(version, context)
  local running = context.cloud.devices:all(function(device)
    return device.product == version.product_id and device.firmware_version == version.version
  end)
  return reply.pick(version, ORDER, "device_count", #running)
end

-- The binary is what the upload's file holds.
local function receive(version, context)
  local file = context.request.files and context.request.files[1]
  if not file then return errors.no_file end
  local values, refusal = fields.read(context.request.fields, FIELDS)
  if not values then return refusal end
  for name, value in pairs(values) do version[name] = value end
  version._id = context.cloud.store:id("firmware")
  version.description, version.mandatory = version.description or "", version.mandatory or false
  version.name, version.binary, version.size = file.filename, file.data, #file.data
  version.product_default, version.intelligent, version.groups = false, false, core.array {}
  version.uploaded_on, version.product_id = version.created_at, context.owner.product
  version.uploaded_by = { username = context.request.user.username }
end

local function keep_released(version)
  if version.product_default or #version.groups > 0 then
    return errors.failed(400, "A released firmware version cannot be deleted")
  end
end

versions.verbs = {
  list = { scope = "firmware:list" },
  create = { scope = "firmware:create", run = receive },
  get = { scope = "firmware:get" },
  update = { scope = "firmware:update" },
  delete = { scope = "firmware:remove", run = keep_released },
}

local function download(cloud, request)
  local context, version = resource.find(versions, cloud, request)
  if not context then return version end
  return reply.binary(version.binary, version.name)
end

local RELEASE = {
  { "version", "integer", required = true }, { "product_default", "boolean" }, { "groups", "texts" },
  { "intelligent", "boolean" },
}

-- A group, and those without one, have one release at a time.
local function release_to(context, version, values)
  local groups = context.cloud.store:of("groups", context.owner.key)
  for _, other in ipairs(context.table.list) do
    if values.product_default then other.product_default = false end
    for _, name in ipairs(values.groups or {}) do
      local i = lists.index_of(other.groups, name)
      if i then table.remove(other.groups, i) end
    end
  end
  if values.product_default then version.product_default = true end
  for _, name in ipairs(values.groups or {}) do
    version.groups[#version.groups + 1] = name
    groups:get(name).fw_version = version.version
  end
  version.intelligent = values.intelligent or false
end

local function is_meant(device, version)
  if device.desired_firmware_version or device.development then return false end
  if lists.overlap(device.groups, version.groups) then return true end
  return version.product_default and #device.groups == 0
end

-- Intelligent releases reach the devices at once, others when they start the next time.
local function install(cloud, product, version)
  for _, device in ipairs(cloud.devices:all(function(one) return one.product == product
    and one.online end)) do
    if is_meant(device, version) and device.firmware_version ~= version.version then
      firmware.install(cloud, device, { firmware = version.binary, firmware_version = version.version })
    end
  end
end

local function release(cloud, request)
  local owner, refusal = access.owner(cloud, request)
  if not owner then return refusal end
  local values
  values, refusal = fields.read(request.fields, RELEASE)
  if not values then return refusal end
  local context = { cloud = cloud, owner = owner, table = cloud.store:of(versions.kind, owner.key) }
  local version = context.table:get(values.version)
  if not version then return versions.missing end
  for _, name in ipairs(values.groups or {}) do
    if not cloud.store:of("groups", owner.key):get(name) then
      return errors.failed(404, "Group not found.")
    end
  end
  release_to(context, version, values)
  version.updated_at = iso.format(cloud.clock())
  if version.intelligent then install(cloud, owner.product, version) end
  return reply.json(200, versions.view(version, context))
end

return resource.routes(versions, {
  { "GET", "/v1/products/{product}/firmware/{version}/binary", download, scope = "firmware.binary:get" },
  { "PUT", "/v1/products/{product}/firmware/release", release, scope = "firmware:release" },
})
