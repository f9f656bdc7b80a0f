-- Routes: integrations, and under their old name webhooks. Those of the type Webhook really call.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local resource = require("particle.simulator.resource")
local webhooks = require("particle.simulator.webhooks")

local TYPES = { Webhook = "url", GoogleMaps = "api_key", GoogleCloudPubSub = "topic", AzureIotHub = false }

local FIRST = {
  "id", "event", "url", "name", "created_at", "integration_type", "requestType", "deviceID", "disabled",
  "noDefaults", "rejectUnauthorized",
}
-- Neither told among the settings nor taken from a body.
local OWN = {
  id = true, created_at = true, updated_at = true, logs = true, errors = true, counters = true,
    access_token = true,
}

local function settings(hook)
  local known, more = {}, {}
  for _, name in ipairs(FIRST) do known[name] = true end
  for name in pairs(hook) do
    if not known[name] and not OWN[name] then more[#more + 1] = name end
  end
  table.sort(more)
  return table.move(more, 1, #more, #FIRST + 1, table.move(FIRST, 1, #FIRST, 1, {}))
end

local function view(hook, ...) return reply.pick(hook, settings(hook), ...) end

local function check(hook)
  if requests.text(hook.event) == nil or hook.event == "" then return errors.missing_field("event") end
  if type(hook.event) ~= "string" then return errors.bad_field("event", "a string") end
  local needed = TYPES[hook.integration_type]
  if needed == nil then
    return errors.bad_field("integration_type", "one of Webhook, GoogleMaps, GoogleCloudPubSub, AzureIotHub")
  end
  if needed and requests.text(hook[needed]) == nil then return errors.missing_field(needed) end
  if needed and (type(hook[needed]) ~= "string" or hook[needed] == "") then
    return errors.bad_field(needed, "a string that is not empty")
  end
  if hook.requestType ~= nil and not tostring(hook.requestType):find("^%a+$") then
    return errors.bad_field("requestType", "GET, POST, PUT or DELETE")
  end
end

local FLAGS = { disabled = true, noDefaults = true, rejectUnauthorized = true, unchunked = true }
local FLAG_TEXTS = { ["true"] = true, ["false"] = false }

local function configure(hook, given)
  for name in pairs(hook) do
    if not OWN[name] then hook[name] = nil end
  end
  for name, value in pairs(given) do
    if not OWN[name] then hook[name] = value end
    if FLAGS[name] and FLAG_TEXTS[value] ~= nil then hook[name] = FLAG_TEXTS[value] end
  end
  local device = hook.deviceID or hook.deviceId or hook.deviceid
  hook.deviceId, hook.deviceid, hook.deviceID = nil, nil, device
  hook.disabled = hook.disabled or false
  if hook.integration_type ~= "Webhook" then return end
  hook.requestType = hook.requestType or "POST"
  hook.noDefaults = hook.noDefaults or false
  if hook.rejectUnauthorized == nil then hook.rejectUnauthorized = true end
end

local function with_type(given, type_of_it)
  local copy = { integration_type = type_of_it }
  for name, value in pairs(given) do copy[name] = value end
  return copy
end

local function create(hook, context, usual_type)
  local given = with_type(context.request.fields, usual_type)
  local refusal = check(given)
  if refusal then return refusal end
  configure(hook, given)
  hook.id = context.cloud.store:id("integration")
  hook.logs, hook.errors, hook.counters = core.array {}, core.array {}, {}
  context.cloud.listeners.webhooks = webhooks.fire
end

local function replace(hook, context)
  local given = with_type(context.request.fields, hook.integration_type)
  if given.event == nil then given.event = hook.event end
  local refusal = check(given)
  if refusal then return refusal end
  configure(hook, given)
  hook.updated_at = context.now
end

local function address(kind, hook, owner)
  local scope = owner.product and ("products/%d/"):format(owner.product)
    or owner.org and ("orgs/%s/"):format(owner.org) or ""
  return ("https://api.particle.io/v1/%s%s/%s"):format(scope, kind, hook.id)
end

-- A description of the group, and of its older family.
local function family(kind, one, paths, usual_type)
  local self = {
    kind = "integrations", paths = paths, param = one, key = "id", body = "", fields = {},
    missing = errors.failed(404, "Webhook not found"),
  }
  local function created(hook, context)
    local url = address(kind, hook, context.owner)
    return view(hook, "ok", true, "integrationUrl", not usual_type and url or nil,
      "hookUrl", hook.integration_type == "Webhook" and url or nil)
  end
  local function told(hook)
    return reply.object(one, view(hook, "logs", reply.value(hook.logs), "errors", reply.value(hook.errors),
      "counters", usual_type and reply.array {} or reply.value(hook.counters)))
  end
  self.verbs = {
    list = { scope = "integrations:list", view = function(hook) return view(hook) end },
    create = { scope = "integrations:create", view = created, run = function(hook, context)
      return create(hook, context, usual_type)
    end },
    get = { scope = "integrations:get", view = told },
    update = { scope = "integrations:update", run = replace, view = function(hook)
      return reply.object(one, view(hook))
    end },
    delete = { scope = "integrations:remove" },
  }
  return self
end

local integrations = family("integrations", "integration", access.owned("/integrations"))
local hooks = family("webhooks", "webhook", access.owned("/webhooks", "user", "product"), "Webhook")
hooks.verbs.update = nil

local function test(cloud, request)
  local context, hook = resource.find(integrations, cloud, request)
  if not context then return hook end
  if hook.integration_type ~= "Webhook" then
    return reply.json(200, reply.object("pass", true, "data", reply.null))
  end
  local pass, data = webhooks.test(hook, {
    name = hook.event, data = requests.text(request.fields.data), published_at = iso.format(cloud.clock()),
    coreid = requests.text(request.fields.device_id), product = context.owner.product,
  }, cloud.store:uuid("event"))
  return reply.json(200, reply.object("pass", pass, "data", data or reply.null))
end

local tests = access.below(integrations.paths, "/{integration}/test")

local routes = resource.routes(integrations, { { "POST", tests, test, scope = "integrations:test" } })
return resource.routes(hooks, routes)
