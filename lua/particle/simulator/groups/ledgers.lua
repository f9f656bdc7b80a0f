-- Routes: ledgers, their instances and the versions of these.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local iso = require("particle.simulator.iso")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local resource = require("particle.simulator.resource")

local PER_PAGE, LARGEST = 100, 16 * 1024

local ledgers = {
  kind = "ledgers", paths = access.owned("/ledgers", "user", "org"), param = "ledger", key = "name",
  one = "ledger", many = "ledgers", page_size = PER_PAGE, missing = errors.failed(404, "Ledger not found"),
  fields = {
    { "name", "text", required = true, pattern = "^[%l%d-]+$",
      expected = "lowercase letters, digits and dashes" },
    { "description", "string" },
    { "scope", "text", required = true, one_of = { "Owner", "Product", "Device" } },
    { "direction", "text", required = true, one_of = { "Upstream", "Downstream" } },
  },
}

function ledgers.view(ledger)
  return reply.pick(ledger,
    { "scope", "name", "description", "direction", "created_at", "updated_at", "archived_at" })
end

local function complete(ledger)
  if #ledger.name > 32 then return errors.bad_field("name", "at most 32 characters long") end
  ledger.description, ledger.archived_at = ledger.description or "", core.null
end

local CHANGES = { { "description", "string" },
  { "direction", "text", one_of = { "Upstream", "Downstream" } } }

local function change(ledger, context)
  local given = context.request.fields
  local changes, refusal = fields.read(given.ledger or given.definition, CHANGES)
  if not changes then return refusal end
  if next(changes) == nil then return errors.nothing_to_change end
  for name, value in pairs(changes) do ledger[name] = value end
  ledger.updated_at = context.now
end

local function is_asked(ledger, query)
  local is_archived = ledger.archived_at ~= core.null
  return (not query.scope or query.scope == ledger.scope)
    and (not query.archived or query.archived == tostring(is_archived))
end

local function archive(cloud, request)
  local context, ledger = resource.find(ledgers, cloud, request)
  if not context then return ledger end
  ledger.archived_at = context.now
  return reply.empty(204)
end

-- Instances -----------------------------------------------------------------------------------------

local INSTANCE_UNKNOWN = errors.failed(404, "Ledger instance not found")

local function instances_of(cloud, owner, ledger)
  return cloud.store:of("ledger_instances", owner.key .. " " .. ledger.name)
end

-- The instance that the path names: context, instance, ledger | nil, refusal.
local function find_instance(cloud, request)
  local context, ledger = resource.find(ledgers, cloud, request)
  if not context then return nil, ledger end
  local instance = instances_of(cloud, context.owner, ledger):get(request.params.scope_value)
  if not instance then return nil, INSTANCE_UNKNOWN end
  return context, instance, ledger
end

local ORDER = { "name", "scope", "size_bytes", "data", "created_at", "updated_at", "version", "replaced_at" }

local function instance_view(instance) return reply.pick(instance, ORDER) end

local function instance_views(list)
  local views = {}
  for i, instance in ipairs(list) do views[i] = instance_view(instance) end
  return reply.array(views)
end

local function list_instances(cloud, request)
  local context, ledger = resource.find(ledgers, cloud, request)
  if not context then return ledger end
  local page = pages.cut(instances_of(cloud, context.owner, ledger).list, request.query, PER_PAGE)
  return reply.json(200, reply.object("instances", instance_views(page.items), "meta", pages.meta(page)))
end

local function get_instance(cloud, request)
  local context, instance = find_instance(cloud, request)
  if not context then return instance end
  return reply.json(200, reply.object("instance", instance_view(instance)))
end

local NAMES = {
  Device = function(cloud, value, user)
    local device = cloud.devices:by_identifier(value)
    return device and device.name, device ~= nil and device.owner == user
  end,
  Product = function(cloud, value)
    local product = cloud.products:find(value)
    return product and product.name, product ~= nil
  end,
  Owner = function() return nil, true end,
}

