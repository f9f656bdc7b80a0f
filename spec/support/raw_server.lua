-- A TCP server that does to its clients whatever a script says, in the process and thread of the specs.
--
-- Each connection runs a script, a function of that connection, in a coroutine of its own: the first
-- connection the first script, and so on; the last script serves all later ones. Nothing blocks: `pump` gives
-- every connection of every open server one turn, and the waits below do so between the poller's steps. Bytes
-- are taken from a socket only where a script reads, so a script that reads nothing leaves them unread.

local lfs = require("lfs")
local socket = require("socket")
local core = require("particle.core")

local raw_server = {}

local PATIENCE = 60 -- seconds until a wait gives up, on the slowest machine

local open = {} -- the servers that are pumped

---@class raw_server.Request
---@field method string
---@field target string as it came, with the query
---@field path string
---@field query string without "?"
---@field headers table<string, string> names in lower case; repeated ones joined by ", "
---@field head string the whole head as it came
---@field body string
---@field connection integer which of the server's connections, from 1

-- ------------------------------------------------------------------------------------------- connection --

---@class raw_server.Connection
---@field number integer from 1
---@field ended boolean? the client closed its side
local Connection = {}
Connection.__index = Connection

-- Ends this turn of the script; `moved` tells the waits that there may be more to do at once.
local function turn(moved) coroutine.yield(moved) end

---Lets everybody else have a turn.
function Connection.pause() turn(true) end

---Waits until something came or the client has gone.
---@return boolean came
function Connection:fill()
  while not self.ended do
    local all, problem, part = self.socket:receive(65536)
    local bytes = all or part
    if #bytes > 0 then
      self.buffer = self.buffer .. bytes
      return true
    end
    if problem == "timeout" then turn(false) else self.ended = problem end
  end
  return false
end

---@return string|nil bytes exactly n; nil when the client went before
function Connection:read(n)
  while #self.buffer < n do
    if not self:fill() then return nil end
  end
  local bytes = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return bytes
end

---@return string|nil bytes up to and with `mark`
function Connection:read_to(mark)
  while not self.buffer:find(mark, 1, true) do
    if not self:fill() then return nil end
  end
  return self:read(select(2, self.buffer:find(mark, 1, true)))
end

---Reads the head of a request and remembers it.
---@return raw_server.Request|nil
function Connection:head()
  local head = self:read_to("\r\n\r\n")
  if not head then return nil end
  local method, target = head:match("^(%S+) (%S+) HTTP/1%.[01]\r\n")
  local headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
    name = name:lower()
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  local path, query = target:match("^([^?]*)%??(.*)$")
  local request = {
    method = method, target = target, path = path, query = query, headers = headers, head = head, body = "",
    connection = self.number,
  }
  table.insert(self.server.requests, request)
  return request
end

