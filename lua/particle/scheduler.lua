-- The one place where waiting happens: the state's poller, tasks, timers and foreign sources.
--
-- A task is a coroutine that this file started; only a task ever yields here. Everybody else (the main
-- program, a user's own generator, also one inside a task) drives the poller in place, so that no generator
-- is handed a foreign yield. Each task is woken by what it waits for and by nothing else.

local check = require("particle.check")
local core = require("particle.core")

local scheduler = {}

local poller = core.poller()
local running, yield, isyieldable = coroutine.running, coroutine.yield, coroutine.isyieldable

-- What a task yields to `resume` below; anything else a task yields means "let the others run".
local PARKED = {}

-- Nested waits in place cost C stack (Lua allows about 200 levels); beyond this a clear error beats a crash.
local DEEPEST = 30

local tasks = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local ready, first_ready, last_ready = {}, 1, 0 -- a queue of tasks
local waiting = {} -- the id of a transfer, or any value given to `notify` -> the task that waits for it
local listeners = {} -- functions that hear of the ids of what has finished
local conditions = {} -- list of { task =, holds = }
local sources = {} -- list of { source =, fd = }
local timers = {} -- binary heap of { due =, order =, task = }; equal ones are first come, first served
local timer_order = 0
local given_up = 0 -- how many of them nobody waits for
local busy = 0 -- unfinished tasks and sources: 0 means that a wait concerns its caller alone
local depth = 0 -- of waits in place

---@class particle.Task
---@field package co thread
---@field package done boolean
---@field package transfer? integer
---@field package timer? table
---@field package results? table
---@field package failure? { value: any }
---@field package cancelled? boolean
local Task = {}
Task.__index = Task
Task.__name = "particle.task"

-- Queue and timers --------------------------------------------------------------------------------

-- What may find no memory comes first: a hole in the queue would stop all tasks for good.
local function wake(task)
  if task.queued or task.done then return end
  ready[last_ready + 1] = task
  last_ready = last_ready + 1
  task.queued = true
end

local function before(a, b)
  return a.due < b.due or (a.due == b.due and a.order < b.order)
end

local function drop_first_timer()
  local last = table.remove(timers)
  local n, i = #timers, 1
  if n == 0 then return end
  while true do
    local child = 2 * i
    if child > n then break end
    if child < n and before(timers[child + 1], timers[child]) then child = child + 1 end
    if not before(timers[child], last) then break end
    timers[i] = timers[child]
    i = child
  end
  timers[i] = last
end

-- A sorted list is a heap. Nothing is allocated here.
local function sweep_timers()
  local kept = 0
  for i = 1, #timers do
    local timer = timers[i]
    timers[i] = nil
    if timer.task.timer == timer then
      kept = kept + 1
      timers[kept] = timer
    end
  end
  table.sort(timers, before)
  given_up = 0
end

-- The timer stays until it comes to the top, or most of them are such: a task that waits for event after
-- event, an hour at most for each, would leave many behind the timer of one that sleeps for a minute.
local function give_up_timer(task)
  if not task.timer then return end
  task.timer = nil
  given_up = given_up + 1
  if given_up > 100 and given_up > #timers // 2 then sweep_timers() end
end

local function add_timer(task, due)
  give_up_timer(task)
  timer_order = timer_order + 1
  local timer = { due = due, order = timer_order, task = task }
  local i = #timers + 1
  while i > 1 and before(timer, timers[i // 2]) do
    timers[i] = timers[i // 2]
    i = i // 2
  end
  timers[i] = timer
  task.timer = timer
end

-- The first timer that somebody still waits for.
local function next_timer()
  local timer = timers[1]
  while timer and timer.task.timer ~= timer do
    drop_first_timer()
    given_up = given_up - 1
    timer = timers[1]
  end
  return timer
end

local function fire_timers()
  local timer = next_timer()
  if not timer then return end
  local now = core.now()
  while timer and timer.due <= now do
    drop_first_timer()
    timer.task.timer = nil
    wake(timer.task)
    timer = next_timer()
  end
end

-- Tasks -------------------------------------------------------------------------------------------

local function settle(task)
  task.done = true
  busy = busy - 1
  if task.transfer then waiting[task.transfer] = nil end
  task.transfer = nil
  give_up_timer(task)
  for _, waiter in ipairs(task.waiters or {}) do wake(waiter) end
  task.waiters = nil
end

local function fail(task, value)
  if task.on_failure then return task.on_failure(task.subject, value) end
  task.failure = { value = value }
  local _, text = pcall(tostring, value)
  local trace = debug.traceback(task.co, tostring(text))
  coroutine.close(task.co) -- runs its pending `__close`
  if not task.waiters then warn("particle: a task failed: ", trace) end
end

local function returned(task, ok, first, ...)
  if coroutine.status(task.co) ~= "dead" then
    if first ~= PARKED then wake(task) end
    return
  end
  if ok then task.results = table.pack(first, ...) else fail(task, first) end
  settle(task)
end

local function resume(task)
  if task.done then return end
  local arguments = task.arguments
  if not arguments then return returned(task, coroutine.resume(task.co)) end
  task.arguments = nil
  returned(task, coroutine.resume(task.co, table.unpack(arguments, 1, arguments.n)))
end

-- Those that are ready now, not those that become so meanwhile: descriptors must get their turn. A task may
-- get here again, from a wait in place.
local function run_ready()
  for _ = first_ready, last_ready do
    local task = ready[first_ready]
    if not task then break end
    ready[first_ready] = nil
    first_ready = first_ready + 1
    if first_ready > last_ready then first_ready, last_ready = 1, 0 end
    task.queued = false
    resume(task)
  end
end

local main
for _, value in ipairs(debug.getregistry()) do
  if type(value) == "thread" then main = value end
end

-- Ctrl-C sets a hook on the main thread, which a wait in another coroutine would not meet before its end. If
-- the main thread waits too, further down, the hook stays: it is to be interrupted as well.
local function raise_interrupt()
  local hook, mask, count = debug.gethook(main)
  if hook ~= "external hook" or count ~= 1 or mask ~= "crl" then return end
  if depth <= 1 then debug.sethook(main) end
  error("interrupted!", 0)
end

-- The task that may yield now; nil when the caller waits in place.
local function current()
  local task = tasks[running()]
  if task and not isyieldable() then
    check.raise("cannot wait here: this task is inside a function that cannot be suspended (such as require,"
      .. " table.sort, string.gsub, or a __tostring or __gc metamethod); wait before or after it")
  end
  return task
end

-- One turn ----------------------------------------------------------------------------------------

local function check_conditions()
  for i = #conditions, 1, -1 do
    local entry = conditions[i]
    if entry.task.done then
      table.remove(conditions, i)
    else
      -- A condition that raises is evaluated again by its own task, and raises there.
      local ok, holds = pcall(entry.holds)
      if holds or not ok then wake(entry.task) end
    end
  end
end

--- Lets the task that waits for this key look again at what it waits for.
---@param key any
function scheduler.notify(key)
  local task = waiting[key]
  if not task then return end
  waiting[key] = nil
  task.transfer = nil
  wake(task)
end

local notify = scheduler.notify

--- From now on `listener(id)` is called for each transfer that has finished, and each event stream that has
--- news. It must neither wait nor raise.
---@param listener fun(id: integer)
function scheduler.listen(listener) listeners[#listeners + 1] = listener end

-- Whether there was anything: then who waits in place has to look before time passes.
local function collect_finished()
  local id = poller:finished()
  local found = id ~= nil
  while id do
    notify(id)
    for _, listener in ipairs(listeners) do listener(id) end
    id = poller:finished()
  end
  return found
end

local function soonest(timeout, seconds)
  return timeout and timeout < seconds and timeout or seconds
end

local function time_to_wait(timeout)
  if first_ready <= last_ready then return 0 end
  local timer = next_timer()
  local now = (timer or sources[1]) and core.now()
  if timer then timeout = soonest(timeout, math.max(timer.due - now, 0)) end
  for _, entry in ipairs(sources) do
    local seconds = entry.source:timeout()
    entry.due = seconds and now + seconds
    if seconds then timeout = soonest(timeout, seconds) end
  end
  return timeout
end

local Entry = { __close = function(entry) entry.stepping = false end }

local function step_source(entry)
  entry.stepping = true
  local guard <close> = entry -- luacheck: ignore guard
  entry.source:step()
end

-- A source that waits inside its own step is not entered a second time.
local function step_sources()
  for i = #sources, 1, -1 do
    local entry = sources[i]
    if entry and not entry.stepping then
      local is_due = entry.due and entry.due <= core.now()
      if poller:ready(entry.fd) or is_due then step_source(entry) end
    end
  end
end

--- Seconds after which `step` has work even if the poller's descriptor stays quiet; nil: never.
---@return number?
function scheduler.timeout() return time_to_wait(nil) end

--- One turn: waits at most `timeout` seconds (nil: until something happens), then lets everything run that
--- has become able to.
---@param timeout? number  seconds
function scheduler.step(timeout)
  if collect_finished() then timeout = 0 end -- what happened between two turns, such as an api closed
  if conditions[1] then check_conditions() end
  if poller:step(time_to_wait(timeout)) == 0 then raise_interrupt() end
  if sources[1] then step_sources() end
  collect_finished()
  if timers[1] then fire_timers() end
  if conditions[1] then check_conditions() end
  if first_ready <= last_ready then run_ready() end
end

-- Waiting in place --------------------------------------------------------------------------------

local leave = setmetatable({}, { __close = function() depth = depth - 1 end })

local function enter()
  if depth >= DEEPEST then
    error("waits are nested too deeply: tasks that wait inside generators of their own drive each other", 0)
  end
  depth = depth + 1
  return leave
end

local function could_anything_happen()
  return first_ready <= last_ready or next_timer() ~= nil or not poller:idle()
end

-- Until holds(subject), or the deadline: true or false.
local function drive(holds, subject, deadline)
  local guard <close> = enter() -- luacheck: ignore guard
  while not holds(subject) do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then return false end
    if not left and not could_anything_happen() then
      error("this wait could never end: no call, timer or task is under way", 0)
    end
    scheduler.step(left)
  end
  return true
end

-- Waiting -----------------------------------------------------------------------------------------

local function is_done(transfer) return transfer:done() end

local function await_in_task(task, transfer)
  local id = transfer:id()
  while not transfer:done() do
    waiting[id] = task
    task.transfer = id
    yield(PARKED)
  end
end

--- Returns when the transfer is done. A task yields meanwhile; anybody else drives the poller in place.
---@param transfer userdata  from `core.submit`
function scheduler.await(transfer)
  while busy == 0 do -- the fast path of a plain script
    if transfer:done() then return end
    if poller:step() == 0 then
      raise_interrupt()
    elseif transfer:done() then
      return
    else
      collect_finished()
    end
  end
  if transfer:done() then return end
  local task = current()
  if task then return await_in_task(task, transfer) end
  drive(is_done, transfer)
end

local function wait_in_task(task, condition, deadline)
  if condition() then return true end
  local entry = { task = task, holds = condition }
  conditions[#conditions + 1] = entry
  if deadline then add_timer(task, deadline) end
  local held
  repeat
    yield(PARKED)
    held = condition()
  until held or (deadline and core.now() >= deadline)
  give_up_timer(task)
  for i = #conditions, 1, -1 do
    if conditions[i] == entry then table.remove(conditions, i) end
  end
  return not not held
end

--- Waits until `condition()` holds, which is asked after every turn, or until `deadline`.
---@param condition fun(): any
---@param deadline? number  seconds of `core.now()`; nil: for ever
---@return boolean held
function scheduler.wait(condition, deadline)
  local task = current()
  if task then return wait_in_task(task, condition, deadline) end
  return drive(condition, nil, deadline)
end

local Waits = {}

-- However the wait ends: the keys are free again.
function Waits:__close()
  for _, key in ipairs(self.keys) do
    if waiting[key] == self.task then waiting[key] = nil end
  end
  give_up_timer(self.task)
end

local function await_news_in_task(task, keys, holds, subject, deadline)
  local guard <close> = setmetatable({ task = task, keys = keys }, Waits) -- luacheck: ignore guard
  if deadline then add_timer(task, deadline) end
  while true do
    for _, key in ipairs(keys) do waiting[key] = task end
    yield(PARKED)
    if holds(subject) then return true end
    if deadline and core.now() >= deadline then return false end
  end
end

--- Waits until `holds(subject)`, which is asked after each `notify` of one of the keys, or until `deadline`.
--- One task at a time may wait for a key.
---@param keys any[]
---@param holds fun(subject: any): any
---@param subject any
---@param deadline? number  seconds of `core.now()`; nil: for ever
---@return boolean held
function scheduler.await_news(keys, holds, subject, deadline)
  if holds(subject) then return true end
  local task = current()
  if task then return await_news_in_task(task, keys, holds, subject, deadline) end
  if deadline and deadline <= core.now() then scheduler.step(0) end -- what has come already
  return drive(holds, subject, deadline)
end

local function never() return false end

--- Waits that many seconds. Everything else goes on meanwhile.
---@param seconds number
function scheduler.sleep(seconds)
  if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    check.fail("sleep", "the time", "a number of seconds that is not negative", seconds)
  end
  local due = core.now() + seconds
  local task = current()
  if not task then
    if seconds == 0 then scheduler.step(0) end -- the others' turn
    drive(never, nil, due)
    return
  end
  repeat
    add_timer(task, due)
    yield(PARKED)
  until core.now() >= due
  give_up_timer(task)
end

-- Tasks' face -------------------------------------------------------------------------------------

--- Starts `fn(...)` as a task; it first runs at the next turn. Its uncaught error is raised by `wait`, and
--- goes to `warn` when nobody waits.
---@param fn fun(...): ...
---@return particle.Task
function scheduler.spawn(fn, ...)
  local task = {
    co = coroutine.create(fn), done = false, queued = false, on_failure = nil, subject = nil,
    arguments = table.pack(...),
  }
  setmetatable(task, Task)
  tasks[task.co] = task
  wake(task)
  busy = busy + 1
  return task
end

--- Starts `fn(subject, ...)` as a task that does not fail unseen, even where memory has run out: then
--- `on_failure(subject, problem)` is called, which must neither wait nor raise.
---@generic S
---@param on_failure fun(subject: S, problem: any)
---@param fn fun(subject: S, ...)
---@param subject S
---@return particle.Task
function scheduler.spawn_job(on_failure, fn, subject, ...)
  local task = scheduler.spawn(fn, subject, ...)
  task.on_failure, task.subject = on_failure, subject
  return task
end

--- Waits for the task's end.
---@return any ...  what its function returned; nil and an error of kind `cancelled` if it was cancelled
---raises what its function raised
function Task:wait()
  local me = current()
  if me == self then check.raise("wait: a task cannot wait for itself") end
  if not self.done then self.waiters = self.waiters or {} end
  if me then
    while not self.done do
      table.insert(self.waiters, me)
      yield(PARKED)
    end
  else
    drive(function() return self.done end)
  end
  if self.failure then error(self.failure.value, 0) end
  if self.cancelled then return nil, core.error { kind = "cancelled", message = "the task was cancelled" } end
  return table.unpack(self.results, 1, self.results.n)
end

--- Ends the task where it waits: its pending `__close` run, a call under way is given up. Does nothing after
--- its end.
function Task:cancel()
  if self.done then return end
  if coroutine.status(self.co) ~= "suspended" then
    check.raise("cancel: a running task cannot be ended from within")
  end
  self.cancelled = true
  settle(self)
  local ok, problem = coroutine.close(self.co)
  if not ok then warn("particle: a cancelled task failed: ", tostring(problem)) end
end

Task.__close = Task.cancel

function Task:__tostring()
  local state = not self.done and "running" or self.failure and "failed"
    or self.cancelled and "cancelled" or "done"
  return ("particle.task (%s)"):format(state)
end

--- Whether the value is a task.
---@param value any
---@return boolean
function scheduler.is_task(value) return getmetatable(value) == Task end

-- Sources -----------------------------------------------------------------------------------------

---@class particle.Source
---@field pollfd fun(self): integer     readable when `step` has work
---@field timeout fun(self): number?    seconds until it has work anyway
---@field step fun(self)                does the work; must not wait for itself

--- Lets every wait serve the source too, until `remove_source`.
---@param source particle.Source
function scheduler.add_source(source)
  local fd = source:pollfd()
  poller:watch(fd)
  sources[#sources + 1] = setmetatable({ source = source, fd = fd }, Entry)
  busy = busy + 1
end

---@param source particle.Source
function scheduler.remove_source(source)
  for i, entry in ipairs(sources) do
    if entry.source == source then
      poller:unwatch(entry.fd)
      table.remove(sources, i)
      busy = busy - 1
      return
    end
  end
end

return scheduler
