-- How an update ends: what a device's events make of `flash { wait = }`.

local particle = require("particle")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local STATUS = "spark/flash/status"
local STARTED = '{"id":"0123456789abcdef01234567","status":"Update started"}'

describe("waiting for the end of an update", function()
  local sim, api, lamp, heard

  before_each(function()
    heard = {}
    sim = simulator.new {
      devices = { { name = "lamp" }, { name = "cellar", online = false } }, flash_time = 0.02,
    }
    api = sim:client()
    lamp = api:device("lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function on_status(status) heard[#heard + 1] = status end

  it("ends with the device's success", function()
    for _, firmware in ipairs { { data = "abc" }, { app = "tinker" },
      { sources = { { data = "", name = "a.ino" } } } } do
      heard, firmware.wait, firmware.on_status = {}, streaming.LONG, on_status
      sim:device("lamp").online = true
      assert.is_true(lamp:flash(firmware))
      assert.same({ "started", "success" }, heard)
    end
    assert.equal("tinker", sim:device("lamp").app)
  end)

  it("ends in a task, too, beside others", function()
    particle.run(function()
      local task = particle.spawn(function() return lamp:flash { data = "abc", wait = true } end)
      assert.is_true(lamp:ping())
      assert.is_true((task:wait()))
    end)
  end)

  it("ends with the device's failure", function()
    sim:device("lamp").flash_result = "failed"
    local done, err = lamp:flash { data = "abc", wait = streaming.LONG, on_status = on_status }
    assert.is_nil(done)
    assert.equal("bad_request", err.kind)
    assert.equal("failed", err.code)
    assert.equal("the device reports that the update failed", err.message)
    assert.is_true(err.delivered)
    assert.is_false(err.retryable)
    assert.same({ "started", "failed" }, heard)
  end)

  it("does not begin where the device is offline", function()
    local done, err = api:device("cellar"):flash { data = "abc", wait = streaming.LONG }
    assert.is_nil(done)
    assert.equal("device_offline", err.kind)
  end)

  it("raises misuse before anything is sent", function()
    assert.error_matches(function() lamp:flash({ data = "x", wait = 1 }, { tiemout = 1 }) end,
      'flash: unknown option "tiemout"')
    assert.same({}, sim:requests())
  end)
end)

describe("an update whose events go astray", function()
  local pump, server, api, released, heard

  before_each(function()
    pump = streaming.pump()
    released, heard = false, false
  end)

  after_each(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  local function statuses(...)
    local bytes = ""
    for _, status in ipairs { ... } do bytes = bytes .. streaming.event(STATUS, status) end
    return bytes
  end

  -- The events' bytes come once the update was begun.
  local function cloud(streams, answer)
    local opened = 0
    local function serve(connection)
      local request = connection:request()
      if not request then return end
      if request.method == "PUT" then
        released = true
        return connection:reply(answer and answer[1] or 200, nil, answer and answer[2] or STARTED)
      end
      opened = opened + 1
      local script = streams[math.min(opened, #streams)]
      if script.refused then return connection:reply(script.refused, nil, '{"error":"no"}') end
      connection:send(streaming.HEAD .. (script.early or ""))
      while not released do connection.pause() end
      connection:send(script.bytes or "")
      if script.reset then return connection:reset() end
      connection:hang()
    end
    server = raw.new(serve)
    api = streaming.client(server)
  end

  local function flash(seconds)
    return api:device("lamp"):flash { data = "abc", wait = seconds or streaming.LONG }
  end

  it("is followed from before it begins", function()
    cloud { { bytes = statuses("started ", "success ") } }
    assert.is_true(flash())
    assert.equal("GET", server.requests[1].method)
    assert.equal("PUT", server.requests[2].method)
  end)

  it("is followed no longer than needed", function()
    for _, on_status in ipairs { function() end, function() error("enough", 0) end } do
      cloud { { bytes = statuses("started", "success") } }
      pcall(function()
        api:device("lamp"):flash { data = "abc", wait = streaming.LONG, on_status = on_status }
      end)
      raw.wait(function() return server:count() <= 1 end) -- that of the PUT is kept
      assert.equal(2, #server.requests)
      api:close()
      server:close()
      released = false
    end
  end)

  it("is not taken for one that ended before", function()
    cloud { { early = statuses("success", "failed"), bytes = statuses("started", "success") } }
    assert.is_true(flash())
  end)

  it("may end while the stream comes back", function()
    cloud { { bytes = statuses("started"), reset = true }, { bytes = statuses("success") } }
    assert.is_true(flash())
    assert.equal(3, #server.requests)
  end)

  it("may have begun unheard", function()
    cloud { { reset = true }, { bytes = statuses("failed") } }
    local done, err = flash()
    assert.is_nil(done)
    assert.equal("bad_request", err.kind)
  end)

  it("takes too long", function()
    cloud { { bytes = statuses("started") } }
    local done, err = flash(0.1)
    assert.is_nil(done)
    assert.equal("timeout", err.kind)
    assert.equal("the update did not end within 0.1 s (last status: started)", err.message)
    assert.is_true(err.delivered)
    assert.equal("PUT", err.method)
    assert.matches("/v1/devices/0123456789abcdef01234567$", err.url)
  end)

  it("may have ended while the stream came back, which the error says", function()
    cloud { { bytes = statuses("started"), reset = true }, {} }
    local done, err = api:device("lamp"):flash {
      data = "abc", wait = 0.01, on_status = function()
        streaming.wait(function() return #server.requests == 3 end) -- the stream has come back
      end,
    }
    assert.is_nil(done)
    assert.equal("timeout", err.kind)
    assert.equal("the update did not end within 0.01 s (last status: started); events were missed meanwhile,"
      .. " so it may have ended: ask the device for something that tells its firmware", err.message)
  end)

  it("may have ended while the stream has not come back yet", function()
    cloud { { bytes = statuses("started"), reset = true }, { refused = 503 } }
    local _, err = api:device("lamp"):flash {
      data = "abc", wait = 0.01, on_status = function()
        streaming.wait(function() return #server.requests >= 3 end)
      end,
    }
    assert.equal("timeout", err.kind)
    assert.matches("; events were missed meanwhile, so it may have ended: ", err.message, 1, true)
  end)

  it("is not begun where the events are refused", function()
    cloud { { refused = 403 } }
    local done, err = flash()
    assert.is_nil(done)
    assert.equal("forbidden", err.kind)
    assert.matches("^nothing was flashed, as the device's events cannot be followed: ", err.message)
    assert.is_false(err.delivered)
    assert.equal(1, #server.requests)
  end)

  it("has begun where the events end for good", function()
    cloud { { bytes = statuses("started"), reset = true }, { refused = 404 } }
    local done, err = flash()
    assert.is_nil(done)
    assert.equal("not_found", err.kind)
    assert.matches("^the update has started, but its events ended: ", err.message)
    assert.is_true(err.delivered)
  end)

  it("has begun where the api is closed", function()
    cloud { { bytes = statuses("started") } }
    local task = particle.spawn(function()
      return api:device("lamp"):flash {
        data = "abc", wait = streaming.LONG, on_status = function() heard = true end,
      }
    end)
    streaming.wait(function() return heard end)
    api:close()
    local done, err = task:wait()
    assert.is_nil(done)
    assert.equal("closed", err.kind)
    assert.is_true(err.delivered)
  end)

  it("was refused by the cloud", function()
    cloud({ {} }, { 400, '{"ok":false,"error":"Binary is too large"}' })
    local done, err = flash()
    assert.is_nil(done)
    assert.equal("bad_request", err.kind)
    assert.equal("Binary is too large", err.message)
  end)
end)
