-- The open event streams: who gets which event, keep-alives, and what tests do to streams.

local errors = require("particle.simulator.errors")
local frame = require("particle.simulator.frame")
local ring = require("particle.simulator.ring")

local streams = {}

--- How many deliveries are remembered.
streams.LIMIT = 10000

local SHORTEST, LONGEST = 9, 13 -- seconds between two keep-alives, as observed of the cloud
local GOLDEN = 0.6180339887498949

--- One open stream.
---@class particle.simulator.Stream
---@field id integer           counts from 1, also over restarts
---@field opened_at number     Unix seconds
---@field events integer       how many were sent
---@field package due number   the next keep-alive
---@field package subscription particle.simulator.Subscription
---@field package connection particle.simulator.Connection

--- What a stream is written to.
---@class particle.simulator.Connection
---@field begin fun(self, held: boolean): boolean  sends the head; false: the client is gone, as for `send`
---@field send fun(self, bytes: string): boolean
---@field hold fun(self, held: boolean)            keeps everything back, or lets it go
---@field pending fun(self): integer               bytes that the client has not taken
---@field finish fun(self)                         an orderly end
---@field abort fun(self)                          a reset

---@class particle.simulator.Streams
---@field private list particle.simulator.Stream[]  in the order of opening
---@field private next_due number                   of all keep-alives; only those streams are looked at
local Streams = {}
Streams.__index = Streams

---@param clock fun(): number   Unix seconds
---@param keepalive number|false|nil  seconds; false: none; nil: as the cloud
---@param accounts particle.simulator.Accounts
---@return particle.simulator.Streams
function streams.new(clock, keepalive, accounts)
  return setmetatable({
    clock = clock, keepalive = keepalive, accounts = accounts, list = {}, refusals = {},
    log = ring.new(streams.LIMIT), opened = 0, delivered = 0, intervals = 0, next_due = math.huge,
    stalled_until = nil, is_split = false,
  }, Streams)
end

-- Keep-alives ---------------------------------------------------------------------------------------

-- Spread evenly over what the cloud does.
local function interval(self)
  if self.keepalive == false then return math.huge end
  if self.keepalive then return self.keepalive end
  self.intervals = self.intervals + 1
  return SHORTEST + (LONGEST - SHORTEST) * (self.intervals * GOLDEN % 1)
end

local function schedule(self, stream, now)
  stream.due = now + interval(self)
  if stream.due < self.next_due then self.next_due = stream.due end
end

-- Sending -------------------------------------------------------------------------------------------

-- False when the client is gone.
local function transmit(self, stream, bytes)
  local connection = stream.connection
  if not self.is_split then return connection:send(bytes) end
  for i = 1, #bytes do
    if not connection:send(bytes:sub(i, i)) then return false end
  end
  return true
end

