-- `particle.map` and `particle.all`: a function for each of many items, so many at a time. Workers, tasks of
-- the library, take one item after another: what is held grows with the limit, not with the list.

local check = require("particle.check")
local core = require("particle.core")
local rules = require("particle.rules")
local scheduler = require("particle.scheduler")
local tasks = require("particle.tasks")

local map = {}

local count = tasks.count

local LIMIT = 50

local OPTIONS = {
  limit = rules.COUNT,
  deadline = rules.SECONDS,
  on_progress = rules.FUNCTION,
}

---@class particle.map.Group
---@field fn function
---@field items any[]|fun(): any, any
---@field total? integer       how many items the list has; nil: they come from an iterator
---@field limit integer
---@field on_progress? function
---@field taken integer        the index of the last item that a worker took
---@field done integer
---@field told integer         of those, how many `on_progress` has heard of
---@field pulling boolean      a worker is asking for the next item
---@field exhausted boolean    there are no more
---@field workers integer
---@field crew table<particle.Task, particle.map.Post>
---@field over boolean         what workers find from now on is dropped
---@field err any              why the iterator gave no more
---@field problem any          what made a worker fail: no memory
local Group = {}

---@class particle.map.Post
---@field index integer|false  what its worker is at work on

local function stop(group)
  group.over = true
  for worker in pairs(group.crew) do tasks.end_soon(worker) end
end

Group.__close = stop

-- Workers -------------------------------------------------------------------------------------------

local work

local function on_failure(group, problem)
  group.problem = problem
  scheduler.notify(group)
end

local function hire(group)
  local post = { index = false }
  group.crew[scheduler.spawn_job(on_failure, work, group, post)] = post
  group.workers = group.workers + 1
end

local function leave(group)
  group.crew[tasks.mine()] = nil
  group.workers = group.workers - 1
  if group.workers == 0 then scheduler.notify(group) end
end

-- How the next item is had: its index and itself; nil: there is none, or none for this worker.

local function take_of_list(group, post)
  local index = group.taken + 1
  if index > group.total or group.over then return nil end
  group.taken, post.index = index, index
  return index, group.items[index]
end

-- An iterator is asked by one worker at a time; another who finds it busy leaves, since whoever gets an item
-- hires.
local function take_of_iterator(group, post)
  if group.pulling or group.exhausted or group.over then return nil end
  local index = group.taken + 1
  group.taken, group.pulling, post.index = index, true, index
  local fine, item, err = pcall(group.items)
  group.pulling = false
  if fine and item ~= nil then return index, item end
  if not fine then err = item == nil and "an error without a value" or item end
  group.taken, group.exhausted, post.index = index - 1, true, false
  if err ~= nil then
    group.err = err
    scheduler.notify(group)
  end
end

local function record(group, index, fine, first, second)
  if group.over then return end
  if not fine then
    group.errors[index] = first == nil and "an error without a value" or first
  elseif first == nil then
    group.errors[index] = second
  else
    group.results[index] = first
  end
  group.done = group.done + 1
  if group.on_progress then scheduler.notify(group) end
end

function work(group, post)
  local fn, take = group.fn, group.total and take_of_list or take_of_iterator
  local index, item = take(group, post)
  while index do
    if group.workers < group.limit and index ~= group.total then hire(group) end
    local turn = count.turns
    record(group, index, pcall(fn, item, index))
    post.index = false
    if count.turns == turn then scheduler.sleep(0) end -- it did not wait: the others' turn
    index, item = take(group, post)
  end
  leave(group)
end

-- The caller ----------------------------------------------------------------------------------------

local function is_over(group) return group.workers == 0 or group.err ~= nil or group.problem ~= nil end

local function has_news(group)
  return is_over(group) or group.on_progress ~= nil and group.told < group.done
end

-- In the caller's coroutine: so it may wait, and its error is the caller's.
local function tell_next(group)
  if not group.on_progress or group.told >= group.done then return false end
  group.told = group.told + 1
  group.on_progress(group.told, group.total)
  return true