local function scope_of(cloud, ledger, value, user)
  local name, is_own = NAMES[ledger.scope](cloud, value, user)
  return { type = ledger.scope, value = value, name = name, not_owned = not is_own or nil }
end

local function merged(old, new)
  local copy = {}
  for name, value in pairs(old) do copy[name] = value end
  for name, value in pairs(new) do copy[name] = value end
  return copy
end

-- The version that a write replaces is kept.
local function replace(cloud, instance, data, now)
  local version = {}
  for _, name in ipairs(ORDER) do version[name] = instance[name] end
  version.replaced_at = now
  table.insert(instance.versions, 1, version)
  instance.data, instance.updated_at, instance.version = data, now, cloud.store:uuid("ledger version")
end

local function set_instance(cloud, request)
  local context, ledger = resource.find(ledgers, cloud, request)
  if not context then return ledger end
  local given = request.fields.instance
  local data = type(given) == "table" and given.data
  if type(data) ~= "table" or data[1] ~= nil then return errors.bad_field("instance.data", "an object") end
  local mode = request.query.set_mode or "Replace"
  if mode ~= "Replace" and mode ~= "Merge" then return errors.bad_field("set_mode", "Replace or Merge") end
  local list, value = instances_of(cloud, context.owner, ledger), request.params.scope_value
  local instance = list:get(value)
  if instance and mode == "Merge" then data = merged(instance.data, data) end
  local size = #reply.json(200, reply.value(data)).text
  if size > LARGEST then return errors.failed(400, "Ledger data exceeds 16384 bytes") end
  local status = instance and 200 or 201
  if instance then
    replace(cloud, instance, data, context.now)
  else
    instance = list:add(value, {
      name = ledger.name, scope = scope_of(cloud, ledger, value, request.user), data = data,
      created_at = context.now, updated_at = context.now, version = cloud.store:uuid("ledger version"),
        versions = {},
    })
  end
  instance.size_bytes = size
  return reply.json(status, reply.object("instance", instance_view(instance)))
end

local function delete_instance(cloud, request)
  local context, instance, ledger = find_instance(cloud, request)
  if not context then return instance end
  instances_of(cloud, context.owner, ledger):remove(request.params.scope_value)
  return reply.empty(204)
end

-- Versions ------------------------------------------------------------------------------------------

local function list_versions(cloud, request)
  local context, instance = find_instance(cloud, request)
  if not context then return instance end
  local before, after = request.query.replaced_before, request.query.replaced_after
  before, after = before and iso.parse(before), after and iso.parse(after)
  local list = {}
  for _, version in ipairs(instance.versions) do
    local moment = iso.parse(version.replaced_at)
    if (not before or moment < before) and (not after or moment > after) then list[#list + 1] = version end
  end
  local page = pages.cut(list, {}, PER_PAGE)
  return reply.json(200, reply.object("versions", instance_views(page.items),
    "meta", reply.object("has_more", page.pages > 1)))
end

local function get_version(cloud, request)
  local context, instance = find_instance(cloud, request)
  if not context then return instance end
  local wanted, found = request.params.version, nil
  for _, version in ipairs { instance, table.unpack(instance.versions) } do
    if version.version == wanted then found = version end
  end
  if not found then return errors.failed(404, "Ledger version not found") end
  return reply.json(200, reply.object("instance", instance_view(found)))
end

local function below(rest) return access.below(ledgers.paths, rest) end

ledgers.verbs = {
  list = { scope = "ledgers:list", filter = is_asked }, create = { run = complete }, get = {},
  update = { run = change },
}

local ONE = "/{ledger}/instances/{scope_value}"

return resource.routes(ledgers, {
  { "DELETE", below("/{ledger}"), archive },
  { "GET", below("/{ledger}/instances"), list_instances },
  { "GET", below(ONE), get_instance },
  { "PUT", below(ONE), set_instance },
  { "DELETE", below(ONE), delete_instance },
  { "GET", below(ONE .. "/versions"), list_versions },
  { "GET", below(ONE .. "/versions/{version}"), get_version },
})
