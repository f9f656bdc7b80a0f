-- Reads one variable of every device and prints a table. Devices that cannot answer show the reason.
-- Usage: eval "$(make -s env)"; lua5.4 examples/read_all.lua [VARIABLE]
-- Reads `temperature` unless told otherwise. With PARTICLE_ACCESS_TOKEN set it reads your own devices, else
-- simulated ones.

local particle = require("particle")

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new() end
  local sim = require("particle.simulator").new { devices = require("particle.fleet").new() }
  return sim:client()
end

local variable = arg[1] or "temperature"
local api = connect()
local devices, err = api:devices()
if not devices then
  io.stderr:write("the devices cannot be listed: ", tostring(err), "\n")
  os.exit(1, true)
end

table.sort(devices, function(a, b) return (a.name or a.id) < (b.name or b.id) end)
print(("%-24s %-24s %s"):format("DEVICE", "ID", variable:upper()))
for _, device in ipairs(devices) do
  local value, problem = device:read(variable)
  if value == nil then value = "(" .. problem.kind .. ")" end
  print(("%-24s %-24s %s"):format(device.name or "?", device.id, value))
end
