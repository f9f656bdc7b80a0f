-- A cloud on the network: hands requests to it, each in a task of its own, and sends its replies. A source of
-- the scheduler, so that whoever waits serves requests meanwhile.

local byte_replies = require("particle.simulator.byte_reply")
local connections = require("particle.simulator.connection")
local httpd = require("particle.simulator.httpd")
local scheduler = require("particle.scheduler")

---@class particle.simulator.Service: particle.Source
---@field closed boolean
---@field private cloud particle.simulator.Cloud
---@field private server userdata
---@field private refusals table<any, true>  why the server is closed while its port is kept
---@field private tasks table<particle.Task, true>
---@field private waiters table[]  who waits for its end
---@field private streams table<integer, particle.simulator.Stream>  by the id of the request
local Service = {}
Service.__index = Service

local WEAK = { __mode = "v" } -- the cloud has them as long as they are open

local service = {}

---@param cloud particle.simulator.Cloud
---@param port integer  0: a free one
---@return particle.simulator.Service?
---@return string? problem  the port is taken ...
function service.open(cloud, port)
  local server, problem = httpd.new { port = port }
  if not server then return nil, problem end
  local self = setmetatable({
    cloud = cloud, server = server, own_port = server:port(), tasks = {}, waiters = {}, closed = false,
    refusals = {},
  }, Service)
  self.streams = setmetatable({}, WEAK)
  scheduler.add_source(self)
  return self
end

function Service:port() return self.own_port end

function Service:pollfd() return self.server:pollfd() end

local function is_refusing(self) return next(self.refusals) ~= nil end

function Service:timeout()
  local seconds, others = self.server:timeout(), self.cloud.streams:timeout()
  return seconds and others and math.min(seconds, others) or seconds or others
end

local function open_stream(self, server, id, reply)
  local streams = self.cloud.streams
  local stream = streams:open(reply.subscription, connections.new(server, id, reply))
  self.streams[id] = stream
  if stream and reply.opened then reply.opened(streams, stream) end
end

local function serve(self, server, raw)
  local reply = self.cloud:handle(raw)
  local function is_current() return self.server == server and not self.closed and not is_refusing(self) end
  if not is_current() then return end
  if reply.bytes then
    byte_replies.send(reply.bytes, server, raw.id, is_current)
  elseif reply.subscription then
    open_stream(self, server, raw.id, reply)
  else
    server:respond(raw.id, reply.status, reply.headers, reply.text)
  end
  self:step() -- the reply leaves in this turn
end

-- Runs it as a task that the service's end ends.
local function spawn(self, fn, ...)
  local task
  task = scheduler.spawn(function(...)
    fn(...)
    self.tasks[task] = nil
  end, ...)
  self.tasks[task] = true
end

-- All at once: thousands may go together.
local function forget_streams(self)
  local gone = {}
  for id in self.server.gone, self.server do
    local stream = self.streams[id]
    if stream then gone[stream] = true end
    self.streams[id] = nil
  end
  if next(gone) then self.cloud.streams:forget(gone) end
end

function Service:step()
  if self.closed or is_refusing(self) then return end
  self.server:step()
  forget_streams(self)
  for raw in self.server.next, self.server do spawn(self, serve, self, self.server, raw) end
  self.cloud.streams:tick()
end

local function end_tasks(self)
  -- Refused, and rightly, by the task that is running: device code may close its own simulator.
  for task in pairs(self.tasks) do pcall(task.cancel, task) end
  self.tasks = {}
  self.cloud.jobs:stop()
end

local function finish(self)
  self.closed = true
  end_tasks(self)
  for _, waiter in ipairs(self.waiters) do scheduler.notify(waiter) end
end

local function is_closed(self) return self.closed end

--- Waits until it is closed.
function Service:await_end()
  local waiter = {}
  table.insert(self.waiters, waiter)
  scheduler.await_news({ waiter }, is_closed, self)
end

-- Leaves the server to be closed.
local function stop(self, by_reset)
  scheduler.remove_source(self)
  self.cloud.streams:cut({}, by_reset)
  self.streams = setmetatable({}, WEAK)
end

local function listen(self)
  local server, problem = httpd.new { port = self.own_port }
  self.server:close() -- it may have kept the port
  self.refusals = {}
  if not server then
    finish(self)
    return nil, problem
  end
  self.server = server
  scheduler.add_source(self)
  return true
end

--- Closes all connections and listens anew on the same port. Device code goes on, but its replies are lost.
---@param by_reset boolean  how streams end
---@return true? restarted
---@return string? problem  somebody else has taken the port; the service is closed then
function Service:restart(by_reset)
  if not is_refusing(self) then
    stop(self, by_reset)
    self.server:close()
  end
  return listen(self)
end

--- As a server that is down: closes all connections and refuses new ones. Replies under way are lost.
---@param reason any  until `accept` was called for each of the reasons
function Service:refuse(reason)
  if self.closed then return end
  if not is_refusing(self) then
    stop(self, true)
    self.server:refuse()
  end
  self.refusals[reason] = true
end

--- Listens again.
---@param reason any
function Service:accept(reason)
  if not self.refusals[reason] then return end
  self.refusals[reason] = nil
  if not self.closed and not is_refusing(self) then listen(self) end
end

--- Calls the function after some seconds, unless the service is closed before.
---@param seconds number
---@param fn fun(...)
---@param ... any
function Service:later(seconds, fn, ...)
  spawn(self, function(...)
    scheduler.sleep(seconds)
    fn(...)
  end, ...)
end

--- Ends it: device code that is waiting is ended where it waits.
function Service:close()
  if self.closed then return end
  self.closed = true
  if self.server:foreign() then return self.server:close() end -- all else is the parent's
  if not is_refusing(self) then scheduler.remove_source(self) end
  self.cloud.streams:clear()
  self.server:close()
  finish(self)
end

return service
