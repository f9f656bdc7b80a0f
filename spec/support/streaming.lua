-- What the specs of event streams share: servers that are pumped by whatever waits, bytes of streams, and a
-- record of a stream's states.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")

local streaming = {}

--- Seconds that no wait here takes; one that does fails.
streaming.LONG = 5

streaming.HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

--- Comes back at once, or after what the server asks for.
streaming.AT_ONCE = { base = 1, cap = 1, random = function() return 0 end }

--- Lets the raw servers serve whatever waits, until the task is cancelled.
---@return particle.Task  may be bound to a <close> variable
function streaming.pump()
  return scheduler.spawn(function()
    while true do
      for _ = 1, 20 do
        if not raw.pump() then break end
      end
      scheduler.sleep(0.001)
    end
  end)
end

--- An api of a raw server.
---@param server raw_server.Server
---@param options? particle.Options
---@return particle.Api
function streaming.client(server, options)
  local given = { base_url = server.url, token = "s3cret-token" }
  for name, value in pairs(options or {}) do given[name] = value end
  return require("particle").new(given)
end

--- A script that begins a stream and sends these bytes, then does nothing.
---@param bytes? string
---@param piece? integer  bytes at once
function streaming.open(bytes, piece)
  return function(connection)
    if not connection:request() then return end
    connection:send(streaming.HEAD .. (bytes or ""), piece)
    connection:hang()
  end
end

--- A script that begins a stream, sends these bytes and ends in order.
---@param bytes? string
function streaming.ending(bytes) return raw.bytes(streaming.HEAD .. (bytes or "")) end

--- A script that begins a stream, sends these bytes, and resets the connection once `may()` says so.
---@param bytes? string
---@param may? fun(): boolean
function streaming.resetting(bytes, may)
  return function(connection)
    if not connection:request() then return end
    connection:send(streaming.HEAD .. (bytes or ""))
    while may and not may() do coroutine.yield(false) end
    connection:reset()
  end
end

--- An event as the cloud frames it.
---@param name string
---@param data string
---@return string
function streaming.event(name, data)
  local envelope = { data = data, ttl = 60, published_at = "2026-01-02T03:04:05.678Z", coreid = "c0ffee" }
  return ("event: %s\ndata: %s\n\n"):format(name, core.encode(envelope))
end

--- Waits until the condition gives something, which is returned.
---@param condition fun(): any
---@param what? string
function streaming.wait(condition, what)
  local held
  scheduler.wait(function()
    held = condition()
    return held
  end, core.now() + streaming.LONG)
  return held or error("waited in vain for " .. (what or "a condition"), 2)
end

--- The next n events' data; an event without data counts as its name.
---@param stream particle.Stream
---@param n integer
---@return string[]
function streaming.collect(stream, n)
  local list = {}
  for i = 1, n do
    local event = assert(stream:next(streaming.LONG))
    list[i] = event.data or event.name
  end
  return list
end

--- A record of a stream's states: `states.list` of { state, info }, `states.names` as one text.
---@class streaming.States
local States = {}
States.__index = States

---@return streaming.States states
---@return fun(state: string, info: table) on_state
function streaming.states()
  local states = setmetatable({ list = {} }, States)
  return states, function(state, info)
    states.list[#states.list + 1] = { state = state, info = info }
  end
end

---@return string
function States:names()
  local names = {}
  for i, entry in ipairs(self.list) do names[i] = entry.state end
  return table.concat(names, " ")
end

---@param name string
---@return integer
function States:count(name)
  local n = 0
  for _, entry in ipairs(self.list) do
    if entry.state == name then n = n + 1 end
  end
  return n
end

--- Waits until the state was reported n times.
---@param name string
---@param n? integer  1
---@return table info  of the n-th
function States:await(name, n)
  streaming.wait(function() return self:count(name) >= (n or 1) end, "state " .. name)
  local seen = 0
  for _, entry in ipairs(self.list) do
    if entry.state == name then seen = seen + 1 end
    if seen == (n or 1) then return entry.info end
  end
end

--- What `warn` is told while `fn` runs.
---@param fn fun()
---@return string
function streaming.warnings(fn)
  local heard, before = {}, warn
  _G.warn = function(...) heard[#heard + 1] = table.concat({ ... }) end -- luacheck: ignore 122
  local fine, problem = pcall(fn)
  _G.warn = before -- luacheck: ignore 122
  if not fine then error(problem, 0) end
  return table.concat(heard, "\n")
end

return streaming
