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
local on_first_ready
local unread = setmetatable({}, { __mode = "k" }) -- failures of tasks that nobody has heard of yet
local of_user = {} -- the unfinished tasks that the user started

local count = {
  busy = 0, -- unfinished tasks, and whatever else goes on: at 0 a wait concerns its caller alone
  of_user = 0, -- tasks that the user started, rather than the library for itself
  turns = 0, -- of the scheduler: while it stays the same, nobody has waited
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
---@field package ending? boolean  to be cancelled as soon as it is suspended
---@field package scope table      what it belongs to: a run, or the whole program
local Task = {}
Task.__index = Task
Task.__name = "particle.task"

-- What the scheduler does for tasks.
local hooks

---@class particle.tasks.Hooks
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
  local last = last_ready + 1
  ready[last] = task
  last_ready = last
  task.queued = true
  if on_first_ready and first_ready == last then on_first_ready() end
end

local wake = tasks.wake

--- `tell` is called whenever some task, after none, has become able to go on.
---@param tell fun()
function tasks.on_first_ready(tell) on_first_ready = tell end

---@return boolean
function tasks.any_ready() return first_ready <= last_ready end

-- Running -------------------------------------------------------------------------------------------

local function begin_of_user(task)
  local noted, problem = pcall(rawset, of_user, task, true)
  if not noted then
    task:cancel()
    error(problem, 0)
  end
  count.of_user = count.of_user + 1
  for _, host in ipairs(hosts) do host.start() end
end

local function end_of_user(task)
  if not of_user[task] then return end
  of_user[task] = nil
  count.of_user = count.of_user - 1
  if count.of_user > 0 then return end
  for _, host in ipairs(hosts) do
    if host.stop then host.stop() end
  end
end

-- Even a call needs memory: what may find none comes first, so that it can be tried again.
local function settle(task)
  end_of_user(task)
  timers.give_up(task)
  hooks.ended(task)
  task.done = true
  count.busy = count.busy - 1
  local waiters = task.waiters
  if not waiters then return end
  task.waiters = nil
  for _, waiter in ipairs(waiters) do wake(waiter) end
end

---@class particle.tasks.Failure
---@field value any     what was raised
---@field trace string
---@field scope table    the task's

local function tell(failure)
  if not unread[failure] then return end
  unread[failure] = nil
  warn("particle: a task failed, and nobody waited for it: ", failure.trace)
end

-- When nobody holds the task any more, nobody can ask what became of it.
local Failure = { __gc = tell }

local function new_failure(task, value)
  local _, text = pcall(tostring, value)
  local failure = { value = value, trace = debug.traceback(task.co, tostring(text)), scope = task.scope }
  unread[failure] = true
  return setmetatable(failure, Failure)
end

local NO_MEMORY = { value = "not enough memory" }

-- Whatever memory there is, those who wait for the task learn that it has ended.
local function fail(task, value)
  local made, failure = pcall(new_failure, task, value)
  if not made then failure = NO_MEMORY end
  task.failure = failure
  coroutine.close(task.co) -- runs its pending `__close`
  local is_heard = of_user[task] or task.waiters
  settle(task)
  if not is_heard then tell(failure) end
end

local function fail_job(task, value)
  settle(task)
  task.on_failure(task.subject, value)
end

local function succeed(task, ...)
  local packed, results = pcall(table.pack, ...)
  if not packed then return fail(task, results) end
  task.results = results
  settle(task)
end

-- A function of the program's event loop was called inside the task: the loop serves it, and wakes the task
-- with what comes of it.
local function hand_over(task, ...)
  local answered = false
  local function answer(...)
    if answered then return end
    answered = true
    task.give_up, task.arguments = false, table.pack(...)
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

local function failed(task, value)
  if task.on_failure then fail_job(task, value) else fail(task, value) end
end

local function returned(task, ok, ...)
  local first = ...
  if first == PARKED and not task.ending then return end
  if not ok then return failed(task, first) end
  if status(task.co) == "dead" then return succeed(task, ...) end
  if task.ending then return task:cancel() end
  local handed, problem = pcall(hand_over, task, ...)
  if not handed then failed(task, problem) end
end

local function go_on_with(task, arguments)
  task.arguments = false
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
    if not task.done then
      if task.arguments then go_on_with(task, task.arguments) else returned(task, resume(task.co)) end
    end
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
      .. " table.sort, string.gsub, a __tostring or __gc metamethod, or __close when the task is cancelled);"
      .. " wait before or after it")
  end
  return task
end

--- Suspends the current task until it is woken, perhaps for another reason: look again.
---@param task table  from `current`
function tasks.park(task)
  if task.host and hosted[running()] == task then return task.host.suspend(task.handle) end
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

-- Starting ------------------------------------------------------------------------------------------

-- What tasks belong to. Where it is closed those end that the user started in it.
local Scope = {}

local PROGRAM = setmetatable({}, Scope) -- of what is started outside of tasks

