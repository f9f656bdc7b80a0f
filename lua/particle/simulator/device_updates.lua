-- Routes: PUT on a device: rename, notes, signal, flash. The body decides which of them it is.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local events = require("particle.simulator.events")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")

local function signal(device, value)
  local text = tostring(value)
  if text ~= "1" and text ~= "0" then return errors.bad_signal end
  if not device.online then return errors.signal_timed_out end
  device.signaling = text == "1"
  return reply.json(200, reply.object("id", device.id, "connected", true, "signaling", device.signaling))
end

-- The device's own part: it is done when the reply goes out.
local function install(cloud, device, field, value)
  events.report(cloud, device, "spark/flash/status", "started")
  if device.flash_result == "success" then device[field] = value end
  events.report(cloud, device, "spark/flash/status", device.flash_result)
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
  install(cloud, device, "firmware", file.data)
  if is_binary(request, file) then return flash_started(device) end
  return reply.json(200, reply.object("ok", true, "message", "Update started"))
end

local function flash_app(cloud, device, app)
  if type(app) ~= "string" then return errors.bad_field("app", "a string") end
  if not device.online then return errors.flash_timed_out end
  install(cloud, device, "app", app)
  return flash_started(device)
end

local function is_name(value) return type(value) == "string" and value ~= "" end
local function is_note(value) return type(value) == "string" or value == core.null end

-- Fields that are kept as they come, in the order in which the reply shows them.
local FIELDS = {
  { name = "name", fits = is_name, expected = "a string that is not empty" },
  { name = "notes", fits = is_note, expected = "a string or null" },
}

local function change(cloud, device, fields)
  local members, count = { "id", device.id }, 2
  for _, field in ipairs(FIELDS) do
    local value = fields[field.name]
    if value ~= nil then
      if not field.fits(value) then return errors.bad_field(field.name, field.expected) end
      members[count + 1], members[count + 2] = field.name, value
      count = count + 2
    end
  end
  if count == 2 then return errors.nothing_to_change end
  for i = 3, count, 2 do
    local value = members[i + 1]
    device[members[i]] = value ~= core.null and value or nil
  end
  members[count + 1], members[count + 2] = "updated_at", iso.format(cloud.clock())
  return reply.json(200, reply.object(table.unpack(members, 1, count + 2)))
end

local function update(cloud, request)
  local device, refusal = access.device(cloud, request)
  if not device then return refusal end
  local fields = request.fields
  if request.files then return flash_file(cloud, device, request) end
  local app = fields.app or fields.app_id
  if app ~= nil then return flash_app(cloud, device, app) end
  if fields.signal ~= nil then return signal(device, fields.signal) end
  return change(cloud, device, fields)
end

return {
  { "PUT", access.paths(""), update },
}
