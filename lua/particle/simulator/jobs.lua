-- What the cloud does on its own, while nobody waits for it: flashing, calling webhooks.

local scheduler = require("particle.scheduler")

---@class particle.simulator.Jobs
---@field private on_error fun(message: string)
---@field private tasks table<particle.Task, true>
local Jobs = {}
Jobs.__index = Jobs

--- Starts `fn(...)` as a task. What it raises is reported.
---@param fn function
---@param ... any
function Jobs:start(fn, ...)
  local task
  task = scheduler.spawn(function(...)
    local ok, problem = xpcall(fn, debug.traceback, ...)
    if not ok then self.on_error(tostring(problem)) end
    self.tasks[task] = nil
  end, ...)
  self.tasks[task] = true
end

--- Ends all of them where they wait.
function Jobs:stop()
  -- Refused, and rightly, by the task that is running.
  for task in pairs(self.tasks) do pcall(task.cancel, task) end
  self.tasks = {}
end

local jobs = {}

---@param on_error fun(message: string)
---@return particle.simulator.Jobs
function jobs.new(on_error) return setmetatable({ on_error = on_error, tasks = {} }, Jobs) end

return jobs
