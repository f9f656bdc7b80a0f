local asking = require("spec.simulator.asking")

local ID = "0123456789abcdef01234567"

describe("products over HTTP", function()
  local call, ann

  before_each(function()
    local cloud
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Street Light", id = 42, devices = { { name = "lamp", id = ID } } } },
      orgs = { acme = { 42 } },
    }
    ann = { token = cloud.accounts:find("ann").token }
  end)

  it("are created, listed and read", function()
    local status, made = call("POST", "/v1/user/products", { product = { name = "Door", platform_id = 6,
      description = "d", settings = { location = { opt_in = true } } } })
    assert.same({ 200, 10001, "door", 6, "d", "joe", true }, { status, made.product.id, made.product.slug,
      made.product.platform_id, made.product.description, made.product.user,
      made.product.settings.location.opt_in })
    for _, path in ipairs { "/v1/products", "/v1/user/products" } do
      local _, list = call("GET", path)
      assert.same({ 42, 10001 }, { list.products[1].id, list.products[2].id })
    end
    for _, ref in ipairs { "10001", "door" } do
      assert.equal("Door", select(2, call("GET", "/v1/products/" .. ref)).product.name)
    end
  end)

  it("belong to their teams", function()
    local unknown = { 404, { ok = false, error = "Product not found." } }
    assert.same(unknown, { table.unpack({ call("GET", "/v1/products/42", nil, ann) }, 1, 2) })
    assert.same(unknown, { table.unpack({ call("GET", "/v1/products/44") }, 1, 2) })
    assert.same({ products = {} }, select(2, call("GET", "/v1/products", nil, ann)))
  end)

  it("may be an organization's", function()
    local _, made = call("POST", "/v1/orgs/acme/products", { product = { name = "Gate", platform_id = 6 } })
    assert.equal("acme", made.product.org)
    local _, list = call("GET", "/v1/orgs/acme/products")
    assert.same({ "Street Light", "Gate" }, { list.products[1].name, list.products[2].name })
    assert.equal(404, (call("GET", "/v1/orgs/acme/products", nil, ann)))
    assert.equal(404, (call("POST", "/v1/orgs/nix/products", { product = { name = "x", platform_id = 6 } })))
  end)

  it("need a name and a platform", function()
    assert.same({ ok = false, error = "name is required" }, select(2, call("POST", "/v1/user/products", {})))
    assert.same({ ok = false, error = "platform_id is required" },
      select(2, call("POST", "/v1/user/products", { product = { name = "x" } })))
  end)

  it("give registration codes for their devices, and tell of orders", function()
    local status, made = call("POST", "/v1/products/42/registration_code", { device_id = ID })
    assert.same({ 200, 32 }, { status, #made.registration_code })
    assert.equal(403, (call("POST", "/v1/products/42/registration_code", { device_id = "x" })))
    assert.same({}, select(2, call("GET", "/v1/products/42/device_orders")))
  end)
end)