-- Visits the streams in the order of opening; those of which the visit is false are forgotten.
local function visit(self, fn)
  local kept = {}
  for _, stream in ipairs(self.list) do
    if fn(stream) then kept[#kept + 1] = stream end
  end
  if #kept < #self.list then self.list = kept end
end

--- Begins a stream.
---@param subscription particle.simulator.Subscription
---@param connection particle.simulator.Connection
---@return particle.simulator.Stream?  nil: its client has gone already
function Streams:open(subscription, connection)
  local now = self.clock()
  self.opened = self.opened + 1
  local stream = {
    id = self.opened, opened_at = now, events = 0, subscription = subscription, connection = connection,
  }
  if not connection:begin(self.stalled_until ~= nil) then return nil end
  if not transmit(self, stream, frame.OPENING) then return nil end
  schedule(self, stream, now)
  self.list[#self.list + 1] = stream
  return stream
end

--- Forgets streams whose clients have gone.
---@param gone table<particle.simulator.Stream, true>
function Streams:forget(gone)
  visit(self, function(stream) return not gone[stream] end)
end

--- Forgets all: their connections are gone.
function Streams:clear() self.list, self.next_due = {}, math.huge end

--- Sends an event to whom it concerns.
---@param event particle.simulator.Event
function Streams:deliver(event)
  local text, product_text
  visit(self, function(stream)
    local subscription = stream.subscription
    if not subscription:wants(event) then return true end
    local bytes
    if subscription:is_of_product() then
      product_text = product_text or frame.product_event(event, self.accounts:find(event.user))
      bytes = product_text
    else
      text = text or frame.event(event)
      bytes = text
    end
    if not transmit(self, stream, bytes) then return false end
    stream.events, self.delivered = stream.events + 1, self.delivered + 1
    self.log:add { id = self.delivered, stream = stream.id, event = event, time = self.clock() }
    return true
  end)
end

--- What is due by the clock: keep-alives, the end of a stall.
function Streams:tick()
  local now = self.clock()
  if self.stalled_until and self.stalled_until <= now then self:stall(false) end
  if self.stalled_until or self.next_due > now then return end
  self.next_due = math.huge
  visit(self, function(stream)
    if stream.due <= now then
      if not transmit(self, stream, frame.KEEP_ALIVE) then return false end
      schedule(self, stream, now)
    elseif stream.due < self.next_due then
      self.next_due = stream.due
    end
    return true
  end)
end

--- Seconds until `tick` has work; nil: it has none.
---@return number?
function Streams:timeout()
  local due = self.stalled_until or self.next_due
  if due == math.huge then return nil end
  return math.max(due - self.clock(), 0)
end

-- Tests ---------------------------------------------------------------------------------------------

local function description(stream)
  local subscription = stream.subscription
  local device = subscription.device
  return {
    id = stream.id, path = subscription.path, scope = subscription.scope,
    user = subscription.user.username, prefix = subscription.prefix, device = device and device.id,
    product = subscription.product, org = subscription.org, opened_at = stream.opened_at,
    events = stream.events, pending = stream.connection:pending(),
  }
end

---@return particle.simulator.StreamInfo[]
function Streams:describe()
  local list = {}
  for i, stream in ipairs(self.list) do list[i] = description(stream) end
  return list
end

---@return particle.simulator.Delivery[]
function Streams:deliveries() return self.log:list() end

local function is_meant(stream, wanted)
  local described = description(stream)
  for name, value in pairs(wanted) do
    if described[name] ~= value then return false end
  end
  return true
end

--- Ends streams.
---@param wanted table<string, any>  what `describe` must say of them
---@param by_reset boolean
---@return integer count
function Streams:cut(wanted, by_reset)
  local count = 0
  visit(self, function(stream)
    if not is_meant(stream, wanted) then return true end
    count = count + 1
    if by_reset then stream.connection:abort() else stream.connection:finish() end
    return false
  end)
  return count
end

--- Sends bytes as they are, which count as no event.
---@param bytes string
---@param wanted table<string, any>  what `describe` must say of the streams
---@return integer count  of streams that took them
function Streams:inject(bytes, wanted)
  local count = 0
  visit(self, function(stream)
    if not is_meant(stream, wanted) then return true end
    if not transmit(self, stream, bytes) then return false end
    count = count + 1
    return true
  end)
  return count
end

--- Sends nothing on any stream, not even the head of a new one, until told otherwise or for some seconds;
--- then all that was kept back.
---@param how boolean|number
function Streams:stall(how)
  self.stalled_until = how == true and math.huge or how and self.clock() + how or nil
  local is_held = self.stalled_until ~= nil
  for _, stream in ipairs(self.list) do stream.connection:hold(is_held) end
end

--- Sends each byte on its own, or not.
---@param is_split boolean
function Streams:split(is_split) self.is_split = is_split end

--- Refuses openings, after those refusals that were asked for before.
---@param status integer
---@param times number
---@param retry_after? integer|string  seconds or an HTTP date
function Streams:refuse(status, times, retry_after)
  local known = errors.of_status(status)
  local headers = { ["Retry-After"] = retry_after }
  for name, value in pairs(known.headers) do headers[name] = value end
  self.refusals[#self.refusals + 1] = {
    reply = { status = status, text = known.text, headers = headers }, left = times,
  }
end

--- Refuses none from now on.
function Streams:accept() self.refusals = {} end

--- The refusal of an opening, if it is to be refused.
---@return particle.simulator.Reply?
function Streams:refusal()
  local refusal = self.refusals[1]
  if not refusal then return nil end
  refusal.left = refusal.left - 1
  if refusal.left <= 0 then table.remove(self.refusals, 1) end
  return refusal.reply
end

--- The reply of a route that streams.
---@param subscription particle.simulator.Subscription
---@return particle.simulator.Reply
function streams.reply(subscription)
  return { status = 200, text = "", headers = { ["Content-Type"] = "text/event-stream" },
    subscription = subscription }
end

return streams
