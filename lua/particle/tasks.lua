-- Tasks: coroutines that may be suspended while they wait, and the queue of those that can go on. They are
-- started here, or run by an event loop of the program (see particle.loop), which then is their host.
--
-- Only a task is ever suspended. Everybody else (the main program, a user's own generator, also one inside a
-- task) waits in place, so that no generator is handed a foreign yield.

local check = require("particle.check")
local core = require("particle.core")
local timers = require("particle.timers")

local tasks = {}

local running, yield, isyieldable = coroutine.running, coroutine.yield, coroutine.isyieldable
local resume, status = coroutine.resume, coroutine.status

--- What a task yields when it is to be left alone until it is woken. Anything else that a task yields is
--- meant for the program's event loop, or means "let the others run".
tasks.PARKED = {}

local PARKED = tasks.PARKED

local known = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local hosts = {}
local hosted = setmetatable({}, { __mode = "k" }) -- coroutine of a host -> what stands for it here
local ready, first_ready, last_ready = {}, 1, 0 -- a queue of tasks
local unread = setmetatable({}, { __mode = "k" }) -- failures of tasks that nobody has heard of yet

local count = {
  busy = 0, -- unfinished tasks, and whatever else goes on: at 0 a wait concerns its caller alone
  of_user = 0, -- tasks that the user started, rather than the library for itself
}

tasks.count = count

---@class particle.Task
---@field package co thread
---@field package done boolean
---@field package transfer? integer
---@field package timer? table
---@field package results? table
---@field package failure? particle.tasks.Failure
---@field package cancelled? boolean
---@field package give_up? fun()  what a host does for it is not wanted any more
local Task = {}
Task.__index = Task
Task.__name = "particle.task"

-- What the scheduler does for tasks.
local hooks

---@class particle.tasks.Hooks
---@field ready fun()                     told when a task has become able to go on
---@field ended fun(task: particle.Task)  told of each task that has ended
---@field park fun(task: table)           suspends the current task
---@field drive fun(holds: (fun(): any))  waits in place

---@param scheduler_hooks particle.tasks.Hooks
function tasks.serve(scheduler_hooks) hooks = scheduler_hooks end

--- Whether there is anything that an event loop, or `particle.run`, is to go on for.
---@return boolean
function tasks.under_way() return count.of_user > 0 end

-- The queue -----------------------------------------------------------------------------------------

--- The task can go on. What may find no memory comes first: a hole in the queue would stop all tasks for
--- good.
function tasks.wake(task)
  if task.host then return task.host.resume(task.handle) end
  if task.queued or task.done or task.give_up then return end
  ready[last_ready + 1] = task
  last_ready = last_ready + 1
  task.queued = true
  hooks.ready()
end

local wake = tasks.wake

---@return boolean
function tasks.any_ready() return first_ready <= last_ready end

-- Running -------------------------------------------------------------------------------------------

local function begin_of_user(task)
  task.of_user = true
  count.of_user = count.of_user + 1
  for _, host in ipairs(hosts) do host.start() end
end

local function end_of_user()
  count.of_user = count.of_user - 1
  if count.of_user > 0 then return end
  for _, host in ipairs(hosts) do
    if host.stop then host.stop() end
  end
end

local function settle(task)
  task.done = true
  count.busy = count.busy - 1
  if task.of_user then end_of_user() end
  timers.give_up(task)
  hooks.ended(task)
  for _, waiter in ipairs(task.waiters or {}) do wake(waiter) end
  task.waiters = nil
end

---@class particle.tasks.Failure
---@field value any     what was raised
---@field trace string

local function tell(failure)
  if not unread[failure] then return end
  unread[failure] = nil
  warn("particle: a task failed, and nobody waited for it: ", failure.trace)
end

-- When nobody holds the task any more, nobody can ask what became of it.
local Failure = { __gc = tell }

local function fail(task, value)
  if task.on_failure then return task.on_failure(task.subject, value) end
  local _, text = pcall(tostring, value)
  local failure = { value = value, trace = debug.traceback(task.co, tostring(text)) }
  task.failure = setmetatable(failure, Failure)
  unread[failure] = true
  coroutine.close(task.co) -- runs its pending `__close`
  if not task.of_user and not task.waiters then tell(failure) end
end

