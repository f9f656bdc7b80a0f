local Cloud = require("spec.support.cloud")
local address = require("particle.address")
local simulator = require("particle.simulator")

local ID, OTHER = "0123456789abcdef01234567", "0123456789abcdef01234568"

describe("address", function()
  local sim, api

  before_each(function()
    sim = assert(simulator.new {
      devices = {
        { name = "lamp", id = ID, product_id = 42 }, { name = "door", id = OTHER, product_id = 42 },
      },
    })
    api = sim:client { log = false }
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function lookups()
    local n = 0
    for _, entry in ipairs(sim:requests()) do
      if entry.route == "/v1/products/{product}/devices" then n = n + 1 end
    end
    return n
  end

  it("tells ids from names", function()
    for _, id in ipairs { ID, ID:upper(), ("f"):rep(24) } do assert.is_true(address.is_id(id)) end
    for _, name in ipairs { "", "lamp", ID .. "0", ID:sub(2), ID:sub(2) .. "g", ID:sub(2) .. "\n" } do
      assert.is_false(address.is_id(name))
    end
  end)

  it("is that of the account's device, by id or name, without a request", function()
    assert.are.same({ "v1", "devices", ID }, address.of_device(api:device(ID)))
    assert.are.same({ "v1", "devices", "lamp", "events" }, address.of_device(api:device("lamp"), "events"))
    assert.are.same({}, sim:requests())
  end)

  it("is that of a product's device", function()
    local device = api:device(ID, { product = 42 })
    assert.are.same({ "v1", "products", 42, "devices", ID, "events" }, address.of_device(device, "events"))
    device = api:device(ID, { product = "my-slug" })
    assert.are.same({ "v1", "products", "my-slug", "devices", ID }, address.of_device(device))
    assert.are.same({}, sim:requests())
  end)

  it("of a product's device is looked up by its name, once", function()
    local device = api:device("lamp", { product = 42 })
    assert.are.same({ "v1", "products", 42, "devices", "lamp", "ping" }, address.known(device, "ping"))
    assert.are.equal(0, lookups())
    for _ = 1, 3 do
      assert.are.same({ "v1", "products", 42, "devices", ID, "ping" }, address.of_device(device, "ping"))
    end
    assert.are.equal(1, lookups())
    assert.are.same({ "v1", "products", 42, "devices", ID, "ping" }, address.known(device, "ping"))
    assert.are.equal(ID, device.id)
    assert.are.equal("lamp", device.name)
  end)

  it("gives a list of its own each time", function()
    local device = api:device("lamp")
    local one = address.of_device(device, "events")
    one[#one + 1] = "door"
    assert.are.same({ "v1", "devices", "lamp", "events" }, address.of_device(device, "events"))
  end)

  it("of a device that the product does not have is an error", function()
    local device = api:device("nobody", { product = 42 })
    local path, err = address.of_device(device)
    assert.is_nil(path)
    assert.are.equal("not_found", err.kind)
    assert.matches("product 42 has no device named nobody", err.message, 1, true)
    assert.are.same({ "v1", "products", 42, "devices", "nobody" }, address.known(device))
  end)

  it("is asked for again after a lookup that failed", function()
    local cloud <close> = Cloud.new(function(_, number)
      if number == 1 then return 503, {} end
      return 200, { devices = { { id = ID, name = "lamp" } } }
    end)
    local device = cloud:client { log = false, retry = false }:device("lamp", { product = 42 })
    local path, err = address.of_device(device)
    assert.is_nil(path)
    assert.are.equal("server", err.kind)
    assert.are.same({ "v1", "products", 42, "devices", ID }, address.of_device(device))
  end)
end)
