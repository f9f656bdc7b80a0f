-- A cloud on the network: hands requests to it, each in a task of its own, and sends its replies. A source of
-- the scheduler, so that whoever waits serves requests meanwhile.

local connections = require("particle.simulator.connection")
local httpd = require("particle.simulator.httpd")
local scheduler = require("particle.scheduler")

---@class particle.simulator.Service: particle.Source
---@field closed boolean
---@field private cloud particle.simulator.Cloud
---@field private server userdata
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
  local self = setmetatable({ cloud = cloud, server = server, tasks = {}, waiters = {}, closed = false },
    Service)
  self.streams = setmetatable({}, WEAK)
  scheduler.add_source(self)
  return self
end

function Service:port() return self.server:port() end

function Service:pollfd() return self.server:pollfd() end

function Service:timeout()
  local seconds, others = self.server:timeout(), self.cloud.streams:timeout()
  return seconds and others and math.min(seconds, others) or seconds or others
end

local function serve(self, server, raw)
  local reply = self.cloud:handle(raw)
  if self.server ~= server or self.closed then return end
  if reply.subscription then
    local connection = connections.new(server, raw.id, reply)
    self.streams[raw.id] = self.cloud.streams:open(reply.subscription, connection)
  else
    server:respond(raw.id, reply.status, reply.headers, reply.text)
  end
  self:step() -- the reply leaves in this turn
end

local function start(self, raw)
  local task, server = nil, self.server
  task = scheduler.spawn(function()
    serve(self, server, raw)
    self.tasks[task] = nil
  end)
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
  if self.closed then return end
  self.server:step()
  forget_streams(self)
  for raw in self.server.next, self.server do start(self, raw) end
  self.cloud.streams:tick()
end

local function end_tasks(self)
  -- Refused, and rightly, by the task that is running: device code may close its own simulator.
  for task in pairs(self.tasks) do pcall(task.cancel, task) end
  self.tasks = {}
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

--- Closes all connections and listens anew on the same port. Device code goes on, but its replies are lost.
---@param by_reset boolean  how streams end
---@return true? restarted
---@return string? problem  somebody else has taken the port; the service is closed then
function Service:restart(by_reset)
  local port = self.server:port()
  scheduler.remove_source(self)
  self.cloud.streams:cut({}, by_reset)
  self.streams = setmetatable({}, WEAK)
  self.server:close()
  local server, problem = httpd.new { port = port }
  if not server then
    finish(self)
    return nil, problem
  end
  self.server = server
  scheduler.add_source(self)
  return true
end

--- Ends it: device code that is waiting is ended where it waits.
function Service:close()
  if self.closed then return end
  self.closed = true
  scheduler.remove_source(self)
  self.cloud.streams:clear()
  self.server:close()
  finish(self)
end

return service