--- Tells `warn` of the errors of ended tasks that nobody has heard of so far.
function tasks.tell_unread()
  local failures = {}
  for failure in pairs(unread) do failures[#failures + 1] = failure end
  for _, failure in ipairs(failures) do tell(failure) end
end

-- A function of the program's event loop was called inside the task: the loop serves it, and wakes the task
-- with what comes of it.
local function hand_over(task, ...)
  local answered = false
  local function answer(...)
    if answered then return end
    answered = true
    task.give_up, task.arguments = nil, table.pack(...)
    wake(task)
  end
  for _, host in ipairs(hosts) do
    local give_up = host.adopt and host.adopt(table.pack(...), answer)
    if give_up then
      if not answered then task.give_up = give_up end
      return
    end
  end
  wake(task)
end

local function returned(task, ok, first, ...)
  if ok and status(task.co) ~= "dead" then
    if first == PARKED then return end
    local problem
    ok, problem = pcall(hand_over, task, first, ...)
    if ok then return end
    fail(task, problem)
  elseif ok then
    task.results = table.pack(first, ...)
  else
    fail(task, first)
  end
  settle(task)
end

local function go_on(task)
  if task.done then return end
  local arguments = task.arguments
  if not arguments then return returned(task, resume(task.co)) end
  task.arguments = nil
  returned(task, resume(task.co, table.unpack(arguments, 1, arguments.n)))
end

--- Lets those run that are ready now, not those that become so meanwhile: descriptors must get their turn. A
--- task may get here again, from a wait in place.
function tasks.run_ready()
  for _ = first_ready, last_ready do
    local task = ready[first_ready]
    if not task then break end
    ready[first_ready] = nil
    first_ready = first_ready + 1
    if first_ready > last_ready then first_ready, last_ready = 1, 0 end
    task.queued = false
    go_on(task)
  end
end

-- Who may be suspended --------------------------------------------------------------------------------

-- It does not hold the coroutine, which may be collected while it waits, along with its loop.
local function stand_in(co)
  local task = hosted[co]
  if task then return task end
  for _, host in ipairs(hosts) do
    local handle = host.current and host.current()
    if handle ~= nil then
      hosted[co] = { host = host, handle = handle }
      return hosted[co]
    end
  end
end

--- The task that the caller runs in, also where it cannot be suspended.
---@return table? task
function tasks.mine()
  local co = running()
  return known[co] or (hosts[1] and stand_in(co)) or nil
end

--- The task that may be suspended now; nil when the caller must wait in place.
---@return table? task
function tasks.current()
  local task = known[running()] or (hosts[1] and tasks.mine())
  if task and not isyieldable() then
    check.raise("cannot wait here: this task is inside a function that cannot be suspended (such as require,"
      .. " table.sort, string.gsub, or a __tostring or __gc metamethod); wait before or after it")
  end
  return task
end

--- Suspends the current task until it is woken, perhaps for another reason: look again.
---@param task table  from `current`
function tasks.park(task)
  if hosted[running()] == task then return task.host.suspend(task.handle) end
  yield(PARKED)
end

--- A generator inside a task waits as the task itself (see particle.generator); nil: no longer.
---@param co thread
---@param task? table
function tasks.lend(co, task) known[co] = task end

--- Lets the coroutines of an event loop be tasks.
---@param host particle.Loop
function tasks.add_host(host)
  hosts[#hosts + 1] = host
  count.busy = count.busy + 1 -- from now on others may wait beside the caller
  if count.of_user > 0 then host.start() end
end

-- Starting and ending -------------------------------------------------------------------------------

--- Starts `fn(...)` as a task of the library itself; it first runs at the next turn.
---@param fn fun(...): ...
---@param ... any  its arguments
---@return particle.Task
function tasks.spawn(fn, ...)
  local task = {
    co = coroutine.create(fn), done = false, queued = false, on_failure = nil, subject = nil,
    arguments = table.pack(...),
  }
  setmetatable(task, Task)
  known[task.co] = task
  wake(task)
  count.busy = count.busy + 1
  return task
end

--- Starts `fn(...)` as a task of the user: it keeps `particle.run`, and an event loop, going.
---@param fn fun(...): ...
---@param ... any  its arguments
---@return particle.Task
function tasks.spawn_for_user(fn, ...)
  local task = tasks.spawn(fn, ...)
  begin_of_user(task)
  return task
end

--- Starts `fn(subject, ...)` as a task that does not fail unseen, even where memory has run out: then
--- `on_failure(subject, problem)` is called, which must neither wait nor raise.
---@generic S
---@param on_failure fun(subject: S, problem: any)
---@param fn fun(subject: S, ...)
---@param subject S
---@return particle.Task
function tasks.spawn_job(on_failure, fn, subject, ...)
  local task = tasks.spawn(fn, subject, ...)
  task.on_failure, task.subject = on_failure, subject
  return task
end

--- Ends the task where it waits: its pending `__close` run, a call under way is given up. Does nothing after
--- its end.
function Task:cancel()
  if self.done then return end
  if status(self.co) ~= "suspended" then
    check.raise("cancel: a running task cannot be ended from within")
  end
  self.cancelled = true
  if self.give_up then self.give_up() end
  settle(self)
  local ok, problem = coroutine.close(self.co)
  if not ok then warn("particle: a cancelled task failed: ", tostring(problem)) end
end

Task.__close = Task.cancel

--- Waits for the task's end. Raises what its function raised.
---@return any ...  what its function returned; nil and an error of kind `cancelled` if it was cancelled
function Task:wait()
  local me = tasks.current()
  if me == self then check.raise("wait: a task cannot wait for itself") end
  if not self.done then self.waiters = self.waiters or {} end
  while me and not self.done do
    table.insert(self.waiters, me)
    hooks.park(me)
  end
  if not self.done then hooks.drive(function() return self.done end) end
  if self.failure then
    unread[self.failure] = nil
    error(self.failure.value, 0)
  end
  if self.cancelled then return nil, core.error { kind = "cancelled", message = "the task was cancelled" } end
  return table.unpack(self.results, 1, self.results.n)
end

function Task:__tostring()
  local state = not self.done and "running" or self.failure and "failed"
    or self.cancelled and "cancelled" or "done"
  return ("particle.task (%s)"):format(state)
end

--- Whether the value is a task.
---@param value any
---@return boolean
function tasks.is_task(value) return getmetatable(value) == Task end

return tasks
