-- Routes: documents of Linux devices, protection, backups, eSIM profiles.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local ids = require("particle.simulator.ids")
local reply = require("particle.simulator.reply")

local function with_device(handle)
  return function(cloud, request)
    local device, refusal
    if request.params.org then
      local named
      named, refusal = access.org(cloud, request)
      device = named and named.device
    else
      device, refusal = access.device(cloud, request)
    end
    if not device then return refusal end
    return handle(device, request, cloud)
  end
end

-- Documents -------------------------------------------------------------------------------------------

local UNKNOWN = errors.failed(404, "Document not found")

local function documents_of(device)
  device.documents = device.documents or {}
  return device.documents
end

local function get_document(device, request)
  local document = documents_of(device)[request.params.document]
  if not document then return UNKNOWN end
  return reply.json(200, reply.object("data", reply.value(document)))
end

-- The holder of what a path names, made where it is missing, and the last key.
local function walk(document, path)
  local holder = document
  for i = 1, #path - 1 do
    local key = path[i]
    if type(holder[key]) ~= "table" then holder[key] = {} end
    holder = holder[key]
  end
  return holder, path[#path]
end

local function has_all(item, predicate)
  if type(item) ~= "table" then return false end
  for name, value in pairs(predicate) do
    if item[name] ~= value then return false end
  end
  return true
end

-- Takes out of a list what the function says.
local function kept(list, is_dropped)
  local rest = core.array {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if not is_dropped(item) then rest[#rest + 1] = item end
  end
  return rest
end

local ACTIONS = {}

function ACTIONS.upsert(holder, name, values)
  local key, value = values.key, values.value
  if not key then
    holder[name] = value
    return
  end
  holder[name] = kept(holder[name], function(item)
    return type(item) == "table" and item[key] == value[key]
  end)
  table.insert(holder[name], value)
end

function ACTIONS.remove(holder, name, values)
  if not values.predicate then
    holder[name] = nil
    return
  end
  holder[name] = kept(holder[name], function(item) return has_all(item, values.predicate) end)
end

local PATCH = {
  { "action", "text", required = true, one_of = { "upsert", "remove" } },
  { "path", "texts", required = true },
  { "key", "text" }, { "value", "object" }, { "predicate", "object" },
}

local function patch_document(device, request)
  local values, refusal = fields.read(request.fields, PATCH)
  if not values then return refusal end
  if #values.path == 0 then return errors.bad_field("path", "a list that is not empty") end
  if values.action == "upsert" and not values.value then return errors.missing_field("value") end
  local documents, name = documents_of(device), request.params.document
  documents[name] = documents[name] or { features = {} }
  local holder, key = walk(documents[name], values.path)
  ACTIONS[values.action](holder, key, values)
  return reply.json(200, reply.object("data", reply.value(documents[name])))
end

-- Protection ------------------------------------------------------------------------------------------

local CONFIRMATION = {
  { "server_nonce", "text", required = true }, { "device_nonce", "text", required = true },
  { "device_signature", "text", required = true },
    { "device_public_key_fingerprint", "text", required = true },
}

local function unprotect(device, request, cloud)
  local action = request.fields.action
  if action == "prepare" then
    device.server_nonce = cloud.random:base64(44)
    return reply.json(200, reply.object("ok", true, "server_nonce", device.server_nonce))
  end
  if action ~= "confirm" then return errors.bad_field("action", "prepare or confirm") end
  local values, refusal = fields.read(request.fields, CONFIRMATION)
  if not values then return refusal end
  if values.server_nonce ~= device.server_nonce then
    return errors.failed(400, "server_nonce is not the one that was prepared")
  end
  device.server_nonce, device.is_unprotected = nil, true
  return reply.json(200, reply.object("ok", true, "server_signature", ids.of("signature " .. device.id, 64)))
end

-- Others ----------------------------------------------------------------------------------------------

local function download_backup(device)
  return reply.binary(("backup of %s\n%s"):format(device.id, device.firmware or ""), "backup.zip")
end

local COUNTRY = { { "country", "text", required = true, pattern = "^%u%u$",
  expected = "two capital letters" } }

local function set_esim_country(device, request)
  local values, refusal = fields.read(request.fields, COUNTRY)
  if not values then return refusal end
  device.esim_country = values.country
  return reply.json(200, reply.object("device_id", device.id, "country", values.country,
    "iccid", device.iccid, "status", "pending"))
end

local PRODUCT = "/v1/products/{product}/devices/{device}"
local DOCUMENT = PRODUCT .. "/docs/{document}"

return {
  { "GET", DOCUMENT, with_device(get_document) },
  { "PATCH", DOCUMENT, with_device(patch_document) },
  { "PUT", { "/v1/devices/{device}/unprotect", PRODUCT .. "/unprotect",
    "/v1/orgs/{org}/devices/{device}/unprotect" },
    with_device(unprotect) },
  { "PUT", "/v1/devices/{device}/backup_files", with_device(download_backup) },
  { "PUT", PRODUCT .. "/target_profile", with_device(set_esim_country) },
}
