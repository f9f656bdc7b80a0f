-- What a new cloud has from the start: users, devices, products, organizations.

local orgs = require("particle.simulator.orgs")

local seed = {}

local DEFAULT_USER = { username = "user@example.com", password = "password" }

local function add_devices(cloud, specs, owner, now)
  for _, spec in ipairs(specs or {}) do
    cloud.devices:add(spec, spec.claimed ~= false and owner or nil, now)
  end
end

local function add_users(cloud, options)
  local now = cloud.clock()
  for i, spec in ipairs(options.users or { DEFAULT_USER }) do
    local user = cloud.accounts:add(spec)
    user.token = cloud.tokens:issue(user, "particle", cloud.token_lifetime).token
    if i == 1 then add_devices(cloud, options.devices, user, now) end
    add_devices(cloud, spec.devices, user, now)
  end
end

local function with_product(spec, product)
  local copy = { product_id = product.id, platform_id = product.platform_id }
  for name, value in pairs(spec) do copy[name] = value end
  return copy
end

local function add_products(cloud, specs, owner)
  local now = cloud.clock()
  for _, spec in ipairs(specs or {}) do
    local product = cloud.products:add(spec, owner)
    for _, username in ipairs(spec.team or {}) do product.team:add(cloud.accounts:find(username)) end
    for _, device in ipairs(spec.devices or {}) do
      cloud.devices:add(with_product(device, product), device.claimed ~= false and owner or nil, now)
    end
  end
end

-- Devices may name products that nothing else tells of. Their owners are in its team, or the first user where
-- nobody owns one.
local function add_named_products(cloud, first_user)
  for _, device in ipairs(cloud.devices:all(function(one) return one.product end)) do
    local product = cloud.products:find(device.product)
      or cloud.products:add { id = device.product, name = "Product " .. device.product,
        platform_id = device.platform_id }
    if device.owner and not product.team:has(device.owner) then product.team:add(device.owner) end
  end
  for _, product in ipairs(cloud.products.list) do
    if #product.team.members == 0 then product.team:add(first_user) end
  end
end

--- Fills a new cloud.
---@param cloud particle.simulator.Cloud
---@param options particle.simulator.Options  checked
function seed.fill(cloud, options)
  add_users(cloud, options)
  local first = cloud.accounts.list[1]
  add_products(cloud, options.products, first)
  add_named_products(cloud, first)
  cloud.orgs = orgs.new(options.orgs, cloud.products, first)
end

return seed
