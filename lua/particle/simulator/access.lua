-- Which device or product a request is about, and whether its user may reach it.

local errors = require("particle.simulator.errors")
local requests = require("particle.simulator.request")

local access = {}

--- The product of a product path.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return integer? product
---@return particle.simulator.Reply? refusal
function access.product(cloud, request)
  local product = requests.integer(request.params.product)
  local devices, first_user = cloud.devices, cloud.accounts.list[1]
  if product and devices:is_in_team(product, request.user, first_user) then return product end
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

local function is_member(cloud, products, user)
  for product in pairs(products) do
    if cloud.devices:is_in_team(product, user, cloud.accounts.list[1]) then return true end
  end
  return false
end

--- What an organization's path names: its products, and one of them or one of their devices. Whoever is in
--- the team of one of the products is a member.
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return { org: string, products: table<integer, true>, product: integer?, device: table? }? named
---@return particle.simulator.Reply? refusal
function access.org(cloud, request)
  local params = request.params
  local products = cloud.orgs[params.org]
  if not products or not is_member(cloud, products, request.user) then return nil, errors.org_unknown end
  local product = requests.integer(params.product)
  if params.product and not products[product or false] then return nil, errors.product_unknown end
  local device = cloud.devices:by_identifier(params.device or false)
  if params.device and not (device and products[device.product or false]) then
    return nil, errors.permission_denied
  end
  return { org = params.org, products = products, product = product, device = device }
end

--- Both paths of a call to a device.
---@param rest string  what follows the device, such as "/ping"
---@return string[] templates
function access.paths(rest)
  return { "/v1/devices/{device}" .. rest, "/v1/products/{product}/devices/{device}" .. rest }
end

return access
