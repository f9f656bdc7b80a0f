-- The event loops that the library has adapters for, in one form: for specs that run in each of them.

local core = require("particle.core")
local scheduler = require("particle.scheduler")
local snippets = require("spec.support.snippets")
local support = require("spec.support")

local loops = {}

local PATIENCE = 60 -- seconds that a task may take

---@class loops.Loop
---@field adapter particle.Loop
---@field begin fun(fn: fun())   starts fn as a coroutine that may wait, at the loop's next turn
---@field turn fun()             lets the loop go on for a millisecond at most
---@field loop fun()             lets it go on until it ends by itself; nil where it never does
---@field tick fun(fn: fun(): any)  calls fn about every millisecond, until it returns something

local makers = {}

function makers.cqueues()
  local cqueues = require("cqueues")
  local controller = cqueues.new()
  local self = { adapter = require("particle.loop.cqueues") }
  function self.begin(fn) controller:wrap(fn) end
  function self.turn() assert(controller:step(0.001)) end
  function self.loop() assert(controller:loop()) end
  function self.tick(fn)
    controller:wrap(function()
      repeat cqueues.sleep(0.001) until fn()
    end)
  end
  return self
end

function makers.luv()
  local uv = require("luv")
  local self = { adapter = require("particle.loop.luv") }
  local wake_up = uv.new_timer()
  function self.begin(fn) scheduler.spawn_for_user(fn) end
  function self.turn()
    wake_up:start(1, 0, function() end)
    uv.run("once")
    wake_up:stop()
  end
  function self.loop() uv.run() end
  function self.tick(fn)
    local timer = uv.new_timer()
    timer:start(1, 1, function()
      if fn() then timer:close() end
    end)
  end
  return self
end

-- The adapter is the manual's: what its snippet says before it is put to use.
local function copas_adapter()
  for _, block in ipairs(snippets.read(support.read("doc/loops.md"))) do
    local code = table.concat(block.lines, "\n"):match("^(local copas = require.-)\nlocal api = ")
    if code then return assert(load(code .. "\nreturn adapter", "=doc/loops.md"))() end
  end
end

function makers.copas()
  require("spec.support.copas")
  local copas = require("copas")
  local tickers = {}
  local self = { adapter = copas_adapter() }
  function self.begin(fn) scheduler.spawn_for_user(fn) end
  function self.turn()
    copas.step(0.001)
    for i = #tickers, 1, -1 do
      if tickers[i]() then table.remove(tickers, i) end
    end
  end
  function self.tick(fn) tickers[#tickers + 1] = fn end
  return self
end

--- Each call gives a loop of its own; luv and copas have only one.
---@param name "cqueues"|"luv"|"copas"
---@return loops.Loop
function loops.new(name) return makers[name]() end

--- Runs fn in the loop until it has ended, and raises its error.
---@param loop loops.Loop
---@param fn fun()
---@return integer turns  of the loop since it was begun: 1 where it did not wait
function loops.run(loop, fn)
  local begun, ended, fine, problem
  local turns = 0
  loop.begin(function()
    begun = true
    fine, problem = xpcall(fn, function(value) -- a trace is of no use outside
      return type(value) == "string" and debug.traceback(value, 2) or value
    end)
    ended = true
  end)
  local deadline = core.now() + PATIENCE
  repeat
    loop.turn()
    if begun then turns = turns + 1 end
    if core.now() > deadline then error("the loop has waited in vain for its task", 0) end
  until ended
  if not fine then error(problem, 0) end
  return turns
end

return loops
