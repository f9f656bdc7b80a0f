-- Routes: logic functions and their runs. The simulator has no JavaScript: a run does what the option `logic`
-- does, or nothing.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local logic = require("particle.simulator.logic")
local reply = require("particle.simulator.reply")
local resource = require("particle.simulator.resource")

local functions = {
  kind = "logic", paths = access.owned("/logic/functions", "user", "org"), param = "logic_function",
    key = "id",
  one = "logic_function", many = "logic_functions", missing = errors.failed(404, "Logic function not found"),
  fields = {
    { "name", "text", required = true }, { "description", "string" }, { "enabled", "boolean" },
    { "source", "object", required = true }, { "logic_triggers", "list" }, { "api_username", "text" },
  },
}

local ORDER = {
  "id", "owner_id", "version", "enabled", "name", "description", "template_slug", "source", "created_at",
  "updated_at", "created_by", "updated_by", "logic_triggers", "api_username",
}

local function stats_of(fn, day)
  local counts = { success = 0, failure = 0, timeout = 0 }
  for _, run in ipairs(fn.runs) do
    if not day or run.started_at:sub(1, 10) == day then
      local key = run.status:lower()
      counts[key] = counts[key] + 1
    end
  end
  return counts
end

function functions.view(fn, context)
  local with_stats = context.request.query.today_stats == "true"
  local stats = with_stats and stats_of(fn, context.now:sub(1, 10))
  return reply.pick(fn, ORDER, "today_stats",
    stats and reply.pick(stats, { "success", "failure", "timeout" }) or nil)
end

local TRIGGER = {
  { "id", "text" }, { "type", "text", required = true, one_of = { "Event", "Scheduled" } },
  { "enabled", "boolean" }, { "event_name", "text" }, { "product_id", "any" }, { "cron", "text" },
  { "start_at", "text" }, { "end_at", "any" },
}

local function check_source(source)
  if source == nil then return nil end
  if source.type ~= "JavaScript" then return errors.bad_field("source.type", "JavaScript") end
  if type(source.code) ~= "string" then return errors.bad_field("source.code", "a string") end
end

-- Completes the triggers in place | a refusal.
local function complete_triggers(fn, triggers, cloud)
  for i, given in ipairs(triggers) do
    if type(given) == "table" and given.event_name == nil then given.event_name = given.event end
    local trigger, refusal = fields.read(given, TRIGGER)
    if not trigger then return refusal end
    if trigger.type == "Event" and not trigger.event_name then return errors.missing_field("event_name") end
    if trigger.type == "Scheduled" and not trigger.cron then return errors.missing_field("cron") end
    trigger.id = trigger.id or cloud.store:uuid("logic trigger")
    trigger.logic_function_id, trigger.version = fn.id, 1
    if trigger.enabled == nil then trigger.enabled = true end
    triggers[i] = trigger
  end
end

local function complete(fn, context)
  local cloud, username = context.cloud, context.request.user.username
  local refusal = check_source(fn.source)
  if refusal then return refusal end
  fn.id, fn.version, fn.runs = cloud.store:uuid("logic function"), 1, {}
  fn.owner_id = context.owner.org or context.owner.user.id
  fn.description, fn.template_slug = fn.description or "", reply.null
  if fn.enabled == nil then fn.enabled = true end
  fn.created_by, fn.updated_by = username, username
  fn.logic_triggers = fn.logic_triggers or {}
  refusal = complete_triggers(fn, fn.logic_triggers, cloud)
  if refusal then return refusal end
  cloud.listeners.logic = logic.fire
end

local function change(fn, context, changes)
  if next(changes) == nil then return errors.nothing_to_change end
  local refusal = check_source(changes.source)
    or changes.logic_triggers and complete_triggers(fn, changes.logic_triggers, context.cloud)
  if refusal then return refusal end
  for name, value in pairs(changes) do fn[name] = value end
  fn.version, fn.updated_at, fn.updated_by = fn.version + 1, context.now, context.request.user.username
end

functions.verbs = {
  list = {}, create = { run = complete }, get = {}, update = { run = change }, delete = {},
}

-- Runs ------------------------------------------------------------------------------------------------

local RUN = {
  "id", "owner_id", "logic_function_id", "logic_trigger_type", "logic_trigger_id", "status", "started_at",
  "finished_at", "log_filename",
}

local function with_function(handle)
  return function(cloud, request)
    local context, fn = resource.find(functions, cloud, request)
    if not context then return fn end
    return handle(fn, request, cloud)
  end
end

local function with_run(handle)
  return with_function(function(fn, request)
    for _, run in ipairs(fn.runs) do
      if run.id == request.params.run then return handle(run) end
    end
    return errors.failed(404, "Logic run not found")
  end)
end

local function list_runs(fn)
  local items = {}
  for i, run in ipairs(fn.runs) do items[i] = reply.pick(run, RUN) end
  return reply.json(200, reply.object("logic_runs", reply.array(items)))
end

local function get_run(run) return reply.json(200, reply.object("logic_run", reply.pick(run, RUN))) end

local function logs_view(logs)
  local items = {}
  for i, entry in ipairs(logs) do items[i] = reply.pick(entry, { "level", "timestamp", "args" }) end
  return reply.array(items)
end

local function get_run_logs(run)
  return reply.json(200, reply.object("logic_run_logs", reply.object("logs", logs_view(run.logs))))
end

local function stats(fn)
  local days, seen = {}, {}
  for _, run in ipairs(fn.runs) do
    local day = run.started_at:sub(1, 10)
    if not seen[day] then days[#days + 1] = day end
    seen[day] = true
  end
  for i, day in ipairs(days) do
    local counts = stats_of(fn, day)
    counts.date = day:gsub("-", "")
    days[i] = reply.pick(counts, { "date", "success", "failure", "timeout" })
  end
  return reply.json(200, reply.object("logic_function_stats", reply.array(days)))
end

local function execute(cloud, request)
  local owner, refusal = access.owner(cloud, request)
  if not owner then return refusal end
  local source = request.fields.source
  if type(source) ~= "table" then return errors.bad_field("source", "an object") end
  refusal = check_source(source)
  if refusal then return refusal end
  local event = request.fields.event
  local status, logs = logic.execute(cloud, source.code, type(event) == "table" and event or {})
  return reply.json(200, reply.object("result", reply.object("status", status, "logs", logs_view(logs))))
end

local function below(rest) return access.below(functions.paths, "/{logic_function}" .. rest) end

return resource.routes(functions, {
  { "POST", access.owned("/logic/execute", "user", "org"), execute },
  { "GET", below("/runs"), with_function(list_runs) },
  { "GET", below("/runs/{run}"), with_run(get_run) },
  { "GET", below("/runs/{run}/logs"), with_run(get_run_logs) },
  { "GET", below("/stats"), with_function(stats) },
})
