-- Routes: organizations, and the search in them and in the account.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")

local MOST = 10 -- of each type

local function view(org) return reply.object("id", org.id, "slug", org.slug, "name", org.name) end

local function list(cloud, request)
  local items = {}
  for _, org in ipairs(cloud.orgs.list) do
    if cloud.orgs:is_member(org, request.user) then items[#items + 1] = view(org) end
  end
  return reply.json(200, reply.object("organizations", reply.array(items)))
end

local function get(cloud, request)
  local named, refusal = access.org(cloud, request)
  if not named then return refusal end
  return reply.json(200, reply.object("organization", view(cloud.orgs:find(named.org))))
end

-- Search ----------------------------------------------------------------------------------------------

local function is_match(text, ...)
  for _, value in ipairs { ... } do
    if tostring(value):lower():find(text, 1, true) then return true end
  end
  return false
end

local SEARCHES = {
  device = { "devices", function(cloud, text, is_own)
    local found = {}
    for _, device in ipairs(cloud.devices:all(function(one) return is_own(one.product, one.owner) end)) do
      if is_match(text, device.name, device.id, device.serial_number) then
        found[#found + 1] = device:record(false, device.product ~= nil)
      end
    end
    return found
  end },
  product = { "products", function(cloud, text, is_own)
    local found = {}
    for _, product in ipairs(cloud.products.list) do
      if is_own(product.id, product.owner) and is_match(text, product.name, product.slug, product.id) then
        found[#found + 1] = reply.pick(product, { "id", "name", "slug", "description", "platform_id" })
      end
    end
    return found
  end },
  sim = { "sims", function(cloud, text, is_own)
    local found = {}
    for _, device in ipairs(cloud.devices:all(function(one) return one.iccid end)) do
      if is_own(device.product, device.owner) and is_match(text, device.iccid) then
        found[#found + 1] = reply.object("_id", device.iccid, "last_device_id", device.id)
      end
    end
    return found
  end },
}

local function first(found)
  return reply.array(table.move(found, 1, math.min(#found, MOST), 1, {}))
end

local function search(cloud, query, is_own)
  if not query.text or query.text == "" then return errors.missing_field("text") end
  if query.type and not SEARCHES[query.type] then
    return errors.bad_field("type", "device, product or sim")
  end
  local members = {}
  for _, kind in ipairs { "device", "product", "sim" } do
    if not query.type or query.type == kind then
      local name, find = table.unpack(SEARCHES[kind])
      members[#members + 1] = name
      members[#members + 1] = first(find(cloud, query.text:lower(), is_own))
    end
  end
  return reply.json(200, reply.object(table.unpack(members)))
end

local function search_sandbox(cloud, request)
  return search(cloud, request.query, function(product_id, owner)
    local product = cloud.products:find(product_id)
    if product and product.org then return false end
    return owner == request.user or product ~= nil and product.team:has(request.user)
  end)
end

local function search_org(cloud, request)
  local named, refusal = access.org(cloud, request)
  if not named then return refusal end
  return search(cloud, request.query, function(product_id)
    return named.products[product_id or false] ~= nil
  end)
end

return {
  { "GET", "/v1/orgs", list },
  { "GET", "/v1/orgs/{org}", get, scope = "organization:get" },
  { "GET", "/v1/orgs/{org}/search", search_org },
  { "GET", "/v1/user/search", search_sandbox },
}
