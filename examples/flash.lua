-- Flashes a device and waits for the end of the update: a progress bar in a terminal, lines elsewhere.
-- Usage: eval "$(make -s env)"; lua5.4 examples/flash.lua [--wait SECONDS] [DEVICE FILE...]
-- One .bin or .zip file is flashed as it is; other files are sources, which the cloud compiles. With
-- PARTICLE_ACCESS_TOKEN set, DEVICE (a name or an id) is one of yours; else it is a simulated one. Without
-- DEVICE and FILE a simulated `kitchen-lamp` gets made-up firmware.

local particle = require("particle")

local USAGE = "usage: lua5.4 examples/flash.lua [--wait SECONDS] [DEVICE FILE...]"
local WIDTH = 40 -- of the bar

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local function parse(arguments)
  local options, words, i = { wait = 300 }, {}, 1
  while arguments[i] do
    if arguments[i] == "--wait" then
      i = i + 1
      options.wait = tonumber(arguments[i]) or 0
      if options.wait <= 0 then fail(2, USAGE) end
    elseif arguments[i]:find("^%-") then
      fail(2, USAGE)
    else
      words[#words + 1] = arguments[i]
    end
    i = i + 1
  end
  options.device = table.remove(words, 1)
  options.files = words
  if (options.device == nil) ~= (words[1] == nil) then fail(2, USAGE) end
  return options
end

local function simulated()
  local sim = require("particle.simulator").new {
    devices = require("particle.fleet").new(), flash_time = 0.5,
  }
  return sim:client()
end

local function connect(options)
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if not options.device or not token or token == "" then return simulated() end
  return particle.new()
end

local function firmware_of(paths)
  local extension = #paths == 1 and paths[1]:lower():match("%.(%w+)$")
  if extension == "bin" then return { binary = paths[1] } end
  if extension == "zip" then return { bundle = paths[1] } end
  if paths[1] then return { sources = paths } end
  return { data = ("made-up firmware"):rep(100000) }
end

local is_terminal = os.execute("[ -t 1 ]") == true

-- In a terminal a bar that is drawn over, elsewhere a line at the end.
local function show_progress(done, total)
  if is_terminal then
    local filled = done * WIDTH // total
    io.write(("\r[%s%s] %3d %%"):format(("#"):rep(filled), ("."):rep(WIDTH - filled), done * 100 // total))
    io.flush()
  end
  if done == total then print(is_terminal and "" or ("uploaded %d bytes"):format(total)) end
end

local options = parse(arg)
local api = connect(options)
local name = options.device or "kitchen-lamp"

local firmware = firmware_of(options.files)
firmware.wait = options.wait
firmware.on_progress = show_progress
firmware.on_status = function(status) print("update " .. status) end

local done, err = api:device(name):flash(firmware)
if not done then fail(1, ("%s was not flashed: %s"):format(name, err.message)) end
print(name .. " is flashed")
