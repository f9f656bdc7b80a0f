-- `particle.wrap`: generators whose waits suspend the task that they run in.

local check = require("particle.check")
local tasks = require("particle.tasks")
require("particle.scheduler") -- serves the tasks

local generator = {}

local resume, status = coroutine.resume, coroutine.status
local PARKED = tasks.PARKED

---@class particle.Generator
---@field package co thread
---@field package task? particle.Task  in which it runs now
---@field package parked boolean       it waits inside
local Generator = {}

-- However the call ends: a task that is cancelled meanwhile takes its generator along.
function Generator:__close()
  self.running = false
  local fine, problem = true, nil
  if self.parked then fine, problem = coroutine.close(self.co) end
  tasks.lend(self.co, nil)
  if not fine then error(problem, 0) end
end

local function go_on(self, ok, ...)
  local first = ...
  if not ok then
    coroutine.close(self.co) -- runs its pending `__close`
    error(first, 0)
  end
  if first ~= PARKED or status(self.co) == "dead" then return ... end
  self.parked = true
  tasks.current() -- complains where it cannot be suspended
  tasks.park(self.task)
  self.parked = false
  return go_on(self, resume(self.co))
end

local function call(self, ...)
  if self.running then check.raise("wrap: the generator is running already") end
  local guard <close> = self -- luacheck: ignore guard
  self.running = true
  self.task = tasks.mine()
  tasks.lend(self.co, self.task)
  return go_on(self, resume(self.co, ...))
end

--- Like `coroutine.wrap`, for use in tasks: what waits inside `fn` suspends the task that calls the
--- generator, and not the whole program.
---@param fn fun(...): ...
---@return fun(...): ...
function generator.wrap(fn)
  if type(fn) ~= "function" then check.fail("wrap", "the generator", "a function", fn) end
  local self = { co = coroutine.create(fn), parked = false, running = false }
  setmetatable(self, Generator)
  return function(...) return call(self, ...) end
end

return generator
