-- Keeping an event stream connected: opening, noticing a loss, coming back, and giving up for good. The state
-- is the private table of a stream; nothing here reads events.
--
-- A stream that somebody still holds is kept; whoever forgets it ends it. So the jobs here, which run for
-- minutes, hold it weakly and look whether it is still there.

local address = require("particle.address")
local backoff = require("particle.backoff")
local core = require("particle.core")
local countdown = require("particle.countdown")
local failure = require("particle.failure")
local places = require("particle.limiter.places")
local scheduler = require("particle.scheduler")

local connection = {}

--- What its connection is doing.
---@alias particle.StreamState "connecting"|"open"|"waiting"|"closed"

---@class particle.StreamInfo
---@field stream particle.Stream  itself
---@field error particle.Error?  why it waits, or was closed for good
---@field delay number?          seconds until the next attempt
---@field attempt integer?       the number of that attempt, from 1, since the last connection that lasted

---@class particle.stream.State
---@field api particle.Api
---@field device particle.Device?  whose events; else `path` says
---@field path string?          encoded, with the prefix
---@field prefix string?        of the names of the device's events
---@field opts table            what the caller of `subscribe` gave
---@field status particle.StreamState|"broken"
---@field current userdata?     the connection that events are read from; may have ended
---@field following userdata?   the one after it, while `current` still has events
---@field attempts integer?     how many were made since the last connection that lasted; nil: none yet
---@field lost_at number?       by core.now(): from when on events may be missing
---@field opened_at number?     by core.now(): when the last head came
---@field gap table?            to be told with the next event of `current`
---@field failure particle.Error?  why it was closed for good
---@field job particle.Task?    brings it back
---@field last_id string?
---@field retry number?         seconds, told by the server

local WEAK = { __mode = "v" }
local streams = setmetatable({}, WEAK) -- id of a connection -> its stream
local coming = setmetatable({}, { __mode = "k" }) -- set of the streams that have a job

local NO_MEMORY = "not enough memory" -- as errors of Lua and of the core say

-- Seconds: a connection that lived so long was a good one. That it brought events does not say so: one that
-- ends after each event would soon use up how many streams the cloud lets an account open (100 in 5 minutes).
local PROVEN = 10

-- Another attempt will not be answered differently.
local FOR_GOOD = {
  unauthorized = true, forbidden = true, not_found = true, bad_request = true, mfa_required = true,
  too_large = true, closed = true, cancelled = true,
}

-- Reporting -----------------------------------------------------------------------------------------

local function text_of(problem)
  local fine, text = pcall(tostring, problem)
  return fine and text or "an error that cannot be shown"
end

-- An error in on_state harms nothing.
local function report(stream, state, status, info)
  state.status = status
  local on_state = state.opts.on_state
  if on_state then
    info = info or {}
    info.stream = stream
    local fine, problem = pcall(on_state, status, info)
    if not fine then warn("particle: on_state failed: ", text_of(problem)) end
  end
  scheduler.notify(state)
end

local function discard(opened)
  if not opened then return end
  local id = opened:id()
  if id then streams[id] = nil end
  places.release(opened)
  opened:discard()
end

-- Ends the job that brings it back. A job that closes its own stream sees that by itself.
local function end_job(stream, state)
  local job = state.job
  state.job, coming[stream] = nil, nil
  if job then pcall(job.cancel, job) end
end

local function drop_events(state)
  discard(state.current)
  discard(state.following)
  state.current, state.following = nil, nil
end

--- Ends a stream. With an error it was given up, and the events that have come can still be read; without
--- one its owner closed it.
---@param stream particle.Stream
---@param err? particle.Error
function connection.close(stream, err)
  local state = core.stream_state(stream)
  if not err then drop_events(state) end
  if state.status == "closed" then return end
  state.failure = err
  places.release(state.current)
  places.release(state.following)
  report(stream, state, "closed", { error = err })
  end_job(stream, state)
end

-- Opening -------------------------------------------------------------------------------------------

local OPERATIONS = {
  devices = "events.stream_mine", products = "events.stream_product", orgs = "events.stream_org",
  events = "events.stream",
}

local function operation_of(state)
  if state.device then return "events.stream_device" end
  local whose = state.path:match("^/v1/(%l+)/?")
  return OPERATIONS[whose]
end

