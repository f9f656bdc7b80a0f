-- The userdata device: a reference, its api, a scope and the last known record.

local core = require("particle.core")

local ID = "0123456789abcdef01234567"

local api = core.api { base_url = "http://127.0.0.1:1" }

describe("a device handle", function()
  it("knows what it was made from", function()
    local record = { id = ID, name = "lamp", online = true }
    local device = core.device(api, "lamp", 42, record)
    assert.equal("device", core.type(device))
    assert.equal(api, core.device_api(device))
    assert.equal("lamp", core.device_ref(device))
    assert.equal(42, core.device_product(device))
    assert.equal(record, core.device_record(device))
    assert.equal(record, device.record)
    assert.equal(42, device.product)
    device = core.device(api, "lamp")
    assert.is_nil(core.device_product(device))
    assert.is_nil(core.device_record(device))
  end)

  it("takes a new reference and a new record", function()
    local device = core.device(api, "lamp", nil, { name = "lamp" })
    core.device_ref(device, ID)
    assert.equal(ID, core.device_ref(device))
    core.device_record(device, { name = "desk" })
    assert.equal("desk", device.name)
    assert.has_error(function() core.device_ref(device, 5) end)
    assert.has_error(function() core.device_ref(device, nil) end)
    assert.has_error(function() core.device_record(device, "x") end)
    assert.equal("desk", device.name)
  end)

  it("knows its path", function()
    assert.same({ "v1", "devices", "lamp" }, core.device_path(core.device(api, "lamp")))
    assert.same({ "v1", "devices", ID, "led" }, core.device_path(core.device(api, ID), "led"))
    local device = core.device(api, "lamp", 42)
    assert.same({ "v1", "products", 42, "devices", "lamp", "ping" }, core.device_path(device, "ping"))
  end)

  it("gives the way of a call in one go", function()
    local record = { id = ID }
    local path, state, known = core.device_way(core.device(api, ID, nil, record), "led")
    assert.same({ "v1", "devices", ID, "led" }, path)
    assert.equal(core.state(api), state)
    assert.equal(record, known)
    path, state, known = core.device_way(core.device(api, "lamp"), "led", "events")
    assert.same({ "v1", "devices", "lamp", "led" }, path)
    assert.equal(core.state(api), state)
    assert.is_nil(known)
    path = core.device_way(core.device(api, ID, "p"), "led")
    assert.same({ "v1", "products", "p", "devices", ID, "led" }, path)
  end)

  it("gives no way where there is more to be seen to", function()
    local device = core.device(api, "lamp")
    for _, part in ipairs { "", ".", "..", "a\0b", ("x"):rep(3000), 5, true, {}, "events" } do
      assert.is_nil(core.device_way(device, part, "events"))
    end
    assert.is_nil(core.device_way(device, nil, "events"))
    assert.is_nil(core.device_way(device))
    assert.is_nil(core.device_way(api, "led"))
    assert.is_nil(core.device_way("lamp", "led"))
    assert.is_nil(core.device_way())
    assert.is_nil(core.device_way(core.device(api, "lamp", 42), "led"))
  end)

  it("keeps its api alive", function()
    local device = core.device(core.api { base_url = "http://device.test" }, "lamp")
    collectgarbage()
    collectgarbage()
    assert.equal("particle.api (http://device.test)", tostring(core.device_api(device)))
  end)

  it("is made from an api, a text and a table", function()
    assert.has_error(function() core.device({}, "lamp") end)
    assert.has_error(function() core.device(api) end)
    assert.has_error(function() core.device(api, 5) end)
    assert.has_error(function() core.device(api, "lamp", nil, "record") end)
    for _, name in ipairs { "device_ref", "device_record", "device_api", "device_product" } do
      for _, value in ipairs { api, {}, "lamp", io.stdout } do
        assert.has_error(function() core[name](value) end)
      end
    end
  end)
end)

