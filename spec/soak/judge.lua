-- What must hold after each round of the soak, and at its end.

local core = require("particle.core")
local scheduler = require("particle.scheduler")
local tasks = require("particle.tasks")

-- malloc's count; built for `make soak`.
local is_counted, allocated = pcall(require, "heap")

-- KB after the warm-up. The allocator keeps much of what large replies took, ASan keeps all of it; kept
-- connections are more or fewer.
local MAY_GROW = { heap = 128, malloc = 1024, rss = os.getenv("ASAN_OPTIONS") and math.huge or 65536 }
local PATIENCE = 10 -- seconds until what was given up has ended

local judge = {}

local function descriptors()
  local pipe <close> = assert(io.popen("ls /proc/$PPID/fd | wc -l"))
  return pipe:read("n") - 1 -- the pipe's own
end

local function rss()
  local file <close> = assert(io.open("/proc/self/status"))
  return tonumber(file:read("a"):match("VmRSS:%s*(%d+)"))
end

-- Twice: what a finalizer lets go is collected by the next one.
local function collect()
  collectgarbage()
  collectgarbage()
end

---@return table measured  KB: `heap`, which is Lua's, `malloc`, which is all that is allocated, and `rss`;
---`descriptors`; `busy`: unfinished tasks
function judge.measure()
  collect()
  return {
    heap = collectgarbage("count"), malloc = is_counted and allocated() / 1024 or 0, rss = rss(),
    descriptors = descriptors(), busy = tasks.count.busy,
  }
end

local function is_settled(busy, most)
  return tasks.count.busy <= busy and not tasks.under_way() and descriptors() <= most
end

--- Waits until what was given up has ended: tasks of the library's own, connections of what was collected.
---@param busy integer  how many tasks may be left
---@param most integer  how many descriptors
function judge.settle(busy, most)
  local latest = core.now() + PATIENCE
  repeat
    collect()
    scheduler.step(0.01)
  until is_settled(busy, most) or core.now() > latest
end

---@class soak.Memory
local Memory = {}
Memory.__index = Memory

---@param rounds integer  of the warm-up
function judge.memory(rounds)
  return setmetatable({ left = rounds, most = { heap = 0, malloc = 0, rss = 0 } }, Memory)
end

--- Complains about memory that grows beyond the most that the warm-up took.
---@param now table  from `measure`
---@param complain fun(text: string)
function Memory:look(now, complain)
  self.left = self.left - 1
  for name, most in pairs(self.most) do
    local bound = most + MAY_GROW[name]
    if self.left >= 0 then
      self.most[name] = math.max(most, now[name])
    elseif now[name] > bound then
      complain(("%s has grown to %.0f KB, beyond %.0f"):format(name, now[name], bound))
    end
  end
end

-- Calls ---------------------------------------------------------------------------------------------

--- Whether what a call's error says of its delivery is true.
---@param call { value: any, err: particle.Error? }
---@param arrived integer   how often its request came to the cloud
---@param executed integer  how often it was carried out
---@return string? complaint
function judge.call(call, arrived, executed)
  local err = call.err
  if executed > 1 then return ("executed %d times"):format(executed) end
  if not call.ended then return "without an outcome" end
  if call.value ~= nil then return executed ~= 1 and "a success that was not executed" or nil end
  if err.delivered == false and executed > 0 then return "not delivered, it says, but it was executed" end
  if err.delivered == true and arrived == 0 then return "delivered, it says, but it did not arrive" end
end

return judge
