-- Routes: secrets, whose values nobody gets back.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local reply = require("particle.simulator.reply")
local resource = require("particle.simulator.resource")

local NAME = { "name", "text", required = true, pattern = "^[A-Z_][A-Z0-9_]*$",
  expected = "capitals, digits and underscores" }
local VALUE = { "value", "string", required = true }

local secrets = {
  kind = "secrets", paths = access.owned("/secrets", "user", "org"), param = "name", key = "name",
  one = "secret", many = "secrets", missing = errors.failed(404, "not found"),
  taken = errors.failed(400, "Failed to create secret: Name already in use"), fields = { NAME, VALUE },
}

local function mentions(value, name)
  if type(value) == "string" then return value:find("%f[%w_]" .. name .. "%f[^%w_]") ~= nil end
  if type(value) ~= "table" then return false end
  for _, item in pairs(value) do
    if mentions(item, name) then return true end
  end
  return false
end

local function users_of(secret, context, kind)
  local list = {}
  for _, record in ipairs(context.cloud.store:of(kind, context.owner.key).list) do
    if mentions(record, secret.name) then list[#list + 1] = record end
  end
  return list
end

function secrets.view(secret, context)
  local integrations, functions = users_of(secret, context, "integrations"),
    users_of(secret, context, "logic")
  for i, hook in ipairs(integrations) do
    integrations[i] = reply.object("name", hook.name, context.owner.org and "org_integration_id" or "id",
      hook.id)
  end
  for i, fn in ipairs(functions) do functions[i] = fn.id end
  return reply.pick(secret,
    { "name", "created_at", "updated_at", "created_by", "updated_by", "last_accessed_at" },
    "integrations", reply.array(integrations), "logic_functions", reply.array(functions))
end

local function complete(secret, context)
  local username = context.request.user.username
  secret.created_by, secret.updated_by, secret.last_accessed_at = username, username, core.null
end

local function refuse_in_use(secret, context)
  if users_of(secret, context, "integrations")[1] or users_of(secret, context, "logic")[1] then
    return errors.failed(400,
      "This secret cannot be deleted as it is being used by integrations or Logic Functions.")
  end
end

secrets.verbs = {
  list = {}, create = { run = complete }, get = {}, delete = { run = refuse_in_use },
}

-- Creates or replaces.
local function set(cloud, request)
  local context, refusal = resource.context(secrets, cloud, request)
  if not context then return refusal end
  local given, name = request.fields.secret, request.params.name
  local values
  values, refusal = fields.read({ name = name, value = type(given) == "table" and given.value or nil },
    secrets.fields)
  if not values then return refusal end
  local secret = context.table:get(name)
  if not secret then
    secret = context.table:add(name, { name = name, created_at = context.now })
    complete(secret, context)
  end
  secret.value, secret.updated_at, secret.updated_by = values.value, context.now, request.user.username
  return reply.json(200, reply.object("secret", secrets.view(secret, context)))
end

return resource.routes(secrets, { { "PUT", access.below(secrets.paths, "/{name}"), set } })
