-- What is sent to flash a device.

local check = require("particle.check")
local files = require("particle.files")
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
  local file = { path = firmware.binary, data = firmware.data, name = firmware.filename }
  local parts = files.parts({ file }, "firmware.bin")
  parts[2] = { name = "file_type", data = "binary" }
  return { method = "PUT", operation = "firmware.flash_binary", multipart = parts }
end

return flash
