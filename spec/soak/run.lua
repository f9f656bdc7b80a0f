-- The soak: for some minutes a client does all that it can against a simulator that fails at random, in
-- rounds of a few seconds, each judged (see judge.lua). Usage: run.lua LUA MINUTES [SEED]. Exits with 1 when
-- something was wrong. The seed of a round repeats it, as far as the system's timing lets it.

local core = require("particle.core")
local jobs = require("spec.soak.jobs")
local judge = require("spec.soak.judge")
local particle = require("particle")

local lua, MINUTES, SEED = arg[1], tonumber(arg[2]), math.tointeger(arg[3] or os.time())
assert(MINUTES and MINUTES > 0, "MINUTES must be a number above 0")
assert(SEED, "SEED must be an integer")

local SECONDS = MINUTES * 60
local ROUND = math.min(3, SECONDS / 3)
local WARM_UP = math.max(1, math.min(10, SECONDS / ROUND // 3))
local WORKERS = 12
local MOST_CONNECTIONS = 8
local CONNECTIONS_KEPT = MOST_CONNECTIONS + 4 -- with the wake-up sockets of libcurl's two multi handles
local RETRY = { base = 0.005, cap = 0.02 }
local LATE = 0.5 -- seconds in which requests that were given up may still reach the cloud

local KINDS = {}
for kind in ([[network timeout unauthorized forbidden not_found device_offline rate_limited bad_request server
  protocol too_large cancelled closed]]):gmatch("%S+") do KINDS[kind] = true end

local complaints = 0

local function complain(seed, text)
  complaints = complaints + 1
  print(("  FAULT (SEED=%d): %s"):format(seed, text))
end

-- A round -------------------------------------------------------------------------------------------

---@class soak.Round
local Round = {}
Round.__index = Round

local function new_round(seed, cloud)
  return setmetatable({
    seed = seed, cloud = cloud, username = cloud.username, password = cloud.password,
    calls = {}, started = 0, fine = 0, failed = {},
  }, Round)
end

function Round:complain(text) complain(self.seed, text) end

function Round:new_api()
  return particle.new {
    base_url = self.cloud.url, token = self.cloud.token, max_connections = math.random(MOST_CONNECTIONS),
    timeout = 0.3, deadline = 1, max_body = 1 << 20, max_event = 1 << math.random(12, 20), log = false,
    token_in = math.random() < 0.2 and "query" or "header", retry = math.random() < 0.8 and RETRY or false,
  }
end

function Round:check_error(err)
  if particle.type(err) ~= "error" then return self:complain("no error object: " .. tostring(err)) end
  if not KINDS[err.kind] then self:complain("an error of kind " .. tostring(err.kind)) end
  local text = tostring(err)
  for _, secret in ipairs { self.password, self.cloud.token } do
    if text:find(secret, 1, true) then self:complain("a secret is shown in: " .. text) end
  end
  self.failed[err.kind] = (self.failed[err.kind] or 0) + 1
end

--- What came of a call that need not be counted.
function Round:heard(value, err)
  if value ~= nil then self.fine = self.fine + 1 else self:check_error(err) end
  return value
end

--- What a loop over a list or a stream raised.
function Round:raised(problem) self:check_error(problem) end

function Round:begin_call()
  self.started = self.started + 1
  local id = ("%d-%d"):format(self.seed, self.started)
  self.calls[id] = { ended = false }
  return id
end

function Round:end_call(id, value, err)
  self.calls[id] = { ended = true, value = value, err = err }
  self:heard(value, err)
end

function Round:work(apis)
  while core.now() < self.ends do
    local fine, problem = xpcall(jobs.any, debug.traceback, self, apis[math.random(#apis)])
    if not fine then self:complain("raised: " .. tostring(problem)) end
    particle.sleep(0)
  end
end

function Round:judge_calls(counts)
  local seen = {}
  for id, arrived, executed in counts:gmatch("(%S+) (%d+) (%d+)") do
    seen[id] = { math.tointeger(arrived), math.tointeger(executed) }
  end
  for id, call in pairs(self.calls) do
    local arrived, executed = table.unpack(seen[id] or { 0, 0 })
    local complaint = judge.call(call, arrived, executed)
    local outcome = tostring(call.err or call.value)
    if complaint then self:complain(("call %s: %s; %s"):format(id, complaint, outcome)) end
  end
end

local function run_round(seed, cloud, steady)
  math.randomseed(seed)
  local round = new_round(seed, cloud)
  assert(cloud.judge:call("begin", tostring(seed)))
  local own <close> = round:new_api()
  round.ends = core.now() + ROUND
  particle.run(function()
    for _ = 1, WORKERS do particle.spawn(round.work, round, { steady, own }) end
  end)
  round.faults = assert(cloud.judge:read("faults"))
  assert(cloud.judge:call("rest"))
  particle.sleep(LATE)
  round:judge_calls(assert(cloud.judge:read("counts")))
  round.calls = nil -- its errors hold replies
  return round
end

-- All of it -----------------------------------------------------------------------------------------

local function start_cloud()
  local pipe = assert(io.popen(("exec '%s' spec/soak/cloud.lua"):format(lua)))
  local words = {}
  for word in (pipe:read("l") or ""):gmatch("%S+") do words[#words + 1] = word end
  assert(#words == 6, "the cloud did not start")
  local control = particle.new { base_url = words[5], token = words[6], max_connections = 1 }
  return {
    url = words[1], token = words[2], username = words[3], password = words[4],
    control = control, judge = control:device("judge"), pipe = pipe,
  }
end

local function summary(round, now, cloud)
  local kinds, failed = {}, 0
  for kind, n in pairs(round.failed) do
    kinds[#kinds + 1], failed = ("%s %d"):format(kind, n), failed + n
  end
  table.sort(kinds)
  print(("SEED=%d: %d fine, %d failed (%s), %d calls judged; heap %.0f KB, malloc %.0f KB, RSS %d KB,"
    .. " cloud's heap %.0f KB, %d descriptors; faults: %s"):format(
    round.seed, round.fine, failed, table.concat(kinds, ", "), round.started, now.heap, now.malloc, now.rss,
    assert(cloud.judge:read("memory")), now.descriptors, round.faults))
end

local function judge_round(round, now, before)
  if now.busy > before.busy then round:complain(now.busy - before.busy .. " tasks are left") end
  if now.descriptors > before.descriptors + CONNECTIONS_KEPT then
    round:complain(("%d descriptors, before %d"):format(now.descriptors, before.descriptors))
  end
end

local function soak(cloud)
  assert(cloud.judge:call("rest"))
  local before, memory = judge.measure(), judge.memory(WARM_UP)
  local steady <close> = particle.new {
    base_url = cloud.url, token = false, retain_login = true, max_connections = MOST_CONNECTIONS,
    timeout = 0.3, deadline = 1, max_body = 1 << 20, retry = RETRY, log = false,
  }
  assert(steady:login { grant = "password", username = cloud.username, password = cloud.password })
  local ends, seed = core.now() + SECONDS, SEED
  repeat
    local round = run_round(seed, cloud, steady)
    judge.settle(before.busy, before.descriptors + CONNECTIONS_KEPT)
    local now = judge.measure()
    summary(round, now, cloud)
    judge_round(round, now, before)
    memory:look(now, function(text) round:complain(text) end)
    seed = seed + 1
  until core.now() >= ends
  steady:close()
  judge.settle(before.busy, before.descriptors)
  local after = judge.measure()
  if after.descriptors > before.descriptors then
    complain(seed, ("at the end %d descriptors, before %d"):format(after.descriptors, before.descriptors))
  end
end

io.stdout:setvbuf("line")
local cloud = start_cloud()
soak(cloud)
cloud.control:close()
cloud.pipe:close()
print(complaints == 0 and "nothing was wrong" or complaints .. " faults")
os.exit(complaints == 0, true)
