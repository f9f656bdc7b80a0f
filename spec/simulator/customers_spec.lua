local asking = require("spec.simulator.asking")
local customers = require("particle.simulator.customers")

describe("customers", function()
  it("are their product's, and gone with all that they had", function()
    local cloud = asking.cloud { devices = { { name = "lamp", product_id = 42 } } }
    local joe = customers.add(cloud, 42, "joe@example.com", "p")
    assert.equal(joe, customers.find(cloud, 42, "joe@example.com"))
    assert.equal(joe, customers.find(cloud, 42, joe.id))
    assert.is_nil(customers.find(cloud, 43, "joe@example.com"))
    assert.same({ joe }, customers.list(cloud, 42))
    cloud.client_products.app = 42
    assert.equal(joe, customers.of_client(cloud, "app", "joe@example.com"))
    assert.is_nil(customers.of_client(cloud, "particle", "joe@example.com"))
    local token = cloud.tokens:issue(joe, "app", 60).token
    local lamp = cloud.devices:first(function() return true end)
    lamp.owner = joe
    customers.remove(cloud, joe)
    assert.is_nil(cloud.tokens:check(token))
    assert.is_nil(lamp.owner)
    assert.same({}, customers.list(cloud, 42))
  end)
end)
