local asking = require("spec.simulator.asking")
local receiver = require("spec.simulator.receiver")

local ID = "e00fce680000000000000001"

describe("integrations", function()
  local call, there

  before_each(function()
    call = select(2, asking.api { devices = { { name = "lamp", id = ID, product_id = 42 } },
      orgs = { acme = { 42 } } })
  end)

  after_each(function()
    if there then there.close() end
    there = nil
  end)

  for _, root in ipairs { "/v1", "/v1/products/42", "/v1/orgs/acme" } do
    it("are created, listed, read, replaced and deleted below " .. root, function()
      local path = root .. "/integrations"
      local status, made = call("POST", path, { integration_type = "Webhook", event = "e", name = "n",
        url = "https://example.com/", deviceid = ID, json = { a = 1 } })
      assert.same({ 201, true, "e", "n", "POST", false, true, ID, { a = 1 } },
        { status, made.ok, made.event, made.name,
        made.requestType, made.noDefaults, made.rejectUnauthorized, made.deviceID, made.json })
      assert.truthy(made.hookUrl:find("/integrations/" .. made.id, 1, true))
      local _, list = call("GET", path)
      assert.same({ 1, made.id, "Webhook" }, { #list, list[1].id, list[1].integration_type })
      local _, one = call("GET", path .. "/" .. made.id)
      assert.same({ made.id, {} }, { one.integration.id, one.integration.logs })
      local _, replaced = call("PUT", path .. "/" .. made.id, { event = "f", url = "https://example.com/2" })
      assert.same({ made.id, "f", "https://example.com/2" },
        { replaced.integration.id, replaced.integration.event, replaced.integration.url })
      assert.is_nil(replaced.integration.json)
      assert.same({ 204, "" }, { table.unpack({ call("DELETE", path .. "/" .. made.id) }, 1, 2) })
      assert.same({ 404, { ok = false, error = "Webhook not found" } },
        { table.unpack({ call("GET", path .. "/" .. made.id) }, 1, 2) })
      assert.equal(404, (call("DELETE", path .. "/" .. made.id)))
    end)
  end

  for _, root in ipairs { "/v1", "/v1/products/42" } do
    it("go by the name of webhooks as well below " .. root, function()
      local path = root .. "/webhooks"
      local status, made = call("POST", path,
        { event = "e", url = "https://example.com/", requestType = "GET",
        deviceId = ID })
      assert.same({ 201, "Webhook", "GET", ID },
        { status, made.integration_type, made.requestType, made.deviceID })
      assert.equal(made.id, select(2, call("GET", root .. "/integrations"))[1].id)
      assert.same({ {}, {}, {} }, (function()
        local hook = select(2, call("GET", path .. "/" .. made.id)).webhook
        return { hook.logs, hook.errors, hook.counters }
      end)())
      assert.equal(1, #select(2, call("GET", path)))
      assert.equal(204, (call("DELETE", path .. "/" .. made.id)))
      assert.equal(404, (call("GET", path .. "/" .. made.id)))
    end)
  end

  it("are told by form, too", function()
    local _, made = call("POST", "/v1/webhooks", nil, { form = { event = "e", url = "https://example.com/",
      noDefaults = "true", ["json[a]"] = "x" } })
    assert.same({ true, { a = "x" } }, { made.noDefaults, made.json })
  end)

  it("are tested", function()
    there = receiver.new { { 200, "fine" }, { 500, "bad" } }
    local _, made = call("POST", "/v1/integrations",
      { integration_type = "Webhook", event = "e", url = there.url })
    local path = "/v1/integrations/" .. made.id .. "/test"
    assert.same({ pass = true, data = "fine" }, select(2, call("POST", path, { data = "x", device_id = ID })))
    assert.same({ "x", ID }, { there.requests[1].fields.data, there.requests[1].fields.coreid })
    assert.same({ pass = false, data = "bad" }, select(2, call("POST", path, {})))
    local _, map = call("POST", "/v1/integrations",
      { integration_type = "GoogleMaps", event = "e", api_key = "k" })
    assert.is_true(select(2, call("POST", "/v1/integrations/" .. map.id .. "/test")).pass)
    assert.equal(404, (call("POST", "/v1/integrations/nix/test")))
  end)

  it("refuse what does not fit", function()
    local BAD = {
      { { integration_type = "Webhook", url = "u" }, "event is required" },
      { { integration_type = "Webhook", event = "e" }, "url is required" },
      { { integration_type = "webhook", event = "e", url = "u" }, "integration_type must be one of" },
      { { event = "e", url = "u" }, "integration_type must be one of" },
      { { integration_type = "GoogleMaps", event = "e" }, "api_key is required" },
      { { integration_type = "Webhook", event = 5, url = "u" }, "event must be a string" },
      { { integration_type = "Webhook", event = "e", url = 5 }, "url must be a string" },
      { { integration_type = "Webhook", event = "e", url = "u", requestType = "G T" },
        "requestType must be" },
    }
    for _, case in ipairs(BAD) do
      local status, told = call("POST", "/v1/integrations", case[1])
      assert.equal(400, status)
      assert.truthy(told.error:find(case[2], 1, true), told.error)
    end
  end)
end)