describe("a field of a device", function()
  it("comes from the record", function()
    local record = { id = ID, name = "lamp", online = false, notes = "x", platform_id = 12 }
    local device = core.device(api, ID, nil, record)
    assert.same({ ID, "lamp", false, "x", 12 },
      { device.id, device.name, device.online, device.notes, device.platform_id })
    assert.is_nil(device.nothing)
    assert.is_nil(device[1])
    assert.is_nil(device[true])
  end)

  it("comes from the reference when no record tells", function()
    local by_id, by_name = core.device(api, ID), core.device(api, "lamp")
    assert.same({ ID, nil }, { by_id.id, by_id.name })
    assert.is_nil(by_name.id)
    assert.equal("lamp", by_name.name)
    assert.equal(ID:upper(), core.device(api, ID:upper()).id)
    assert.is_nil(core.device(api, ID:sub(2)).id)
    assert.is_nil(core.device(api, ID:sub(2) .. "g").id)
    assert.equal(ID, core.device(api, ID, nil, { name = "lamp" }).id)
  end)

  it("is online under its older name too", function()
    assert.is_true(core.device(api, "lamp", nil, { connected = true }).online)
    assert.is_false(core.device(api, "lamp", nil, { connected = true, online = false }).online)
    assert.is_nil(core.device(api, "lamp").online)
  end)

  it("never hides a method or a computed field", function()
    core.device_methods.spec_method = function(self, x) return self, x end
    core.device_getters.spec_field = function(self) return core.device_ref(self) end
    local record = { spec_method = 1, spec_field = 2, product = 3, record = 4, other = 5 }
    local device = core.device(api, "lamp", nil, record)
    local self, x = device:spec_method(7)
    assert.is_true(rawequal(self, device) and x == 7)
    assert.equal("lamp", device.spec_field)
    assert.is_nil(device.product)
    assert.is_table(device.record)
    assert.equal(5, device.other)
    core.device_methods.spec_method, core.device_getters.spec_field = nil, nil
    assert.equal(1, device.spec_method)
    assert.has_error(function() device.name = "x" end)
  end)

  it("is read raw from the record", function()
    local record = setmetatable({}, { __index = function() error("must not be asked") end })
    assert.is_nil(core.device(api, "lamp", nil, record).notes)
  end)
end)

describe("a device as text", function()
  it("shows what is known", function()
    assert.equal("particle.device lamp", tostring(core.device(api, "lamp")))
    assert.equal("particle.device " .. ID, tostring(core.device(api, ID)))
    assert.equal("particle.device lamp (" .. ID .. ", online)",
      tostring(core.device(api, "lamp", nil, { id = ID, online = true })))
    assert.equal("particle.device lamp (" .. ID .. ", offline)",
      tostring(core.device(api, ID, 7, { name = "lamp", online = false })))
    assert.equal("particle.device lamp (" .. ID .. ")",
      tostring(core.device(api, ID, nil, { name = "lamp" })))
    assert.equal("particle.device lamp, online", tostring(core.device(api, "lamp", nil, { online = true })))
  end)

  it("stands odd records", function()
    local odd = { { id = 5, name = true }, { id = {}, name = core.null, online = "yes" }, { name = "" } }
    for _, record in ipairs(odd) do
      assert.truthy(tostring(core.device(api, "lamp", nil, record)):find("^particle%.device"))
      assert.truthy(tostring(core.device(api, ID, nil, record)):find("^particle%.device"))
    end
  end)
end)

describe("two devices", function()
  local other_api = core.api { base_url = "http://127.0.0.1:2" }

  it("are equal by id and scope", function()
    local device = core.device(api, ID)
    assert.is_true(device == core.device(api, ID))
    assert.is_true(device == core.device(api, "lamp", nil, { id = ID }))
    assert.is_true(device == core.device(other_api, ID))
    assert.is_true(core.device(api, ID, 7) == core.device(api, ID, 7))
    assert.is_false(core.device(api, ID, 7) == core.device(api, ID, 8))
    assert.is_false(core.device(api, ID, 7) == device)
    assert.is_false(device == core.device(api, ID:reverse()))
  end)

  it("are equal by name in the same account while no id is known", function()
    assert.is_true(core.device(api, "lamp") == core.device(api, "lamp"))
    assert.is_false(core.device(api, "lamp") == core.device(other_api, "lamp"))
    assert.is_false(core.device(api, "lamp") == core.device(api, "desk"))
    assert.is_false(core.device(api, "lamp") == core.device(api, ID))
  end)

  it("are no other things", function()
    local device = core.device(api, "lamp")
    for _, value in ipairs { "lamp", 1, {}, api } do assert.is_false(device == value) end
  end)
end)
