local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"
local PATH = "/v1/products/42/devices/" .. ID

describe("a device's further sides", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api { devices = { { name = "lamp", id = ID, product_id = 42, platform_id = 13 } },
      orgs = { acme = { 42 } } }
  end)

  it("are documents", function()
    local path = PATH .. "/docs/shadow"
    assert.equal(404, (call("GET", path)))
    local function upsert(id, version)
      return call("PATCH", path, { action = "upsert", key = "id", path = { "features", "apps", "list" },
        value = { id = id, version = version } })
    end
    upsert("a", 1)
    upsert("b", 1)
    assert.equal(200, (upsert("a", 2)))
    assert.same({ data = { features = { apps = { list = { { id = "b", version = 1 },
      { id = "a", version = 2 } } } } } },
      select(2, call("GET", path)))
    call("PATCH", path, { action = "remove", path = { "features", "apps", "list" },
      predicate = { id = "b" } })
    assert.equal(1, #select(2, call("GET", path)).data.features.apps.list)
    call("PATCH", path, { action = "remove", path = { "features", "apps" } })
    assert.same({ data = { features = {} } }, select(2, call("GET", path)))
    assert.equal(400, (call("PATCH", path, { action = "eat", path = { "a" } })))
    assert.equal(400, (call("PATCH", path, { action = "upsert", path = { "a" } })))
    assert.equal(400, (call("PATCH", path, { action = "remove", path = {} })))
  end)

  for _, path in ipairs { "/v1/devices/lamp", PATH, "/v1/orgs/acme/devices/" .. ID } do
    it("are protection, at " .. path, function()
      local _, prepared = call("PUT", path .. "/unprotect", { action = "prepare" })
      local confirmation = { action = "confirm", server_nonce = prepared.server_nonce, device_nonce = "a",
        device_signature = "b", device_public_key_fingerprint = "c" }
      confirmation.server_nonce = "x"
      assert.equal(400, (call("PUT", path .. "/unprotect", confirmation)))
      confirmation.server_nonce = prepared.server_nonce
      assert.is_true(select(2, call("PUT", path .. "/unprotect", confirmation)).ok)
      assert.equal("disabled", select(2, call("GET", "/v1/devices/lamp")).device_protection.status)
      assert.equal(400, (call("PUT", path .. "/unprotect", {})))
    end)
  end

  it("are backups and eSIM profiles", function()
    local status, _, headers = call("PUT", "/v1/devices/lamp/backup_files", {})
    assert.same({ 200, "application/binary" }, { status, headers["Content-Type"] })
    assert.equal("DE", select(2, call("PUT", PATH .. "/target_profile", { country = "DE" })).country)
    assert.equal(400, (call("PUT", PATH .. "/target_profile", { country = "Germany" })))
    assert.equal("DE", cloud.devices:by_identifier(ID).esim_country)
  end)
end)
