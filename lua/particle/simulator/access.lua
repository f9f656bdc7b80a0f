-- Which device or product a request is about, and whether its user may reach it.

local errors = require("particle.simulator.errors")

local access = {}

--- The product of a product path.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return integer? product
---@return particle.simulator.Reply? refusal
function access.product(cloud, request)
  local product = cloud.products:find(request.params.product)
  if product and product.team:has(request.user) then return product.id end
  return nil, errors.product_unknown
end

--- The device of a path. Product paths take ids only.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return particle.simulator.Device?
---@return particle.simulator.Reply? refusal
function access.device(cloud, request)
  local ref = request.params.device
  local device
  if request.params.product then
    local product, refusal = access.product(cloud, request)
    if not product then return nil, refusal end
    device = cloud.devices:by_identifier(ref)
    if device and device.product ~= product then device = nil end
  else
    device = cloud.devices:of_user(request.user, ref)
  end
  if not device then return nil, errors.permission_denied end
  return device
end

--- What an organization's path names: the organization, its products, and one of them or one of their
--- devices.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return { org: string, products: table<integer, true>, product: integer?, device: table? }? named
---@return particle.simulator.Reply? refusal
function access.org(cloud, request)
  local params = request.params
  local org = cloud.orgs:find(params.org)
  if not org or not cloud.orgs:is_member(org, request.user) then return nil, errors.org_unknown end
  local product = cloud.products:find(params.product)
  if params.product and not (product and org.products[product.id]) then return nil, errors.product_unknown end
  local device = cloud.devices:by_identifier(params.device or false)
  if params.device and not (device and org.products[device.product or false]) then
    return nil, errors.permission_denied
  end
  return { org = org.slug, products = org.products, product = product and product.id, device = device }
end

--- Whose things a path is about.
---@class particle.simulator.Owner
---@field key string        in the store
---@field user particle.simulator.User?  of the account's own paths
---@field product integer?
---@field org string?
---@field device particle.simulator.Device?

--- The owner that a path names: a device, a product, an organization, else the account.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return particle.simulator.Owner?
---@return particle.simulator.Reply? refusal
function access.owner(cloud, request)
  local params = request.params
  if params.org then
    local named, refusal = access.org(cloud, request)
    return named and { key = "org " .. named.org, org = named.org }, refusal
  end
  if params.device then
    local device, refusal = access.device(cloud, request)
    return device and { key = "device " .. device.id, device = device }, refusal
  end
  if params.product then
    local product, refusal = access.product(cloud, request)
    return product and { key = "product " .. product, product = product }, refusal
  end
  return { key = "user " .. request.user.id, user = request.user }
end

--- The paths of something that accounts, products and organizations have.
---@param rest string  such as "/integrations"
---@param ... "user"|"product"|"org"  whose; default: all three
---@return string[] templates
function access.owned(rest, ...)
  local roots = { user = "/v1", product = "/v1/products/{product}", org = "/v1/orgs/{org}" }
  local owners, paths = { ... }, {}
  if #owners == 0 then owners = { "user", "product", "org" } end
  for i, owner in ipairs(owners) do paths[i] = roots[owner] .. rest end
  return paths
end

--- Paths with something behind each.
---@param paths string[]
---@param rest string  such as "/{integration}"
---@return string[]
function access.below(paths, rest)
  local longer = {}
  for i, path in ipairs(paths) do longer[i] = path .. rest end
  return longer
end

--- Both paths of a call to a device.
---@param rest string  what follows the device, such as "/ping"
---@return string[] templates
function access.paths(rest)
  return { "/v1/devices/{device}" .. rest, "/v1/products/{product}/devices/{device}" .. rest }
end

return access
