-- The one place where waiting happens: the state's poller, what tasks wait for, and foreign sources. A task
-- is suspended, and woken by what it waits for and by nothing else; all others drive the poller in place.

local await = require("particle.await")
local check = require("particle.check")
local core = require("particle.core")
local interrupt = require("particle.interrupt")
local tasks = require("particle.tasks")
local timers = require("particle.timers")

local scheduler = {
  spawn = tasks.spawn, spawn_job = tasks.spawn_job, spawn_for_user = tasks.spawn_for_user,
  is_task = tasks.is_task, under_way = tasks.under_way,
}

local poller = core.poller()
local finished, idle = poller.finished, poller.idle
local count, current, wake, run_ready = tasks.count, tasks.current, tasks.wake, tasks.run_ready
local is_done, pending = core.transfer_methods.done, core.transfer_methods.pending

-- Nested waits in place cost C stack (Lua allows about 200 levels); beyond this a clear error beats a crash.
local DEEPEST = 30

local waiting = {} -- the id of a transfer, or any value given to `notify` -> the task that waits for it
local listeners = {} -- functions that hear of the ids of what has finished
local conditions = {} -- list of { task =, holds = }
local sources = {} -- list of { source =, fd = }

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
  local id = finished(poller)
  local found = id ~= nil
  while id do
    notify(id)
    for i = 1, #listeners do listeners[i](id) end
    id = finished(poller)
  end
  return found
end

local function soonest(timeout, seconds)
  return timeout and timeout < seconds and timeout or seconds
end

-- It is due at the first time that it named, though others look before.
local function time_of_source(entry, now, timeout)
  local seconds = entry.source:timeout()
  entry.due = seconds and math.min(entry.due or math.huge, now + seconds)
  return seconds and soonest(timeout, math.max(entry.due - now, 0)) or timeout
end

local any_ready, timer_heap = tasks.any_ready, timers.heap

local function time_to_wait(timeout)
  if any_ready() then return 0 end
  if not timer_heap[1] and not sources[1] then return timeout end
  local due, now = timers.next_due(), core.now()
  if due then timeout = soonest(timeout, math.max(due - now, 0)) end
  for _, entry in ipairs(sources) do
    if not entry.stepping then timeout = time_of_source(entry, now, timeout) end
  end
  return timeout
end

local Entry = { __close = function(entry) entry.stepping = false end }

local function step_source(entry)
  entry.stepping, entry.due = true, nil
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

-- An event loop that holds our descriptor hears through it of everything, of what only Lua knows, too.
local exposed = false
local rung = false -- it is readable by our doing

local function ring()
  if rung then return end
  rung = true
  poller:alarm(0)
end

local function set_alarm()
  if not exposed then return end
  rung = false
  poller:alarm(time_to_wait(nil))
end

-- Tasks ran last: what others wait for may hold now.
local function end_turn()
  if exposed and conditions[1] then check_conditions() end
  set_alarm()
end

local function forget_transfer(task)
  if task.transfer then waiting[task.transfer] = nil end
  task.transfer = nil
end

local function turn(timeout)
  count.turns = count.turns + 1
  if collect_finished() then timeout = 0 end -- what happened between two turns, such as an api closed
  if conditions[1] then check_conditions() end
  if poller:step(time_to_wait(timeout)) == 0 then interrupt.raise() end
  if sources[1] then step_sources() end
  collect_finished()
  if timer_heap[1] then timers.fire(core.now(), wake) end
  if conditions[1] then check_conditions() end
  run_ready()
end

local turned = setmetatable({}, { __close = end_turn }) -- also where a turn ends in an error

local function exposed_turn(timeout)
  local guard <close> = turned -- luacheck: ignore guard
  turn(timeout)
end

--- One turn: waits at most `timeout` seconds (nil: until something happens), then lets everything run that
--- has become able to.
---@param timeout? number  seconds
function scheduler.step(timeout)
  if exposed then return exposed_turn(timeout) end
  turn(timeout)
  if exposed then end_turn() end -- an event loop has come
end

-- Loops of the program ------------------------------------------------------------------------------

--- The descriptor that becomes readable when `step` has work to do; nil where the system has no such thing:
--- then `timeout` says when to look.
---@return integer?
function scheduler.pollfd()
  local fd = poller:pollfd()
  if fd and not exposed then
    exposed = true
    tasks.on_first_ready(ring)
    ring() -- the turn that this is in may end in an error, which sets no alarm
  end
  return fd
end

--- Lets an event loop serve whatever is under way, and its own coroutines be tasks.
---@param loop particle.Loop
function scheduler.attach(loop)
  scheduler.pollfd()
  tasks.add_host(loop)
end

-- A task of a loop runs between two turns, and perhaps set a timer.
local function park(task)
  if task.host then set_alarm() end
  tasks.park(task)
end

-- Waiting in place --------------------------------------------------------------------------------

local leave = setmetatable({}, { __close = function() interrupt.depth = interrupt.depth - 1 end })

local function enter()
  if interrupt.depth >= DEEPEST then
    error("waits are nested too deeply: tasks that wait inside generators of their own drive each other", 0)
  end
  interrupt.depth = interrupt.depth + 1
  return leave
end

-- Until holds(subject), or the deadline: true or false.
local function drive(holds, subject, deadline)
  local guard <close> = enter() -- luacheck: ignore guard
  while not holds(subject) do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then return false end
    if not left and idle(poller) and not any_ready() and not timers.next_due() then
      error("this wait could never end: no call, timer or task is under way", 0)
    end
    scheduler.step(left)
  end
  return true
end

-- Waiting -----------------------------------------------------------------------------------------

local function await_beside_others(transfer)
  local id = pending(transfer)
  if not id then return end
  local task = current()
  if not task then
    drive(is_done, transfer)
    return
  end
  waiting[id], task.transfer = task, id
  repeat -- woken for another reason than the transfer's end it still stands there
    if task.host then set_alarm() end
    tasks.park(task)
  until waiting[id] ~= task
end

await.hand_over(count, await_beside_others, collect_finished)

--- See `await.transfer`.
scheduler.await = await.transfer

local Condition = {}

-- However the wait ends, also by an error of the condition itself.
function Condition:__close()
  timers.give_up(self.task)
  for i = #conditions, 1, -1 do
    if conditions[i] == self then table.remove(conditions, i) end
  end
end

local function wait_in_task(task, condition, deadline)
  if condition() then return true end
  local entry <close> = setmetatable({ task = task, holds = condition }, Condition)
  conditions[#conditions + 1] = entry
  if deadline then timers.set(task, deadline) end
  local held
  repeat
    park(task)
    held = condition()
  until held or (deadline and core.now() >= deadline)
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
  timers.give_up(self.task)
end

local function await_news_in_task(task, keys, holds, subject, deadline)
  local guard <close> = setmetatable({ task = task, keys = keys }, Waits) -- luacheck: ignore guard
  if deadline then timers.set(task, deadline) end
  while true do
    for _, key in ipairs(keys) do waiting[key] = task end
    park(task)
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
    timers.set(task, due)
    park(task)
  until core.now() >= due
  timers.give_up(task)
end

tasks.serve { ended = forget_transfer, park = park, drive = drive }

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
  count.busy = count.busy + 1
end

---@param source particle.Source
function scheduler.remove_source(source)
  for i, entry in ipairs(sources) do
    if entry.source == source then
      poller:unwatch(entry.fd)
      table.remove(sources, i)
      count.busy = count.busy - 1
      return
    end
  end
end

return scheduler
