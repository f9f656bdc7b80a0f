-- Routes: PUT on a device: rename, notes, groups, signal, flash ... The body decides which of them it is.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local firmware = require("particle.simulator.firmware")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")

local function signal(device, value)
  local text = tostring(value)
  if text ~= "1" and text ~= "0" then return errors.bad_signal end
  if not device.online then return errors.signal_timed_out end
  device.signaling = text == "1"
  return reply.json(200, reply.object("id", device.id, "connected", true, "signaling", device.signaling))
end

local function flash_started(device)
  return reply.json(200, reply.object("id", device.id, "status", "Update started"))
end

local function is_binary(request, file)
  local extension = file.filename:lower():match("%.(%w+)$")
  return request.fields.file_type == "binary" or extension == "bin" or extension == "zip"
end

local function flash_file(cloud, device, request)
  local file = request.files[1]
  if not file then return errors.no_file end
  if not device.online then return errors.flash_timed_out end
  if is_binary(request, file) then
    firmware.install(cloud, device, { firmware = file.data })
    return flash_started(device)
  end
  local binary, problem = firmware.compile(cloud, request.files)
  if not binary then
    return reply.json(200, reply.object("ok", false, "output", problem.output, "stdout", problem.stdout,
      "errors", reply.array(problem.errors)))
  end
  firmware.install(cloud, device, { firmware = file.data })
  return reply.json(200, reply.object("ok", true, "message", "Update started"))
end

local function flash_app(cloud, device, app)
  if type(app) ~= "string" then return errors.bad_field("app", "a string") end
  if not device.online then return errors.flash_timed_out end
  firmware.install(cloud, device, { app = app })
  return flash_started(device)
end

-- Fields that are kept as they come, in the order in which the reply shows them.
local FIELDS = {
  { "name", "text" },
  { "notes", "string", nullable = true, expected = "a string or null" },
  { "firmware_updates_forced", "boolean" },
  { "product_id", "integer" },
}
local PRODUCT_FIELDS = table.move(FIELDS, 1, 3, 1, {})
table.move({
  { "development", "boolean" },
  { "desired_firmware_version", "integer", nullable = true, expected = "an integer or null" },
  { "groups", "texts" },
}, 1, 3, 4, PRODUCT_FIELDS)

local function moves_to_unknown_product(cloud, request, id)
  local product = id and cloud.products:find(id)
  return id and not (product and product.team:has(request.user))
end

-- Unknown groups come into being.
local function create_groups(cloud, product, names)
  local groups = cloud.store:of("groups", "product " .. product)
  for _, name in ipairs(names) do
    if not groups:get(name) then groups:add(name, { name = name, description = "", color = "#34495e" }) end
  end
end

local function change(cloud, device, request)
  local rules = request.params.product and PRODUCT_FIELDS or FIELDS
  local given = request.fields
  if given.desired_firmware_version == "null" then given.desired_firmware_version = core.null end
  local values, refusal = fields.read(given, rules)
  if not values then return refusal end
  if next(values) == nil then return errors.nothing_to_change end
  if moves_to_unknown_product(cloud, request, values.product_id) then return errors.product_unknown end
  if values.groups then create_groups(cloud, device.product, values.groups) end
  local names = { "id" }
  for i, rule in ipairs(rules) do names[i + 1] = rule[1] end
  values.id = device.id
  local answer = reply.json(200, reply.pick(values, names, "updated_at", iso.format(cloud.clock())))
  for name, value in pairs(values) do
    if value == core.null then value = nil end
    device[name == "product_id" and "product" or name] = value
  end
  if request.params.product and (given.flash == true or given.flash == "true") then
    firmware.install_locked(cloud, device)
  end
  return answer
end

local function update(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  local given = request.fields
  if request.files then return flash_file(cloud, device, request) end
  local app = given.app or given.app_id
  if app ~= nil then return flash_app(cloud, device, app) end
  if given.signal ~= nil then return signal(device, given.signal) end
  return change(cloud, device, request)
end

return {
  { "PUT", access.paths(""), update, scope = "devices:update" },
}