-- A task hands its scope on to those that it starts.
local function inherited()
  local task = tasks.mine()
  return task and task.scope or PROGRAM -- a coroutine of an event loop has none
end

--- A scope for tasks: inside a task, or a coroutine of an event loop, one of its own, elsewhere the whole
--- program.
---@return table scope  to be closed
function tasks.new_scope()
  return tasks.mine() and setmetatable({ outer = inherited() }, Scope) or PROGRAM
end

--- Starts `fn(...)` as a task of the library itself; it first runs at the next turn.
---@param fn fun(...): ...
---@param ... any  its arguments
---@return particle.Task
function tasks.spawn(fn, ...)
  local task = {
    co = coroutine.create(fn), done = false, queued = false, arguments = table.pack(...),
    scope = inherited(),
    host = false, ending = false, give_up = false, -- what is absent would be looked for in Task
    -- Room for what must find its place without memory.
    on_failure = nil, subject = nil, results = nil, failure = nil, cancelled = nil,
    transfer = nil, timer = nil,
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

--- The same, in a scope from `new_scope`.
---@param scope table
---@param fn fun(...): ...
---@param ... any  its arguments
---@return particle.Task
function tasks.spawn_within(scope, fn, ...)
  local task = tasks.spawn_for_user(fn, ...)
  task.scope = scope
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

-- Ending --------------------------------------------------------------------------------------------

local function is_at_work(task)
  local state = status(task.co)
  return state == "running" or state == "normal"
end

-- It ended where there was no memory to tell of it.
local function is_buried(task) return not task.done and status(task.co) == "dead" end

local function check_receiver(self, method)
  if getmetatable(self) ~= Task then check.receiver(self, "task", method) end
end

--- Ends the task where it waits: its pending `__close` run, a call under way is given up. Does nothing after
--- its end.
function Task:cancel()
  check_receiver(self, "cancel")
  if self.done then return end
  if is_at_work(self) then
    check.raise("cancel: a running task cannot be ended from within")
  end
  self.cancelled = true
  if self.give_up then self.give_up() end
  settle(self)
  local ok, problem = coroutine.close(self.co)
  if not ok then warn("particle: a cancelled task failed: ", tostring(problem)) end
end

Task.__close = Task.cancel

--- Cancels the task now, or where it is running right now (it waits in place, or this is called from within)
--- as soon as it can be.
---@param task particle.Task
function tasks.end_soon(task)
  if is_at_work(task) then task.ending = true else task:cancel() end
end

--- Waits for the task's end, whatever that is.
---@param task particle.Task
function tasks.join(task)
  local me = tasks.current()
  if me == task then check.raise("wait: a task cannot wait for itself") end
  if is_buried(task) then fail(task, NO_MEMORY.value) end
  if not me and status(task.co) == "normal" then
    check.raise("wait: that task cannot go on before this wait has ended: it runs, or waits in place, beneath"
      .. " it (particle.wrap makes generators that do not wait in place)")
  end
  if not task.done then task.waiters = task.waiters or {} end
  while me and not task.done do
    table.insert(task.waiters, me)
    hooks.park(me)
  end
  if not task.done then hooks.drive(function() return task.done end) end
end

local function is_within(scope, outer)
  while scope and scope ~= outer do scope = scope.outer end
  return scope == outer
end

--- Tells `warn` of the errors of the scope's ended tasks that nobody has heard of so far.
---@param scope table  from `new_scope`
function tasks.tell_unread(scope)
  local failures = {}
  for failure in pairs(unread) do
    if is_within(failure.scope, scope) then failures[#failures + 1] = failure end
  end
  for _, failure in ipairs(failures) do tell(failure) end
end

-- One that was not told to end.
local function first_of(scope)
  for task in pairs(of_user) do
    if not task.ending and is_within(task.scope, scope) then return task end
  end
end

--- Ends the tasks that the user started in the scope, and in those within it.
---@param scope table  from `new_scope`
function tasks.end_all(scope)
  local task = first_of(scope)
  while task do
    tasks.end_soon(task)
    task = first_of(scope)
  end
end

local TRIES = 10

-- Where memory has run out a try leaves the next one the stack that it made, and what the ended tasks held.
function Scope:__close()
  for _ = 1, TRIES do
    if pcall(tasks.end_all, self) then return end
  end
  tasks.end_all(self)
end

--- The unfinished tasks that the user started in the scope, and in those within it.
---@param scope table  from `new_scope`
---@return particle.Task[]
function tasks.users(scope)
  local list = {}
  for task in pairs(of_user) do
    if is_within(task.scope, scope) then list[#list + 1] = task end
  end
  return list
end

--- Waits for the task's end. Raises what its function raised.
---@return any ...  what its function returned; nil and an error of kind `cancelled` if it was cancelled
function Task:wait()
  check_receiver(self, "wait")
  tasks.join(self)
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
