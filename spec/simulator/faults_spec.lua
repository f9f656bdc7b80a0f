local asking = require("spec.simulator.asking")

local ID = "0123456789abcdef01234567"

describe("faults", function()
  local cloud, ask, called

  before_each(function()
    called = 0
    cloud, ask = asking.cloud { devices = {
      { name = "lamp", id = ID, variables = { level = 7 }, functions = { led = function()
        called = called + 1
        return 1
      end } },
      { name = "door", variables = { level = 8 } },
    } }
  end)

  local function fault(spec)
    spec.kind = spec.kind or "status"
    if spec.kind == "status" then spec.status = spec.status or 500 end
    return cloud.faults:add(spec)
  end

  local function status(method, path) return (ask(method, path)) end

  it("strike the next requests, so many", function()
    local first, second = fault { n = 2 }, fault { status = 501 }
    assert.same({ 500, 500, 501, 200 }, {
      status("GET", "/v1/devices"), status("GET", "/v1/devices/lamp/level"),
      status("POST", "/v1/devices/lamp/led"), status("GET", "/v1/devices"),
    })
    assert.same({ 2, 1 }, { first.hits, second.hits })
  end)

  it("strike for ever, until they are removed", function()
    local ever = fault { n = "ever" }
    for _ = 1, 5 do assert.equal(500, status("GET", "/v1/devices")) end
    ever:remove()
    assert.equal(200, status("GET", "/v1/devices"))
    assert.equal(5, ever.hits)
    ever:remove()
    do
      local closing <close> = fault { n = "ever" } -- luacheck: ignore closing
      assert.equal(500, status("GET", "/v1/devices"))
    end
    assert.equal(200, status("GET", "/v1/devices"))
  end)

  it("say how they stand", function()
    local one = fault {}
    assert.equal("fault status (under way, 0 struck)", tostring(one))
    ask("GET", "/v1/devices")
    assert.equal("fault status (over, 1 struck)", tostring(one))
  end)

  describe("strike only", function()
    local FILTERS = {
      { "a route", { route = "GET /v1/devices/:device/:variable" }, "GET", "/v1/devices/lamp/level",
        { "GET", "/v1/devices/lamp" }, { "POST", "/v1/devices/lamp/led" },
        { "GET", "/v1/devices/lamp/events" } },
      { "a path of any method", { route = "/v1/devices/{device}" }, "PUT", "/v1/devices/lamp?name=lamp",
        { "GET", "/v1/devices" } },
      { "a method", { method = "POST" }, "POST", "/v1/devices/lamp/led", { "GET", "/v1/devices" } },
      { "a pattern of the path", { path = "^/v1/devices/l" }, "GET", "/v1/devices/lamp",
        { "GET", "/v1/devices/door" } },
      { "a device by its name", { device = "lamp" }, "GET", "/v1/devices/" .. ID .. "/level",
        { "GET", "/v1/devices/door/level" }, { "GET", "/v1/devices" }, { "GET", "/nowhere" } },
      { "a device by its id", { device = ID }, "GET", "/v1/devices/lamp/level",
        { "GET", "/v1/devices/door/level" } },
      { "what all of it says", { device = "lamp", method = "POST" }, "POST", "/v1/devices/lamp/led",
        { "GET", "/v1/devices/lamp/level" }, { "POST", "/v1/devices/door/led" } },
      { "a path that has no route", { path = "^/nowhere$" }, "GET", "/nowhere", { "GET", "/v1/devices" } },
    }
    for _, case in ipairs(FILTERS) do
      it(case[1], function()
        local made = fault(case[2])
        for i = 5, #case do ask(case[i][1], case[i][2]) end
        assert.equal(0, made.hits)
        assert.equal(500, status(case[3], case[4]))
        assert.equal(1, made.hits)
      end)
    end

    it("streams, when they are about streams", function()
      local made = fault { kind = "comments" }
      ask("GET", "/v1/devices")
      assert.equal(0, made.hits)
      ask("GET", "/v1/devices/events")
      assert.equal(1, made.hits)
    end)

    it("with a probability", function()
      local dice, i = { 0.5, 0.29, 0.3, 0 }, 0
      local made = fault { probability = 0.3, random = function()
        i = i + 1
        return dice[i]
      end }
      local seen = {}
      for n = 1, 4 do seen[n] = status("GET", "/v1/devices") end
      assert.same({ 200, 500, 200, 500 }, seen)
      assert.equal(2, made.hits)
    end)
  end)

  it("come before the handler, or after it", function()
    fault { route = "POST /v1/devices/{device}/{function}" }
    assert.equal(500, status("POST", "/v1/devices/lamp/led"))
    assert.equal(0, called)
    fault { after = true }
    assert.equal(500, status("POST", "/v1/devices/lamp/led"))
    assert.equal(1, called)
    assert.equal(200, status("POST", "/v1/devices/lamp/led"))
    assert.equal(2, called)
  end)

  it("are noted down, with whether the handler ran", function()
    fault {}
    fault { kind = "reset", after = true }
    ask("GET", "/v1/devices")
    ask("GET", "/v1/devices")
    ask("GET", "/v1/devices")
    ask("GET", "/v1/devices", { token = "wrong" })
    local noted = {}
    for i, entry in ipairs(cloud.journal:list()) do
      noted[i] = ("%s %s %s"):format(entry.fault, entry.handled, entry.status)
    end
    assert.same({ "status false 500", "reset true nil", "nil true 200", "nil false 401" }, noted)
  end)

  it("may come with the options of the cloud", function()
    local other, ask_other = asking.cloud { faults = { { kind = "gateway" } } }
    assert.equal(502, (ask_other("GET", "/v1/devices")))
    assert.equal(200, (ask_other("GET", "/v1/devices")))
    assert.equal("gateway", other.journal:list()[1].fault)
  end)

  it("want a device that there is", function()
    local ok, problem = pcall(fault, { device = "lmap" })
    assert.is_false(ok)
    assert.truthy(problem:find('fault: there is no device "lmap"; did you mean "lamp"?', 1, true), problem)
  end)
end)

