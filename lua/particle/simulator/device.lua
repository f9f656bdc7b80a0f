-- A device: what the cloud knows of it, and what its firmware, Lua values and functions, does.

local core = require("particle.core")
local ids = require("particle.simulator.ids")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local sorted = require("particle.sorted")

local CELLULAR = { [10] = true, [13] = true, [23] = true, [25] = true, [26] = true, [35] = true }
local PHOTON_2 = 32
local LONGEST_INT = 2 ^ 31

---@class particle.simulator.Device
---@field id string
---@field name string
---@field owner particle.simulator.User?  nil: nobody claimed it
---@field platform_id integer
---@field product integer?                its product
---@field online boolean
---@field notes string?
---@field variables table<string, any>
---@field functions table<string, function>
---@field last_heard number               Unix seconds
---@field last_handshake_at number
---@field signaling boolean
---@field firmware string?                the bytes flashed last
---@field app string?                     the known app flashed last
---@field flash_result "success"|"failed"  how the next updates end
---@field groups string[]                of its product
---@field development boolean
---@field quarantined boolean             its product does not know it yet
---@field desired_firmware_version integer?  it is locked to that version
---@field firmware_version integer        of its product's firmware
---@field firmware_updates_forced boolean
---@field customer particle.simulator.User?  of its product, who owns it
---@field serial_number string
---@field iccid string?                   of cellular ones
---@field imei string?
---@field mac_wifi string?                of the others
---@field order integer                   of creation
local Device = {}
Device.__index = Device

local function decimal(text, count)
  return (ids.of(text, count):gsub("%a", function(digit) return tostring(tonumber(digit, 16) % 10) end))
end

-- What is printed on it: serial number, SIM and modem, or Wi-Fi address.
local function identify(self)
  self.serial_number = "P0" .. ids.of("serial " .. self.id, 13):upper()
  if self:is_cellular() then
    self.iccid = "89" .. decimal("iccid " .. self.id, 17)
    self.imei = "35" .. decimal("imei " .. self.id, 13)
  else
    self.mac_wifi = ids.of("mac " .. self.id, 12):gsub("%x%x", "%0:", 5)
  end
end

local function copy(values)
  local copied = {}
  for name, value in pairs(values or {}) do copied[name] = value end
  return copied
end

local device = {}

---@param spec table   as in `simulator.new`, checked
---@param id string
---@param owner particle.simulator.User?
---@param now number   Unix seconds
---@return particle.simulator.Device
function device.new(spec, id, owner, now)
  local self = setmetatable({
    id = id, name = spec.name, owner = owner, platform_id = spec.platform_id or PHOTON_2,
    product = spec.product_id, online = spec.online ~= false, notes = spec.notes,
    variables = copy(spec.variables), functions = copy(spec.functions), types = {},
    last_heard = now, last_handshake_at = now, signaling = false, flash_result = "success",
    groups = core.array {}, development = false, quarantined = false, firmware_version = 1,
    firmware_updates_forced = false,
  }, Device)
  identify(self)
  return self
end

--- Connects it or cuts it off.
---@param online boolean
---@param now number
function Device:set_online(online, now)
  if online and not self.online then self.last_handshake_at, self.last_heard = now, now end
  self.online = online
end

local function type_of(value)
  local kind = math.type(value) or type(value)
  if kind == "integer" and value >= -LONGEST_INT and value < LONGEST_INT then return "int32" end
  if kind == "integer" or kind == "float" then return "double" end
  return kind == "boolean" and "bool" or "string"
end

--- Remembers what a variable gave: the type of one that is computed is known by its last value only.
---@param name string
---@param value any
function Device:remember_type(name, value)
  self.types[name] = type_of(value)
end

local function variable_types(self)
  local members = {}
  for i, name in ipairs(sorted.names(self.variables)) do
    local value = self.variables[name]
    local is_computed = type(value) == "function" or type(value) == "table"
    members[2 * i - 1] = name
    members[2 * i] = is_computed and (self.types[name] or "double") or type_of(value)
  end
  return reply.object(table.unpack(members))
end

-- An offline device has null for both; in lists neither occurs.
local function firmware_face(self, in_detail)
  if not in_detail then return nil, nil end
  if not self.online then return reply.null, reply.null end
  return reply.array(sorted.names(self.functions)), variable_types(self)
end

-- The common part of a record, as names and values that take turns.
local function base_record(self, in_detail)
  local functions, variables = firmware_face(self, in_detail)
  return table.pack(
    "id", self.id, "name", self.name, "owner", self.owner and self.owner.username or reply.null,
    "last_ip_address", "127.0.0.1", "last_heard", iso.format(self.last_heard),
    "last_handshake_at", iso.format(self.last_handshake_at),
    "product_id", self.product or self.platform_id, "online", self.online, "connected", self.online,
    "platform_id", self.platform_id, "cellular", self:is_cellular(), "notes", self.notes or reply.null,
    "functions", functions, "variables", variables, "status", "normal",
    "serial_number", self.serial_number, "iccid", self.iccid, "imei", self.imei, "mac_wifi", self.mac_wifi,
    "system_firmware_version", "6.3.0", "firmware_updates_enabled", true,
    "firmware_updates_forced", self.firmware_updates_forced,
    "device_protection", self.is_unprotected and reply.object("status", "disabled") or nil)
end

-- What a product's record has besides.
local function product_record(self)
  local owner = self.owner
  return table.pack(
    "firmware_product_id", self.product, "groups", reply.array(self.groups),
    "firmware_version", self.firmware_version,
    "desired_firmware_version", self.desired_firmware_version or reply.null,
    "targeted_firmware_release_version", self.firmware_version, "development", self.development,
    "quarantined", self.quarantined, "denied", false,
    "user_id", owner and owner.id or reply.null, "customer_id", owner and owner.customer_of and owner.id)
end

---@return boolean
function Device:is_cellular() return CELLULAR[self.platform_id] or false end

--- What the cloud tells of it.
---@param in_detail boolean   with its functions and variables
---@param in_product boolean  with what product paths add
---@return particle.simulator.Json
function Device:record(in_detail, in_product)
  local members = base_record(self, in_detail)
  if in_product then
    local more = product_record(self)
    table.move(more, 1, more.n, members.n + 1, members)
    members.n = members.n + more.n
  end
  return reply.object(table.unpack(members, 1, members.n))
end

return device