local function read_chunks(connection)
  local body = {}
  while true do
    local line = connection:read_to("\r\n")
    local size = line and tonumber(line:match("^%x+"), 16)
    if not size then return nil end
    local bytes = connection:read(size)
    if not bytes or not connection:read_to("\r\n") then return nil end
    if size == 0 then return table.concat(body) end
    body[#body + 1] = bytes
  end
end

---Reads the body that belongs to the head.
---@return string|nil
function Connection:body(request)
  local body
  if request.headers["transfer-encoding"] == "chunked" then
    body = read_chunks(self)
  else
    body = self:read(tonumber(request.headers["content-length"] or "0", 10))
  end
  request.body = body or request.body
  return body
end

---Reads a whole request and counts it as executed.
---@return raw_server.Request|nil
function Connection:request()
  local request = self:head()
  if not request or not self:body(request) then return nil end
  self.server.executed = self.server.executed + 1
  return request
end

---Sends all bytes, `piece` of them at a time and each piece in a turn of its own.
---@param piece? integer
---@return boolean sent false when the client went before
function Connection:send(bytes, piece)
  local at, last = 1, piece and 0 or #bytes
  while at <= #bytes do
    last = math.max(last, math.min(at + (piece or #bytes) - 1, #bytes))
    local sent, problem, partly = self.socket:send(bytes, at, last)
    local reached = sent or partly
    local moved = reached >= at
    at = reached + 1
    if problem and problem ~= "timeout" then return false end
    if piece or problem then turn(moved) end
  end
  return true
end

---Sends a reply with its length.
---@param headers? table<string, string>|nil
function Connection:reply(status, headers, body)
  return self:send(raw_server.message(status, headers, body))
end

---@param text string
function Connection:json(text) return self:reply(200, { ["Content-Type"] = "application/json" }, text) end

---Does nothing until the client goes.
function Connection:hang()
  while self:fill() do self.buffer = "" end
end

---Does nothing at all, until the server is closed.
function Connection.freeze()
  while true do turn(false) end
end

---Sends no more, and waits for the client to go.
function Connection:finish()
  self.socket:shutdown("send")
  self:hang()
end

function Connection:close()
  if self.socket then self.socket:close() end
  self.socket = nil
end

---Ends the connection with a reset.
function Connection:reset()
  self.socket:setoption("linger", { on = true, timeout = 0 })
  self:close()
end

-- ----------------------------------------------------------------------------------------------- scripts --

local REASONS = { [200] = "OK", [204] = "No Content", [404] = "Not Found", [500] = "Internal Server Error" }

---The text of a reply; its length is added unless the headers say something about it.
function raw_server.message(status, headers, body)
  local lines, length = { ("HTTP/1.1 %d %s"):format(status, REASONS[status] or "Whatever") }, true
  for name, value in pairs(headers or {}) do
    lines[#lines + 1] = name .. ": " .. value
    if name:lower() == "content-length" or name:lower() == "transfer-encoding" then length = false end
  end
  if length and status ~= 204 then lines[#lines + 1] = "Content-Length: " .. #(body or "") end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

---A script that answers every request alike.
function raw_server.replying(status, headers, body)
  local message = raw_server.message(status, headers, body)
  return function(connection)
    while connection:request() do connection:send(message) end
  end
end

---A script that answers every request with JSON.
function raw_server.json(text)
  return raw_server.replying(200, { ["Content-Type"] = "application/json" }, text)
end

---A script that answers one request with these very bytes and closes.
---@param piece? integer
function raw_server.bytes(bytes, piece)
  return function(connection)
    if connection:request() then connection:send(bytes, piece) end
  end
end

---A script that answers the first n requests and then behaves like another.
function raw_server.after(n, script)
  return function(connection)
    for _ = 1, n do
      if not connection:request() then return end
      connection:json("true")
    end
    script(connection)
  end
end

-- ------------------------------------------------------------------------------------------------ server --

---@class raw_server.Server
---@field port integer
---@field url string
---@field requests raw_server.Request[] whose heads were read, in that order
---@field executed integer how many were read whole
---@field accepted integer connections so far
local Server = {}
Server.__index = Server

---@param ... fun(connection: raw_server.Connection) what each connection does; the last for all later ones
---@return raw_server.Server
function raw_server.new(...)
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  local _, port = listener:getsockname()
  local self = setmetatable({
    listener = listener, port = math.tointeger(tonumber(port)), url = "http://127.0.0.1:" .. port,
    scripts = { ... }, requests = {}, executed = 0, accepted = 0, connections = {},
  }, Server)
  open[self] = true
  return self
end

local function accept(server)
  local client = server.listener:accept()
  if not client then return false end
  client:settimeout(0)
  client:setoption("tcp-nodelay", true)
  server.accepted = server.accepted + 1
  local script = server.scripts[math.min(server.accepted, #server.scripts)]
  local connection = { socket = client, server = server, buffer = "", number = server.accepted }
  setmetatable(connection, Connection)
  connection.thread = coroutine.create(script)
  server.connections[connection] = true
  return true
end

local function resume(connection)
  local ok, moved = coroutine.resume(connection.thread, connection)
  if coroutine.status(connection.thread) ~= "dead" then return moved end
  connection:close()
  connection.server.connections[connection] = nil
  if not ok then error(debug.traceback(connection.thread, moved), 0) end
  return true
end

---@param options? table of core.api
---@return userdata api of this server
function Server:api(options)
  local config = { base_url = self.url }
  for name, value in pairs(options or {}) do config[name] = value end
  return core.api(config)
end

---@return raw_server.Request|nil the last one
function Server:last() return self.requests[#self.requests] end

---Gives every connection a turn.
---@return boolean moved whether there may be more to do at once
function Server:pump()
  local moved = false
  while self.listener and accept(self) do moved = true end
  local connections = {}
  for connection in pairs(self.connections) do connections[#connections + 1] = connection end
  table.sort(connections, function(a, b) return a.number < b.number end)
  for _, connection in ipairs(connections) do
    if resume(connection) then moved = true end
  end
  return moved
end

---@return integer how many connections are open on this side
function Server:count()
  local n = 0
  for _ in pairs(self.connections) do n = n + 1 end
  return n
end

---Takes no more connections; those that are there go on.
function Server:refuse()
  if self.listener then self.listener:close() end
  self.listener = nil
end

---Ends everything.
function Server:close()
  self:refuse()
  open[self] = nil
  for connection in pairs(self.connections) do connection:close() end
  self.connections = {}
end

Server.__close = Server.close

---A port that takes no more connections: what tries to connect gets no answer at all.
---@return integer port
---@return fun() close
function raw_server.deaf()
  local listener = assert(socket.tcp4())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(0))
  local _, port = listener:getsockname()
  local fillers = {}
  repeat -- until one is left waiting: then the queue is full
    local filler = assert(socket.tcp4())
    filler:settimeout(0)
    filler:connect("127.0.0.1", port)
    fillers[#fillers + 1] = filler
    local _, writable = socket.select(nil, { filler }, 0.05)
  until not writable[filler]
  return math.tointeger(tonumber(port)), function()
    for _, filler in ipairs(fillers) do filler:close() end
    listener:close()
  end
end

---A port on which nothing listens.
---@return integer
function raw_server.closed_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return math.tointeger(tonumber(port))
end

---@return integer count of the descriptors that this process has open
function raw_server.descriptors()
  local count = 0
  for name in lfs.dir("/proc/self/fd") do
    if name:find("%d") then count = count + 1 end
  end
  return count
end

-- ----------------------------------------------------------------------------------------------- waiting --

---Gives every connection of every server a turn.
---@return boolean moved
function raw_server.pump()
  local moved = false
  for server in pairs(open) do
    if server:pump() then moved = true end
  end
  return moved
end

---Steps the poller and pumps the servers until the condition gives something, which is returned.
---@param condition fun(): any
function raw_server.wait(condition)
  local poller, deadline, quiet = core.poller(), core.now() + PATIENCE, 0
  while true do
    local value = condition()
    if value then return value end
    if core.now() > deadline then error("the condition never came true", 2) end
    quiet = raw_server.pump() and 0 or quiet + 1
    poller:step(quiet > 2 and 0.001 or 0)
  end
end

---Waits for the transfer.
---@return any ... its result
function raw_server.take(transfer)
  raw_server.wait(function() return transfer:done() end)
  return transfer:take()
end

---Submits the request and waits for its result.
function raw_server.call(api, request) return raw_server.take(core.submit(api, request)) end

return raw_server