describe("sim:fault", function()
  local simulator = require("particle.simulator")
  local core = require("particle.core")

  it("refuses connections until it is removed, or for some seconds", function()
    local sim <close> = simulator.new { devices = { { name = "lamp", variables = { level = 7 } } } }
    local api <close> = sim:client { retry = false }
    local function read() return api:device("lamp"):read "level" end
    local fault = sim:fault { kind = "refuse" }
    local value, err = read()
    assert.same({ nil, "network", false }, { value, err.kind, err.delivered })
    fault:remove()
    assert.equal(7, read())
    local began = core.now()
    sim:fault { kind = "refuse", seconds = 0.05 }
    repeat value, err = read() until value or err.kind ~= "network"
    assert.equal(7, value)
    assert.truthy(core.now() - began >= 0.05)
  end)

  it("may refuse connections from the beginning", function()
    local sim <close> = assert(simulator.new { faults = { { kind = "refuse" } } })
    local _, err = sim:client({ retry = false }):devices()
    assert.equal("network", err.kind)
    assert.is_true(sim:restart())
    assert.same({}, sim:client():devices())
  end)

  it("is called with a colon, and raises where it is called", function()
    local sim <close> = assert(simulator.new {})
    local ok, problem = pcall(sim.fault, { kind = "reset" })
    assert.same({ false, true }, { ok, problem:find("sim:fault(...)", 1, true) ~= nil })
    ok, problem = pcall(sim.fault, sim, { kind = "rset" })
    assert.is_false(ok)
    assert.truthy(problem:find("^spec/simulator/faults_spec.lua:%d+: fault: there is no kind"), problem)
  end)
end)
