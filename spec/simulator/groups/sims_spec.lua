local asking = require("spec.simulator.asking")

local NEW = "8934076500002589174"

describe("SIM cards", function()
  local cloud, call, own, fleet

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      devices = { { name = "mine", platform_id = 13 }, { name = "wifi" } },
      products = { { name = "T", id = 42, platform_id = 26,
        devices = { { name = "t1" }, { name = "t2" } } } },
    }
    local function iccid(name) return cloud.devices:first(function(one) return one.name == name end).iccid end
    own, fleet = iccid("mine"), { iccid("t1"), iccid("t2") }
  end)

  it("are those of cellular devices", function()
    local _, list = call("GET", "/v1/sims")
    assert.same({ 3, own, "active", "mine", "joe" }, { #list.sims, list.sims[1]._id, list.sims[1].status,
      list.sims[1].last_device_name, list.sims[1].owner })
    assert.is_nil(list.meta)
    _, list = call("GET", "/v1/products/42/sims?per_page=1&page=2")
    assert.same({ fleet[2], 2 }, { list.sims[1]._id, list.meta.total_pages })
    assert.equal(fleet[1], select(2, call("GET", "/v1/products/42/sims?deviceName=t1")).sims[1]._id)
    assert.equal(404, (call("GET", "/v1/sims/" .. own, nil, { token = cloud.accounts:find("ann").token })))
  end)

  it("are activated, read, stopped, started again, limited and released", function()
    assert.equal(404, (call("GET", "/v1/sims/" .. NEW)))
    assert.equal(404, (call("HEAD", "/v1/sims/" .. NEW)))
    assert.equal(404, (call("PUT", "/v1/sims/" .. NEW, { action = "deactivate" })))
    assert.equal(200, (call("PUT", "/v1/sims/" .. NEW, { action = "activate", country = "DE" })))
    assert.equal(204, (call("HEAD", "/v1/sims/" .. NEW)))
    assert.equal("DE", select(2, call("GET", "/v1/sims/" .. NEW)).base_country_code)
    call("PUT", "/v1/sims/" .. NEW, { action = "deactivate" })
    local _, sim = call("GET", "/v1/sims/" .. NEW)
    assert.same({ "inactive", 1, "deactivate" },
      { sim.status, sim.deactivations_count, sim.last_status_change_action })
    call("PUT", "/v1/sims/" .. NEW, { action = "reactivate" })
    call("PUT", "/v1/sims/" .. NEW, { mb_limit = 5 })
    _, sim = call("GET", "/v1/sims/" .. NEW)
    assert.same({ "active", 2, 5 }, { sim.status, sim.activations_count, sim.mb_limit })
    assert.equal(204, (call("DELETE", "/v1/sims/" .. NEW)))
    assert.equal(404, (call("DELETE", "/v1/sims/" .. NEW)))
    assert.equal(204, (call("DELETE", "/v1/sims/" .. own)))
    assert.equal(404, (call("GET", "/v1/sims/" .. own)))
  end)

  it("are imported into a product", function()
    local path = "/v1/products/42/sims"
    assert.equal(200, (call("POST", path, { sims = { NEW } })))
    assert.equal(200, (call("GET", path .. "/" .. NEW)))
    assert.equal(200, (call("POST", path, nil, { form = { ["sims[]"] = "8934076500002589175" } })))
    local body, content_type = asking.multipart { { "file", "8934076500002589176\n", "sims.txt" } }
    assert.equal(200, (call("POST", path, nil, { body = body, type = content_type })))
    assert.equal(5, select(2, call("GET", path)).meta.total)
    assert.equal(400, (call("POST", path, { sims = { "x" } })))
    assert.equal(400, (call("POST", path, {})))
  end)

  it("tell of their usage, and of their status on the second look", function()
    local _, usage = call("GET", "/v1/sims/" .. own .. "/data_usage")
    assert.same({ own, 0 }, { usage.iccid, usage.usage_by_day[1].mbs_used })
    assert.equal(2, select(2, call("GET", "/v1/products/42/sims/data_usage")).total_active_sim_cards)
    local status, told = call("GET", "/v1/sims/" .. own .. "/status")
    assert.same({ 202, "pending" }, { status, told.meta.state })
    status, told = call("GET", "/v1/sims/" .. own .. "/status")
    assert.same({ 200, "complete", true }, { status, told.meta.state, told.sim_status.connected })
    cloud.devices:first(function(one) return one.name == "mine" end).online = false
    call("GET", "/v1/sims/" .. own .. "/status")
    assert.is_false(select(2, call("GET", "/v1/sims/" .. own .. "/status")).sim_status.connected)
  end)

  it("refuse what does not fit", function()
    assert.equal(400, (call("PUT", "/v1/sims/" .. own, {})))
    assert.equal(400, (call("PUT", "/v1/sims/" .. own, { action = "eat" })))
    assert.equal(400, (call("PUT", "/v1/sims/" .. own, { mb_limit = "x" })))
    assert.equal(400, (call("PUT", "/v1/sims/123", { action = "activate" })))
  end)
end)
