-- Follows events in the terminal: one line each, and what becomes of the connection: losses, reconnections,
-- and the times of which events may be missing.
-- Usage: eval "$(make -s env)"; lua5.4 examples/follow.lua [--count N] [--prefix TEXT] [DEVICE]
-- DEVICE is a name or an id; without it all devices are followed. Ctrl-C ends it, or N events. With
-- PARTICLE_ACCESS_TOKEN set the devices are your own, else simulated ones, whose network breaks now and then.

local particle = require("particle")
local inspect = require("particle.inspect")

local USAGE = "usage: lua5.4 examples/follow.lua [--count N] [--prefix TEXT] [DEVICE]"
local BREAK_EVERY = 10 -- events, in the simulation

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local function parse(arguments)
  local options, i = {}, 1
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)")
    if name == "count" or name == "prefix" then
      options[name] = arguments[i + 1] or fail(2, USAGE)
      i = i + 2
    elseif name or options.device then
      fail(2, USAGE)
    else
      options.device = arguments[i]
      i = i + 1
    end
  end
  if options.count then options.count = math.tointeger(tonumber(options.count)) or fail(2, USAGE) end
  return options
end

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new() end
  local fleet = require("particle.fleet")
  local sim = require("particle.simulator").new { devices = fleet.new() }
  fleet.animate(sim)
  return sim:client(), sim
end

local is_coloured = os.execute("[ -t 1 ]") and not os.getenv("NO_COLOR") and os.getenv("TERM") ~= "dumb"
local COLOURS = { faint = "2", bold = "1", device = "36", trouble = "33" }

local function paint(colour, text)
  if not is_coloured then return text end
  return "\27[" .. COLOURS[colour] .. "m" .. text .. "\27[0m"
end

-- On one line, and without what a terminal would obey: anybody may have published it.
local function line_of(text)
  return (inspect.clean(text):gsub("\n", "\\n"):gsub("\t", "\\t"))
end

local function clock(seconds) return os.date("!%H:%M:%S", math.floor(seconds)) end

local function note(text) print(paint("trouble", "-- " .. text)) end

local function show(event, names)
  if event.gap then
    note(("events from %s to %s may be missing"):format(clock(event.gap.from), clock(event.gap.to)))
  end
  local time = event.published_at and event.published_at:match("T(%d+:%d+:%d+)") or clock(os.time())
  local device = names[event.coreid] or event.coreid or "?"
  print(table.concat({
    paint("faint", time), paint("device", line_of(device)), paint("bold", line_of(event.name)),
    event.data and line_of(event.data) or paint("faint", "(no data)"),
  }, "  "))
end

-- Tells of the connection once it was there.
local function reporter()
  local was_open = false
  return function(state, info)
    if state == "open" and was_open then note("connected again") end
    was_open = was_open or state == "open"
    if state == "waiting" then
      note(("%s; attempt %d in %.1f s"):format(line_of(info.error.message), info.attempt, info.delay))
    end
  end
end

local function names_of(api)
  local names = {}
  for _, device in ipairs(api:devices() or {}) do names[device.id] = device.name end
  return names
end

local function main(options)
  local api, sim = connect()
  local whom = options.device and api:device(options.device) or api
  local stream <close>, err = whom:subscribe(options.prefix, { on_state = reporter() })
  if not stream then fail(1, "cannot follow: " .. err) end
  local names = names_of(api) -- events wait for us meanwhile
  note("following " .. (options.device or "all devices") .. "; the times are UTC")
  for i = 1, options.count or math.huge do
    local event, problem = stream:next()
    if not event then fail(1, "the stream has ended: " .. problem) end
    show(event, names)
    if sim and i % BREAK_EVERY == 0 then sim:cut { reset = true } end
  end
end

io.stdout:setvbuf("line")
local fine, problem = pcall(main, parse(arg))
if not fine and not tostring(problem):find("interrupted!$") then error(problem, 0) end
os.exit(0, true)
