local asking = require("spec.simulator.asking")

describe("compiling over HTTP", function()
  local cloud, call, state

  before_each(function()
    local clock
    clock, state = asking.clock(1000000000)
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Lamp", id = 42, platform_id = 6 } }, clock = clock, token_lifetime = 0,
    }
  end)

  local function compile(source, ...)
    local body, content_type = asking.multipart { { "file", source, "a.ino" }, { "file2", "", "a.h" }, ... }
    return call("POST", "/v1/binaries", nil, { body = body, type = content_type })
  end

  it("gives a binary, for a day, to its owner", function()
    local status, made = compile("void loop() {}", { "platform_id", "32" },
      { "build_target_version", "5.9.0" })
    assert.same({ 200, true, "/v1/binaries/" .. made.binary_id, "5.9.0", "2001-09-10T01:46:40.000Z" },
      { status, made.ok, made.binary_url, made.build_target_version, made.expires_at })
    local _, bytes, headers = call("GET", made.binary_url)
    assert.truthy(#bytes > 0)
    assert.same({ "application/binary", "attachment; filename=firmware.bin" },
      { headers["Content-Type"], headers["Content-Disposition"] })
    assert.equal(404, (call("GET", made.binary_url, nil, { token = cloud.accounts:find("ann").token })))
    state.now = state.now + 86400
    assert.equal(404, (call("GET", made.binary_url)))
  end)

  it("is for a platform, or a product's", function()
    assert.equal("2.3.1", select(2, compile("x", { "product_id", "42" })).build_target_version)
    assert.equal(400, (compile("x")))
    assert.equal(400, (compile("x", { "platform_id", "99" })))
    assert.equal(400, (call("POST", "/v1/binaries", { platform_id = 32 })))
  end)

  it("tells what is wrong", function()
    local status, told = compile("#error no way\n", { "platform_id", "32" })
    assert.same({ 406, { ok = false, code = 200, output = "build didn't produce binary", stdout = "",
      errors = { "a.ino:1:2: error: #error no way" } } }, { status, told })
  end)

  it("fails with 200 when a device was to be flashed", function()
    call = select(2, asking.api { devices = { { name = "lamp" } } })
    local body, content_type = asking.multipart { { "file", "#error x", "a.ino" } }
    local status, told = call("PUT", "/v1/devices/lamp", nil, { body = body, type = content_type })
    assert.same({ 200, false, "build didn't produce binary" }, { status, told.ok, told.output })
  end)

  it("has targets", function()
    local _, all = call("GET", "/v1/build_targets", nil, { token = false })
    local _, featured = call("GET", "/v1/build_targets?featured=true", nil, { token = false })
    assert.truthy(#all.targets > #featured.targets and #featured.targets == 1)
    assert.same({ 32, "6.3.0", "2.3.1" },
      { all.platforms.p2, all.default_versions["32"], all.default_versions["6"] })
  end)

  it("has versions of Device OS", function()
    local _, list = call("GET", "/v1/device-os/versions?platform_id=6")
    assert.same({ "2.3.1", 6 }, { list[1].version, list[1].platform_id })
    assert.equal(2, #select(2, call("GET", "/v1/device-os/versions?per_page=2")))
    assert.equal("3.3.1", select(2, call("GET", "/v1/device-os/versions?internal_version=3310"))[1].version)
    assert.equal(10, select(2, call("GET", "/v1/device-os/versions/3.3.1?platform_id=10")).platform_id)
    assert.equal(404, (call("GET", "/v1/device-os/versions/3.3.1?platform_id=6")))
    local upgrade = "/v1/system_firmware/upgrade?platform_id=32&current_system_firmware_version="
    assert.equal("/v1/system_firmware/p2/6.3.0.bin", select(2, call("GET", upgrade .. "5.9.0")).binary_url)
    assert.equal(204, (call("GET", upgrade .. "6.3.0")))
    assert.equal(400, (call("GET", "/v1/system_firmware/upgrade")))
  end)
end)