end

local function await(group, deadline)
  local keys = { group }
  while not is_over(group) do
    scheduler.await_news(keys, has_news, group, deadline)
    if deadline and core.now() >= deadline then return end
    tell_next(group)
  end
end

local function too_late(seconds, what, attempts, delivered)
  return core.error {
    kind = "timeout", message = ("%s the deadline of %g s for the whole group"):format(what, seconds),
    retryable = true, attempts = attempts, delivered = delivered, elapsed = seconds,
  }
end

local function expire(group, seconds)
  local running = too_late(seconds, "given up at", 1, "maybe")
  local waiting = too_late(seconds, "not begun before", 0, false)
  for _, post in pairs(group.crew) do
    if post.index then group.errors[post.index] = running end
  end
  for index = group.taken + 1, group.total or 0 do group.errors[index] = waiting end
end

local function new_group(fn, items, total, opts)
  return setmetatable({
    fn = fn, items = items, total = total, limit = opts.limit or LIMIT, on_progress = opts.on_progress,
    results = {}, errors = {}, taken = 0, done = 0, told = 0, pulling = false, exhausted = false,
    workers = 0, crew = {}, over = false, err = nil, problem = nil,
  }, Group)
end

local function go(group, seconds)
  local deadline = seconds and core.now() + seconds
  local guard <close> = group -- luacheck: ignore guard
  if group.total ~= 0 then hire(group) end
  await(group, deadline)
  local in_time = is_over(group)
  stop(group)
  if group.problem ~= nil then error(group.problem, 0) end
  if group.err ~= nil then return nil, group.err end
  while tell_next(group) do end -- luacheck: ignore 542
  if not in_time then expire(group, seconds) end
  group.results.n = group.total or group.taken
  group.errors.n = group.results.n
  return group.results, group.errors
end

-- Items ---------------------------------------------------------------------------------------------

-- How many items a list has; `must` begins the message where it is none.
local function length(list, must)
  local n = math.type(list.n) == "integer" and list.n or #list
  if math.type(n) ~= "integer" or n < 0 then
    check.raise(must .. ", got a table whose n, or else length, is no number of items")
  end
  if n == 0 and list.n == nil and next(list) ~= nil then
    check.raise(must .. ", got a table that has no item 1")
  end
  return n
end

local function count_items(items)
  if items == nil then
    check.raise("map: the items must be a list or an iterator, got nil; if a call was to give them, assert"
      .. " shows why it failed: particle.map(assert(api:devices()), ...)")
  end
  if type(items) ~= "table" or core.type(items) then
    check.fail("map", "the items", "a list or an iterator (a function)", items)
  end
  return length(items, "map: the items must be a list or an iterator")
end

local function check_opts(opts, who)
  if opts ~= nil then rules.check(opts, OPTIONS, who) end
  return opts or {}
end

--- See `particle.map`.
---@param items any[]|fun(): any, any
---@param fn fun(item: any, index: integer): any, any
---@param opts? particle.MapOptions
---@return table? results
---@return any errors
function map.map(items, fn, opts)
  local total
  if not rules.is_callable(items) then total = count_items(items) end
  if not rules.is_callable(fn) then check.fail("map", "what is done for each item", "a function", fn) end
  opts = check_opts(opts, "map")
  return go(new_group(fn, items, total, opts), opts.deadline)
end

local function call(fn) return fn() end

--- See `particle.all`.
---@param functions (fun(): any, any)[]
---@param opts? particle.MapOptions
---@return table results
---@return table errors
function map.all(functions, opts)
  if type(functions) ~= "table" or core.type(functions) then
    check.fail("all", "the argument", "a list of functions", functions)
  end
  local total = length(functions, "all: the argument must be a list of functions")
  for i = 1, total do
    local fn = functions[i]
    if not rules.is_callable(fn) then check.fail("all", "item " .. i, "a function", fn) end
  end
  opts = check_opts(opts, "all")
  return go(new_group(call, functions, total, opts), opts.deadline)
end

return map
