local asking = require("spec.simulator.asking")
local events = require("particle.simulator.events")

local ID = "e00fce680000000000000001"
local PATH = "/v1/products/42/metrics/"

describe("fleet metrics", function()
  local cloud, call, state

  before_each(function()
    local clock
    clock, state = asking.clock(1000000800) -- a multiple of 900, and of 60
    cloud, call = asking.api { devices = { { name = "lamp", id = ID, product_id = 42, variables = { t = 1 },
      functions = { led = function() return 1 end } } }, clock = clock }
  end)

  it("count calls, by their ends", function()
    local lamp = cloud.devices:by_identifier(ID)
    call("POST", "/v1/devices/lamp/led", {})
    call("POST", "/v1/products/42/devices/" .. ID .. "/led", {})
    call("POST", "/v1/devices/lamp/nix", {})
    lamp.online = false
    call("POST", "/v1/devices/lamp/led", {})
    call("GET", "/v1/devices/lamp/t")
    local start = "2001-09-09T02:00:00.000Z"
    assert.same({ functions = { { time = start, success = 2, failure = 1, offline = 1 } } },
      select(2, call("GET", PATH .. "functions")))
    assert.same({ variables = { { time = start, offline = 1 } } },
      select(2, call("GET", PATH .. "variables")))
    assert.same({ online = {} }, select(2, call("GET", PATH .. "online")))
    lamp.online = true
    assert.same({ online = { { time = start, count = 1 } } }, select(2, call("GET", PATH .. "online")))
    assert.same({ integrations = {} }, select(2, call("GET", PATH .. "integration")))
  end)

  it("count events, by buckets", function()
    for _ = 1, 3 do
      events.publish_from(cloud, cloud.devices:by_identifier(ID), { name = "e" })
      state.now = state.now + 60
    end
    assert.same({ events = { { time = "2001-09-09T02:00:00.000Z", received = 3 } } },
      select(2, call("GET", PATH .. "events")))
    local _, told = call("GET", PATH .. "events?bucket_size=60&start_date=2001-09-09T02:01:00Z")
    assert.same({ { time = "2001-09-09T02:01:00.000Z", received = 1 },
      { time = "2001-09-09T02:02:00.000Z", received = 1 } }, told.events)
  end)

  it("refuse what does not fit", function()
    assert.equal(400, (call("GET", PATH .. "events?bucket_size=15")))
    assert.equal(400, (call("GET", PATH .. "events?start_date=x")))
    assert.equal(404, (call("GET", "/v1/products/43/metrics/events")))
  end)
end)
