local asking = require("spec.simulator.asking")

describe("a new cloud", function()
  it("has the products of its options, with their devices and teams", function()
    local cloud = asking.cloud {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Lamp", id = 42, platform_id = 13, team = { "ann" }, devices = {
        { name = "a" }, { name = "b", claimed = false, platform_id = 6 },
      } }, { name = "Door" } },
      orgs = { acme = { 42 } },
    }
    local joe, ann = cloud.accounts:find("joe"), cloud.accounts:find("ann")
    local lamp = cloud.products:find("lamp")
    assert.is_true(lamp.team:has(joe) and lamp.team:has(ann))
    assert.is_false(cloud.products:find("door").team:has(ann))
    local a, b = table.unpack(cloud.devices:all(function(device) return device.product == 42 end))
    assert.same({ "a", joe, 13 }, { a.name, a.owner, a.platform_id })
    assert.same({ "b", nil, 6 }, { b.name, b.owner, b.platform_id })
    assert.is_true(cloud.orgs:is_member(cloud.orgs:find("acme"), ann))
  end)

  it("has the products that devices name, with their owners for a team", function()
    local cloud = asking.cloud { users = {
      { username = "joe", password = "p", devices = { { name = "free", product_id = 43, claimed = false } } },
      { username = "ann", password = "p", devices = { { name = "a", product_id = 42, platform_id = 13 } } },
    } }
    local joe, ann = cloud.accounts:find("joe"), cloud.accounts:find("ann")
    local product = cloud.products:find(42)
    assert.same({ "Product 42", 13, false, true },
      { product.name, product.platform_id, product.team:has(joe), product.team:has(ann) })
    assert.is_true(cloud.products:find(43).team:has(joe))
    assert.is_false(cloud.products:find(43).team:has(ann))
  end)
end)
