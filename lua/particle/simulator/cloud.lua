-- The simulated cloud without its network: state, and from a request to its reply.

local accounts = require("particle.simulator.accounts")
local core = require("particle.core")
local devices = require("particle.simulator.devices")
local errors = require("particle.simulator.errors")
local events = require("particle.simulator.events")
local faults = require("particle.simulator.faults")
local ids = require("particle.simulator.ids")
local jobs = require("particle.simulator.jobs")
local journal = require("particle.simulator.journal")
local lists = require("particle.simulator.lists")
local oauth = require("particle.simulator.oauth")
local products = require("particle.simulator.products")
local requests = require("particle.simulator.request")
local ring = require("particle.simulator.ring")
local routes = require("particle.simulator.routes")
local scheduler = require("particle.scheduler")
local seed = require("particle.simulator.seed")
local store = require("particle.simulator.store")
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
---@field products particle.simulator.Products
---@field orgs particle.simulator.Orgs
---@field store particle.simulator.Store      what the groups of routes keep
---@field jobs particle.simulator.Jobs
---@field random particle.simulator.Random
---@field clients table<string, string|true>  id -> secret; true: any
---@field client_owners table<string, particle.simulator.User>  of those that were made by a request
---@field client_products table<string, integer>  of those that belong to a product
---@field clock fun(): number                 Unix seconds
---@field jump fun(seconds: number)           sets the clock forward, or back
---@field token_lifetime integer              seconds
---@field flash_time number                   seconds
---@field compile_time number                 seconds
---@field webhook_delays number[]             seconds before each repetition of a failed call
---@field strict boolean
---@field latency number|fun(request: particle.simulator.Entry): number?
---@field on_error fun(message: string)
---@field listeners table<string, fun(cloud: particle.simulator.Cloud, event: particle.simulator.Event)>  of
---webhooks and logic functions, once there are any
---@field logic? fun(code: string, event: table, log: fun(...: any))
local Cloud = {}
Cloud.__index = Cloud

local WEBHOOK_DELAYS = { 30, 60 }

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

-- Errors of device code must not become errors of ours.
local function reporter(on_error)
  return function(message)
    local ok, problem = pcall(on_error or warn, "particle.simulator: " .. message)
    if not ok then warn("particle.simulator: on_error failed: ", tostring(problem)) end
  end
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
    streams = streams.new(clock, options.keepalive, users), products = products.new(),
    store = store.new(), client_owners = {}, client_products = {}, listeners = {},
    logic = options.logic, flash_time = options.flash_time or 0,
    compile_time = options.compile_time or 0, webhook_delays = options.webhook_delays or WEBHOOK_DELAYS,
    clock = clock, jump = jump, token_lifetime = options.token_lifetime or tokens.LIFETIME,
    strict = options.strict or false, latency = options.latency or 0,
    on_error = reporter(options.on_error),
  }, Cloud)
  self.jobs = jobs.new(self.on_error)
  seed.fill(self, options)
  self.faults = faults.new(self)
  for _, fault in ipairs(options.faults or {}) do self.faults:add(fault) end
  return self
end

-- What an API user may not ask for.
local function check_scope(token, route)
  if not token.scopes then return nil end
  if not route.scope then return errors.api_user end
  if not lists.index_of(token.scopes, route.scope) then return errors.out_of_scope end
end

--- Finds out who asks.
---@param request particle.simulator.Request  gets its `user` and `token`
---@param route particle.simulator.Route
---@return particle.simulator.Reply? refusal
function Cloud:identify(request, route)
  local text = requests.token(request, self.strict)
  if not text then return errors.no_token end
  local token, problem = self.tokens:check(text)
  if not token then return problem == "expired" and errors.token_expired or errors.token_invalid end
  request.token, request.user = token, token.user
  return check_scope(token, route)
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
    refusal = self:identify(request, route)
    entry.user = request.user and request.user.username
    if refusal then return refusal end
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
