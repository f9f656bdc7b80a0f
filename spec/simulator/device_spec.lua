local core = require("particle.core")
local devices = require("particle.simulator.device")
local reply = require("particle.simulator.reply")

local ID = "0123456789abcdef01234567"

describe("device", function()
  local function device(spec)
    spec.name = spec.name or "lamp"
    return devices.new(spec, ID, { id = "u1", username = "joe" }, 1000.5)
  end

  local function record(one, in_detail, in_product)
    return reply.json(200, one:record(in_detail, in_product)).text
  end

  it("is a Photon 2, online and not blinking, unless told otherwise", function()
    local one = device {}
    assert.equal(32, one.platform_id)
    assert.is_true(one.online)
    assert.is_false(one.signaling)
    assert.same({}, one.variables)
    assert.same({}, one.functions)
    assert.is_false(device({ online = false }).online)
  end)

  it("has copies of the tables that it was made from", function()
    local variables, functions = { a = 1 }, { f = print }
    local one = device { variables = variables, functions = functions }
    variables.a, functions.f = 2, nil
    assert.equal(1, one.variables.a)
    assert.equal(print, one.functions.f)
  end)

  it("has a record with the cloud's fields in the cloud's order", function()
    assert.equal('{"id":"0123456789abcdef01234567","name":"lamp","owner":"joe","last_ip_address":"127.0.0.1",'
      .. '"last_heard":"1970-01-01T00:16:40.500Z","last_handshake_at":"1970-01-01T00:16:40.500Z",'
      .. '"product_id":32,"online":true,"connected":true,"platform_id":32,"cellular":false,"notes":null,'
      .. '"status":"normal","serial_number":"P01BD35F8245B0C","mac_wifi":"20:92:69:a2:2f:0b",'
      .. '"system_firmware_version":"6.3.0","firmware_updates_enabled":true,"firmware_updates_forced":false}',
      record(device {}))
  end)

  it("tells of its functions and variables in detail, by name", function()
    local text = record(device {
      functions = { toggle = print, led = print }, variables = { b = 1, a = "x" },
    }, true)
    assert.truthy(text:find('"notes":null,"functions":["led","toggle"],'
      .. '"variables":{"a":"string","b":"int32"},', 1, true))
    assert.truthy(record(device {}, true):find('"functions":[],"variables":{},', 1, true))
  end)

  it("tells null of its functions and variables when it is offline", function()
    local text = record(device { online = false, functions = { led = print }, variables = { a = 1 } }, true)
    assert.truthy(text:find('"functions":null,"variables":null,', 1, true))
    assert.truthy(text:find('"online":false,"connected":false,', 1, true))
  end)

  it("has a SIM and a modem when it is cellular", function()
    local fields = core.decode(record(device { platform_id = 13 }))
    assert.is_true(fields.cellular)
    assert.truthy(fields.iccid:find("^89%d+$") and #fields.iccid == 19)
    assert.truthy(fields.imei:find("^35%d+$") and #fields.imei == 15)
    assert.is_nil(fields.mac_wifi)
  end)

  it("tells more within a product", function()
    local fields = core.decode(record(device { product_id = 42, notes = "n" }, false, true), true)
    assert.equal(42, fields.product_id)
    assert.equal("n", fields.notes)
    assert.equal(42, fields.firmware_product_id)
    assert.equal("u1", fields.user_id)
    assert.equal(core.null, fields.desired_firmware_version)
    assert.same({}, fields.groups)
    for _, name in ipairs { "development", "quarantined", "denied" } do assert.is_false(fields[name]) end
  end)

  it("may belong to nobody", function()
    local fields = core.decode(record(devices.new({ name = "x", product_id = 1 }, ID, nil, 0), false, true),
      true)
    assert.equal(core.null, fields.owner)
    assert.equal(core.null, fields.user_id)
  end)

  it("has types for its variables", function()
    local one = device { variables = {
      a = 1, b = 1.0, c = "x", d = false, e = 2 ^ 31 | 0, f = -(2 ^ 31) | 0,
        computed = function() return "x" end,
    } }
    local function types() return core.decode(record(one, true)).variables end
    assert.same({
      a = "int32", b = "double", c = "string", d = "bool", e = "double", f = "int32", computed = "double",
    }, types())
    one:remember_type("computed", "x")
    assert.equal("string", types().computed)
  end)

  it("shakes hands when it comes online", function()
    local one = device { online = false }
    one:set_online(true, 2000)
    assert.same({ true, 2000, 2000 }, { one.online, one.last_handshake_at, one.last_heard })
    one:set_online(true, 3000)
    one:set_online(false, 4000)
    assert.same({ false, 2000, 2000 }, { one.online, one.last_handshake_at, one.last_heard })
  end)
end)
