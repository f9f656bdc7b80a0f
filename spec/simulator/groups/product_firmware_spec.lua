local asking = require("spec.simulator.asking")

local A, B = "e00fce680000000000000001", "e00fce680000000000000002"
local PATH = "/v1/products/42/firmware"

describe("product firmware", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api { products = { { name = "Lamp", id = 42, devices = {
      { name = "a", id = A }, { name = "b", id = B },
    } } } }
  end)

  local function upload(version, bytes)
    local body, content_type = asking.multipart {
      { "file", bytes or "\0\1", "firmware.bin" }, { "version", tostring(version) }, { "title", "t" },
    }
    return call("POST", PATH, nil, { body = body, type = content_type })
  end

  it("is uploaded, listed, downloaded, edited and deleted", function()
    local status, made = upload(2, "\0\1\2")
    assert.same({ 201, 2, "t", "firmware.bin", 3, false, 42, {}, 0 },
      { status, made.version, made.title, made.name,
      made.size, made.product_default, made.product_id, made.groups, made.device_count })
    assert.equal("user@example.com", made.uploaded_by.username)
    assert.same({ made }, select(2, call("GET", PATH)))
    assert.same(made, select(2, call("GET", PATH .. "/2")))
    local _, bytes, headers = call("GET", PATH .. "/2/binary")
    assert.same({ "\0\1\2", "application/binary" }, { bytes, headers["Content-Type"] })
    assert.equal("new", select(2, call("PUT", PATH .. "/2", { title = "new" })).title)
    assert.equal(204, (call("DELETE", PATH .. "/2")))
    for _, path in ipairs { "/2", "/2/binary", "/x" } do assert.equal(404, (call("GET", PATH .. path))) end
  end)

  it("is refused without a file, a version or a title, and twice", function()
    assert.equal(400, (call("POST", PATH, { version = 1, title = "t" })))
    assert.equal(400, (upload("x")))
    upload(2)
    assert.equal(400, (upload(2)))
  end)

  it("is released to groups and to the rest, one version each", function()
    upload(2, "two")
    upload(3, "three")
    call("PUT", "/v1/products/42/devices/" .. A, { groups = { "g" } })
    assert.same({ "g" }, select(2, call("PUT", PATH .. "/release", { version = 2, groups = { "g" } })).groups)
    assert.equal(2, select(2, call("GET", "/v1/products/42/groups/g")).group.fw_version)
    call("PUT", PATH .. "/release", { version = 2, product_default = true })
    call("PUT", PATH .. "/release", { version = 3, product_default = true, groups = { "g" } })
    local list = select(2, call("GET", PATH))
    assert.same({ false, true, {}, { "g" } },
      { list[1].product_default, list[2].product_default, list[1].groups, list[2].groups })
    call("PUT", "/v1/products/42/groups/g", { name = "h" })
    assert.same({ "h" }, select(2, call("GET", PATH .. "/3")).groups)
    call("DELETE", "/v1/products/42/groups/h")
    assert.same({}, select(2, call("GET", PATH .. "/3")).groups)
    assert.equal(400, (call("DELETE", PATH .. "/3")))
    assert.equal(404, (call("PUT", PATH .. "/release", { version = 9 })))
    assert.equal(404, (call("PUT", PATH .. "/release", { version = 2, groups = { "nix" } })))
  end)

  it("reaches the devices at once by an intelligent release, and a locked one by flashing", function()
    upload(2, "two")
    upload(3, "three")
    local a, b = cloud.devices:by_identifier(A), cloud.devices:by_identifier(B)
    call("PUT", "/v1/products/42/devices/" .. B, { desired_firmware_version = 2, flash = true })
    assert.same({ "two", 2 }, { b.firmware, b.firmware_version })
    call("PUT", PATH .. "/release", { version = 3, product_default = true, intelligent = true })
    assert.same({ "three", 3, 2 }, { a.firmware, a.firmware_version, b.firmware_version })
    assert.equal(1, select(2, call("GET", PATH .. "/3")).device_count)
  end)
end)
