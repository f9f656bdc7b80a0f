-- What is sent to flash a device.

local check = require("particle.check")
local options = require("particle.options")

local flash = {}

local FIRMWARE = { binary = options.TEXT, data = options.TEXT, filename = options.TEXT }

--- The request for one binary, without its path. Raises on misuse.
---@param firmware particle.Firmware
---@return table
function flash.request(firmware)
  options.check(firmware, FIRMWARE, "flash")
  if (firmware.binary == nil) == (firmware.data == nil) then
    check.raise("flash: give either binary (a file's path) or data (its bytes)")
  end
  local filename = firmware.filename or (firmware.binary or ""):match("[^/\\]+$") or "firmware.bin"
  return {
    method = "PUT", operation = "firmware.flash_binary",
    multipart = {
      { name = "file", path = firmware.binary, data = firmware.data, filename = filename,
        type = "application/octet-stream" },
      { name = "file_type", data = "binary" },
    },
  }
end

--- Whether the file is there and can be read: that is the world's failure, not the program's.
---@param firmware particle.Firmware
---@return boolean readable
---@return string? problem
function flash.check_file(firmware)
  if not firmware.binary then return true end
  local file, problem = io.open(firmware.binary, "rb")
  if not file then return false, "cannot read " .. problem end
  local _, unreadable = file:read(0)
  file:close()
  if unreadable then return false, ("cannot read %s: %s"):format(firmware.binary, unreadable) end
  return true
end

return flash
