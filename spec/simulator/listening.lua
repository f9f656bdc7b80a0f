-- For specs of the simulator: event streams without a network.

local asking = require("spec.simulator.asking")

local listening = {}

---@class listening.Connection: particle.simulator.Connection
---@field sent string[]     what was sent, piece by piece
---@field held boolean?
---@field ended string?     "finish", "abort"
---@field gone boolean?     set by specs: from then on nothing can be sent
local Connection = {}
Connection.__index = Connection

function listening.connection() return setmetatable({ sent = {} }, Connection) end

function Connection:begin(held)
  self.held = held
  return not self.gone
end

function Connection:send(bytes)
  if self.gone then return false end
  self.sent[#self.sent + 1] = bytes
  return true
end

function Connection:hold(held) self.held = held end

function Connection:pending() return self.held and #self:text() or 0 end

function Connection:finish() self.ended = "finish" end

function Connection:abort() self.ended = "abort" end

---@return string
function Connection:text() return table.concat(self.sent) end

---What was sent since this was last called.
---@return string
function Connection:news()
  local text = self:text()
  self.sent = {}
  return text
end

---The names of the events that were sent since this was last called, and their data: "door=open ...".
---@return string
function Connection:heard()
  local list = {}
  for name, json in self:news():gmatch("event: ([^\n]*)\ndata: ([^\n]*)\n\n") do
    list[#list + 1] = name .. "=" .. (json:match('^{"data":"(.-)",') or json:match('^{"data":(null),'))
  end
  return table.concat(list, " ")
end

---Opens a stream as a request would, with the first user's token unless `how` has another.
---@param cloud particle.simulator.Cloud
---@param path string
---@param how? table  as for `asking.raw`
---@return listening.Connection|integer connection  or the status of a refusal
---@return string? body                             of a refusal
function listening.open(cloud, path, how)
  local reply = cloud:handle(asking.raw("GET", path, how or { token = cloud.accounts.list[1].token }))
  if not reply.subscription then return reply.status, reply.text end
  local connection = listening.connection()
  cloud.streams:open(reply.subscription, connection)
  return connection
end

return listening
