-- Which path a call takes: products, organizations and devices, by default and as said; names of devices.

local Cloud = require("spec.support.cloud")

local ID, OTHER = "0123456789abcdef01234567", "0123456789abcdef01234568"

describe("the scope of an operation", function()
  local cloud, api, found, reply

  before_each(function()
    found, reply = { { id = ID, name = "kitchen lamp" } }, { ok = true }
    cloud = Cloud.new(function(request)
      if request.method == "GET" and request.path:find("/devices$") and request.query ~= "" then
        return 200, { devices = found, meta = { total_pages = 1 } }
      end
      return 200, reply
    end)
    api = cloud:client()
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  -- The path that a call takes.
  local function path(of, group, name, args)
    assert.is_not_nil((of[group][name](of[group], args)))
    return cloud:last()
  end

  it("is the account, unless something else is said", function()
    assert.equal("GET /v1/sims", path(api, "sims", "list"))
    assert.equal("GET /v1/products/my%20slug/sims", path(api, "sims", "list", { product = "my slug" }))
    assert.equal("GET /v1/env", path(api, "env_vars", "list"))
    assert.equal("GET /v1/orgs/acme/env", path(api, "env_vars", "list", { org = "acme" }))
    assert.equal("GET /v1/env/" .. ID, path(api, "env_vars", "list", { device = ID }))
  end)

  it("is the api's product by default", function()
    local with <close> = cloud:client { product = 7 }
    assert.equal("GET /v1/products/7/sims", path(with, "sims", "list"))
    assert.equal("GET /v1/products/8/sims", path(with, "sims", "list", { product = 8 }))
    assert.equal("GET /v1/sims", path(with, "sims", "list", { product = false }))
    assert.equal("GET /v1/products/7/groups", path(with, "groups", "list"))
    assert.equal("GET /v1/products/7", path(with, "products", "get"))
    assert.equal("GET /v1/orgs", path(with, "orgs", "list"))
    assert.equal("GET /v1/orgs/acme/env", path(with, "env_vars", "list", { org = "acme" }))
    assert.equal("GET /v1/env/" .. ID, path(with, "env_vars", "list", { device = ID }))
    assert.equal("GET /v1/products/7/env", path(with, "env_vars", "list"))
    assert.error_matches(function() with.groups:list { product = false } end, "product is missing")
  end)

  it("is that of the device's handle", function()
    local with <close> = cloud:client { product = 7 }
    local account = with:device(ID, { product = false })
    assert.equal("PUT /v1/products/9/devices/" .. ID .. "/ping",
      path(api, "devices", "ping", { device = api:device(ID, { product = 9 }) }))
    assert.equal("PUT /v1/devices/" .. ID .. "/ping", path(with, "devices", "ping", { device = account }))
    assert.equal("PUT /v1/products/7/devices/" .. ID .. "/ping",
      path(with, "devices", "ping", { device = ID }))
    assert.equal("PUT /v1/products/8/devices/" .. ID .. "/ping",
      path(with, "devices", "ping", { device = account, product = 8 }))
    assert.equal("PUT /v1/devices/" .. ID .. "/ping",
      path(with, "devices", "ping", { device = with:device(ID), product = false }))
    assert.equal("GET /v1/env/" .. ID, path(with, "env_vars", "list", { device = with:device(ID) }))
  end)

  it("takes a handle wherever a device is meant", function()
    local lamp = api:device(ID)
    assert.equal("GET /v1/ledgers/l/instances/" .. ID,
      path(api, "ledgers", "get_instance", { ledger = "l", scope_value = lamp }))
    assert.equal('POST /v1/devices {"id":"' .. ID .. '"}', path(api, "devices", "claim", { id = lamp }))
    local assigned = path(api, "groups", "batch_assign", {
      product = 1, devices = { lamp, OTHER }, metadata = { add = { "a" } },
    })
    assert.is_truthy(assigned:find(('"devices":["%s","%s"]'):format(ID, OTHER), 1, true))
  end)

  it("takes names, ids in any letter case, and percent-encodes them", function()
    assert.equal("GET /v1/devices/my%20lamp", path(api, "devices", "get", { device = "my lamp" }))
    assert.equal("GET /v1/devices/my%20lamp", path(api, "devices", "get", { device = api:device "my lamp" }))
    assert.equal("GET /v1/devices/" .. ID, path(api, "devices", "get", { device = ID:upper() }))
  end)

  it("looks a name up where a product takes ids only", function()
    local lamp = api:device("kitchen lamp", { product = 9 })
    assert.equal("GET /v1/products/9/devices/" .. ID, path(api, "devices", "get", { device = lamp }))
    assert.equal(2, #cloud.requests)
    assert.equal("/v1/products/9/devices", cloud.requests[1].path)
    assert.is_truthy(cloud.requests[1].query:find("deviceName=kitchen+lamp", 1, true))
    assert.equal("GET /v1/products/9/devices/" .. ID, path(api, "devices", "get", { device = lamp }))
    assert.equal(3, #cloud.requests) -- once
    path(api, "devices", "get", { device = "kitchen lamp", product = 9 })
    assert.equal(5, #cloud.requests)
    path(api, "devices", "get", { device = api:device "kitchen lamp", product = 9 })
    assert.equal(7, #cloud.requests)
    path(api, "diagnostics", "last", { device = "kitchen lamp", product = 9 })
    assert.equal("GET /v1/products/9/diagnostics/" .. ID .. "/last", cloud:last())
  end)

  it("lets handles in bodies know their ids first", function()
    local lamp = api:device("kitchen lamp", { product = 9 })
    local args = { product = 9, devices = { lamp, OTHER, "SERIAL" }, metadata = {} }
    local sent = path(api, "groups", "batch_assign", args)
    assert.is_truthy(sent:find(('"devices":["%s","%s","SERIAL"]'):format(ID, OTHER), 1, true))
    assert.equal(2, #cloud.requests)
    path(api, "groups", "batch_assign", args)
    assert.equal(3, #cloud.requests) -- once
    sent = path(api, "integrations", "test", { product = 9, integration = "i", device_id = "as it is" })
    assert.is_truthy(sent:find('{"device_id":"as it is"}', 1, true))
    found = {}
    local body, err = api.integrations:test {
      product = 9, integration = "i", device_id = api:device("nobody", { product = 9 }),
    }
    assert.is_nil(body)
    assert.equal("not_found", err.kind)
  end)

  it("asks the account for the id of its device", function()
    reply = { id = ID, name = "kitchen lamp" }
    path(api, "integrations", "test", { integration = "i", device_id = api:device "kitchen lamp" })
    assert.equal("/v1/devices/kitchen%20lamp", cloud.requests[1].path)
    assert.equal(('{"device_id":"%s"}'):format(ID), cloud.requests[2].body)
  end)

  it("looks up with the options that the call has", function()
    api.devices:rename({ device = "kitchen lamp", product = 9, name = "x" },
      { format = "form", headers = { ["X-Mark"] = "m" }, timeout = 20 })
    assert.equal("m", cloud.requests[1].headers["x-mark"])
    assert.equal("name=x", cloud.requests[2].body)
  end)

  it("fails where nothing, or too much, has that name", function()
    found = {}
    local body, err = api.devices:get { device = "kitchen lamp", product = 9 }
    assert.is_nil(body)
    assert.equal("not_found", err.kind)
    assert.equal(1, #cloud.requests)
    found = { { id = ID, name = "kitchen lamp" }, { id = OTHER, name = "kitchen lamp" } }
    assert.equal("bad_request", select(2, api.devices:get { device = "kitchen lamp", product = 9 }).kind)
  end)

  it("says what does not go together, and what is missing", function()
    assert.error_matches(function() api.env_vars:list { org = "acme", product = 1 } end,
      "env_vars.list: org, product do not go together")
    assert.error_matches(function() api.events:stream_org { org = "a", device = ID, prefix = "x" } end,
      "events.stream_org: device, org, prefix do not go together")
    assert.error_matches(function() api.ledgers:get_version {} end,
      "ledgers.get_version: ledger, scope_value, version are missing")
    assert.error_matches(function() api.groups:get { group = "g" } end, "groups.get: product is missing")
    assert.error_matches(function() api.devices:unprotect { action = "prepare" } end, "device is missing")
    assert.equal(0, #cloud.requests)
  end)

  it("refuses a misused call before it looks a name up", function()
    assert.error_matches(function() api.devices:rename { device = "x", product = 9 } end, "name is missing")
    assert.error_matches(function()
      api.devices:rename({ device = "x", product = 9, name = "y" }, { timeout = "z" })
    end, "timeout")
    assert.equal(0, #cloud.requests)
  end)
end)
