local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"

describe("provisioning", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p",
        devices = { { name = "lamp", id = ID, product_id = 42 } } },
        { username = "ann", password = "p" } },
    }
  end)

  it("makes device ids for a product of one's own", function()
    local status, made = call("POST", "/v1/devices", { product_id = 42 })
    assert.equal(200, status)
    assert.is_nil(cloud.devices:by_identifier(made.device_id).owner)
    assert.not_equal(made.device_id, select(2, call("POST", "/v1/devices", { product_id = 42 })).device_id)
    assert.equal(404, (call("POST", "/v1/devices", { product_id = 43 })))
    assert.equal(404, (call("POST", "/v1/devices", { product_id = 42 },
      { token = cloud.accounts:find("ann").token })))
  end)

  it("takes public keys", function()
    local key = { deviceID = ID:upper(), publicKey = "PEM", algorithm = "ecc" }
    assert.same({ 200, "Success!" }, { table.unpack({ call("POST", "/v1/provisioning/" .. ID, key) }, 1, 2) })
    assert.equal("PEM", cloud.devices:by_identifier(ID).public_key)
    assert.equal(403, (call("POST", "/v1/provisioning/" .. ID, key,
      { token = cloud.accounts:find("ann").token })))
    assert.equal(400, (call("POST", "/v1/provisioning/" .. ID, { deviceID = "x", publicKey = "PEM" })))
    assert.equal(400, (call("POST", "/v1/provisioning/" .. ID, { deviceID = ID })))
    assert.equal(400, (call("POST", "/v1/provisioning/" .. ID,
      { deviceID = ID, publicKey = "P", algorithm = "x" })))
  end)

  it("knows serial numbers", function()
    local serial = cloud.devices:by_identifier(ID).serial_number
    local status, told = call("GET", "/v1/serial_numbers/" .. serial)
    assert.same({ 200, true, ID, ID, 32 },
      { status, told.ok, told.deviceID, told.device_id, told.platform_id })
    assert.equal(404, (call("GET", "/v1/serial_numbers/nix")))
  end)
end)
