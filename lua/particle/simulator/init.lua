-- A simulated Particle cloud in this very Lua state: `require "particle.simulator"`. Whatever waits in this
-- state serves it meanwhile.

local check = require("particle.check")
local clouds = require("particle.simulator.cloud")
local core = require("particle.core")
local live = require("particle.simulator.live")
local options = require("particle.simulator.options")
local scheduler = require("particle.scheduler")
local services = require("particle.simulator.service")
local stream_control = require("particle.simulator.stream_control")
local suggest = require("particle.suggest")

local simulator = {}

---@class particle.Simulator
---@field url string        its address, such as "http://127.0.0.1:40123"
---@field port integer   that it listens on
---@field token string      a valid token of the first user
---@field username string   of the first user
---@field password string  of the first user
local methods = {}

local insides = setmetatable({}, { __mode = "k" }) -- simulator -> { cloud, service }
local kept_by = setmetatable({}, { __mode = "k" }) -- client -> its simulator, which lives as long

local Simulator = { __index = methods, __name = "particle.simulator" }

--- Starts a simulated cloud. It serves requests whenever anything in this Lua state waits: calls of a client,
--- `particle.sleep`, `sim:step`, `sim:run`. Once nothing refers to it or to a client of its own, it ends.
---@param given? particle.simulator.Options
---@return particle.Simulator?
---@return particle.Error? err  of kind `network`: the port is taken
function simulator.new(given)
  local checked = options.check(given)
  local cloud = clouds.new(checked)
  local service, problem = services.open(cloud, checked.port or 0)
  if not service then return nil, core.error { kind = "network", message = problem, delivered = false } end
  local first = cloud.accounts.list[1]
  local port = service:port()
  local self = setmetatable({
    url = "http://127.0.0.1:" .. port, port = port, token = first.token, username = first.username,
    password = first.password,
  }, Simulator)
  insides[self] = { cloud = cloud, service = service }
  cloud.faults:attach(service)
  return self
end

local function inside(self, method)
  local entry = insides[self]
  if not entry then
    check.raise(("%s: call it with a colon, sim:%s(...), on a simulator (got %s)"):format(
      method, method, check.describe(self)))
  end
  return entry
end

local function user_of(cloud, username, who)
  local user = cloud.accounts:find(username)
  if user then return user end
  if type(username) ~= "string" then check.fail(who, "the user", "a string", username) end
  local hint = suggest.hint(username, cloud.accounts:names())
  check.raise(("%s: there is no user %q%s"):format(who, username, hint))
end

--- A valid token of a user.
---@param username string
---@return string
function methods:token_of(username)
  return user_of(inside(self, "token_of").cloud, username, "token_of").token
end

--- A client of this cloud, with the token of a user.
---@param settings? particle.Options|{ user: string? }  as for `particle.new`; `user`: default the first
---@return particle.Api
function methods:client(settings)
  local cloud = inside(self, "client").cloud
  if settings ~= nil and type(settings) ~= "table" then
    check.fail("client", "the options", "a table", settings)
  end
  local own = { base_url = self.url, token = self.token }
  for name, value in pairs(settings or {}) do own[name] = value end
  if own.user ~= nil then
    local user = user_of(cloud, own.user, "client")
    if settings.token == nil then own.token = user.token end
    own.user = nil
  end
  local api = require("particle").new(own)
  core.state(api).clock = cloud.clock -- by which tokens expire
  kept_by[api] = self
  return api
end

--- A device, to look at and to change while it is in use.
---@param ref string  name or id
---@return particle.simulator.LiveDevice
function methods:device(ref)
  local cloud = inside(self, "device").cloud
  local found = cloud.devices:by_identifier(ref)
    or cloud.devices:first(function(device) return device.name == ref end)
  if found then return live.of(found, cloud) end
  if type(ref) ~= "string" then check.fail("device", "the name or id", "a string", ref) end
  local names = {}
  for i, device in ipairs(cloud.devices:all(function() return true end)) do names[i] = device.name end
  check.raise(("device: there is no device %q%s"):format(ref, suggest.hint(ref, names)))
end

--- What was asked, the last thousand requests, oldest first; without tokens, passwords and other secrets.
---@return particle.simulator.Entry[]
function methods:requests() return inside(self, "requests").cloud.journal:list() end

--- Something goes wrong with the next requests that match. The oldest fault that matches one strikes it, no
--- other does. doc/faults.md lists the kinds, with what a client makes of them.
---@param given particle.simulator.FaultSpec
---@return particle.simulator.Fault fault  it may be bound to a <close> variable, which removes it
function methods:fault(given) return inside(self, "fault").cloud.faults:add(given) end

--- What was published, the last thousand events, oldest first.
---@return particle.simulator.Event[]
function methods:events() return inside(self, "events").cloud.events:list() end

stream_control.add(methods, inside)

--- Serves requests for one turn: waits at most so long for something to happen.
---@param timeout? number  seconds; default 0: what is there already
function methods:step(timeout)
  inside(self, "step")
  if timeout ~= nil and type(timeout) ~= "number" then
    check.fail("step", "the timeout", "a number of seconds", timeout)
  end
  scheduler.step(timeout or 0)
end

--- Serves requests until it is closed.
function methods:run()
  inside(self, "run").service:await_end()
end

--- Ends it, with all connections; device code that is waiting is ended where it waits. Closing twice is fine.
function methods:close() inside(self, "close").service:close() end

Simulator.__close = methods.close

function Simulator:__gc()
  local entry = insides[self]
  if entry then entry.service:close() end
end

function Simulator:__tostring()
  local entry = insides[self]
  return ("particle.simulator (%s)"):format(entry.service.closed and "closed" or self.url)
end

return simulator
