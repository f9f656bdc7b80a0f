-- Where a device is: the path of it, or of something of it; and what replies tell of that.

local core = require("particle.core")

local address = {}

--- Of the cloud itself.
address.CLOUD = "https://api.particle.io"

local api_of, product_of, ref_of, record_of =
  core.device_api, core.device_product, core.device_ref, core.device_record

--- Whether the text is a device's id rather than a name.
---@param ref string
---@return boolean
function address.is_id(ref) return #ref == 24 and not ref:find("%X") end

--- The id of a device of a product: product paths take ids only, so a name is looked up once.
---@param device particle.Device
---@param product integer|string
---@param opts? particle.CallOptions  for that request
---@return string?
---@return particle.Error?
function address.id(device, product, opts)
  local ref = ref_of(device)
  if address.is_id(ref) then return ref end
  local api = api_of(device)
  local found, err = require("particle.list").find(api, core.state(api), product, ref, opts)
  if not found then return nil, err end
  ref_of(device, ref_of(found))
  record_of(device, record_of(found))
  return ref_of(device)
end

--- The path of a device, or of something of it, by what is known of the device: to be shown, not to be asked
--- for.
---@param device particle.Device
---@param part? string
---@return (string|integer)[]  raw parts
function address.known(device, part) return core.device_path(device, part) end

--- The path of a device, or of something of it. It may take a request to find it.
---@param device particle.Device
---@param part? string
---@param opts? particle.CallOptions  for that request
---@return (string|integer)[]?  raw parts; nil when a name could not be resolved
---@return particle.Error?
function address.of_device(device, part, opts)
  local product = product_of(device)
  if product ~= nil then
    local id, err = address.id(device, product, opts)
    if not id then return nil, err end
  end
  return address.known(device, part)
end

--- Remembers what a reply tells of a device; from then on it is addressed by its id.
---@param device particle.Device
---@param id any  nothing is remembered unless this is an id
---@param name any
---@param online any
function address.learn(device, id, name, online)
  if type(id) ~= "string" or not address.is_id(id) then return end
  local record, ref = record_of(device), ref_of(device)
  if record == nil then
    record = { name = not address.is_id(ref) and ref or nil }
    record_of(device, record)
  end
  record.id = id
  if type(name) == "string" then record.name = name end
  if type(online) == "boolean" then record.online = online end
  if ref ~= id then ref_of(device, id) end
end

return address
