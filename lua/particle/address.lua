-- Where a device is: the path of it, or of something of it; and what replies tell of that.

local core = require("particle.core")
local later = require("particle.later")

local address = {}

local countdown, failure = later.module("particle.countdown"), later.module("particle.failure")
local options = later.module("particle.options")

--- Of the cloud itself.
address.CLOUD = "https://api.particle.io"

local api_of, product_of, ref_of, record_of =
  core.device_api, core.device_product, core.device_ref, core.device_record

--- The product that a call is about: what the caller said (false: none), else the api's.
---@param state table  of the api
---@param given integer|string|false|nil
---@return integer|string|nil
function address.product(state, given)
  if given == nil then return state.options.product end
  return given or nil
end

--- Whether the text is a device's id rather than a name.
---@param ref string
---@return boolean
function address.is_id(ref) return #ref == 24 and not ref:find("%X") end

--- Whether it takes a request to find the device: product paths take ids only, so a name is looked up once.
---@param device particle.Device
---@return boolean
function address.is_unknown(device) return product_of(device) ~= nil and not address.is_id(ref_of(device)) end

local function learn_from(device, found, product)
  local id, state = ref_of(found), core.state(api_of(device))
  local request = { method = "GET", path = { "v1", "products", product, "devices" } }
  if not address.is_id(id) then
    return failure.protocol(state, request, "the device that was found has no id", id)
  end
  ref_of(device, id)
  record_of(device, record_of(found))
  if core.closed(state.api) then return failure.unsent(state, request, "closed", "the api was closed") end
  return id
end

--- The id of a device of a product.
---@param device particle.Device
---@param product integer|string
---@param time particle.Countdown  of the call, should it take a request
---@return string?
---@return particle.Error?
function address.id(device, product, time)
  local ref = ref_of(device)
  if address.is_id(ref) then return ref end
  local api = api_of(device)
  local found, err = require("particle.list").find(api, core.state(api), product, ref, time:options())
  local id
  if found then id, err = learn_from(device, found, product) end
  if not id then time:explain_unsent(err) end
  return id, err
end

--- Finds the device, where that takes a request.
---@param device particle.Device
---@param time particle.Countdown  of the call, should it take a request
---@return true?
---@return particle.Error?
function address.find(device, time)
  if not address.is_unknown(device) then return true end
  local id, err = address.id(device, product_of(device), time)
  if not id then return nil, err end
  return true
end

--- The path of a device, or of something of it, by what is known of the device: to be shown, not to be asked
--- for.
---@param device particle.Device
---@param part? string
---@return (string|integer)[]  raw parts
function address.known(device, part) return core.device_path(device, part) end

--- The path of a device, or of something of it, to be asked for.
---@param device particle.Device
---@param part? string
---@return (string|integer)[]?  raw parts; nil where the device must be found first
function address.of_device(device, part)
  if address.is_unknown(device) then return nil end
  return address.known(device, part)
end

--- Finds the device, and then lets `ask` do the call with what is left of its deadline.
---@param device particle.Device
---@param who string  the verb
---@param opts? particle.CallOptions  of the call
---@param ask fun(device: particle.Device, rest: particle.CallOptions, ...): any, any
---@param ... any  for `ask`
---@return any, any  what `ask` returned; nil and the error where the device was not found
function address.find_first(device, who, opts, ask, ...)
  if opts ~= nil then options.check_call(opts, who) end
  local time = countdown.new(core.state(api_of(device)), opts)
  local found, err = address.find(device, time)
  if not found then return nil, err end
  local value, second = ask(device, time:rest(), ...)
  if value == nil then time:explain(second) end
  return value, second
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
