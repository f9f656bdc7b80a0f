local asking = require("spec.simulator.asking")

local A, B = "e00fce680000000000000001", "e00fce680000000000000002"
local PATH = "/v1/products/42/groups"

describe("device groups", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api { products = { { name = "Lamp", id = 42, devices = {
      { name = "a", id = A }, { name = "b", id = B },
    } } } }
  end)

  local function groups_of(id) return cloud.devices:by_identifier(id).groups end

  it("are created, listed, read, changed and deleted", function()
    local status, made = call("POST", PATH, { name = "kitchen", color = "#112233" })
    local group = { name = "kitchen", description = "", color = "#112233", device_count = 0 }
    assert.same({ 201, { group = group } }, { status, made })
    call("POST", PATH, { name = "attic" })
    assert.equal(2, #select(2, call("GET", PATH)).groups)
    assert.same({ groups = { group } }, select(2, call("GET", PATH .. "?name=itch")))
    assert.same({ group = group }, select(2, call("GET", PATH .. "/kitchen")))
    group.description = "warm"
    assert.same({ group = group }, select(2, call("PUT", PATH .. "/kitchen", { description = "warm" })))
    assert.same({ 204, "" }, { table.unpack({ call("DELETE", PATH .. "/kitchen") }, 1, 2) })
    assert.equal(404, (call("GET", PATH .. "/kitchen")))
    assert.equal(404, (call("DELETE", PATH .. "/kitchen")))
  end)

  it("hold devices, whose groups follow their names and their end", function()
    call("POST", PATH, { name = "kitchen" })
    local product = "/v1/products/42/devices"
    assert.same({ 200, { ok = true } }, { table.unpack({ call("PUT", product,
      { action = "groups", devices = { A, B }, metadata = { add = { "kitchen" } } }) }, 1, 2) })
    assert.equal(2, select(2, call("GET", PATH .. "/kitchen")).group.device_count)
    call("PUT", PATH .. "/kitchen", { name = "cook" })
    assert.same({ "cook" }, groups_of(A))
    call("PUT", product, { action = "groups", devices = { A }, metadata = { remove = { "cook" } } })
    assert.same({}, groups_of(A))
    assert.same({ "b" }, (function()
      local names = {}
      for i, device in ipairs(select(2, call("GET", product .. "?groups=cook,x")).devices) do
        names[i] = device.name
      end
      return names
    end)())
    call("DELETE", PATH .. "/cook")
    assert.same({}, groups_of(B))
  end)

  it("come into being when a device is put into them, as JSON and as a form", function()
    local path = "/v1/products/42/devices/" .. A
    assert.same({ "x", "y" }, select(2, call("PUT", path, { groups = { "x", "y" } })).groups)
    assert.same({ "x", "z" },
      select(2, call("PUT", path, nil, { form = { ["groups[0]"] = "x", ["groups[1]"] = "z" } })).groups)
    local _, list = call("GET", PATH)
    assert.equal(3, #list.groups)
  end)

  it("refuse names that are none, and taken ones", function()
    call("POST", PATH, { name = "kitchen" })
    for _, name in ipairs { "Kitchen", "a b", "", "kitchen" } do
      assert.equal(400, (call("POST", PATH, { name = name })))
    end
    assert.equal(400, (call("PUT", PATH .. "/kitchen", {})))
    call("POST", PATH, { name = "attic" })
    assert.equal(400, (call("PUT", PATH .. "/attic", { name = "kitchen" })))
    assert.equal(404, (call("PUT", "/v1/products/42/devices",
      { action = "groups", devices = { A }, metadata = { add = { "nix" } } })))
    assert.equal(403, (call("PUT", "/v1/products/42/devices",
      { action = "groups", devices = { "nix" }, metadata = { add = { "attic" } } })))
  end)

  it("tell what a release would change", function()
    cloud.devices:by_identifier(A).groups = { "g" }
    local function impact(query)
      return select(2, call("GET",
        "/v1/products/42/impact?action=edit_groups_for_firmware&firmware_version=2" .. query))
    end
    assert.same({ devices = { firmware_update = { total = 1,
      by_version = { { version = 1, total = 1 } } } } },
      impact("&groups=g"))
    assert.equal(2, impact("&product_default=true").devices.firmware_update.total)
    assert.equal(0, impact("").devices.firmware_update.total)
    assert.equal(400, (call("GET", "/v1/products/42/impact")))
  end)
end)
