-- The cloud of the soak, a process of its own. Beside the simulator that fails there is one that does not, by
-- which the client steers it and hears what was executed. Prints both addresses and tokens, and the user and
-- password of the first; ends when its reader goes.

local httpd = require("particle.simulator.httpd")
local particle = require("particle")
local simulator = require("particle.simulator")

local DEVICES = 20
local FAULTS = 6 -- at once

local random = math.random

-- What a round's faults are chosen from. Where a reply says that nothing was done, nothing was.
local MENU = {
  { kind = "silence" }, { kind = "reset" }, { kind = "close" }, { kind = "head_only" },
  { kind = "delay", delay = 0.05 },
  { kind = "delay", delay = 0.4 }, { kind = "slow_head", interval = 0.0005 },
  { kind = "reset_body" }, { kind = "close_body" }, { kind = "truncated_chunk" },
  { kind = "wrong_length", by = -1 }, { kind = "wrong_length", by = 9 },
  { kind = "status", status = 500 }, { kind = "status", status = 503, retry_after = 0 },
  { kind = "status", status = 401, after = false }, { kind = "status", status = 404, after = false },
  { kind = "status", status = 408 }, { kind = "gateway" }, { kind = "html" }, { kind = "empty" },
  { kind = "no_content" }, { kind = "rate_limit", retry_after = 0, after = false },
  { kind = "rate_limit", retry_after = "soon", after = false }, { kind = "revoke" },
  { kind = "redirect" }, { kind = "redirect_loop" }, { kind = "huge", size = 2 << 20 }, { kind = "gzip" },
  { kind = "garbage" }, { kind = "deep" }, { kind = "nul" }, { kind = "bom" }, { kind = "bad_utf8" },
  { kind = "clock", seconds = 60 }, { kind = "clock", seconds = -60 },
}

local ON_STREAMS = {
  { kind = "split" }, { kind = "cr" }, { kind = "crlf" }, { kind = "comments" },
  { kind = "flood", count = 500 }, { kind = "nameless" }, { kind = "dataless" }, { kind = "duplicate_id" },
  { kind = "retry", milliseconds = 5 },
}

local arrived, executed = {}, {} -- call id -> how often

local function count(counts, id)
  if id then counts[id] = (counts[id] or 0) + 1 end
end

-- The cloud that fails ------------------------------------------------------------------------------

local sim

local function execute(id)
  count(executed, id)
  if random() < 0.2 then particle.sleep(random() * 0.02) end
  if random() < 0.2 then sim:device("lamp1"):publish("executed", id) end
  return 1
end

local function fleet()
  local devices = {}
  for i = 1, DEVICES do
    devices[i] = {
      name = "lamp" .. i, functions = { count = execute },
      variables = { number = i + 0.5, text = ("x"):rep(i * 20), flag = i % 2 == 0, slow = function()
        particle.sleep(random() * 0.02)
        return i
      end },
    }
  end
  return devices
end

sim = assert(simulator.new {
  devices = fleet(),
  latency = function(request) count(arrived, request.fields.arg) end,
})

-- What happens to it besides the faults.
local EVENTS = {
  function() sim:cut() end,
  function() sim:cut { reset = true } end,
  function() sim:stall(random() * 0.2) end,
  function() sim:refuse { status = 503, times = random(3) } end,
  function() sim:fault { kind = "refuse", seconds = random() * 0.1 } end,
  function() assert(sim:restart { reset = random() < 0.5 }) end,
  function() sim:device("lamp" .. random(DEVICES)).online = random() < 0.7 end,
  function()
    for i = 1, random(200) do sim:device("lamp" .. random(DEVICES)):publish("burst", tostring(i)) end
  end,
}

local under_way, faults = false, {}

local function go_wrong()
  while true do
    particle.sleep(0.02 + random() * 0.2)
    if under_way then EVENTS[random(#EVENTS)]() end
  end
end

local function publish()
  while true do
    particle.sleep(0.01)
    sim:device("lamp1"):publish("tick", "x")
  end
end

local function add_fault(menu)
  local spec = { probability = 0.01 + random() * 0.09 }
  for name, value in pairs(menu[random(#menu)]) do spec[name] = value end
  if spec.after == nil and menu == MENU then spec.after = random() < 0.5 end
  faults[#faults + 1] = sim:fault(spec)
end

-- Steering it ---------------------------------------------------------------------------------------

local function rest()
  under_way = false
  for _, fault in ipairs(faults) do fault:remove() end
  faults = {}
  sim:stall(false)
  sim:refuse(false)
  for i = 1, DEVICES do sim:device("lamp" .. i).online = true end
end

local function begin(seed)
  math.randomseed(math.tointeger(seed))
  rest()
  arrived, executed = {}, {}
  for _ = 1, FAULTS do add_fault(MENU) end
  for _ = 1, 2 do add_fault(ON_STREAMS) end
  under_way = true
end

local function names_of_faults()
  local names = {}
  for i, fault in ipairs(faults) do names[i] = fault.kind end
  return table.concat(names, " ")
end

-- "id arrived executed" for each call of the round.
local function counts()
  local lines = {}
  for id, times in pairs(arrived) do lines[#lines + 1] = ("%s %d %d"):format(id, times, executed[id] or 0) end
  return table.concat(lines, "\n")
end

local control = assert(simulator.new {
  devices = { {
    name = "judge", functions = { begin = begin, rest = rest },
    variables = {
      counts = counts, faults = names_of_faults, memory = function() return collectgarbage("count") end,
    },
  } },
})

particle.spawn(go_wrong)
particle.spawn(publish)
io.stdout:setvbuf("line")
print(sim.url, sim.token, sim.username, sim.password, control.url, control.token)
repeat control:step(0.1) until httpd.output_gone()
