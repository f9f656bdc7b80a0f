local access = require("particle.simulator.access")
local asking = require("spec.simulator.asking")
local errors = require("particle.simulator.errors")

local ID, OTHER_ID = "0123456789abcdef01234567", "aaaaaaaaaaaaaaaaaaaaaaaa"

describe("access", function()
  local cloud, joe, pete

  before_each(function()
    cloud = asking.cloud { users = {
      { username = "joe", password = "p", devices = {
        { name = "lamp", id = ID, product_id = 42 }, { name = "other", product_id = 43 },
      } },
      { username = "pete", password = "p", devices = { { name = "door", id = OTHER_ID } } },
    } }
    joe, pete = cloud.accounts:find("joe"), cloud.accounts:find("pete")
  end)

  local function device(user, params) return access.device(cloud, { user = user, params = params }) end

  it("is to one's own devices, by id and name", function()
    assert.equal(ID, device(joe, { device = ID }).id)
    assert.equal(ID, device(joe, { device = "lamp" }).id)
  end)

  it("is denied to devices of others and to those that do not exist", function()
    for _, ref in ipairs { ID, "lamp", "nix", "e00fce680000000000000000" } do
      assert.same({ nil, errors.permission_denied }, { device(pete, { device = ref }) })
    end
  end)

  it("is through a product by id only", function()
    assert.equal(ID, device(joe, { product = "42", device = ID }).id)
    for _, ref in ipairs { "lamp", OTHER_ID, cloud.devices:of_user(joe, "other").id } do
      assert.same({ nil, errors.permission_denied }, { device(joe, { product = "42", device = ref }) })
    end
  end)

  it("is to products of which one owns a device", function()
    assert.equal(42, access.product(cloud, { user = joe, params = { product = "42" } }))
    for _, product in ipairs { "44", "x", "4e1" } do
      assert.same({ nil, errors.product_unknown },
        { access.product(cloud, { user = joe, params = { product = product } }) })
    end
    assert.same({ nil, errors.product_unknown }, { device(pete, { product = "42", device = ID }) })
  end)

  it("has two paths", function()
    assert.same({ "/v1/devices/{device}/ping", "/v1/products/{product}/devices/{device}/ping" },
      access.paths("/ping"))
  end)

  it("names the paths of what several have", function()
    assert.same({ "/v1/x", "/v1/products/{product}/x", "/v1/orgs/{org}/x" }, access.owned("/x"))
    assert.same({ "/v1/x", "/v1/orgs/{org}/x" }, access.owned("/x", "user", "org"))
    assert.same({ "/v1/x/{y}", "/v1/z/{y}" }, access.below({ "/v1/x", "/v1/z" }, "/{y}"))
  end)

  it("tells whose a path is", function()
    local function key(params)
      local owner, refusal = access.owner(cloud, { user = joe, params = params })
      return owner and owner.key or refusal
    end
    assert.equal("user " .. joe.id, key {})
    assert.equal("product 42", key { product = "42" })
    assert.equal("device " .. ID, key { product = "42", device = ID })
    assert.equal(errors.org_unknown, key { org = "nix" })
    assert.equal(errors.product_unknown, key { product = "44" })
  end)
end)
