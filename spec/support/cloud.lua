-- A cloud that answers as a spec says, over real sockets: for replies that the simulator would not give.

local core = require("particle.core")
local httpd = require("particle.simulator.httpd")
local scheduler = require("particle.scheduler")

---@class support.Cloud: closed by `close` or when a <close> variable goes
---@field url string
---@field requests table[]  those that came: method, path, query, headers, body
local Cloud = {}
Cloud.__index = Cloud

---`answer(request, number)` -> status, body [, headers]: a table as body is sent as JSON; "abort" instead of
---a status closes the connection. It runs as a task and may wait.
---@param answer fun(request: table, number: integer): integer|"abort", any, table?
---@return support.Cloud
function Cloud.new(answer)
  local self = setmetatable({ requests = {}, tasks = {}, answer = answer, server = httpd.new {} }, Cloud)
  self.url = "http://127.0.0.1:" .. self.server:port()
  scheduler.add_source(self)
  return self
end

function Cloud:pollfd() return self.server:pollfd() end

function Cloud:timeout() return self.server:timeout() end

function Cloud:step()
  self.server:step()
  local request = self.server:next()
  while request do
    self.requests[#self.requests + 1] = request
    table.insert(self.tasks, scheduler.spawn(self.handle, self, request, #self.requests))
    request = self.server:next()
  end
end

function Cloud:handle(request, number)
  local status, body, headers = self.answer(request, number)
  if status == "abort" then return self.server:abort(request.id) end
  if type(body) == "table" then body = core.encode(body) end
  self.server:respond(request.id, status, headers or { ["Content-Type"] = "application/json" }, body or "")
end

---The last request, as `METHOD path?query body`.
---@return string
function Cloud:last()
  local request = self.requests[#self.requests]
  local query = request.query ~= "" and "?" .. request.query or ""
  return (("%s %s%s %s"):format(request.method, request.path, query, request.body):gsub(" $", ""))
end

---An api that asks once, so that specs see each reply as it came.
---@param options? particle.Options
---@return particle.Api
function Cloud:client(options)
  local given = { base_url = self.url, token = "s3cret-token", retry = false }
  for name, value in pairs(options or {}) do given[name] = value end
  return require("particle").new(given)
end

function Cloud:close()
  scheduler.remove_source(self)
  self.server:close()
  for _, task in ipairs(self.tasks) do task:cancel() end
end

Cloud.__close = Cloud.close

return Cloud
