-- Running logic functions: what the option `logic` does stands for the JavaScript.

local iso = require("particle.simulator.iso")

local logic = {}

local KEPT = 100 -- runs of a function

--- Runs the code once, as far as the simulator can.
---@param cloud particle.simulator.Cloud
---@param code string
---@param event table  its event_name, event_data, device_id, product_id
---@return "Success"|"Failure" status
---@return { level: string, timestamp: string, args: any[] }[] logs
function logic.execute(cloud, code, event)
  local logs = {}
  local function log(level, ...)
    logs[#logs + 1] = { level = level, timestamp = iso.format(cloud.clock()), args = { ... } }
  end
  if not cloud.logic then return "Success", logs end
  local function info(...) log("Info", ...) end
  local ok, problem = xpcall(cloud.logic, debug.traceback, code, event, info)
  if ok then return "Success", logs end
  log("Error", tostring(problem):match("^[^\n]*"))
  cloud.on_error("logic: " .. tostring(problem))
  return "Failure", logs
end

local function run(cloud, fn, trigger, event)
  local started_at = iso.format(cloud.clock())
  local status, logs = logic.execute(cloud, fn.source.code, {
    event_name = event.name, event_data = event.data, device_id = event.coreid, product_id = event.product,
  })
  local id = cloud.store:uuid("logic run")
  table.insert(fn.runs, 1, {
    id = id, owner_id = fn.owner_id, logic_function_id = fn.id, logic_trigger_type = trigger.type,
    logic_trigger_id = trigger.id, status = status, started_at = started_at,
    finished_at = iso.format(cloud.clock()), log_filename = id .. ".log", logs = logs,
  })
  fn.runs[KEPT + 1] = nil
end

local function is_owners(cloud, owner, event)
  local kind, id = owner:match("^(%a+) (.*)$")
  if kind == "org" then return cloud.orgs:find(id).products[event.product or false] ~= nil end
  local user = cloud.accounts:find(event.user)
  return user ~= nil and user.id == id
end

local function sets_off(trigger, event)
  return trigger.enabled and trigger.type == "Event"
    and event.name:sub(1, #trigger.event_name) == trigger.event_name
    and (trigger.product_id == nil or tonumber(trigger.product_id) == event.product)
end

--- Starts all functions that an event sets off.
---@param cloud particle.simulator.Cloud
---@param event particle.simulator.Event
function logic.fire(cloud, event)
  for owner, functions in pairs(cloud.store:all("logic")) do
    for _, fn in ipairs(is_owners(cloud, owner, event) and functions.list or {}) do
      for _, trigger in ipairs(fn.enabled and fn.logic_triggers or {}) do
        if sets_off(trigger, event) then cloud.jobs:start(run, cloud, fn, trigger, event) end
      end
    end
  end
end

return logic
