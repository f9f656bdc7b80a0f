-- Compiling, and updating devices. Both take the time that the options say.

local events = require("particle.simulator.events")
local scheduler = require("particle.scheduler")

local firmware = {}

local function pause(seconds)
  if seconds > 0 then scheduler.sleep(seconds) end
end

-- The update itself: the bytes travel, then the device starts anew. A failed one changes nothing.
local function update(cloud, device, changes)
  pause(cloud.flash_time / 2)
  local result = device.flash_result
  if result == "success" then
    for name, value in pairs(changes) do device[name] = value end
  end
  events.report(cloud, device, "spark/flash/status", result)
  if result ~= "success" or not device.online then return end
  device:set_online(false, cloud.clock())
  events.report(cloud, device, "spark/status", "offline")
  pause(cloud.flash_time / 2)
  device:set_online(true, cloud.clock())
  events.report(cloud, device, "spark/status", "online")
end

--- Begins an update; it goes on by itself, and is done at once where it takes no time.
---@param cloud particle.simulator.Cloud
---@param device particle.simulator.Device  online
---@param changes table<string, any>        what it changes in the device
function firmware.install(cloud, device, changes)
  events.report(cloud, device, "spark/flash/status", "started")
  if cloud.flash_time > 0 then
    cloud.jobs:start(update, cloud, device, changes)
  else
    update(cloud, device, changes)
  end
end

--- Updates a device to the version of its product's firmware that it is locked to, if there is such.
---@param cloud particle.simulator.Cloud
---@param device particle.simulator.Device
function firmware.install_locked(cloud, device)
  local versions = cloud.store:of("product_firmware", "product " .. device.product)
  local version = versions:get(device.desired_firmware_version)
  if version and device.online then
    firmware.install(cloud, device, { firmware = version.binary, firmware_version = version.version })
  end
end

local SOURCES = { ino = true, cpp = true, c = true, cc = true }

-- What the compiler says: an #error line is one, as in C.
local function find_errors(files)
  local found, count = {}, 0
  for _, file in ipairs(files) do
    local number = 0
    for line in (file.data .. "\n"):gmatch("(.-)\r?\n") do
      number = number + 1
      local text = line:match("^%s*#%s*error%s*(.*)$")
      if text then found[#found + 1] = ("%s:%d:2: error: #error %s"):format(file.filename, number, text) end
    end
    if SOURCES[file.filename:lower():match("%.(%w+)$") or ""] then count = count + 1 end
  end
  if count == 0 and not found[1] then found[1] = "make: *** No source files (.ino, .cpp, .c) were found" end
  return found
end

--- Compiles. May wait.
---@param cloud particle.simulator.Cloud
---@param files particle.simulator.Part[]
---@return string? binary
---@return { output: string, stdout: string, errors: string[] }? problem
function firmware.compile(cloud, files)
  pause(cloud.compile_time)
  local found = find_errors(files)
  if found[1] then
    return nil, { output = "build didn't produce binary", stdout = "", errors = found }
  end
  local pieces = { "simulated firmware\n" }
  for _, file in ipairs(files) do pieces[#pieces + 1] = string.pack("s4s4", file.filename, file.data) end
  return table.concat(pieces)
end

return firmware
