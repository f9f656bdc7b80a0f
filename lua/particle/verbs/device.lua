-- The verbs of a device that programs use now and then; see device.lua.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local options = require("particle.options")

local is_id, path_of, learn = address.is_id, address.of_device, address.learn
local api_of, product_of, ref_of, record_of =
  core.device_api, core.device_product, core.device_ref, core.device_record
local state_of = core.state

---@class particle.Device
local methods = {}

-- The device itself ---------------------------------------------------------------------------------

-- Sends the request, for the device or something of it.
local function send(self, verb, part, request, opts)
  check.receiver(self, "device", verb)
  local path = path_of(self, part)
  if path == nil then
    return address.find_first(self, verb, opts, function(found, rest)
      return send(found, verb, part, request, rest)
    end)
  end
  request.path = path
  if opts ~= nil then options.apply(request, opts, verb) end
  return state_of(api_of(self)).send(request)
end

-- A change of the device by PUT: true, and the record follows.
local function change(self, verb, request, opts)
  local reply, err = send(self, verb, nil, request, opts)
  if reply == nil then return nil, err end
  if type(reply) == "table" then learn(self, reply.id, reply.name, reply.connected) end
  return true
end

local function protocol(self, request, message, reply)
  return failure.protocol(state_of(api_of(self)), request, message, reply)
end

--- Asks for the device's record, and keeps it as `device.record` (`devices.get`).
---@param opts? particle.CallOptions
---@return table?
---@return particle.Error?
function methods.info(self, opts)
  local request = { method = "GET", idempotent = true, operation = "devices.get" }
  local reply, err = send(self, "info", nil, request, opts)
  if reply == nil then return nil, err end
  if type(reply) ~= "table" or type(reply.id) ~= "string" then
    return protocol(self, request, "the reply is no device record", reply)
  end
  record_of(self, reply)
  if is_id(reply.id) then ref_of(self, reply.id) end
  return reply
end

--- Asks the cloud whether the device answers (`devices.ping`). Offline is no failure.
---@param opts? particle.CallOptions
---@return boolean?  whether it is online
---@return particle.Error?
function methods.ping(self, opts)
  local request = { method = "PUT", idempotent = true, operation = "devices.ping" }
  local reply, err = send(self, "ping", "ping", request, opts)
  if reply == nil then return nil, err end
  if type(reply) ~= "table" or type(reply.online) ~= "boolean" then
    return protocol(self, request, "the reply does not say whether the device is online", reply)
  end
  local record = record_of(self)
  if record then record.online = reply.online end
  return reply.online
end

--- Lets the device blink in rainbow colours, or stop it (`devices.signal`).
---@param on boolean
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function methods.signal(self, on, opts)
  check.receiver(self, "device", "signal")
  if type(on) ~= "boolean" then check.fail("signal", "the argument", "true or false", on) end
  local request = {
    method = "PUT", form = { signal = on and "1" or "0" }, idempotent = true, operation = "devices.signal",
  }
  return change(self, "signal", request, opts)
end

--- Gives the device another name (`devices.rename`). The handle goes on by its id.
---@param name string
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function methods.rename(self, name, opts)
  check.receiver(self, "device", "rename")
  check.part(name, "rename", "the name", "events")
  local request = { method = "PUT", form = { name = name }, idempotent = true, operation = "devices.rename" }
  local done, err = change(self, "rename", request, opts)
  if not done then return nil, err end
  local record = record_of(self)
  if record then record.name = name end
  if not is_id(ref_of(self)) then ref_of(self, name) end -- the reply told no id
  return true
end

--- Sets the device's notes (`devices.set_notes`).
---@param text string
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function methods.set_notes(self, text, opts)
  check.receiver(self, "device", "set_notes")
  if type(text) ~= "string" then check.fail("set_notes", "the text", "a string", text) end
  local request = {
    method = "PUT", form = { notes = text }, idempotent = true, operation = "devices.set_notes",
  }
  local done, err = change(self, "set_notes", request, opts)
  if not done then return nil, err end
  local record = record_of(self)
  if record then record.notes = text end
  return true
