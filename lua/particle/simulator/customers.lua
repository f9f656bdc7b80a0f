-- The customers of products: accounts that know only the devices that they own.

local ids = require("particle.simulator.ids")

local customers = {}

local function of(cloud, product) return cloud.store:of("customers", "product " .. product) end

--- Adds a customer, who becomes a user of the cloud as far as tokens and devices go.
---@param cloud particle.simulator.Cloud
---@param product integer
---@param email string     an e-mail address, or any unique id
---@param password string?
---@return particle.simulator.User
function customers.add(cloud, product, email, password)
  return of(cloud, product):add(email, {
    id = ids.of(("customer %d %s"):format(product, email), 24), username = email, password = password,
    customer_of = product,
  })
end

---@param cloud particle.simulator.Cloud
---@param product integer
---@param ref string  e-mail address or id
---@return particle.simulator.User?
function customers.find(cloud, product, ref)
  local list = of(cloud, product)
  local found = list:get(ref)
  if found then return found end
  for _, customer in ipairs(list.list) do
    if customer.id == ref then return customer end
  end
end

--- The customer whom a client of the customer's product names.
---@param cloud particle.simulator.Cloud
---@param client string
---@param ref string
---@return particle.simulator.User?
function customers.of_client(cloud, client, ref)
  local product = cloud.client_products[client]
  return product and customers.find(cloud, product, ref)
end

---@param cloud particle.simulator.Cloud
---@param product integer
---@return particle.simulator.User[]
function customers.list(cloud, product) return of(cloud, product).list end

--- Removes a customer; the devices become nobody's, the tokens invalid.
---@param cloud particle.simulator.Cloud
---@param customer particle.simulator.User
function customers.remove(cloud, customer)
  of(cloud, customer.customer_of):remove(customer.username)
  cloud.tokens:revoke_all(customer)
  for _, device in ipairs(cloud.devices:all(function(one) return one.owner == customer end)) do
    device.owner = nil
  end
end

return customers
