-- Routes: SIM cards: those of cellular devices, and those that were activated or imported.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local iso = require("particle.simulator.iso")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local PER_PAGE, CHECK_AGAIN = 25, 5
local PATHS = access.owned("/sims", "user", "product")
local UNKNOWN = errors.failed(404, "SIM not found.")
local OK = reply.json(200, reply.object("ok", true))

local function below(rest) return access.below(PATHS, rest) end

local function add(sims, iccid, user, product, now)
  return sims:add(iccid, {
    _id = iccid, status = "active", base_country_code = "US", activations_count = 1, deactivations_count = 0,
    first_activated_on = now, last_activated_on = now, last_status_change_action = "activate",
    last_status_change_action_error = "no", updated_at = now, user = user, product_id = product,
  })
end

-- All SIM cards. Those of devices are there from the first look, unless they were released.
local function all(cloud)
  local sims, now = cloud.store:of("sims", "all"), iso.format(cloud.clock())
  for _, device in ipairs(cloud.devices:all(function(one) return one.iccid end)) do
    local sim = sims:get(device.iccid)
    if not sim and not device.sim_released then
      sim = add(sims, device.iccid, device.owner, device.product, now)
    end
    if sim then sim.device = device end
  end
  return sims
end

local ORDER = {
  "_id", "status", "base_country_code", "activations_count", "deactivations_count", "first_activated_on",
  "last_activated_on", "last_status_change_action", "last_status_change_action_error", "msisdn", "carrier",
  "base_monthly_rate", "overage_monthly_rate", "updated_at", "user_id", "product_id",
}

local function view(sim)
  local device, user = sim.device, sim.user
  sim.msisdn, sim.carrier, sim.base_monthly_rate, sim.overage_monthly_rate = "", "simulated", 299, 40
  sim.user_id = user and user.id or core.null
  return reply.pick(sim, ORDER, "last_device_id", device and device.id or reply.null,
    "last_device_name", device and device.name or reply.null, "owner", user and user.username or reply.null,
    "mb_limit", sim.mb_limit)
end

local function is_of(sim, owner)
  if owner.product then return sim.product_id == owner.product end
  return sim.user == owner.user
end

local function contains(text, part) return not part or text ~= nil and text:find(part, 1, true) ~= nil end

