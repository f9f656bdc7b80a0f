local all_products = require("particle.simulator.products")

describe("products", function()
  local JOE, ANN = { username = "joe" }, { username = "ann" }
  local products

  before_each(function() products = all_products.new() end)

  it("get free ids and slugs", function()
    local a, b = products:add({ name = "Street Light!" }, JOE), products:add({ name = "street light" }, JOE)
    assert.same({ 10001, "street-light", 10002, "street-light-10002" }, { a.id, a.slug, b.id, b.slug })
    assert.equal(20001, products:add({ name = "x", id = 20001 }).id)
    assert.equal(20002, products:add({ name = "42" }).id)
    assert.equal("product-42", products:find(20002).slug)
  end)

  it("are found by id and slug", function()
    local product = products:add({ name = "Lamp", id = 42 }, JOE)
    for _, ref in ipairs { 42, "42", "lamp" } do assert.equal(product, products:find(ref)) end
    for _, ref in ipairs { "x", "4e1", "", "042x", 43 } do assert.is_nil(products:find(ref)) end
    assert.is_nil(products:find(nil))
  end)

  it("are those of whose team one is", function()
    local product = products:add({ name = "Lamp" }, JOE)
    assert.same({ product }, products:of(JOE))
    assert.same({}, products:of(ANN))
    product.team:add(ANN)
    assert.same({ product }, products:of(ANN))
  end)
end)
