-- The layer of the cloud's limits: a request waits here until it may be sent, so that the cloud does not have
-- to refuse it. Off for other addresses than the cloud's own, unless it is asked for.

local check = require("particle.check")
local core = require("particle.core")
local later = require("particle.later")
local limits = require("particle.limiter.limits")
local memory = require("particle.limiter.memory")
local rules = require("particle.rules")

local limiter = {}

local backed, places = later.module("particle.limiter.backed"), later.module("particle.limiter.places")
local failure, pause = later.module("particle.failure"), later.module("particle.pause")
local countdown, lines = later.module("particle.countdown"), later.module("particle.limiter.line")

--- The cloud's limits, each a number, `{ number, seconds }`, or false for none.
---@class particle.RateLimit
---@field requests? integer|number[]|false          of any kind (10,000 in 300 s)
---@field token_requests? integer|number[]|false    logins (100 in 300 s)
---@field account_requests? integer|number[]|false  lists of tokens, changes of the account (100 in 300 s)
---@field stream_openings? integer|number[]|false   of event streams; those of everybody's events are counted
---apart (100 in 300 s)
---@field serial_numbers? integer|number[]|false    looked up (50 in 3600 s)
---@field streams? integer|false                    event streams at once (100)
---@field store? particle.LimitStore  where counts are kept; default: memory, for all apis with this address
---@field clock? fun(): number        seconds; then this api counts by itself
---@field sleep? fun(seconds: number) waits
---@field on_store_failure? fun(problem: string?)  the store cannot be reached, so limits are kept alone; nil:
---it is back; default: `warn`

local is_count = rules.COUNT.fits

local LIMIT = rules.rule("a positive integer, { number, seconds } or false", function(value)
  if type(value) == "table" then return is_count(value[1]) and rules.SECONDS.fits(value[2]) end
  return value == false or is_count(value)
end)

local METHODS = { "take", "acquire", "renew", "release" }

local function is_store(value)
  if type(value) ~= "table" then return false end
  for _, name in ipairs(METHODS) do
    if not rules.is_callable(value[name]) then return false end
  end
  return value.give_back == nil or rules.is_callable(value.give_back)
end

limiter.RULES = {
  streams = rules.rule("a positive integer or false", function(value)
    return value == false or is_count(value)
  end),
  store = rules.rule("a store with the methods take, acquire, renew and release (and may have give_back)",
    is_store),
  clock = rules.FUNCTION,
  sleep = rules.FUNCTION,
  on_store_failure = rules.FUNCTION,
}
for name in pairs(limits.PUBLISHED) do limiter.RULES[name] = LIMIT end

--- Raises unless it is the limiter's option.
---@param given any
---@param who string
function limiter.check(given, who) rules.check(given, limiter.RULES, who .. ": rate_limit") end

local function tell(problem)
  if problem then
    warn("particle: the shared rate limits cannot be reached, so they are kept alone: ", problem)
  else
    warn("particle: the shared rate limits are back")
  end
end

local function store_of(given)
  if given.store then
    return backed.new(given.store, memory.new(given.clock), given.on_store_failure or tell)
  end
  return given.clock and memory.new(given.clock) or memory.common
end

-- Waiting -----------------------------------------------------------------------------------------------

local function closed(state, request)
  return failure.unsent(state, request, "closed", "the api was closed")
end

local function refused(state, request, limit, seconds)
  local when = os.date("!%H:%M:%S", math.ceil(core.time() + seconds))
  local message = ("not sent: the limit of %d %s in %g s is used up for %.1f s, until %s UTC,"
    .. " which is beyond the deadline"):format(limit.count, limit.name, limit.per, seconds, when)
  return failure.limited(state, request, message, seconds)
end

---@class particle.Limiter
---@field private state table
---@field private limits particle.Limits
---@field private store particle.LimitStore
---@field private lines table<particle.Limit[], particle.limiter.Line>
---@field private streams integer|false
---@field private clock fun(): number
---@field private sleep? fun(seconds: number)
local Limiter = {}
Limiter.__index = Limiter

function Limiter:pause(waiter, seconds)
  if not self.sleep then return pause.wait(self.state, seconds, waiter) end
  self.sleep(seconds)
  return not core.closed(self.state.api)
end

-- False: the api was closed meanwhile.
function Limiter:wait(line, seconds, place)
  local waiter <close> = line:join(self.clock() + seconds, place)
  repeat
    waiter.news = false
    line:move_up() -- which may take a store a while, and bring news
    if not waiter.news and not self:pause(waiter, math.max(waiter.turn.due - self.clock(), 0)) then
      return false
    end
  until not waiter.news
  waiter.served = true
  return true
end

function Limiter:line_of(list)
  local line = self.lines[list]
  if not line then
    line = lines.new(self.store, list)
    self.lines[list] = line
  end
  return line
end

-- The rest of its way may take what is left of the deadline.
function Limiter:send_later(request, send, deadline, line, seconds, place)
  local start = self.clock()
  if not self:wait(line, seconds, place) then return closed(self.state, request) end
  local value, second = countdown.within(deadline - (self.clock() - start), send, request)
  if value == nil and core.type(second) == "error" then failure.set_deadline(second, deadline) end
  return value, second
end

local WAIT = "what the store's take gives as the seconds to wait"
local ROUNDED = 0.001 -- seconds by which a store's own unit of time may differ

-- A store may be anybody's; a wait for a time that is no number would never end.
local function check_answer(list, patience, granted, seconds, third)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds < math.huge) then
    check.fail("rate_limit", WAIT, "a number that is neither negative nor infinite", seconds)
  end
  if granted and seconds > patience + ROUNDED then
    check.fail("rate_limit", WAIT, ("no more than its patience, %g"):format(patience), seconds)
  end
  if not granted and not list[third] then
    check.fail("rate_limit", "what the store's take gives as the limit that is in the way",
      "an index of the limits", third)
  end
end

function Limiter:send(request, send)
  local list = self.limits:of(request)
  local line = self.lines[list]
  if line then line:move_up() end
  local deadline = request.deadline or self.state.deadline
  local granted, seconds, third = self.store:take(list, deadline)
  check_answer(list, deadline, granted, seconds, third)
  if not granted then return refused(self.state, request, list[third], seconds) end
  if seconds <= 0 then return send(request) end
  return self:send_later(request, send, deadline, self:line_of(list), seconds, third)
end

-- Streams -----------------------------------------------------------------------------------------------

function Limiter:open(request, send)
  local place <close> = places.take(self.store, self.state.base_url .. " streams", self.streams)
  if not place then
    return failure.limited(self.state, request, ("not opened: %d event streams are open already, which is the"
      .. " limit; close one"):format(self.streams))
  end
  local opened, second = self:send(request, send)
  if opened ~= nil then places.keep(place, opened) end
  return opened, second
end

--- The layer of an api.
---@param state table
---@param given true|table  checked
---@return particle.Middleware
function limiter.layer(state, given)
  if given == true then given = {} end
  local streams = given.streams
  if streams == nil then streams = limits.STREAMS end
  local self = setmetatable({
    state = state, limits = limits.new(state.base_url, given), store = store_of(given), lines = {},
    streams = streams, clock = given.clock or core.now, sleep = given.sleep,
  }, Limiter)
  return function(request, send)
    if streams and request.events then return self:open(request, send) end
    return self:send(request, send)
  end
end

return limiter
