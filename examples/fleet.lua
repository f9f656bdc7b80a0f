-- Reads one variable of a whole fleet, many devices at a time: a progress bar in a terminal, lines elsewhere.
-- Usage: eval "$(make -s env)"
-- lua5.4 examples/fleet.lua [--limit N] [--deadline SECONDS] [--size N] [VARIABLE]
-- Reads `temperature` of at most 100 devices at a time unless told otherwise. With PARTICLE_ACCESS_TOKEN set
-- the devices are your own, else N (300) simulated ones, of which some are offline.

local particle = require("particle")
local inspect = require("particle.inspect")

local USAGE = "usage: lua5.4 examples/fleet.lua [--limit N] [--deadline SECONDS] [--size N] [VARIABLE]"
local WIDTH = 40 -- of the bar

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local function positive(text)
  local number = tonumber(text)
  return number and number > 0 and number or fail(2, USAGE)
end

local function parse(arguments)
  local options, i = { limit = 100, size = 300 }, 1
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)")
    if name == "limit" or name == "size" or name == "deadline" then
      options[name] = positive(arguments[i + 1])
      if name ~= "deadline" then options[name] = math.tointeger(options[name]) or fail(2, USAGE) end
      i = i + 2
    elseif name or options.variable then
      fail(2, USAGE)
    else
      options.variable = arguments[i]
      i = i + 1
    end
  end
  options.variable = options.variable or "temperature"
  return options
end

-- Devices that answer after a while, as real ones do; every 50th is offline.
local function simulated(size)
  local devices = {}
  for i = 1, size do
    devices[i] = {
      name = ("sensor-%03d"):format(i), online = i % 50 ~= 0,
      variables = { temperature = 15 + i % 10 },
    }
  end
  return require("particle.simulator").new { devices = devices, latency = 0.05 }
end

-- As many connections as devices are read at a time: with fewer, calls would queue.
local function connect(options)
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  local given = { max_connections = options.limit }
  if token and token ~= "" then return particle.new(given) end
  return simulated(options.size):client(given)
end

local is_terminal = os.execute("[ -t 1 ]") == true

-- In a terminal a bar that is drawn over, elsewhere a line for each tenth.
local function show_progress(done, total)
  if is_terminal then
    local filled = done * WIDTH // total
    io.write(("\r[%s%s] %d/%d"):format(("#"):rep(filled), ("."):rep(WIDTH - filled), done, total))
    io.flush()
  elseif done == total or done * 10 // total > (done - 1) * 10 // total then
    print(("%d of %d"):format(done, total))
  end
end

local function name_of(device) return inspect.clean(device.name or device.id) end

local function summarise(devices, results, errors)
  local numbers, sum = 0, 0
  local lowest, highest = math.huge, -math.huge
  for i = 1, results.n do
    if type(results[i]) == "number" then
      numbers, sum = numbers + 1, sum + results[i]
      lowest, highest = math.min(lowest, results[i]), math.max(highest, results[i])
    end
  end
  if numbers > 0 then
    print(("%d numbers: %g to %g, %.2f on average"):format(numbers, lowest, highest, sum / numbers))
  end
  local of_kind, kinds = {}, {}
  for i = 1, errors.n do
    local err = errors[i]
    if err then
      local kind = err.kind or tostring(err)
      if not of_kind[kind] then
        of_kind[kind] = {}
        kinds[#kinds + 1] = kind
      end
      table.insert(of_kind[kind], name_of(devices[i]))
    end
  end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    local names = of_kind[kind]
    table.sort(names)
    local more = #names > 3 and (" and %d more"):format(#names - 3) or ""
    print(("%d %s: %s%s"):format(#names, kind, table.concat(names, ", ", 1, math.min(#names, 3)), more))
  end
end

local options = parse(arg)
local api = connect(options)
local devices, err = api:devices()
if not devices then fail(1, "the devices cannot be listed: " .. err) end

local results, errors = particle.map(devices, function(device) return device:read(options.variable) end, {
  limit = options.limit, deadline = options.deadline, on_progress = show_progress,
})
if is_terminal then print() end
summarise(devices, results, errors)
