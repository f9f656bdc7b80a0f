local asking = require("spec.simulator.asking")
local lives = require("particle.simulator.live")

local ID = "0123456789abcdef01234567"

describe("a live device", function()
  local cloud, ask, clock, lamp, device

  before_each(function()
    local read
    read, clock = asking.clock(1435900500)
    cloud, ask = asking.cloud { clock = read, devices = {
      { name = "lamp", id = ID, platform_id = 13, product_id = 42, variables = { t = 1 }, functions = {} },
    } }
    device = cloud.devices:by_identifier(ID)
    lamp = lives.of(device, cloud)
  end)

  local function message_of(fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    return message
  end

  it("is always the same", function() assert.equal(lamp, lives.of(device, cloud)) end)

  it("shows the device", function()
    assert.same({ ID, "lamp", true, 13, 42, "user@example.com", false },
      { lamp.id, lamp.name, lamp.online, lamp.platform_id, lamp.product_id, lamp.owner, lamp.signaling })
    assert.is_nil(lamp.notes)
    assert.is_nil(lamp.firmware)
    assert.equal(("simulated device lamp (%s, online)"):format(ID), tostring(lamp))
    ask("PUT", "/v1/devices/lamp", { form = { notes = "by the door" } })
    ask("PUT", "/v1/devices/lamp", { form = { app = "tinker" } })
    ask("PUT", "/v1/devices/lamp", { form = { signal = "1" } })
    assert.same({ "by the door", "tinker", true }, { lamp.notes, lamp.app, lamp.signaling })
    local body, content_type = asking.multipart { { "file", "bytes", "a.bin" } }
    ask("PUT", "/v1/devices/lamp", { body = body, type = content_type })
    assert.equal("bytes", lamp.firmware)
    ask("DELETE", "/v1/devices/lamp")
    assert.is_nil(lamp.owner)
  end)

  it("changes the device", function()
    lamp.name, lamp.notes = "desk", "n"
    assert.equal(200, (ask("GET", "/v1/devices/desk")))
    assert.equal("n", device.notes)
    lamp.notes = nil
    assert.is_nil(device.notes)
    lamp.variables.t = 2
    lamp.functions.f = function() return 7 end
    assert.equal("2", select(2, ask("GET", "/v1/devices/desk/t?format=raw")))
    assert.equal("7", select(2, ask("POST", "/v1/devices/desk/f", { form = { format = "raw" } })))
    lamp.variables = { u = 3 }
    assert.equal(404, (ask("GET", "/v1/devices/desk/t")))
    lamp.functions = {}
    assert.equal(404, (ask("POST", "/v1/devices/desk/f")))
  end)

  it("goes offline and comes back", function()
    lamp.online = false
    assert.equal(408, (ask("GET", "/v1/devices/lamp/t")))
    assert.equal(("simulated device lamp (%s, offline)"):format(ID), tostring(lamp))
    clock.now = clock.now + 60
    lamp.online = true
    assert.equal(200, (ask("GET", "/v1/devices/lamp/t")))
    assert.equal(clock.now, device.last_handshake_at)
  end)

  it("has the cloud tell when it goes offline and comes back, each once", function()
    for _, online in ipairs { true, false, false, true, true } do lamp.online = online end
    local told = {}
    for i, event in ipairs(cloud.events:list()) do
      told[i] = { event.name, event.data, event.coreid, event.private, event.product }
    end
    assert.same({
      { "spark/status", "offline", ID, true, 42 }, { "spark/status", "online", ID, true, 42 },
    }, told)
  end)

  it("publishes", function()
    lamp:publish("door", "open", { private = true, ttl = 30 })
    lamp:publish("bell")
    local time = "2015-07-03T05:15:00.000Z"
    assert.same({
      { name = "door", data = "open", private = true, ttl = 30, published_at = time, coreid = ID,
        user = "user@example.com", product = 42 },
      { name = "bell", private = false, ttl = 60, published_at = time, coreid = ID,
        user = "user@example.com", product = 42 },
    }, cloud.events:list())
  end)

  local MISUSE = {
    { "online", "yes", "a simulated device: online must be true or false, got a string" },
    { "name", "", "a simulated device: name must be a string that is not empty, got an empty string" },
    { "notes", 5, "a simulated device: notes must be a string or nil, got the number 5" },
    { "variables", 5, "a simulated device: variables must be a table of names and values, got the number 5" },
    { "functions", print,
      "a simulated device: functions must be a table of names and functions, got a function" },
    { "flash_result", "done",
      'a simulated device: flash_result must be "success" or "failed", got a string' },
    { "id", ID, "the field id of a simulated device cannot be set" },
    { "onlin", true, 'a simulated device has no field "onlin"; did you mean "online"?' },
    { 1, true, 'a simulated device has no field "1"' },
  }
  for _, case in ipairs(MISUSE) do
    it(("refuses to have its %s set so"):format(case[1]), function()
      local message = message_of(function() lamp[case[1]] = case[2] end)
      assert.truthy(message:find(case[3] .. "$") or message:find(case[3], 1, true), message)
      assert.truthy(message:find("live_spec.lua:", 1, true), message)
    end)
  end

  it("has no other fields", function()
    assert.truthy(message_of(function() return lamp.variable end)
      :find('a simulated device has no field "variable"; did you mean "variables"?', 1, true))
  end)

  it("publishes names and texts only, and as a method", function()
    local function problem(...)
      local given = table.pack(...)
      return message_of(function() lamp:publish(table.unpack(given, 1, given.n)) end)
    end
    local name = "publish: the name must be the name of an event: a string that is not empty, "
      .. "without line breaks, got "
    assert.truthy(problem(""):find(name .. "an empty string", 1, true))
    assert.truthy(problem("a\nb"):find(name .. "a string", 1, true))
    assert.truthy(problem(5):find(name .. "the number 5", 1, true))
    assert.truthy(problem("x", {}):find("publish: the data must be a string, got a table", 1, true))
    assert.truthy(problem("x", "y", 5):find("publish: the details must be a table, got the number 5", 1,
      true))
    assert.truthy(message_of(function() lamp.publish("x") end):find("publish: call it with a colon", 1, true))
  end)
end)
