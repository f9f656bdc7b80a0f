-- What an event stream is written to: one reply of the server library.

---@class particle.simulator.HttpdConnection: particle.simulator.Connection
---@field private server userdata
---@field private id integer
---@field private reply particle.simulator.Reply
local Connection = {}
Connection.__index = Connection

local connection = {}

---@param server userdata  open; nothing may be called once it is closed
---@param id integer       of the request
---@param reply particle.simulator.Reply  status, headers, and how its bytes are changed
---@return particle.simulator.HttpdConnection
function connection.new(server, id, reply)
  return setmetatable({ server = server, id = id, reply = reply }, Connection)
end

function Connection:begin(held)
  return self.server:stream(self.id, self.reply.status, self.reply.headers, held)
end

function Connection:send(bytes)
  local recode = self.reply.recode
  if not recode then return self.server:send(self.id, bytes) end
  for _, piece in ipairs(recode(bytes)) do
    if not self.server:send(self.id, piece) then return false end
  end
  return true
end

function Connection:hold(held) self.server:hold(self.id, held) end

function Connection:pending() return self.server:pending(self.id) or 0 end

function Connection:finish() self.server:finish(self.id) end

function Connection:abort() self.server:abort(self.id) end

return connection
