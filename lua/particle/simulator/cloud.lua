-- The simulated cloud without its network: state, and from a request to its reply.

local accounts = require("particle.simulator.accounts")
local core = require("particle.core")
local devices = require("particle.simulator.devices")
local errors = require("particle.simulator.errors")
local events = require("particle.simulator.events")
local faults = require("particle.simulator.faults")
local ids = require("particle.simulator.ids")
local journal = require("particle.simulator.journal")
local oauth = require("particle.simulator.oauth")
local requests = require("particle.simulator.request")
local ring = require("particle.simulator.ring")
local routes = require("particle.simulator.routes")
local scheduler = require("particle.scheduler")
local streams = require("particle.simulator.streams")
local tokens = require("particle.simulator.tokens")

---@class particle.simulator.Cloud
---@field accounts particle.simulator.Accounts
---@field devices particle.simulator.Devices
---@field tokens particle.simulator.Tokens
---@field journal particle.simulator.Journal
---@field events particle.simulator.Ring
---@field streams particle.simulator.Streams
---@field faults particle.simulator.Faults
---@field orgs table<string, table<integer, true>>  name -> its products
---@field random particle.simulator.Random
---@field clients table<string, string|true>  id -> secret; true: any
---@field clock fun(): number                 Unix seconds
---@field jump fun(seconds: number)           sets the clock forward, or back
---@field token_lifetime integer              seconds
---@field strict boolean
---@field latency number|fun(request: particle.simulator.Entry): number?
---@field on_error fun(message: string)
local Cloud = {}
Cloud.__index = Cloud

local DEFAULT_USER = { username = "user@example.com", password = "password" }

-- Unix seconds with a fraction, which never step back.
local function wall_clock()
  local start, origin = core.time(), core.now()
  return function() return start + core.now() - origin end
end

-- A clock that can be set, and how: seconds forward.
local function adjustable(clock)
  local ahead = 0
  return function() return clock() + ahead end, function(seconds) ahead = ahead + seconds end
end

local function add_devices(self, specs, owner, now)
  for _, spec in ipairs(specs or {}) do
    self.devices:add(spec, spec.claimed ~= false and owner or nil, now)
  end
end

local function add_users(self, options)
  local now = self.clock()
  for i, spec in ipairs(options.users or { DEFAULT_USER }) do
    local user = self.accounts:add(spec)
    user.token = self.tokens:issue(user, "particle", self.token_lifetime).token
    if i == 1 then add_devices(self, options.devices, user, now) end
    add_devices(self, spec.devices, user, now)
  end
end

-- Errors of device code must not become errors of ours.
local function reporter(on_error)
  return function(message)
    local ok, problem = pcall(on_error or warn, "particle.simulator: " .. message)
    if not ok then warn("particle.simulator: on_error failed: ", tostring(problem)) end
  end
end

local function sets(lists)
  local copies = {}
  for name, items in pairs(lists or {}) do
    copies[name] = {}
    for _, item in ipairs(items) do copies[name][item] = true end
  end
  return copies
end

local cloud = {}

---@param options particle.simulator.Options  checked
---@return particle.simulator.Cloud
function cloud.new(options)
  local clock, jump = adjustable(options.clock or wall_clock())
  local random = ids.random()
  local clients = {}
  for id, secret in pairs(oauth.CLIENTS) do clients[id] = secret end
  for id, secret in pairs(options.clients or {}) do clients[id] = secret end
  local users = accounts.new()
  local self = setmetatable({
    accounts = users, devices = devices.new(), tokens = tokens.new(clock, random),
    journal = journal.new(), events = ring.new(events.LIMIT), random = random, clients = clients,
    streams = streams.new(clock, options.keepalive, users), orgs = sets(options.orgs),
    clock = clock, jump = jump, token_lifetime = options.token_lifetime or tokens.LIFETIME,
    strict = options.strict or false, latency = options.latency or 0,
    on_error = reporter(options.on_error),
  }, Cloud)
  add_users(self, options)
  self.faults = faults.new(self)
  for _, fault in ipairs(options.faults or {}) do self.faults:add(fault) end
  return self
end

-- The refusal of a request that needs a token.
local function identify(self, request)
  local text = requests.token(request, self.strict)
  if not text then return errors.no_token end
  local token, problem = self.tokens:check(text)
  if not token then return problem == "expired" and errors.token_expired or errors.token_invalid end
  request.token, request.user = token, token.user
end

local function delay(self, entry)
  local seconds = self.latency
  if type(seconds) == "function" then
    seconds = seconds(entry) or 0
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
      error("option latency: its function must return a number of seconds, got " .. tostring(seconds), 0)
    end
  end
  if seconds > 0 then scheduler.sleep(seconds) end
end

local function genuine(self, request, route, refusal, entry)
  if refusal then return refusal end
  if not route then return errors.no_route end
  if route.auth ~= "none" then
    refusal = identify(self, request)
    if refusal then return refusal end
    entry.user = request.user.username
  end
  entry.handled = true
  return route[3](self, request)
end

local function answer(self, request, route, refusal, entry)
  delay(self, entry)
  local fault = self.faults:strike(request, route, entry)
  if not fault then return genuine(self, request, route, refusal, entry) end
  entry.fault = fault.kind
  return self.faults:answer(fault, request, function()
    return genuine(self, request, route, refusal, entry)
  end)
end

--- Answers a request, whatever happens. May wait: to be called in a task.
---@param raw table  as the server library hands it out
---@return particle.simulator.Reply
function Cloud:handle(raw)
  local request, refusal = requests.parse(raw)
  local route, params, template = routes:find(request.method, request.parts)
  request.params, request.is_stream = params, route ~= nil and route.streams == true
  local entry = self.journal:add(request, route, template, #raw.body, self.clock())
  local ok, reply = xpcall(answer, debug.traceback, self, request, route, refusal, entry)
  if not ok then
    self.on_error(reply)
    reply = errors.failed(500, "The simulator failed")
  end
  entry.status = reply.status
  return reply
end

return cloud
