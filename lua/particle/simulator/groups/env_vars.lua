-- Routes: environment variables of accounts, products, organizations and devices, and their rollout.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local sorted = require("particle.sorted")

local PATHS = { "/v1/env", "/v1/products/{product}/env", "/v1/orgs/{org}/env", "/v1/env/{device}" }
local MOST = 50 -- operations at once

local function below(rest) return access.below(PATHS, rest) end

local function invalid(place, text)
  return errors.oauth(400, "bad_request", ("Validation error: %s %s"):format(place, text))
end

local function variables_of(cloud, key)
  local state = cloud.store:of("env", "all")
  return state:get(key) or state:add(key, { own = {} })
end

-- The owners above one, nearest first, and what they are called.
local function parents(cloud, owner)
  local list = {}
  local product = owner.device and owner.device.product or owner.product
  if owner.device and product then list[#list + 1] = { "product " .. product, "Product" } end
  local record = product and cloud.products:find(product)
  local user = owner.device and owner.device.owner or record and record.owner
  if record and record.org then
    list[#list + 1] = { "org " .. record.org, "Owner" }
  elseif user then
    list[#list + 1] = { "user " .. user.id, "Owner" }
  end
  return list
end

local function inherited(cloud, owner)
  local found, list = {}, parents(cloud, owner)
  for i = #list, 1, -1 do
    for name, value in pairs(variables_of(cloud, list[i][1]).own) do
      found[name] = { from = list[i][2], value = value }
    end
  end
  return found
end

local function wrapped(own)
  local copy = {}
  for name, value in pairs(own) do copy[name] = { value = value } end
  return copy
end

local function rendered(own, from_above)
  local env = {}
  for name, entry in pairs(from_above) do env[name] = entry.value end
  for name, value in pairs(own) do env[name] = value end
  return env
end

local function snapshot_view(snapshot)
  if not snapshot then return reply.null end
  return reply.object("own", reply.value(wrapped(snapshot.own)), "inherited", reply.value(snapshot.inherited),
    "rollout_at", snapshot.at, "rollout_by", snapshot.by)
end

local function device_view(owner, state)
  if not owner.device then return nil end
  return reply.object("rendered", reply.value(state.on_device or {}), "last_reported_at",
    state.reported_at or reply.null)
end

local function view(cloud, owner, state)
  return reply.json(200, reply.object("on_device", device_view(owner, state),
    "last_snapshot", snapshot_view(state.snapshot),
    "latest", reply.object("own", reply.value(wrapped(state.own)),
      "inherited", reply.value(inherited(cloud, owner)),
      "created_at", state.created_at or reply.null, "updated_at", state.updated_at or reply.null,
      "created_by", state.created_by or reply.null, "updated_by", state.updated_by or reply.null)))
end

-- A handler that is given the owner and its variables.
local function with_owner(handle)
  return function(cloud, request)
    local owner, refusal = access.owner(cloud, request)
    if not owner then return refusal end
    return handle(cloud, request, owner, variables_of(cloud, owner.key))
  end
end

local function touch(cloud, request, state)
  local now = iso.format(cloud.clock())
  state.created_at, state.created_by = state.created_at or now, state.created_by or request.user.username
  state.updated_at, state.updated_by = now, request.user.username
end

local function is_key(text)
  return type(text) == "string" and #text <= 128 and text:find("^[A-Z_][A-Z0-9_]*$")
end

local KEY_RULE = "must match ^[A-Z_][A-Z0-9_]*$ and have at most 128 characters"

local function list(cloud, _, owner, state) return view(cloud, owner, state) end

local function set(cloud, request, owner, state)
  local key, value = request.params.key, request.fields.value
  if not is_key(key) then return invalid("key", KEY_RULE) end
  if type(value) ~= "string" then return invalid("value", "must be a string") end
  state.own[key] = value
  touch(cloud, request, state)
  return view(cloud, owner, state)
end

local function delete(cloud, request, owner, state)
  if state.own[request.params.key] == nil then
    return errors.oauth(404, "not_found", "Environment variable not found")
  end
  state.own[request.params.key] = nil
  touch(cloud, request, state)
  return view(cloud, owner, state)
end

local function check_op(op, i)
  local place = ("ops[%d]"):format(i - 1)
  if type(op) ~= "table" then return invalid(place, "must be an object") end
  if op.op ~= "Set" and op.op ~= "Unset" then return invalid(place .. ".op", "must be Set or Unset") end
  if not is_key(op.key) then return invalid(place .. ".key", KEY_RULE) end
  if op.op == "Set" and type(op.value) ~= "string" then
    return invalid(place .. ".value", "must be a string")
  end
end

local function update(cloud, request, owner, state)
  local ops = request.fields.ops
  if type(ops) ~= "table" or #ops < 1 or #ops > MOST then
    return invalid("ops", "must be a list of 1 to 50 operations")
  end
  for i, op in ipairs(ops) do
    local refusal = check_op(op, i)
    if refusal then return refusal end
  end
  for _, op in ipairs(ops) do state.own[op.key] = op.op == "Set" and op.value or nil end
  touch(cloud, request, state)
  return view(cloud, owner, state)
end

local function render(cloud, _, owner, state)
  local snapshot = state.snapshot or {}
  return reply.json(200, reply.object("env", reply.value(rendered(state.own, inherited(cloud, owner))),
    "last_updated_at", state.updated_at or reply.null, "rollout_at", snapshot.at or reply.null,
    "rollout_by", snapshot.by or reply.null))
end

-- Rollout -------------------------------------------------------------------------------------------

local function keys_of_both(before, after)
  local seen = {}
  for name in pairs(before) do seen[name] = true end
  for name in pairs(after) do seen[name] = true end
  return sorted.names(seen)
end

local function difference(before, after)
  local changes, unchanged = {}, {}
  for _, key in ipairs(keys_of_both(before, after)) do
    local old, new = before[key], after[key]
    if old == new then
      unchanged[key] = new
    else
      local op = old == nil and "Added" or new == nil and "Removed" or "Changed"
      changes[#changes + 1] = reply.object("op", op, "key", key, "before", old, "after", new)
    end
  end
  return reply.object("changes", reply.array(changes), "unchanged", reply.value(unchanged))
end

local function review(cloud, _, owner, state)
  local snapshot = state.snapshot or { own = {}, inherited = {} }
  local latest = rendered(state.own, inherited(cloud, owner))
  return reply.json(200, reply.object(
    "from_snapshot", difference(rendered(snapshot.own, snapshot.inherited), latest),
    "from_device", owner.device and difference(state.on_device or {}, latest)))
end

local function is_below(cloud, owner, device)
  if owner.device then return owner.device == device end
  for _, parent in ipairs(parents(cloud, { device = device })) do
    if parent[1] == owner.key then return true end
  end
  return false
end

-- Devices that are online have the new values at once.
local function reach_devices(cloud, owner, now)
  for _, device in ipairs(cloud.devices:all(function(one) return one.online
    and is_below(cloud, owner, one) end)) do
    local state = variables_of(cloud, "device " .. device.id)
    state.on_device = rendered(state.own, inherited(cloud, { device = device }))
    state.reported_at = now
  end
end

local function start_rollout(cloud, request, owner, state)
  local when = request.fields.when
  if when ~= "Immediate" and when ~= "Connect" then return invalid("when", "must be Immediate or Connect") end
  local own, now = {}, iso.format(cloud.clock())
  for name, value in pairs(state.own) do own[name] = value end
  state.snapshot = { own = own, inherited = inherited(cloud, owner), at = now, by = request.user.username }
  if when == "Immediate" then reach_devices(cloud, owner, now) end
  return reply.json(200, reply.object("success", true))
end

return {
  { "GET", PATHS, with_owner(list) },
  { "PATCH", PATHS, with_owner(update) },
  { "GET", below("/render"), with_owner(render) },
  { "GET", below("/rollout"), with_owner(review) },
  { "POST", below("/rollout"), with_owner(start_rollout) },
  { "PUT", below("/{key}"), with_owner(set) },
  { "DELETE", below("/{key}"), with_owner(delete) },
}
