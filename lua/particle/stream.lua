-- The verbs of an event stream. The userdata is the core's; its methods are these. It is kept connected by
-- particle.connection.

local check = require("particle.check")
local connection = require("particle.connection")
local core = require("particle.core")
local rules = require("particle.rules")
local scheduler = require("particle.scheduler")

local stream = {}

---@class particle.Stream
---@field state particle.StreamState  of its connection
local methods = core.stream_methods

---@class particle.Event
---@field name string            "" where the stream names none
---@field data string?           what was published, untouched
---@field published_at string?   ISO 8601
---@field coreid string?         the device that published it
---@field ttl (string|integer)?  seconds
---@field gap? { from: number, to: number }  Unix seconds: events of that time may be missing; on the first
---event after a reconnection

local state_of = core.stream_state

-- Reading -------------------------------------------------------------------------------------------

local function with_gap(state, event)
  event.gap, state.gap = state.gap, nil
  return event
end

local function take(self, state)
  local current = state.current
  if not current then return nil end
  local event = current:pop()
  if event then return state.gap and with_gap(state, event) or event end
  if not state.following then return nil end
  connection.follow(self, state)
  return take(self, state)
end

local function has_news(state)
  local current = state.current
  return state.status == "closed" or state.status == "broken" or state.following ~= nil
    or current ~= nil and current:ready()
end

-- The state of a stream that somebody waits for -> the wait. A coroutine of an event loop may be collected
-- while it waits.
local read = setmetatable({}, { __mode = "kv" })

local Reading = {}

function Reading:__close()
  for _, state in ipairs(self) do read[state] = nil end
end

-- While it waits nobody else may: each event has one reader.
local function await(states, holds, subject, deadline)
  for _, state in ipairs(states) do
    if read[state] then check.raise("another task is already waiting for this stream's next event") end
  end
  for _, state in ipairs(states) do read[state] = states end
  local reading <close> = setmetatable(states, Reading) -- luacheck: ignore reading
  return scheduler.await_news(states, holds, subject, deadline)
end

local function check_timeout(who, timeout)
  if timeout ~= nil and (type(timeout) ~= "number" or timeout < 0 or timeout ~= timeout) then
    check.fail(who, "the timeout", "a number of seconds that is not negative", timeout)
  end
end

local function deadline_of(timeout) return timeout and core.now() + timeout end

--- The next event. Waits for it, through losses of the connection, at most so long.
---@param timeout? number  seconds; 0: what has come already; nil: for ever
---@return particle.Event?
---@return particle.Error? err  of kind `timeout`: none came in time; `closed`: after `close()`; else why the
---stream was given up for good, now and ever after
function methods.next(self, timeout)
  if type(self) ~= "userdata" then check.receiver(self, "stream", "next") end
  local state = state_of(self)
  if timeout ~= nil then check_timeout("next", timeout) end
  local event = take(self, state)
  if event then return event end
  local deadline = deadline_of(timeout)
  repeat
    if state.status == "broken" then connection.look(self) end
    if not await({ state }, has_news, state, deadline) then
      return nil, connection.error(state, "timeout", ("no event within %g s"):format(timeout))
    end
    event = take(self, state)
    if event then return event end
  until state.status == "closed"
  return nil, connection.closed_error(state)
end

-- By `stream:close()` or `api:close()`: not by an error of that kind which, say, a token function passed on
-- from another api.
local function was_closed_by_owner(state)
  local failure = state.failure
  return not failure or failure.kind == "closed" and core.closed(state.api)
end

--- All events to come, for the generic `for`. The loop ends after `close()`, raises the error when the stream
--- is given up for good, and closes the stream when it is left.
---@return fun(): particle.Event?
---@return nil
---@return nil
---@return particle.Stream
function methods.each(self)
  check.receiver(self, "stream", "each")
  local function step()
    local event, err = self:next()
    if event == nil and not was_closed_by_owner(state_of(self)) then error(err, 0) end
    return event
  end
  return step, nil, nil, self
end

--- Ends the stream at once and for good; events that were not read are dropped. Closing again does nothing.
function methods.close(self)
  check.receiver(self, "stream", "close")
  connection.close(self)
end

-- Several streams -----------------------------------------------------------------------------------

