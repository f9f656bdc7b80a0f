-- The times at which tasks want to be woken: a binary heap. A task has one timer at most, in `task.timer`.

local timers = {}

local heap = {} -- of { due =, order =, task = }; equal ones are first come, first served

--- Empty where no task has a timer.
timers.heap = heap

local order = 0
local given_up = 0 -- how many of them nobody waits for

local function before(a, b)
  return a.due < b.due or (a.due == b.due and a.order < b.order)
end

local function drop_first()
  local last = table.remove(heap)
  local n, i = #heap, 1
  if n == 0 then return end
  while true do
    local child = 2 * i
    if child > n then break end
    if child < n and before(heap[child + 1], heap[child]) then child = child + 1 end
    if not before(heap[child], last) then break end
    heap[i] = heap[child]
    i = child
  end
  heap[i] = last
end

-- A sorted list is a heap. Nothing is allocated here.
local function sweep()
  local kept = 0
  for i = 1, #heap do
    local timer = heap[i]
    heap[i] = nil
    if timer.task.timer == timer then
      kept = kept + 1
      heap[kept] = timer
    end
  end
  table.sort(heap, before)
  given_up = 0
end

--- The task has no timer any more. Its entry stays until it comes to the top, or most of them are such: a
--- task that waits for event after event, an hour at most for each, would leave many behind the timer of one
--- that sleeps for a minute.
function timers.give_up(task)
  if not task.timer then return end
  task.timer = nil
  given_up = given_up + 1
  if given_up > 100 and given_up > #heap // 2 then sweep() end
end

--- The task is to be woken then, and at no other time.
---@param due number  seconds of `core.now()`
function timers.set(task, due)
  timers.give_up(task)
  order = order + 1
  local timer = { due = due, order = order, task = task }
  local i = #heap + 1
  while i > 1 and before(timer, heap[i // 2]) do
    heap[i] = heap[i // 2]
    i = i // 2
  end
  heap[i] = timer
  task.timer = timer
end

local function first()
  local timer = heap[1]
  while timer and timer.task.timer ~= timer do
    drop_first()
    given_up = given_up - 1
    timer = heap[1]
  end
  return timer
end

--- When the first of them is due; nil: there is none.
---@return number? due
function timers.next_due()
  local timer = first()
  return timer and timer.due
end

--- Calls `wake(task)` for each that is due, and forgets its timer.
---@param now number
---@param wake fun(task: table)
function timers.fire(now, wake)
  local timer = first()
  while timer and timer.due <= now do
    drop_first()
    timer.task.timer = nil
    wake(timer.task)
    timer = first()
  end
end

return timers
