-- Adapters of event loops: what one looks like, and how it is put to use (option `loop` of `particle.new`).

local check = require("particle.check")
local scheduler = require("particle.scheduler")

local loop = {}

--- How the library runs inside an event loop of the program. Only `start` is needed; with `current`,
--- `suspend` and `resume` the loop's own coroutines can wait like tasks; with `adopt` tasks can call
--- functions of the loop that suspend their caller.
---@class particle.Loop
---@field start fun()  Tasks are under way: from now on the loop calls `particle.poller:step(0)` whenever
---`particle.poller:pollfd()` is readable, at least as long as `particle.poller:working()` is true. May be
---called while the loop does so already.
---@field stop? fun()  No task is under way any more: the loop need not go on for our sake.
---@field current? fun(): any  A handle of the running coroutine, if it is one that the loop runs; else nil.
---@field suspend? fun(handle: any)  Suspends the running coroutine until it is resumed, and sees to it that
---the poller is served meanwhile.
---@field resume? fun(handle: any)  Lets the loop go on with that coroutine, some time after this returned.
---@field adopt? fun(values: table, answer: fun(...)): fun()?  A task yielded `values` (with `n`), which may
---be meant for the loop: then it does what was asked, calls `answer` with the results, and returns here a
---function that is called when the task is cancelled before that.

local FIELDS = {
  start = true, stop = false, current = false, suspend = false, resume = false, adopt = false,
}

local attached = setmetatable({}, { __mode = "k" })

local function misuse(problem) check.raise("particle.new: option loop " .. problem) end

local function verify(adapter)
  for name, needed in pairs(FIELDS) do
    local value = adapter[name]
    if value == nil and needed then
      misuse(("must be an adapter such as particle.loop.cqueues: it has no function %q"):format(name))
    elseif value ~= nil and type(value) ~= "function" then
      misuse(("is no adapter: %q must be a function, got %s"):format(name, check.describe(value)))
    end
  end
  local together = adapter.current or adapter.suspend or adapter.resume
  if together and not (adapter.current and adapter.suspend and adapter.resume) then
    misuse("is no adapter: current, suspend and resume belong together")
  end
end

--- From now on, and as long as the program lives, whatever waits does so in that loop, too.
---@param adapter particle.Loop
function loop.attach(adapter)
  if attached[adapter] then return end
  verify(adapter)
  attached[adapter] = true
  scheduler.attach(adapter)
end

return loop