local function path_of(state)
  if not state.device then return state.path end
  local path = address.known(state.device, "events")
  path[#path + 1] = state.prefix
  return path
end

local LONGEST_ID = 1024 -- bytes; servers refuse long headers

local function id_for_header(id)
  return id and #id <= LONGEST_ID and not id:find("%c") and id or nil
end

-- The caller's own, and what they do not replace.
local function headers_of(state)
  local headers, names = {}, {}
  for name, text in pairs(state.opts.headers or {}) do headers[name], names[name:lower()] = text, true end
  local usual = {
    ["Accept"] = "text/event-stream", ["Cache-Control"] = "no-cache",
    ["Accept-Encoding"] = "identity", -- what compresses holds events back
  }
  usual["Last-Event-ID"] = id_for_header(state.last_id)
  for name, text in pairs(usual) do
    if not names[name:lower()] then headers[name] = text end
  end
  return headers
end

local function request_of(state)
  local opts = state.opts
  return {
    method = "GET", path = path_of(state), events = true, idempotent = true, headers = headers_of(state),
    idle = opts.idle, timeout = opts.timeout, deadline = opts.deadline, token_in = opts.token_in,
    operation = operation_of(state),
  }
end

-- From here on events are read from this connection. What a gap lasted is measured by a clock nobody sets.
local function follow(state, opened)
  discard(state.current)
  state.current, state.following = opened, nil
  if not state.lost_at then return end
  local epoch = core.time() - core.now()
  state.gap = { from = epoch + state.lost_at, to = epoch + state.opened_at }
end

local function install(stream, state, opened)
  streams[opened:id()] = stream
  if state.current and state.current:ready() then
    state.following = opened
  else
    follow(state, opened)
  end
end

-- The first connection is an attempt of its own.
local function next_number(state)
  return (state.attempts or 0) + (state.opened_at and 0 or 1)
end

-- A stream's own attempts are enough: what finds the device is not repeated by itself.
local function once(state)
  local opts = state.opts
  return { timeout = opts.timeout, deadline = opts.deadline, retry = false }
end

-- Finds the device, where that is needed, and sends the request, both within one deadline.
local function send(state)
  local of_api, device, time = core.state(state.api), state.device, state.time
  time, state.time = time or countdown.new(of_api, once(state)), nil
  if device then
    local found, problem = address.find(device, time)
    if not found then return nil, problem end
  end
  local opened, err = time:send(of_api.open, request_of(state))
  if opened ~= nil and type(opened) ~= "userdata" then
    error("a middleware must return what send gave it for an event stream", 0)
  end
  return opened, err
end

--- Opens it once.
---@param stream particle.Stream
---@return true?
---@return particle.Error?
function connection.open(stream)
  local state = core.stream_state(stream)
  report(stream, state, "connecting", { attempt = next_number(state) })
  if state.status == "closed" or core.closed(state.api) then return nil, connection.closed_error(state) end
  local opened, err = send(state)
  if not opened then return nil, err end
  if state.status == "closed" then -- meanwhile
    discard(opened)
    return nil, connection.closed_error(state)
  end
  state.attempts, state.opened_at = state.attempts or 0, core.now()
  install(stream, state, opened)
  report(stream, state, "open")
  return true
end

--- All events of a lost connection were read: on to the next one.
---@param stream particle.Stream
---@param state particle.stream.State
function connection.follow(stream, state)
  follow(state, state.following)
  connection.look(stream) -- it may have been lost since
end

-- Errors --------------------------------------------------------------------------------------------

---@param state particle.stream.State
---@param kind particle.Kind
---@param message string
---@return particle.Error
function connection.error(state, kind, message)
  local path = state.path
  if state.device then
    path = address.known(state.device, "events")
    path[#path + 1] = state.prefix
  end
  local _, err = failure.unsent(core.state(state.api), { method = "GET", path = path }, kind, message)
  err.attempts = state.attempts or 0
  err.retryable, err.delivered = not FOR_GOOD[kind], state.opened_at ~= nil
  return err
end

---@param state particle.stream.State
---@return particle.Error
function connection.closed_error(state)
  return state.failure or connection.error(state, "closed", "the stream is closed")
end

--- Ends the streams of an api that was closed.
---@param api particle.Api
function connection.close_all(api)
  local all = {}
  for _, stream in pairs(streams) do all[stream] = true end
  for stream in pairs(coming) do all[stream] = true end
  for stream in pairs(all) do
    local state = core.stream_state(stream)
    if state.api == api then
      connection.close(stream, connection.error(state, "closed", "the api was closed"))
    end
  end
end

-- Coming back ---------------------------------------------------------------------------------------

local function is_gone(ref) return ref[1] == nil or core.stream_state(ref[1]).status == "closed" end

-- How long to wait now; nil: never again.
local function next_delay(state, err)
  if FOR_GOOD[err.kind] or state.opts.retry == false then return nil end
  state.attempts = (state.attempts or 0) + 1
  local least = math.max(err.retry_after or 0, state.retry or 0)
  return backoff.delay(state.attempts, state.opts.retry, least)
end

-- One turn of the job: reports, and says how long to wait. Holds the stream only meanwhile.
local function plan(ref, err)
  local stream = ref[1]
  if not stream then return nil end
  local state = core.stream_state(stream)
  local delay = next_delay(state, err)
  if not delay then
    connection.close(stream, err)
    return nil
  end
  report(stream, state, "waiting", { error = err, delay = delay, attempt = next_number(state) })
  return delay
end

-- What raises, such as a token function of the caller's, must not leave a stream behind that nobody sees to.
local function try(ref)
  if is_gone(ref) then return true end
  local stream = ref[1]
  local fine, opened, err = pcall(connection.open, stream)
  if fine then return opened, err end
  local kind = opened == NO_MEMORY and "network" or "cancelled"
  return nil, connection.error(core.stream_state(stream), kind, text_of(opened))
end

local function settle(ref)
  local stream = ref[1]
  if not stream then return end
  local state = core.stream_state(stream)
  state.job, coming[stream] = nil, nil
  connection.look(stream) -- it may have been lost again already
end

local function come_back(ref, err)
  local opened
  repeat
    local delay = plan(ref, err)
    if not delay or is_gone(ref) then return end
    scheduler.sleep(delay)
    opened, err = try(ref)
  until opened
  settle(ref)
end

-- Memory that ran out passes: whoever reads the stream next mends it. Nothing is allocated here.
local function break_off(stream, problem)
  local state = core.stream_state(stream)
  if problem ~= NO_MEMORY then
    connection.close(stream, connection.error(state, "cancelled", text_of(problem)))
  elseif state.status ~= "closed" then
    state.job, state.status = nil, "broken"
    scheduler.notify(state)
  end
end

local function on_failure(ref, problem)
  if ref[1] then break_off(ref[1], problem) end
end

local function start_job(stream, fn, err)
  coming[stream] = true
  local ref = setmetatable({ stream }, WEAK)
  core.stream_state(stream).job = scheduler.spawn_job(on_failure, fn, ref, err)
end

local function first_time(ref)
  local opened, err = try(ref)
  if opened then settle(ref) else come_back(ref, err) end
end

--- Opens it in the background, however long that takes.
---@param stream particle.Stream
function connection.start(stream) start_job(stream, first_time) end

-- Loss ----------------------------------------------------------------------------------------------

local function note_loss(state, lost)
  places.release(lost)
  if state.gap and not lost:ready() then
    state.gap = nil -- it goes on
  else
    state.lost_at = lost:heard()
  end
  if core.now() - state.opened_at >= PROVEN then state.attempts = 0 end
  state.last_id, state.retry = lost:last_id() or state.last_id, lost:retry() or state.retry
end

--- Looks whether its connection was lost, and sees to a new one. While events of an earlier one are still to
--- be read it waits for the reader: no more than two are held.
---@param stream particle.Stream
function connection.look(stream)
  local state = core.stream_state(stream)
  local current = state.current
  if state.status == "broken" then
    start_job(stream, come_back, connection.error(state, "network", NO_MEMORY))
    state.status = "waiting"
  end
  if state.status ~= "open" or state.job or state.following or not current:ended() then return end
  note_loss(state, current)
  start_job(stream, come_back, connection.error(state, current:loss()))
  state.status = "waiting"
end

scheduler.listen(function(id)
  local stream = streams[id]
  if not stream then return end
  local fine, problem = pcall(connection.look, stream)
  if not fine then break_off(stream, problem) end
  scheduler.notify(core.stream_state(stream))
end)

return connection
