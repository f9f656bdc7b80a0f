-- The scenarios of test/EventStream.feature of the official JavaScript SDK, which are meant there to be tried
-- by hand, against the simulator.

local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local LONG = streaming.LONG
local SOON = { base = 0.01, cap = 0.01, random = function() return 1 end }
local DEVICES = { { name = "lamp" } }

describe("an event stream", function()
  local sim, api, states, on_state

  before_each(function()
    sim = assert(simulator.new { devices = DEVICES, keepalive = 0.05 })
    api = sim:client { log = false, token = function() return sim.token end } -- of whichever is running
    states, on_state = streaming.states()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function options(more)
    local all = { on_state = on_state, retry = SOON }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function stop() sim:close() end

  local function start()
    sim = assert(simulator.new { devices = DEVICES, keepalive = 0.05, port = sim.port })
  end

  it("connects", function()
    local stream <close> = assert(api:subscribe(nil, options()))
    assert.are.equal("open", stream.state)
    assert.are.equal("connecting open", states:names())
  end)

  it("receives an event", function()
    local stream <close> = assert(api:subscribe(nil, options()))
    assert(api:publish("test"))
    assert.are.equal("test", stream:next(LONG).name)
  end)

  it("says that there is no server at first", function()
    stop()
    local stream, err = api:subscribe(nil, options())
    assert.is_nil(stream)
    assert.are.equal("network", err.kind)
    assert.matches("connect", err.message)
    assert.are.equal("connecting closed", states:names())
  end)

  it("says that the token is not valid", function()
    local wrong <close> = sim:client { token = ("0"):rep(40), log = false }
    local stream, err = wrong:subscribe(nil, options())
    assert.is_nil(stream)
    assert.are.equal("unauthorized", err.kind)
    assert.matches("The access token provided is invalid", err.message, 1, true)
    assert.are.equal("connecting closed", states:names())
  end)

  it("says that the server does not answer at first", function()
    sim:stall(true)
    local stream, err = api:subscribe(nil, options { timeout = 0.1 })
    assert.is_nil(stream)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("connecting closed", states:names())
  end)

  it("tells of the loss when the server stops, and tries again and again", function()
    local stream <close> = assert(api:subscribe(nil, options()))
    stop()
    states:await("waiting", 10)
    local text = states:names()
    assert.matches("^connecting open waiting connecting waiting connecting waiting", text)
    assert.are.equal(1, states:count("open"))
    assert.are.equal(0, states:count("closed"))
    for i = 1, 10 do
      local info = states:await("waiting", i)
      assert.are.same({ "network", i, 0.01 }, { info.error.kind, info.attempt, info.delay })
    end
    assert.is_nil((stream:next(0)))
  end)

  it("comes back when the server does", function()
    local stream <close> = assert(api:subscribe(nil, options()))
    stop()
    states:await("waiting", 3)
    start()
    states:await("open", 2)
    assert.are.equal("open", stream.state)
    assert.matches("waiting connecting open$", states:names())
  end)

  it("tells of the loss when the server is silent, and tries again and again", function()
    local stream <close> = assert(api:subscribe(nil, options { idle = 1, timeout = 0.1 }))
    scheduler.sleep(0.3)
    assert.are.equal("connecting open", states:names())
    sim:stall(true)
    assert.are.equal("timeout", states:await("waiting").error.kind)
    assert.matches("silent", states:await("waiting").error.message)
    states:await("waiting", 4)
    assert.are.equal("connecting open waiting connecting waiting connecting waiting connecting waiting",
      states:names())
    for i = 2, 4 do assert.are.equal("timeout", states:await("waiting", i).error.kind) end
    assert.is_nil((stream:next(0)))
  end)

  it("comes back when the server speaks again", function()
    local stream <close> = assert(api:subscribe(nil, options { idle = 1, timeout = 0.1 }))
    sim:stall(true)
    states:await("waiting", 3)
    sim:stall(false)
    states:await("open", 2)
    assert.are.equal("open", stream.state)
  end)

  it("receives an event once after it came back", function()
    local stream <close> = assert(api:subscribe(nil, options()))
    stop()
    states:await("waiting", 2)
    start()
    states:await("open", 2)
    assert(api:publish("test"))
    local event = stream:next(LONG)
    assert.are.equal("test", event.name)
    assert.are.equal("number", type(event.gap.from))
    assert(api:publish("end"))
    event = stream:next(LONG)
    assert.are.equal("end", event.name)
    assert.is_nil(event.gap)
    assert.are.equal(1, #sim:streams())
  end)
end)
