-- `particle.run`: a program of tasks, from its first function to the end of its last task.

local check = require("particle.check")
local rules = require("particle.rules")
local tasks = require("particle.tasks")
require("particle.scheduler") -- serves the tasks

local function join_all(scope)
  local list = tasks.users(scope)
  while list[1] do
    for _, task in ipairs(list) do tasks.join(task) end
    list = tasks.users(scope)
  end
end

--- See `particle.run`.
---@param fn fun(...): ...
---@return any ...
local function run(fn, ...)
  if not rules.is_callable(fn) then check.fail("run", "the argument", "a function", fn) end
  local scope <close> = tasks.new_scope()
  local main = tasks.spawn_within(scope, fn, ...)
  tasks.join(main)
  local outcome = table.pack(pcall(main.wait, main))
  -- After an error the others end at once, so that none of them can hold it back.
  if outcome[1] then join_all(scope) else tasks.end_all(scope) end
  tasks.tell_unread(scope)
  if not outcome[1] then error(outcome[2], 0) end
  return table.unpack(outcome, 2, outcome.n)
end

return run
