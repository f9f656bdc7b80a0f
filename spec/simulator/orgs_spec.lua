local all_products = require("particle.simulator.products")
local orgs = require("particle.simulator.orgs")

describe("organizations", function()
  local JOE, ANN = { username = "joe" }, { username = "ann" }
  local products, all

  before_each(function()
    products = all_products.new()
    products:add({ name = "Lamp", id = 42 }, ANN)
    all = orgs.new({ b = {}, a = { 42, 99 } }, products, JOE)
  end)

  it("are found by name and id, and come in order", function()
    assert.equal("a", all.list[1].slug)
    assert.equal(all.list[1], all:find("a"))
    assert.equal(all.list[1], all:find(all.list[1].id))
    assert.is_nil(all:find("c"))
    assert.is_nil(all:find(nil))
  end)

  it("have the teams of their products for members, or the first user", function()
    assert.is_true(all:is_member(all:find("a"), ANN))
    assert.is_false(all:is_member(all:find("a"), JOE))
    assert.is_true(all:is_member(all:find("b"), JOE))
    assert.is_false(all:is_member(all:find("b"), ANN))
    all:find("b").team:add(ANN)
    assert.is_true(all:is_member(all:find("b"), ANN))
  end)
end)
