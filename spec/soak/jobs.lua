-- What the soak's client does: jobs, of which each worker does one after another. A job is given the round
-- (see run.lua) and an api, and tells the round what came of its calls.

local particle = require("particle")

local random = math.random

local jobs = {}

local function pick(list) return list[random(#list)] end

local function device(api) return api:device("lamp" .. random(20)) end

local function chance(probability) return random() < probability end

-- Nothing, or what limits a call.
local function limits()
  if chance(0.7) then return nil end
  local seconds = 0.001 + random() * 0.05
  return pick { { deadline = seconds }, { timeout = seconds }, { retry = false } }
end

local VARIABLES = { "number", "text", "flag", "slow", "slow", "missing" }

function jobs.read(round, api) round:heard(device(api):read(pick(VARIABLES), limits())) end

function jobs.call(round, api)
  local id = round:begin_call()
  round:end_call(id, device(api):call("count", id, limits()))
end

jobs.call_again = jobs.call

function jobs.list(round, api) round:heard(api:devices(chance(0.5) and { online = true } or nil)) end

function jobs.pages(round, api)
  local fine, problem = pcall(function()
    for item, err in api.devices:each { per_page = 5 } do
      round:heard(item, err)
      if chance(0.1) then break end
    end
  end)
  if not fine then round:raised(problem) end
end

function jobs.info(round, api) round:heard(device(api):info(limits())) end

function jobs.login(round, api)
  round:heard(api:login { grant = "password", username = round.username, password = round.password })
end

function jobs.upload(round, api)
  local firmware = { data = ("y"):rep(random(200000)) }
  if chance(0.3) then firmware = { binary = "spec/soak/jobs.lua" } end
  round:heard(device(api):flash(firmware, limits()))
end

function jobs.send(round, api)
  round:heard(api:request { method = "POST", path = { "v1", "devices", "events" }, json = {
    name = "sent", data = ("z"):rep(random(100)), list = particle.array {}, private = true,
  } })
end

function jobs.publish(round, api) round:heard(api:publish("published", "x", nil, limits())) end

-- Streams: read for a while, then closed, left to the collector, or closed by the end of a loop.
local STREAMS = { retry = { base = 0.005, cap = 0.02 }, idle = 0.5 }

local function open(api)
  local options = { wait = chance(0.7), on_state = chance(0.5) and function() end or nil }
  for name, value in pairs(STREAMS) do options[name] = value end
  if chance(0.1) then options.retry = false end
  if chance(0.3) then return device(api):subscribe(nil, options) end
  return api:subscribe(pick { "tick", "burst" }, options)
end

function jobs.stream(round, api)
  local stream, err = open(api)
  if not round:heard(stream, err) then return end
  for _ = 1, random(30) do
    local event, problem = stream:next(0.1)
    if not round:heard(event, problem) and problem.kind ~= "timeout" then break end
  end
  if chance(0.8) then stream:close() end
end

function jobs.select(round, api)
  local streams = {}
  for _ = 1, 3 do streams[#streams + 1] = round:heard(open(api)) end
  if streams[1] then
    local found, err = particle.select(streams, 0.2)
    if found then round:heard(found:next(0)) else round:heard(nil, err) end
  end
  for _, stream in ipairs(streams) do stream:close() end
end

function jobs.each(round, api)
  local stream <close>, err = open(api)
  if not round:heard(stream, err) then return end
  local left, closer = random(20), particle.spawn(function()
    particle.sleep(0.3)
    stream:close()
  end)
  local fine, problem = pcall(function()
    for event in stream:each() do
      round:heard(event)
      left = left - 1
      if left <= 0 then break end
    end
  end)
  closer:cancel()
  if not fine then round:raised(problem) end
end

function jobs.map(round, api)
  local ids = {}
  local function work(_, index)
    if index % 3 == 0 then
      ids[index] = round:begin_call()
      return device(api):call("count", ids[index])
    end
    return device(api):read(pick(VARIABLES))
  end
  local list = {}
  for i = 1, random(40) do list[i] = i end
  local results, errors = particle.map(list, work, {
    limit = random(20), deadline = chance(0.5) and random() * 0.2 or nil,
  })
  for i = 1, #list do
    if ids[i] then round:end_call(ids[i], results[i], errors[i]) else round:heard(results[i], errors[i]) end
  end
end

function jobs.cancel(round, api)
  local id = round:begin_call()
  local task = particle.spawn(function() return device(api):call("count", id) end)
  particle.sleep(random() * 0.02)
  task:cancel()
  round:end_call(id, task:wait())
end

-- An api that is closed, or left to the collector, under its calls.
function jobs.abandon(round)
  local api = round:new_api()
  local id = round:begin_call()
  local task = particle.spawn(function() return device(api):call("count", id) end)
  local stream = api:subscribe("tick", { wait = false, retry = STREAMS.retry })
  particle.sleep(random() * 0.02)
  if chance(0.5) then api:close() elseif stream then stream:close() end
  round:end_call(id, task:wait())
end

local names = {}
for name in pairs(jobs) do names[#names + 1] = name end
table.sort(names)

--- Does a job that chance picks.
---@param round table
---@param api particle.Api
function jobs.any(round, api) jobs[pick(names)](round, api) end

return jobs