local function list(cloud, request)
  local owner, refusal = access.owner(cloud, request)
  if not owner then return refusal end
  local found, query = {}, request.query
  for _, sim in ipairs(all(cloud).list) do
    local device = sim.device or {}
    local is_asked = not owner.product or contains(sim._id, query.iccid)
      and contains(device.id, query.deviceId) and contains(device.name, query.deviceName)
    if is_of(sim, owner) and is_asked then found[#found + 1] = sim end
  end
  local page = pages.cut(found, owner.product and query or {}, owner.product and PER_PAGE or math.maxinteger)
  local items = {}
  for i, sim in ipairs(page.items) do items[i] = view(sim) end
  return reply.json(200, reply.object("sims", reply.array(items), "meta", owner.product and pages.meta(page)))
end

-- A handler that is given the SIM card which the path names.
local function with_sim(handle)
  return function(cloud, request)
    local owner, refusal = access.owner(cloud, request)
    if not owner then return refusal end
    local sims = all(cloud)
    local sim = sims:get(request.params.iccid)
    if not sim or not is_of(sim, owner) then return UNKNOWN end
    return handle(cloud, request, sim, sims)
  end
end

local function get(_, _, sim) return reply.json(200, view(sim)) end

local function check() return reply.empty(204) end

local ACTIONS = {
  deactivate = function(sim)
    sim.status, sim.deactivations_count = "inactive", sim.deactivations_count + 1
  end,
  reactivate = function(sim, now)
    sim.status, sim.activations_count, sim.last_activated_on = "active", sim.activations_count + 1, now
  end,
}
ACTIONS.activate = ACTIONS.reactivate

local function update(cloud, request, sim)
  local action, limit, now = request.fields.action, request.fields.mb_limit, iso.format(cloud.clock())
  local act = action ~= nil and ACTIONS[action]
  if action ~= nil and not act then
    return errors.bad_field("action", "activate, deactivate or reactivate")
  end
  if limit ~= nil and not requests.integer(limit) then return errors.bad_field("mb_limit", "an integer") end
  if not act and limit == nil then return errors.missing_field("action") end
  if act then
    act(sim, now)
    sim.last_status_change_action = action
  end
  sim.mb_limit, sim.updated_at = requests.integer(limit) or sim.mb_limit, now
  return OK
end

local update_known = with_sim(update)

-- A card that nobody has yet becomes one's own by its activation.
local function update_any(cloud, request)
  local sims, iccid = all(cloud), request.params.iccid
  if sims:get(iccid) or request.params.product or request.fields.action ~= "activate" then
    return update_known(cloud, request)
  end
  if not iccid:find("^89%d+$") then return errors.bad_field("iccid", "an ICCID") end
  add(sims, iccid, request.user, nil, iso.format(cloud.clock())).base_country_code =
    requests.text(request.fields.country) or "US"
  return OK
end

local function release(_, _, sim, sims)
  sims:remove(sim._id)
  if sim.device then sim.device.sim_released = true end
  return reply.empty(204)
end

local function import(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local given, iccids = request.fields.sims, {}
  local text = request.files and request.files[1] and request.files[1].data
  if text then
    for line in text:gmatch("%S+") do iccids[#iccids + 1] = line end
  elseif type(given) == "table" then
    iccids = given
  end
  if #iccids == 0 then return errors.missing_field("sims") end
  local sims, now = all(cloud), iso.format(cloud.clock())
  for _, iccid in ipairs(iccids) do
    if type(iccid) ~= "string" or not iccid:find("^%d+$") then
      return errors.bad_field("sims", "a list of ICCIDs")
    end
  end
  for _, iccid in ipairs(iccids) do
    local sim = sims:get(iccid)
    if not sim then
      add(sims, iccid, request.user, product, now)
    elseif sim.user == request.user or sim.user == nil then
      sim.product_id = product
    end
  end
  return OK
end

-- Usage and status ----------------------------------------------------------------------------------

local function today(cloud)
  return reply.array { reply.object("date", iso.format(cloud.clock()):sub(1, 10), "mbs_used", 0,
    "mbs_used_cumulative", 0) }
end

local function data_usage(cloud, _, sim)
  return reply.json(200, reply.object("iccid", sim._id, "usage_by_day", today(cloud)))
end

local function fleet_data_usage(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local active = 0
  for _, sim in ipairs(all(cloud).list) do
    if sim.product_id == product and sim.status == "active" then active = active + 1 end
  end
  return reply.json(200, reply.object("total_mbs_used", 0, "total_active_sim_cards", active,
    "usage_by_day", today(cloud)))
end

-- The first look begins a task, the next one finds it complete.
local function status(cloud, _, sim)
  local now = cloud.clock()
  local is_complete = sim.task ~= nil
  sim.task = sim.task or { id = cloud.store:uuid("sim task"), created_at = now }
  local task, online = sim.task, sim.device ~= nil and sim.device.online and sim.status == "active"
  if is_complete then sim.task = nil end
  local function known(value)
    if is_complete then return value end
    return reply.null
  end
  local answer = reply.object("ok", true,
    "meta", reply.object("created_at", iso.format(task.created_at), "expires_at",
      iso.format(task.created_at + 3600),
      "check_again_after", iso.format(now + CHECK_AGAIN), "state", is_complete and "complete" or "pending",
      "method", "async", "task_id", task.id),
    "sim_status", reply.object("connected", known(online),
      "gsm_connection", known(online), "data_connection", known(online)))
  return reply.json(is_complete and 200 or 202, answer)
end

return {
  { "GET", PATHS, list, scope = "sims:list" },
  { "POST", "/v1/products/{product}/sims", import, scope = "sims:import" },
  { "GET", "/v1/products/{product}/sims/data_usage", fleet_data_usage, scope = "sims.usage:get" },
  { "GET", below("/{iccid}"), with_sim(get), scope = "sims:get" },
  { "HEAD", "/v1/sims/{iccid}", with_sim(check) },
  { "PUT", below("/{iccid}"), update_any, scope = "sims:update" },
  { "DELETE", below("/{iccid}"), with_sim(release), scope = "sims:remove" },
  { "GET", below("/{iccid}/data_usage"), with_sim(data_usage), scope = "sims.usage:get" },
  { "GET", below("/{iccid}/status"), with_sim(status), scope = "sims.status:get" },
}
