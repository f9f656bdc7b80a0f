-- Putting firmware on a device.

local address = require("particle.address")
local check = require("particle.check")
local compiler = require("particle.compiler")
local core = require("particle.core")
local countdown = require("particle.countdown")
local files = require("particle.files")
local options = require("particle.options")
local rules = require("particle.rules")

local flash = {}

---@class particle.Firmware
---@field binary? string    path of a compiled file
---@field data? string      or its bytes
---@field filename? string  what the cloud is to call them; default: the name of `binary`, or firmware.bin
---@field bundle? string    path of a .zip with a binary and its assets
---@field sources? (string|particle.File)[]  files that the cloud compiles for the device
---@field build_target_version? string  of Device OS, to compile them for
---@field app? string       a program that the cloud knows, such as "tinker"
---@field wait? number|true  seconds to wait for the end of the update; true: the api's `deadline`
---@field on_status? fun(status: string)  hears, with `wait`, what the device reports, such as "started"
---@field on_progress? fun(done: integer, total: integer?)  hears how many bytes are uploaded

local FIRMWARE = {
  binary = rules.TEXT, data = rules.TEXT, filename = rules.TEXT, bundle = rules.TEXT,
  sources = files.LIST, build_target_version = rules.TEXT, app = rules.TEXT,
  wait = rules.WAIT,
  on_status = rules.FUNCTION,
  on_progress = rules.FUNCTION,
}

local KINDS = { "binary", "data", "bundle", "sources", "app" }

-- Options that mean something with some of them only.
local BELONGS = { filename = { binary = true, data = true }, build_target_version = { sources = true } }

-- What is to be flashed. Raises on misuse.
local function kind_of(firmware)
  rules.check(firmware, FIRMWARE, "flash")
  local kind
  for _, name in ipairs(KINDS) do
    if firmware[name] ~= nil then
      if kind then check.raise(("flash: %s and %s exclude each other"):format(kind, name)) end
      kind = name
    end
  end
  if not kind then
    check.raise("flash: give binary (a file's path), data (its bytes), bundle, sources or app")
  end
  for name, kinds in pairs(BELONGS) do
    if firmware[name] ~= nil and not kinds[kind] then
      check.raise(("flash: %s does not go with %s"):format(name, kind))
    end
  end
  if firmware.on_status and not firmware.wait then check.raise("flash: on_status is told with wait only") end
  return kind
end

-- The cloud tells a bundle by its name.
local function bundle_name(path)
  local name = files.basename(path) or "bundle"
  return name:lower():find("%.zip$") and name or name .. ".zip"
end

local function of_binary(file)
  local parts = files.parts({ file }, "firmware.bin")
  parts[2] = { name = "file_type", data = "binary" }
  return { operation = "firmware.flash_binary", multipart = parts }
end

local function of_file(firmware)
  return of_binary { path = firmware.binary, data = firmware.data, name = firmware.filename }
end

local MAKE = {
  binary = of_file,
  data = of_file,
  bundle = function(firmware)
    return of_binary { path = firmware.bundle, name = bundle_name(firmware.bundle) }
  end,
  sources = function(firmware)
    local parts = files.parts(firmware.sources, nil, "flash")
    local version = firmware.build_target_version
    if version then parts[#parts + 1] = { name = "build_target_version", data = version } end
    return { operation = "firmware.flash", multipart = parts }
  end,
  app = function(firmware)
    return { operation = "firmware.flash_known_app", form = { app = firmware.app } }
  end,
}

--- The request for the firmware, without its path. Raises on misuse.
---@param firmware particle.Firmware
---@return table
function flash.request(firmware)
  local request = MAKE[kind_of(firmware)](firmware)
  request.method = "PUT"
  return request
end

-- The cloud has no known programs in products.
local function path_of(device, request)
  if request.form then return { "v1", "devices", core.device_ref(device) } end
  return address.known(device)
end

local function start(device, state, request, opts)
  local time = countdown.new(state, opts)
  local found, unresolved = address.find(device, time)
  if not found then return nil, unresolved end
  request.path = path_of(device, request)
  local reply, err = time:send(state.send, request)
  if reply == nil then
    if request.operation == "firmware.flash" then compiler.explain(err) end
    return nil, err
  end
  if type(reply) == "table" then address.learn(device, reply.id, reply.name, reply.connected) end
  return true
end

local function prepare(state, firmware, opts)
  local request = flash.request(firmware)
  if opts ~= nil then options.apply(request, opts, "flash") end
  if firmware.on_progress then options.apply(request, { on_progress = firmware.on_progress }, "flash") end
  if request.operation == "firmware.flash" then compiler.allow(state, request) end
  return request
end

--- See `device:flash`.
---@param device particle.Device
---@param firmware particle.Firmware
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function flash.run(device, firmware, opts)
  local state = check.open(core.device_api(device))
  local request = prepare(state, firmware, opts)
  local function send() return start(device, state, request, opts) end
  local wait = firmware.wait
  if not wait then return send() end
  return require("particle.outcome").follow(device, wait == true and state.deadline or wait,
    firmware.on_status, opts and opts.deadline, send)
end

return flash
