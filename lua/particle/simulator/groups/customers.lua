-- Routes: the customers of a product.

local access = require("particle.simulator.access")
local customers = require("particle.simulator.customers")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local oauth = require("particle.simulator.oauth")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")

local PATH, PER_PAGE = "/v1/products/{product}/customers", 25
local UNKNOWN = errors.failed(404, "Customer not found.")
local OK = reply.json(200, reply.object("ok", true))

local function devices_of(cloud, customer)
  return cloud.devices:all(function(device) return device.owner == customer end)
end

local function list(cloud, request)
  local product, refusal = access.product(cloud, request)
  if not product then return refusal end
  local page = pages.cut(customers.list(cloud, product), request.query, PER_PAGE)
  local items, devices = {}, {}
  for i, customer in ipairs(page.items) do
    local own = {}
    for j, device in ipairs(devices_of(cloud, customer)) do
      own[j] = device.id
      devices[#devices + 1] = reply.object("id", device.id, "product_id", product,
        "last_ip_address", "127.0.0.1", "firmware_version", device.firmware_version, "online", device.online)
    end
    items[i] = reply.object("id", customer.id, "full_name", customer.full_name or "",
      "username", customer.username, "devices", reply.array(own))
  end
  return reply.json(200, reply.object("customers", reply.array(items), "devices", reply.array(devices),
    "meta", pages.meta(page)))
end

local FIELDS = { { "email", "text", required = true }, { "password", "text" }, { "no_password", "boolean" } }

-- Who may create: a client with its secret, a client alone for the implicit grant, or somebody of the team.
local function creator_of(cloud, request, product)
  local given = request.fields
  if given.response_type == "token" then
    local client = type(given.client_id) == "string" and cloud.clients[given.client_id] and given.client_id
    return client or nil, errors.bad_client
  end
  if given.grant_type ~= nil then return oauth.client_of(cloud, request), errors.bad_client end
  local refusal = cloud:identify(request, {})
  if refusal then return nil, refusal end
  return product.team:has(request.user) and request.token.client or nil, errors.product_unknown
end

local function redirect(cloud, customer, client)
  local token = cloud.tokens:issue(customer, client, cloud.token_lifetime)
  local made = cloud.store:of("clients", "all"):get(client)
  local target = ("%s#access_token=%s&token_type=bearer&expires_in=%d"):format(
    made and made.redirect_uri or "", token.token, token.lifetime)
  return { status = 302, text = "", headers = { Location = target } }
end

local function create(cloud, request)
  local product = cloud.products:find(request.params.product)
  if not product then return errors.product_unknown end
  local client, refusal = creator_of(cloud, request, product)
  if not client then return refusal end
  local owned_by = cloud.client_products[client]
  if owned_by and owned_by ~= product.id then return errors.bad_client end
  local values
  values, refusal = fields.read(request.fields, FIELDS)
  if not values then return refusal end
  if customers.find(cloud, product.id, values.email) then return errors.taken("email") end
  local customer = customers.add(cloud, product.id, values.email, values.password)
  if request.fields.response_type == "token" then return redirect(cloud, customer, client) end
  return oauth.issue(cloud, request, customer, client, 201)
end

-- A handler that is given the customer whom the path names.
local function with_customer(handle)
  return function(cloud, request)
    local product, refusal = access.product(cloud, request)
    if not product then return refusal end
    local customer = customers.find(cloud, product, request.params.email)
    if not customer then return UNKNOWN end
    return handle(cloud, customer, request)
  end
end

local function update_password(_, customer, request)
  local values, refusal = fields.read(request.fields, { { "password", "text", required = true } })
  if not values then return refusal end
  customer.password = values.password
  return OK
end

local function delete(cloud, customer)
  customers.remove(cloud, customer)
  return OK
end

return {
  { "GET", PATH, list, scope = "customers:list" },
  { "POST", PATH, create, auth = "none" },
  { "PUT", PATH .. "/{email}", with_customer(update_password), scope = "customers:update" },
  { "DELETE", PATH .. "/{email}", with_customer(delete), scope = "customers:remove" },
}
