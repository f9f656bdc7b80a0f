local particle = require("particle")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

describe("a ledger", function()
  local sim, api, lamp

  before_each(function()
    sim = simulator.new { devices = { { name = "lamp" }, { name = "bell" } } }
    api = sim:client()
    lamp = api:device("lamp")
    assert(api.ledgers:create {
      ledger = { name = "settings", scope = "Device", direction = "Downstream" },
    })
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  it("keeps what is set", function()
    local settings = api:ledger("settings", lamp)
    assert.same({ brightness = 5, modes = { "a" } }, assert(settings:set { brightness = 5, modes = { "a" } }))
    assert.same({ brightness = 5, modes = { "a" } }, assert(settings:get()))
    assert.same({ colour = "red" }, assert(settings:set { colour = "red" }))
    assert.same({ colour = "red" }, assert(api:ledger("settings", lamp.id):get()))
  end)

  it("merges", function()
    local settings = api:ledger("settings", lamp)
    assert(settings:set { a = 1, b = 2 })
    assert.same({ a = 1, b = 3, c = 4 }, assert(settings:merge { b = 3, c = 4 }))
  end)

  it("may be emptied and removed", function()
    local settings = api:ledger("settings", lamp)
    assert.same({}, assert(settings:set {}))
    assert.is_true(settings:remove())
    local data, err = settings:get()
    assert.is_nil(data)
    assert.equal("not_found", err.kind)
  end)

  it("is asked for by the device's id, which a handle learns", function()
    assert(api:ledger("settings", api:device("bell")):set { a = 1 })
    local requests = sim:requests()
    assert.equal(("/v1/ledgers/settings/instances/%s"):format(sim:device("bell").id),
      requests[#requests].path)
    local data, err = api:ledger("settings", api:device("nobody")):get()
    assert.is_nil(data)
    assert.equal("forbidden", err.kind)
  end)

  it("may be an organization's", function()
    local other <close> = simulator.new { devices = {}, orgs = { acme = {} } }
    local client <close> = other:client()
    assert(client.ledgers:create {
      org = "acme", ledger = { name = "rates", scope = "Owner", direction = "Downstream" },
    })
    assert(client:ledger("rates", "acme", { org = "acme" }):set { a = 1 })
    assert.equal("/v1/orgs/acme/ledgers/rates/instances/acme", other:requests()[2].path)
  end)

  it("says what it is", function()
    assert.equal("particle.ledger settings of lamp", tostring(api:ledger("settings", lamp)))
    assert.equal("particle.ledger settings of 42", tostring(api:ledger("settings", 42)))
    assert.equal("settings", api:ledger("settings", 42).name)
  end)

  it("takes replies without the wrapper, and no others", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local server <close> = raw.new(function(connection)
      for _, body in ipairs { '{"data":{"a":1}}', '{"instance":{}}', '"x"' } do
        connection:request()
        connection:json(body)
      end
    end)
    local client <close> = streaming.client(server)
    local settings = client:ledger("settings", 42)
    assert.same({ a = 1 }, settings:get())
    for _ = 1, 2 do
      local data, err = settings:get()
      assert.is_nil(data)
      assert.equal("protocol", err.kind)
    end
  end)

  it("refuses what cannot be meant", function()
    local settings = api:ledger("settings", lamp)
    for pattern, fn in pairs {
      ["ledger: the name must be a string"] = function() api:ledger(5, lamp) end,
      ["ledger: whose it is must be a device, or"] = function() api:ledger("settings") end,
      ['ledger: unknown option "orgs"'] = function() api:ledger("settings", lamp, { orgs = "x" }) end,
      ["set: the data must be a table"] = function() settings:set("x") end,
      ["merge: the data must be a table"] = function() settings:merge(lamp) end,
      ['unknown option "tiemout"'] = function() settings:get { tiemout = 1 } end,
    } do assert.error_matches(fn, pattern) end
    assert.is_nil(particle.type(settings))
  end)
end)
