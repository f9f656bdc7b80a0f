-- One deadline for several requests, where a call takes more than one: the first has all of it, each further
-- one what is left.

local core = require("particle.core")
local failure = require("particle.failure")

local countdown = {}

local LEAST = 0.001 -- seconds; the core takes no deadline below

--- Sends the request with that many seconds for its deadline. It is as it was afterwards: a middleware around
--- the whole call may send it once more.
---@param seconds number  what the core takes at least, where fewer are left
---@param send particle.Send
---@param request table
---@return any, any
function countdown.within(seconds, send, request)
  local own = request.deadline
  request.deadline = math.max(seconds, LEAST)
  local value, second = send(request)
  request.deadline = own
  return value, second
end

---@class particle.Countdown
---@field seconds number  all of it
---@field package start number
---@field package opts? particle.CallOptions
---@field package begun boolean
local Countdown = {}
Countdown.__index = Countdown

local function elapsed(self) return core.now() - self.start end

--- What is left of that many seconds.
---@param seconds? number  default: of all
---@return number seconds
function Countdown:left(seconds) return math.max((seconds or self.seconds) - elapsed(self), LEAST) end

--- The options of a request on the way: those of the call that it has in common with it.
---@return particle.CallOptions
function Countdown:options()
  local opts = self.opts or {}
  local deadline = self.begun and self:left() or self.seconds
  self.begun = true
  return { timeout = opts.timeout, deadline = deadline, retry = opts.retry, headers = opts.headers }
end

--- All options of the call, with what is left of its deadline.
---@return particle.CallOptions
function Countdown:rest()
  local rest = {}
  for name, value in pairs(self.opts or {}) do rest[name] = value end
  rest.deadline = self:left()
  return rest
end

--- Lets the error tell of the whole call.
---@param err any
---@param seconds? number  its deadline; default: all of it
function Countdown:explain(err, seconds)
  if core.type(err) ~= "error" then return end
  err.elapsed = elapsed(self)
  failure.set_deadline(err, seconds or self.seconds)
end

--- Lets the error of a request on the way tell of the call, which was not sent.
---@param err particle.Error
function Countdown:explain_unsent(err)
  self:explain(err)
  err.delivered = false
end

--- Sends a request in what is left: of its own deadline, where it has one.
---@param send particle.Send
---@param request table  as it was, afterwards
---@return any, any
function Countdown:send(send, request)
  if not self.begun then
    self.begun = true
    return send(request)
  end
  local own = request.deadline
  local value, second = countdown.within(self:left(own), send, request)
  if value == nil then
    self:explain(second, own)
  elseif type(second) == "table" then -- the response
    second.elapsed = elapsed(self)
  end
  return value, second
end

--- It begins now.
---@param state table  of an api
---@param opts? particle.CallOptions  of the call; default of `deadline`: the api's
---@return particle.Countdown
function countdown.new(state, opts)
  local seconds = opts and opts.deadline or state.deadline
  return setmetatable({ seconds = seconds, start = core.now(), opts = opts, begun = false }, Countdown)
end

return countdown
