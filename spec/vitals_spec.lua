local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

describe("vitals", function()
  local sim, api, lamp

  before_each(function()
    sim = simulator.new { devices = { { name = "lamp" }, { name = "cellar", online = false } } }
    api = sim:client()
    lamp = api:device("lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  it("are those that the cloud knows", function()
    local none, err = lamp:vitals()
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert(api.diagnostics:refresh { device = lamp })
    local vitals = assert(lamp:vitals())
    assert.equal(sim:device("lamp").id, vitals.deviceID)
    assert.equal(60, vitals.payload.device.system.uptime)
  end)

  it("are asked for anew", function()
    assert.equal("ok", assert(lamp:vitals { refresh = streaming.LONG }).payload.service.device.status)
    assert.equal("ok", assert(lamp:vitals { refresh = true, timeout = 5 }).payload.service.device.status)
  end)

  it("do not come from a device that is offline", function()
    local none, err = api:device("cellar"):vitals { refresh = 0.02 }
    assert.is_nil(none)
    assert.equal("timeout", err.kind)
    assert.equal("the device sent no vitals within 0.02 s", err.message)
  end)

  it("are of no other shape", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local server <close> = raw.new(raw.json "[]")
    local client <close> = streaming.client(server)
    local none, err = client:device("lamp"):vitals()
    assert.is_nil(none)
    assert.equal("protocol", err.kind)
  end)

  it("are not asked for where the events or the request are refused", function()
    sim:fault { path = "/events", status = 403 }
    local none, err = lamp:vitals { refresh = 1 }
    assert.is_nil(none)
    assert.equal("forbidden", err.kind)
    sim:fault { path = "/update", status = 403 }
    none, err = lamp:vitals { refresh = 1 }
    assert.is_nil(none)
    assert.equal("forbidden", err.kind)
  end)

  it("refuse what cannot be meant", function()
    assert.error_matches(function() lamp:vitals { refresh = 0 } end, "vitals: option refresh must be true or")
    assert.error_matches(function() lamp:vitals { fresh = 1 } end, 'vitals: unknown option "fresh"')
    api:close()
    assert.error_matches(function() lamp:vitals() end, "the api is closed")
  end)
end)
