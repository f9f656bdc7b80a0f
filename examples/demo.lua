-- A tour: lists devices, reads variables, calls functions, follows events, shows two errors.
-- `make demo` runs it.
-- Usage: eval "$(make -s env)"; lua5.4 examples/demo.lua
-- Without PARTICLE_ACCESS_TOKEN it starts a simulated cloud. With it, the devices are those of your account,
-- and it only lists and reads.

local particle = require("particle")

local PLATFORMS = {
  [6] = "Photon", [8] = "P1", [10] = "Electron", [12] = "Argon", [13] = "Boron", [23] = "B SoM",
  [25] = "B5 SoM", [26] = "Tracker", [32] = "P2", [35] = "M SoM",
}
local MOST_READ = 10 -- devices of an account; the others are only listed

local function heading(text) print("\n" .. text) end

-- Rows of texts, in columns as wide as their widest text.
local function print_table(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do widths[i] = math.max(widths[i] or 0, utf8.len(text) or #text) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, text in ipairs(row) do
      cells[i] = text .. (" "):rep(widths[i] - (utf8.len(text) or #text))
    end
    print("  " .. table.concat(cells, "   "):gsub("%s+$", ""))
  end
end

local function list(api)
  local devices, err = api:devices()
  if not devices then return nil, err end
  table.sort(devices, function(a, b) return (a.name or a.id) < (b.name or b.id) end)
  local rows = { { "NAME", "ID", "PLATFORM", "ONLINE" } }
  for _, device in ipairs(devices) do
    local platform = device.record.platform_id
    rows[#rows + 1] = {
      device.name or "?",
      device.id,
      PLATFORMS[platform] or tostring(platform or "?"),
      device.online and "yes" or "no",
    }
  end
  heading(("%d devices"):format(#devices))
  print_table(rows)
  return devices
end

-- The variables of a device, as rows of device, variable and value.
local function read_variables(device, rows)
  local record, err = device:info()
  if not record then
    rows[#rows + 1] = { device.name or device.id, "", "(" .. tostring(err) .. ")" }
    return
  end
  local names = {}
  for name in pairs(record.variables or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value, problem = device:read(name)
    if value == nil then value = "(" .. problem.kind .. ")" end
    rows[#rows + 1] = { device.name or device.id, name, tostring(value) }
  end
end

local function read(devices)
  local rows, count = { { "DEVICE", "VARIABLE", "VALUE" } }, 0
  for _, device in ipairs(devices) do
    if device.online and count < MOST_READ then
      count = count + 1
      read_variables(device, rows)
    end
  end
  heading("Their variables now")
  print_table(rows)
end

local function call_functions(api)
  heading("Functions called")
  local rows = {}
  local function call(name, fn, argument)
    local result, err = api:device(name):call(fn, argument)
    local text = result and tostring(result) or "(" .. err.kind .. ")"
    rows[#rows + 1] = { name, ("%s(%q)"):format(fn, argument), text }
  end
  call("kitchen-lamp", "led", "on")
  call("greenhouse", "water", "5")
  call("garage-door", "door", "open")
  print_table(rows)
end

local function follow_events(api, sim)
  heading("Events, as a stream receives them")
  local stream <close> = assert(api:subscribe())
  sim:device("garage-door"):publish("door", "opened")
  sim:device("greenhouse"):publish("temperature", "24.5")
  assert(api:publish("lights", "out"))
  local rows = {}
  for i = 1, 3 do
    local event = assert(stream:next(10))
    rows[i] = { event.name, event.data, event.published_at }
  end
  print_table(rows)
end

local function show_errors(api)
  heading("What goes wrong comes back as nil and an error")
  local _, offline = api:device("attic-sensor"):read("temperature")
  local _, unknown = api:device("kitchen-lamp"):call("fly")
  print_table {
    { "reading from an offline device", offline.kind, offline.message },
    { "calling a function it lacks", unknown.kind, unknown.message },
  }
end

local function simulated()
  local sim = require("particle.simulator").new { devices = require("particle.fleet").new() }
  print("A simulated cloud listens at " .. sim.url .. ".")
  local api = sim:client()
  local devices = assert(list(api))
  read(devices)
  call_functions(api)
  follow_events(api, sim)
  show_errors(api)
  sim:close()
  print([[

The very same program lists and reads your own devices, and calls no function, with your token:

  PARTICLE_ACCESS_TOKEN=your-token make demo

README.md says where a token comes from. `make repl` is a prompt with all this.]])
end

local function account()
  local api = particle.new()
  print("Your account at " .. (os.getenv("PARTICLE_API_ENDPOINT") or "https://api.particle.io") .. ".")
  local devices, err = list(api)
  if not devices then
    io.stderr:write("The devices cannot be listed: ", tostring(err), "\n")
    os.exit(1, true)
  end
  read(devices)
end

local token = os.getenv("PARTICLE_ACCESS_TOKEN")
if token and token ~= "" then account() else simulated() end
