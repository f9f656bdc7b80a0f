local asking = require("spec.simulator.asking")

local ID = "0123456789abcdef01234567"

describe("an update of a device", function()
  local cloud, ask, lamp

  before_each(function()
    local clock = asking.clock(1435900500.5)
    cloud, ask = asking.cloud {
      devices = { { name = "lamp", id = ID, product_id = 42 }, { name = "off", online = false } },
        clock = clock,
    }
    lamp = cloud.devices:by_identifier(ID)
  end)

  local function put(ref, how)
    local status, text = ask("PUT", "/v1/devices/" .. ref, how)
    return { status, text }
  end

  local function upload(...)
    local body, content_type = asking.multipart { ... }
    return { body = body, type = content_type }
  end

  it("renames", function()
    local expected = { 200, '{"id":"' .. ID .. '","name":"other","updated_at":"2015-07-03T05:15:00.500Z"}' }
    assert.same(expected, put("lamp", { form = { name = "other" } }))
    assert.equal("other", lamp.name)
    assert.same(expected, put("other", { json = '{"name":"other"}' }))
    assert.equal(403, put("lamp", { form = { name = "x" } })[1])
    assert.equal(200, put("off", { form = { name = "out" } })[1])
  end)

  it("sets and clears notes", function()
    assert.same({ 200, '{"id":"' .. ID .. '","notes":"a \\"b\\"","updated_at":"2015-07-03T05:15:00.500Z"}' },
      put(ID, { form = { notes = 'a "b"' } }))
    assert.equal('a "b"', lamp.notes)
    assert.same({ 200, '{"id":"' .. ID .. '","notes":null,"updated_at":"2015-07-03T05:15:00.500Z"}' },
      put(ID, { json = '{"notes":null}' }))
    assert.is_nil(lamp.notes)
  end)

  it("changes several fields, or none when one is wrong", function()
    assert.same({ 200, '{"id":"' .. ID
      .. '","name":"n","notes":"t","updated_at":"2015-07-03T05:15:00.500Z"}' },
      put(ID, { form = { notes = "t", name = "n" } }))
    assert.same({ 400, '{"ok":false,"error":"notes must be a string or null"}' },
      put(ID, { json = '{"name":"x","notes":5}' }))
    assert.equal("n", lamp.name)
  end)

  it("refuses names that are none, and nothing at all", function()
    for _, how in ipairs { { form = { name = "" } }, { json = '{"name":null}' }, { json = '{"name":5}' } } do
      assert.same({ 400, '{"ok":false,"error":"name must be a string that is not empty"}' }, put(ID, how))
    end
    for _, how in ipairs { {}, { form = { color = "red" } }, { json = "{}" } } do
      assert.equal(400, put(ID, how)[1])
    end
  end)

  it("signals", function()
    for _, case in ipairs { { "1", true }, { "0", false } } do
      local expected = { 200, ('{"id":"%s","connected":true,"signaling":%s}'):format(ID, case[2]) }
      assert.same(expected, put("lamp", { form = { signal = case[1] } }))
      assert.same(expected, put("lamp", { json = ('{"signal":"%s"}'):format(case[1]) }))
      assert.same(expected, put("lamp", { json = ('{"signal":%s}'):format(case[1]) }))
      assert.equal(case[2], lamp.signaling)
    end
    assert.equal(400, put("lamp", { form = { signal = "on" } })[1])
    assert.same({ 500, [[{"ok":false,"code":500,]]
      .. [["errors":[{"error":"Timed out, didn't hear back from device service"}]}]] },
      put("off", { form = { signal = "1" } }))
  end)

  it("flashes a binary", function()
    local bytes = "\0\1\r\n--cu\xFF"
    local started = { 200, '{"id":"' .. ID .. '","status":"Update started"}' }
    assert.same(started, put("lamp", upload({ "file", bytes, "firmware" }, { "file_type", "binary" })))
    assert.equal(bytes, lamp.firmware)
    assert.same(started, put("lamp", upload({ "file", "2", "a.BIN" }, { "latest", "true" })))
    assert.same(started, put("lamp", upload { "file", "3", "a.zip" }))
    assert.equal("3", lamp.firmware)
  end)

  it("flashes source", function()
    assert.same({ 200, '{"ok":true,"message":"Update started"}' },
      put("lamp", upload({ "file", "void loop() {}", "a.ino" }, { "file2", "", "a.h" })))
    assert.equal("void loop() {}", lamp.firmware)
  end)

  it("flashes a known app", function()
    for _, how in ipairs { { form = { app = "tinker" } }, { json = '{"app":"tinker"}' },
      { form = { app_id = "tinker" } } } do
      lamp.app = nil
      assert.same({ 200, '{"id":"' .. ID .. '","status":"Update started"}' }, put("lamp", how))
      assert.equal("tinker", lamp.app)
    end
    assert.equal(400, put("lamp", { json = '{"app":5}' })[1])
  end)

  it("flashes nothing when offline or without a file", function()
    local timed_out = { 500, '{"ok":false,"code":500,"errors":["Request Timed Out"]}' }
    assert.same(timed_out, put("off", upload { "file", "1", "a.bin" }))
    assert.same(timed_out, put("off", { form = { app = "tinker" } }))
    assert.equal(400, put("lamp", upload { "file_type", "binary" })[1])
  end)

  it("is followed by what the cloud tells of it", function()
    local function told()
      local list = {}
      for i, event in ipairs(cloud.events:list()) do
        list[i] = ("%s %s %s %s"):format(event.name, event.data, event.coreid, event.private)
      end
      return list
    end
    put("lamp", upload { "file", "1", "a.bin" })
    lamp.flash_result = "failed"
    assert.equal(200, put("lamp", upload { "file", "2", "a.bin" })[1])
    assert.equal("1", lamp.firmware)
    put("lamp", { form = { app = "tinker" } })
    assert.is_nil(lamp.app)
    put("off", { form = { app = "tinker" } })
    local started = "spark/flash/status started " .. ID .. " true"
    local failed = "spark/flash/status failed " .. ID .. " true"
    assert.same({
      started, "spark/flash/status success " .. ID .. " true", "spark/status offline " .. ID .. " true",
      "spark/status online " .. ID .. " true", started, failed, started, failed,
    }, told())
  end)

  it("goes through a product as well", function()
    local status = ask("PUT", "/v1/products/42/devices/" .. ID, { form = { name = "x" } })
    assert.equal(200, status)
    assert.equal("x", lamp.name)
    assert.equal(403, (ask("PUT", "/v1/products/42/devices/x", { form = { name = "y" } })))
  end)
end)
