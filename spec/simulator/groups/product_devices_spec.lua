local asking = require("spec.simulator.asking")

local A, FREE, THEIRS = "e00fce680000000000000001", "e00fce680000000000000002", "e00fce680000000000000003"
local PATH = "/v1/products/42/devices"

describe("a product's devices", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" },
        { username = "ann", password = "p",
          devices = { { name = "theirs", id = THEIRS, product_id = 43 } } } },
      products = { { name = "Lamp", id = 42, devices = { { name = "a", id = A } } } },
      devices = { { name = "free", id = FREE, claimed = false } },
    }
  end)

  it("are imported, and removed", function()
    local status, told = call("POST", PATH, { ids = { FREE, A, THEIRS, "nix" } })
    assert.same({ 200, { updated = 1, updatedDeviceIds = { FREE }, existingDeviceIds = { A },
      nonmemberDeviceIds = { THEIRS }, invalidDeviceIds = { "nix" } } }, { status, told })
    assert.equal("free", select(2, call("GET", PATH .. "/" .. FREE)).name)
    assert.same({ 204, "" }, { table.unpack({ call("DELETE", PATH .. "/" .. FREE) }, 1, 2) })
    assert.equal(403, (call("GET", PATH .. "/" .. FREE)))
    assert.equal(403, (call("DELETE", PATH .. "/" .. FREE)))
  end)

  it("are imported from a file, for a member of the team, by their other numbers", function()
    local serial = cloud.devices:by_identifier(FREE).serial_number
    local body, content_type = asking.multipart { { "file", serial .. "\r\n\r\n", "ids.txt" } }
    local _, told = call("POST", PATH .. "?claim_user=joe", nil, { body = body, type = content_type })
    assert.same({ FREE }, told.updatedDeviceIds)
    assert.equal("joe", cloud.devices:by_identifier(FREE).owner.username)
    assert.equal(400, (call("POST", PATH .. "?claim_user=ann", { id = FREE })))
    assert.equal(400, (call("POST", PATH, {})))
  end)

  it("leave quarantine by import, or are denied", function()
    local device = cloud.devices:by_identifier(A)
    device.quarantined = true
    assert.equal(1, #select(2, call("GET", PATH .. "?quarantined=true")).devices)
    assert.same({ A }, select(2, call("POST", PATH, { id = A })).updatedDeviceIds)
    assert.is_false(device.quarantined)
    assert.equal(204, (call("DELETE", PATH .. "/" .. A, { deny = true })))
    assert.is_nil(device.product)
  end)

  it("are marked, locked and told of", function()
    local path = PATH .. "/" .. A
    assert.same({ 200, true }, (function()
      local status, told = call("PUT", path, { development = true, firmware_updates_forced = true })
      return { status, told.development and told.firmware_updates_forced and told.id == A }
    end)())
    assert.equal(5, select(2, call("PUT", path, { desired_firmware_version = 5 })).desired_firmware_version)
    local record = select(2, call("GET", path))
    assert.same({ true, 5, true },
      { record.development, record.desired_firmware_version, record.firmware_updates_forced })
    call("PUT", path, nil, { form = { desired_firmware_version = "null" } })
    assert.is_nil(cloud.devices:by_identifier(A).desired_firmware_version)
    assert.equal(400, (call("PUT", "/v1/devices/" .. A, { development = true })))
  end)
end)
