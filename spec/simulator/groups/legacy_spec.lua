local asking = require("spec.simulator.asking")
local core = require("particle.core")

describe("what is left of former years", function()
  local call

  before_each(function() call = select(2, asking.api { devices = { { name = "a" }, { name = "b" } } }) end)

  it("has networks of devices", function()
    local status, made = call("POST", "/v1/networks", { name = "n", device_id = "a" })
    assert.same({ 200, "n", 1, 1 }, { status, made.name, made.gateway_count, made.device_count })
    local path = "/v1/networks/" .. made.id
    assert.same({ made }, select(2, call("GET", "/v1/networks")))
    assert.same(made, select(2, call("GET", path)))
    assert.equal(2, select(2, call("PUT", path, { action = "add-device", deviceID = "b" })).device_count)
    assert.equal(2, #select(2, call("GET", path .. "/devices")))
    assert.equal(200, (call("DELETE", "/v1/devices/b/network")))
    assert.equal(200, (call("DELETE", "/v1/devices/b/network")))
    assert.equal(1, #select(2, call("GET", path .. "/devices")))
    assert.equal(400, (call("PUT", path, { action = "x", device_id = "b" })))
    assert.equal(403, (call("PUT", path, { action = "add-device", device_id = "nix" })))
    assert.equal(403, (call("POST", "/v1/networks", { name = "n" })))
    assert.same({ ok = true }, select(2, call("DELETE", path)))
    assert.equal(404, (call("GET", path)))
  end)

  it("has a card and prices", function()
    assert.same({ card = core.null }, select(2, call("GET", "/v1/card")))
    assert.equal(200, (call("GET", "/v1/pricing-impact?action=create&plan=cellular")))
    assert.equal(400, (call("GET", "/v1/pricing-impact?action=create")))
  end)
end)
