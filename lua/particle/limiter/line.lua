-- The line of those who wait under the same limits. Each has a turn: the time at which it may go, and its
-- place in the store. Who leaves before that frees its turn: those behind move up, in order, and places that
-- nobody needs go back to the store. Many may leave at once, so that is done once for all, by whoever looks
-- next.

local scheduler = require("particle.scheduler")

local line = {}

---@class particle.limiter.Turn
---@field due number       seconds of the limiter's clock
---@field package place any   what stands for it in the store

-- One who waits ------------------------------------------------------------------------------------------

---@class particle.limiter.Waiter
---@field turn particle.limiter.Turn
---@field served boolean?  its time came
---@field news boolean     it has another turn, or is to move the line up
---@field private line particle.limiter.Line
---@field private number integer
local Waiter = {}
Waiter.__index = Waiter

local function wake(waiter)
  waiter.news = true
  scheduler.notify(waiter)
end

function Waiter:__close() self.line:leave(self) end

-- All of them --------------------------------------------------------------------------------------------

---@class particle.limiter.Line
---@field private store particle.LimitStore
---@field private limits particle.Limit[]
---@field private waiters table<integer, particle.limiter.Waiter>  from `first` to `last`, with gaps
---@field private free particle.limiter.Turn[]
local Line = {}
Line.__index = Line

--- Joins the line, at its end. To be bound to a <close> variable.
---@param due number
---@param place any
---@return particle.limiter.Waiter
function Line:join(due, place)
  self.last = self.last + 1
  local waiter = setmetatable({
    turn = { due = due, place = place }, news = false, line = self, number = self.last,
  }, Waiter)
  self.waiters[self.last] = waiter
  return waiter
end

-- The first one; nil: nobody waits.
function Line:head()
  while self.first <= self.last and not self.waiters[self.first] do self.first = self.first + 1 end
  return self.waiters[self.first]
end

function Line:leave(waiter)
  self.waiters[waiter.number] = nil
  local head = self:head()
  if not waiter.served then self.free[#self.free + 1] = waiter.turn end
  if not self.free[1] then return end
  if head then wake(head) else self:move_up() end
end

local function is_earlier(a, b) return a.due < b.due end

-- Into an ordered list, of which the first one was taken.
local function insert(list, first, turn)
  local i = #list + 1
  while i > first and list[i - 1].due > turn.due do
    list[i] = list[i - 1]
    i = i - 1
  end
  list[i] = turn
end

-- Fills the gaps: however many come and go behind one who waits long, the line is as long as those in it.
function Line:close_up()
  local waiters, last = self.waiters, self.first - 1
  for number = self.first, self.last do
    local waiter = waiters[number]
    if waiter then
      last = last + 1
      waiters[number] = nil
      waiters[last], waiter.number = waiter, last
    end
  end
  self.last = last
end

--- Those behind who left get their turns, and the store gets what nobody needs.
function Line:move_up()
  local free, first = self.free, 1
  if not free[1] then return end
  self.free = {}
  table.sort(free, is_earlier)
  self:close_up()
  for number = self.first, self.last do
    local waiter = self.waiters[number]
    if free[first].due < waiter.turn.due then
      local own = waiter.turn
      waiter.turn, first = free[first], first + 1
      insert(free, first, own)
      wake(waiter)
    end
  end
  if not self.store.give_back then return end
  for i = first, #free do self.store:give_back(self.limits, free[i].place) end
end

---@param store particle.LimitStore
---@param limits particle.Limit[]
---@return particle.limiter.Line
function line.new(store, limits)
  return setmetatable({ store = store, limits = limits, waiters = {}, first = 1, last = 0, free = {} }, Line)
end

return line
