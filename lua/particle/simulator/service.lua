-- A cloud on the network: hands requests to it, each in a task of its own, and sends its replies. A source of
-- the scheduler, so that whoever waits serves requests meanwhile.

local httpd = require("particle.simulator.httpd")
local scheduler = require("particle.scheduler")

---@class particle.simulator.Service: particle.Source
---@field closed boolean
---@field private cloud particle.simulator.Cloud
---@field private server userdata
---@field private tasks table<particle.Task, true>
local Service = {}
Service.__index = Service

local service = {}

---@param cloud particle.simulator.Cloud
---@param port integer  0: a free one
---@return particle.simulator.Service?
---@return string? problem  the port is taken ...
function service.open(cloud, port)
  local server, problem = httpd.new { port = port }
  if not server then return nil, problem end
  local self = setmetatable({ cloud = cloud, server = server, tasks = {}, closed = false }, Service)
  scheduler.add_source(self)
  return self
end

function Service:port() return self.server:port() end

function Service:pollfd() return self.server:pollfd() end

function Service:timeout() return self.server:timeout() end

local function serve(self, raw)
  local reply = self.cloud:handle(raw)
  if self.closed then return end
  self.server:respond(raw.id, reply.status, reply.headers, reply.text)
  self:step() -- the reply leaves in this turn
end

local function start(self, raw)
  local task
  task = scheduler.spawn(function()
    serve(self, raw)
    self.tasks[task] = nil
  end)
  self.tasks[task] = true
end

function Service:step()
  if self.closed then return end
  local server = self.server
  server:step()
  local raw = server:next()
  while raw do
    start(self, raw)
    raw = server:next()
  end
end

--- Ends it: device code that is waiting is ended where it waits.
function Service:close()
  if self.closed then return end
  self.closed = true
  scheduler.remove_source(self)
  self.server:close()
  -- Refused, and rightly, by the task that is running: device code may close its own simulator.
  for task in pairs(self.tasks) do pcall(task.cancel, task) end
  self.tasks = {}
end

return service