end

--- Claims the device for the account; the handle must know its id (`devices.claim`).
---@param opts? particle.CallOptions|{ request_transfer?: boolean }
---@return true?
---@return particle.Error?
function methods.claim(self, opts)
  check.receiver(self, "device", "claim")
  local claimed, err = api_of(self):claim(self.id or ref_of(self), opts)
  if not claimed then return nil, err end
  return true
end

--- Gives the device up (`devices.unclaim`); with a product scope it stays in the product
--- (`devices.remove_owner`).
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function methods.unclaim(self, opts)
  check.receiver(self, "device", "unclaim")
  local scoped = product_of(self) ~= nil
  local request = {
    method = "DELETE", idempotent = true, operation = scoped and "devices.remove_owner" or "devices.unclaim",
  }
  local reply, err = send(self, "unclaim", scoped and "owner" or nil, request, opts)
  if reply == nil then return nil, err end
  return true
end

--- Flashes a binary or a bundle (`firmware.flash_binary`), sources (`firmware.flash`) or a known program
--- (`firmware.flash_known_app`). True: the update has started; with `wait`: the device says that it is done.
---@param firmware particle.Firmware
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?  with `wait` of kind `timeout` where no end was reported in time, and of kind
---`bad_request` where the device reports failure
function methods.flash(self, firmware, opts)
  check.receiver(self, "device", "flash")
  return require("particle.flash").run(self, firmware, opts)
end

-- Events --------------------------------------------------------------------------------------------

--- Follows the device's events (`events.stream_device`); see `api:subscribe`.
---@param prefix? string  of the events' names
---@param opts? particle.SubscribeOptions
---@return particle.Stream?
---@return particle.Error?
function methods.subscribe(self, prefix, opts)
  check.receiver(self, "device", "subscribe")
  if type(prefix) == "table" and opts == nil then prefix, opts = nil, prefix end
  return require("particle.subscribe").device(self, prefix, opts)
end

-- Waiting for it ------------------------------------------------------------------------------------

--- Waits until the device answers a ping (`devices.ping`), over passing failures of network and cloud.
---@param timeout? number  seconds; default: the api's `deadline`
---@param opts? particle.CallOptions  for each ping
---@return true?
---@return particle.Error?  of kind `timeout` when it was not online in time
function methods.wait_until_online(self, timeout, opts)
  check.receiver(self, "device", "wait_until_online")
  return require("particle.watch").until_online(self, timeout, opts)
end

---@class particle.Vitals: particle.CallOptions
---@field refresh? number|true  asks the device for new ones, and waits that many seconds; true: the api's
---`deadline`

--- The latest vitals that the cloud knows of the device (`diagnostics.last`).
---@param how? particle.Vitals
---@return table?  { updated_at, deviceID, payload }
---@return particle.Error?  of kind `not_found` where there are none, `timeout` where the device sent none
function methods.vitals(self, how)
  check.receiver(self, "device", "vitals")
  return require("particle.vitals").of(self, how)
end

---@class particle.Watch: particle.CallOptions
---@field every? number           seconds from one read to the next (1)
---@field change? boolean|number  only values that differ from the one before, by at least that number
---@field on_error? fun(err: particle.Error): any  false ends the loop; without it a failed read raises

--- Reads a variable again and again, for the generic `for`; `break` ends it.
---@param variable string
---@param how? particle.Watch
---@return fun(): any
function methods.watch(self, variable, how)
  check.receiver(self, "device", "watch")
  check.part(variable, "watch", "the variable's name", "events")
  return require("particle.watch").values(self, variable, how)
end

-- Its address ---------------------------------------------------------------------------------------

--- The device's address, or that of a function or variable; it holds no token.
---@param sub? string
---@return string
function methods.url(self, sub)
  check.receiver(self, "device", "url")
  if sub ~= nil then check.part(sub, "url", "the part") end
  return api_of(self):url(table.unpack(address.known(self, sub)))
end

return methods
