-- The store of limits that is used where none is given: the memory of this Lua state. It also says what a
-- store is.
--
-- Windows are kept as logs: the times of the last N requests. So there are never more than N in any window,
-- however the cloud cuts its own (sliding, or by the clock). Algorithms that keep a number or two (token
-- bucket, GCRA) let pass up to twice N in an unlucky window, unless they give half of N away; ten thousand
-- times are 160 kB. Whoever has to wait takes its place in the log at once: each waits once, and in order.

local core = require("particle.core")

--- Where the counts of the limiter are kept. Its methods may block for a moment, and must not raise for what
--- the world does: they return nil and say why.
---@class particle.LimitStore
---@field take fun(self, limits: particle.Limit[], patience: number): boolean?, number|string, any
---One request, counted under all these limits or under none. True, the seconds to wait before it is sent (0:
---none; it is counted already), and what stands for its place; false when that would be more than `patience`:
---the seconds, and which of the limits is in the way; nil and a text: the store cannot be reached.
---@field give_back? fun(self, limits: particle.Limit[], place: any): boolean?, string?  The request that got
---this place from `take` is not sent after all, so it does not count. Called also while a task is cancelled,
---where nothing can wait for it. Without it such places are lost.
---@field acquire fun(self, key: string, count: integer): any, string?
---One of `count` places, such as that of an event stream: whatever stands for it; false: all are taken; nil
---and a text: the store cannot be reached.
---@field renew fun(self, key: string, holder: any): boolean?, string?  The place is still used.
---@field release fun(self, key: string, holder: any): boolean?, string?  The place is free.
---@field lease? number  seconds after which a place is free that was not renewed; nil: never

local memory = {}

---@class particle.LimitMemory: particle.LimitStore
---@field private clock fun(): number
---@field private logs table<string, { first: integer, last: integer, [integer]: number }>
---@field private places table<string, { taken: integer, [integer]: boolean }>
local Memory = {}
Memory.__index = Memory

-- Windows ---------------------------------------------------------------------------------------------

local function forget(log, until_)
  while log.first <= log.last and log[log.first] <= until_ do
    log[log.first] = nil
    log.first = log.first + 1
  end
end

function Memory:log(limit, now)
  local log = self.logs[limit.key]
  if not log then
    log = { first = 1, last = 0 }
    self.logs[limit.key] = log
  end
  forget(log, now - limit.window)
  return log
end

-- From when on there is room: when the Nth before it is a window old.
local function time_for(log, limit, now)
  local nth = log[log.last - limit.count + 1]
  return nth and math.max(now, nth + limit.window) or now
end

-- Times are in order. One that has to wait for another limit is ahead of later ones that need not.
local function insert(log, time)
  local i = log.last + 1
  while i > log.first and log[i - 1] > time do
    log[i] = log[i - 1]
    i = i - 1
  end
  log[i] = time
  log.last = log.last + 1
end

-- One of that time, if there is one.
local function remove(log, time)
  local i = log.last
  while i >= log.first and log[i] > time do i = i - 1 end
  if log[i] ~= time then return end
  table.move(log, i + 1, log.last + 1, i)
  log.last = log.last - 1
end

function Memory:take(limits, patience)
  local now = self.clock()
  local due, which = now, nil
  for i = 1, #limits do
    local time = time_for(self:log(limits[i], now), limits[i], now)
    if time > due then due, which = time, i end
  end
  if due - now > patience then return false, due - now, which end
  for i = 1, #limits do insert(self.logs[limits[i].key], due) end
  return true, due - now, due
end

function Memory:give_back(limits, due)
  for i = 1, #limits do remove(self.logs[limits[i].key], due) end
  return true
end

-- Places ----------------------------------------------------------------------------------------------

function Memory:acquire(key, count)
  local places = self.places[key] or { taken = 0 }
  self.places[key] = places
  if places.taken >= count then return false end
  places.taken = places.taken + 1
  self.holders = self.holders + 1
  places[self.holders] = true
  return self.holders
end

function Memory.renew() return true end

function Memory:release(key, holder)
  local places = self.places[key]
  if not places or not places[holder] then return true end
  places[holder], places.taken = nil, places.taken - 1
  return true
end

---@param clock? fun(): number  seconds
---@return particle.LimitMemory
function memory.new(clock)
  return setmetatable({ clock = clock or core.now, logs = {}, places = {}, holders = 0 }, Memory)
end

--- The one that all apis share. Its keys begin with the address of a cloud.
memory.common = memory.new()

return memory
