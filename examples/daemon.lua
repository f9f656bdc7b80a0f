-- A small daemon: it reads the greenhouse every so often and waters the plants when they are dry, follows
-- the garage door and closes it again, and logs what it does, a line each.
-- Usage: eval "$(make -s env)"; lua5.4 examples/daemon.lua [--seconds N] [--every SECONDS]
-- Ctrl-C ends it, or N seconds: what is under way is given up, and a last line says what was done. Lua has
-- no handler for SIGTERM; under systemd say KillSignal=SIGINT. With PARTICLE_ACCESS_TOKEN set the devices are
-- your own (the names are below), else simulated ones.

local particle = require("particle")
local inspect = require("particle.inspect")

local USAGE = "usage: lua5.4 examples/daemon.lua [--seconds N] [--every SECONDS]"
local GREENHOUSE, GARAGE = "greenhouse", "garage-door"
local DRY, WATER = 80, "5" -- percent; seconds of water

local done = { readings = 0, waterings = 0, closings = 0 }

local function log(text) print(os.date("!%FT%TZ  ") .. inspect.clean(text)) end

local function parse(arguments)
  local options = { every = 10 }
  for i = 1, #arguments, 2 do
    local name, value = arguments[i]:match("^%-%-(.*)"), tonumber(arguments[i + 1])
    if name ~= "seconds" and name ~= "every" or not value or value <= 0 then
      io.stderr:write(USAGE, "\n")
      os.exit(2, true)
    end
    options[name] = value
  end
  return options
end

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new() end
  local fleet = require("particle.fleet")
  local sim = require("particle.simulator").new { devices = fleet.new() }
  fleet.animate(sim, 0.1)
  return sim:client()
end

-- An error is logged, and the next reading may be better.
local function tend_plants(greenhouse, every)
  local function on_error(err) log(tostring(err)) end
  for moisture in greenhouse:watch("moisture", { every = every, on_error = on_error }) do
    done.readings = done.readings + 1
    if moisture < DRY then
      local now, err = greenhouse:call("water", WATER)
      if now then done.waterings = done.waterings + 1 end
      log(now and ("moisture %d %%: watered, now %d %%"):format(moisture, now) or "not watered: " .. err)
    end
  end
end

local function guard_door(garage)
  local stream <close> = assert(garage:subscribe("door"))
  for event in stream:each() do
    if event.gap then log("the door may have moved while the connection was lost") end
    if event.data == "opened" then
      local answer, err = garage:call("door", "close")
      if answer then done.closings = done.closings + 1 end
      log(answer and "the door was opened: closed it" or "the door is open: " .. err)
    end
  end
end

-- Whatever ends the watch at the door ends the daemon: its error, too.
local function main(options)
  local api = connect()
  log("started")
  local plants <close> = particle.spawn(tend_plants, api:device(GREENHOUSE), options.every) -- luacheck: ignore
  local door = particle.spawn(guard_door, api:device(GARAGE))
  if options.seconds then
    particle.sleep(options.seconds)
    door:cancel()
  end
  door:wait()
end

io.stdout:setvbuf("line")
local fine, problem = pcall(particle.run, main, parse(arg))
log(("ended: %d readings, %d waterings, %d closings"):format(done.readings, done.waterings, done.closings))
if not fine and not tostring(problem):find("interrupted!$") then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1, true)
end
os.exit(0, true)
