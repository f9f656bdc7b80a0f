local asking = require("spec.simulator.asking")
local core = require("particle.core")

local ID = "e00fce680000000000000001"
local DEVICE, PRODUCT = "/v1/env/" .. ID, "/v1/products/42/env"

describe("environment variables", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Lamp", id = 42, devices = { { name = "a", id = ID } } } },
      devices = { { name = "own" } }, orgs = { acme = { 42 } }, clock = asking.clock(1000000000),
    }
  end)

  for _, path in ipairs { "/v1/env", PRODUCT, "/v1/orgs/acme/env", DEVICE } do
    it("are set, read, changed and taken away at " .. path, function()
      assert.same({}, select(2, call("GET", path)).latest.own)
      local status, told = call("PUT", path .. "/A", { value = "1" })
      assert.same({ 200, { A = { value = "1" } }, "joe", core.null },
        { status, told.latest.own, told.latest.updated_by, told.last_snapshot })
      _, told = call("PATCH", path,
        { ops = { { op = "Set", key = "B", value = "2" }, { op = "Unset", key = "A" } } })
      assert.same({ B = { value = "2" } }, told.latest.own)
      assert.same({ B = "2" }, select(2, call("GET", path .. "/render")).env)
      assert.same({}, select(2, call("DELETE", path .. "/B")).latest.own)
      assert.equal(404, (call("DELETE", path .. "/B")))
    end)
  end

  it("are inherited", function()
    call("PUT", "/v1/env/A", { value = "account" })
    call("PUT", "/v1/env/B", { value = "account" })
    call("PUT", PRODUCT .. "/B", { value = "product" })
    call("PUT", DEVICE .. "/C", { value = "device" })
    assert.same({ A = { from = "Owner", value = "account" }, B = { from = "Product", value = "product" } },
      select(2, call("GET", DEVICE)).latest.inherited)
    assert.same({ A = "account", B = "product", C = "device" },
      select(2, call("GET", DEVICE .. "/render")).env)
    assert.same({ A = "account" , B = "account" }, select(2, call("GET", "/v1/env/own/render")).env)
  end)

  it("reach devices by a rollout", function()
    call("PUT", DEVICE .. "/A", { value = "1" })
    local _, review = call("GET", DEVICE .. "/rollout")
    assert.same({ changes = { { op = "Added", key = "A", after = "1" } }, unchanged = {} },
      review.from_snapshot)
    assert.same(review.from_snapshot, review.from_device)
    assert.same({ success = true }, select(2, call("POST", PRODUCT .. "/rollout", { when = "Immediate" })))
    assert.same({ A = "1" }, select(2, call("GET", DEVICE)).on_device.rendered)
    call("POST", DEVICE .. "/rollout", { when = "Connect" })
    call("PATCH", DEVICE,
      { ops = { { op = "Set", key = "A", value = "2" }, { op = "Set", key = "B", value = "3" } } })
    _, review = call("GET", DEVICE .. "/rollout")
    assert.same({ { op = "Changed", key = "A", before = "1", after = "2" },
      { op = "Added", key = "B", after = "3" } },
      review.from_snapshot.changes)
    local _, told = call("GET", DEVICE)
    assert.same({ { A = { value = "1" } }, "joe" }, { told.last_snapshot.own, told.last_snapshot.rollout_by })
  end)

  it("refuse what does not fit, and say where", function()
    local function problem(...)
      local status, told = call(...)
      assert.equal(400, status)
      return told.error_description
    end
    assert.truthy(problem("PATCH", "/v1/env", { ops = { { op = "Set", key = "a", value = "1" } } }):find(
      "^Validation error: ops%[0%]%.key"))
    assert.truthy(problem("PATCH", "/v1/env",
      { ops = { { op = "Set", key = "A", value = "1" }, { op = "x" } } }):find(
      "ops%[1%]%.op"))
    assert.truthy(problem("PATCH", "/v1/env", { ops = {} }):find("ops must"))
    assert.truthy(problem("PUT", "/v1/env/A", { value = 5 }):find("value must"))
    assert.truthy(problem("POST", "/v1/env/rollout", { when = "now" }):find("when must"))
    assert.equal(403, (call("GET", DEVICE, nil, { token = cloud.accounts:find("ann").token })))
  end)
end)
