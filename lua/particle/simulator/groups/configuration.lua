-- Routes: the configuration of products and devices: its values, or by a header their schema.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")

local PRODUCT, DEVICE = "/v1/products/{product}/config", "/v1/products/{product}/config/{device}"
local SCHEMA = "application/schema+json"
local DRAFT = "https://particle.io/draft-07/schema#"

local function state_of(cloud, key)
  local states = cloud.store:of("configuration", "all")
  return states:get(key) or states:add(key, { current = {} })
end

-- A handler that is given the owner and what is kept of it.
local function with_state(handle)
  return function(cloud, request)
    local owner, refusal = access.owner(cloud, request)
    if not owner then return refusal end
    return handle(request, state_of(cloud, owner.key), owner, cloud)
  end
end

local function wants_schema(request)
  return request.content_type == SCHEMA or (request.headers.accept or ""):find(SCHEMA, 1, true) ~= nil
end

-- What waited for the device is its own once it is online.
local function settle(state, device)
  if device and device.online and state.pending then state.current, state.pending = state.pending, nil end
end

local function schema_view(schema)
  return reply.json(200, reply.value(schema or { ["$schema"] = DRAFT, properties = {} }))
end

local function get(request, state, owner, cloud)
  if wants_schema(request) then
    local schema = state.schema
      or owner.device and state_of(cloud, "product " .. owner.device.product).schema
    return schema_view(schema)
  end
  settle(state, owner.device)
  if not owner.device then
    return reply.json(200, reply.object("configuration", reply.value(state.current)))
  end
  return reply.json(200, reply.object("configuration",
    reply.object("current", reply.value(state.current), "pending", reply.value(state.pending or {}))))
end

local TYPES = {
  object = true, array = true, string = true, number = true, integer = true, boolean = true, null = true,
}

local function violation(path, message)
  return reply.object("keyword", "type", "dataPath", path, "schemaPath", "#/type", "params", reply.object(),
    "message", message)
end

-- Adds what is wrong with a schema and with those inside.
local function inspect(schema, path, found)
  if type(schema) ~= "table" or schema[1] ~= nil then
    found[#found + 1] = violation(path, "should be object")
    return
  end
  if type(schema.type) == "string" and not TYPES[schema.type] then
    found[#found + 1] = violation(path .. ".type", "should be equal to one of the allowed values")
  end
  if schema.properties == nil then return end
  if type(schema.properties) ~= "table" then
    found[#found + 1] = violation(path .. ".properties", "should be object")
    return
  end
  for name, inner in pairs(schema.properties) do inspect(inner, path .. ".properties." .. name, found) end
end

local function set_schema(schema, state)
  local found = {}
  inspect(schema, "", found)
  if found[1] then
    return reply.json(422, reply.object("message", "Invalid Schema",
      "description", "The schema is not valid JSON Schema", "violations", reply.array(found)))
  end
  state.schema = schema
  return schema_view(schema)
end

local function fits(value, kind)
  local number = math.type(value)
  if kind == "integer" then
    return number == "integer" or number == "float" and math.tointeger(value) ~= nil
  end
  if kind == "number" then return number ~= nil end
  if kind == "object" or kind == "array" then return type(value) == "table" end
  if kind == "null" then return value == core.null end
  return type(value) == kind
end

-- Where a value is not of the type, or not in the range, that the schema says.
local function misfit(value, schema, path)
  if type(schema) ~= "table" then return nil end
  if type(schema.type) == "string" and not fits(value, schema.type) then return path end
  if type(value) == "number" then
    local is_low = type(schema.minimum) == "number" and value < schema.minimum
    local is_high = type(schema.maximum) == "number" and value > schema.maximum
    if is_low or is_high then return path end
  end
  if type(value) ~= "table" or type(schema.properties) ~= "table" then return nil end
  for name, inner in pairs(value) do
    local found = misfit(inner, schema.properties[name], path .. "/" .. name)
    if found then return found end
  end
end

local function set(request, state, owner, cloud)
  if request.content_type == SCHEMA then return set_schema(request.fields, state) end
  local device = owner.device
  local schema = state.schema or device and state_of(cloud, "product " .. device.product).schema
  local path = schema and misfit(request.fields, schema, "")
  if path then
    return errors.oauth(400, "device_rejected_configuration", ("Rejected at %s with code -22"):format(path))
  end
  if device and not device.online then
    state.pending = request.fields
    return reply.json(202, reply.object())
  end
  state.current, state.pending = request.fields, nil
  return reply.json(200, reply.object())
end

local function delete_schema(_, state)
  state.schema = nil
  return reply.empty(204)
end

return {
  { "GET", { PRODUCT, DEVICE }, with_state(get), scope = "configuration:get" },
  { "PUT", { PRODUCT, DEVICE }, with_state(set), scope = "configuration:update" },
  { "DELETE", { PRODUCT, DEVICE }, with_state(delete_schema), scope = "configuration:update" },
}