local function check_list(streams)
  if type(streams) ~= "table" or #streams == 0 then
    check.fail("select", "the argument", "a list of streams that is not empty", streams)
  end
  for i, one in ipairs(streams) do
    if core.type(one) ~= "stream" then check.fail("select", "stream " .. i, "a stream", one) end
  end
end

local served = setmetatable({}, { __mode = "k" }) -- state -> its number among all selections
local selections = 0

-- Of those with news the one that was not selected for longest: a busy stream cannot hide the others.
local function find_news(streams)
  local found, least
  for _, one in ipairs(streams) do
    local state = state_of(one)
    local number = served[state] or 0
    if has_news(state) and (not found or number < least) then found, least = one, number end
  end
  return found
end

-- One that has ended has news for ever, so that nobody would wait: the others' connections need a turn too.
local function give_turn(states)
  for _, state in ipairs(states) do
    if state.status == "closed" then return scheduler.sleep(0) end
  end
end

local function select_news(streams)
  local found = find_news(streams)
  selections = selections + 1
  served[state_of(found)] = selections
  return found
end

--- Waits until one of the streams has an event, or has ended: then its `next(0)` returns at once.
---@param streams particle.Stream[]
---@param timeout? number  seconds; nil: for ever
---@return particle.Stream?
---@return particle.Error?  of kind `timeout`
function stream.select(streams, timeout)
  check_list(streams)
  check_timeout("select", timeout)
  local states = {}
  for i, one in ipairs(streams) do states[i] = state_of(one) end
  give_turn(states)
  if await(states, find_news, streams, deadline_of(timeout)) then return select_news(streams) end
  return nil, core.error { kind = "timeout", message = ("no event within %g s"):format(timeout),
    retryable = true, attempts = 0, delivered = false, elapsed = timeout }
end

-- Fields --------------------------------------------------------------------------------------------

local getters = core.stream_getters

function getters.state(self)
  local status = state_of(self).status
  return status == "broken" and "waiting" or status
end

setmetatable(getters, { __index = function(_, name)
  local known = { "state" }
  for key in pairs(methods) do known[#known + 1] = key end
  local hint = require("particle.suggest").hint(name, known)
  check.raise(("a stream has no %s%s"):format(tostring(name), hint))
end })

local metatable = core.stream_metatable

metatable.__close = methods.close

function metatable.__tostring(self)
  local state = state_of(self)
  return ("particle.stream %s (%s)"):format(connection.error(state, "closed", "").url, state.status)
end

-- Opening -------------------------------------------------------------------------------------------

---@class particle.SubscribeOptions
---@field on_state? fun(state: particle.StreamState, info: particle.StreamInfo)  hears of each change: why it
---waits and how long; must not wait itself
---@field idle? number            seconds without a byte after which the connection counts as lost (30)
---@field wait? boolean           false: do not wait for the first connection
---@field retry? particle.Backoff|false  how to come back; false: a loss is the end
---@field timeout? number         seconds until the reply's head
---@field deadline? number        seconds for the first connection
---@field headers? table<string, string|number>  besides those that the library sends
---@field token_in? "header"|"query"  (header)

stream.OPTIONS = {
  on_state = rules.FUNCTION,
  idle = rules.SECONDS,
  wait = rules.FLAG,
}

-- Whoever knows from on_state a stream that `subscribe` never returned is not to wait for it in vain.
local Opening = {}

function Opening:__close()
  if self.stream then connection.close(self.stream) end
end

local function open(made)
  local opening <close> = setmetatable({ stream = made }, Opening)
  local opened, err = connection.open(made)
  if not opened then connection.close(made, err) end
  opening.stream = nil
  return opened, err
end

--- A new stream. Waits for its connection, unless told otherwise.
---@param fields table  of `particle.stream.State`: api, device and prefix or path, opts
---@return particle.Stream?
---@return particle.Error?
function stream.new(fields)
  check.open(fields.api)
  fields.status = "connecting"
  local made = core.stream(fields)
  if fields.opts.wait == false then
    connection.start(made)
    return made
  end
  local opened, err = open(made)
  if not opened then return nil, err end
  connection.look(made) -- it may have been lost already
  return made
end

return stream
