local fleet = require("particle.fleet")
local support = require("spec.support")

describe("fleet", function()
  local devices, now

  before_each(function()
    now = 1700000000
    devices = {}
    for _, device in ipairs(fleet.new(function() return now end)) do devices[device.name] = device end
  end)

  it("has three devices online and one offline", function()
    assert.is_nil(devices["kitchen-lamp"].online)
    assert.is_nil(devices["greenhouse"].online)
    assert.is_nil(devices["garage-door"].online)
    assert.is_false(devices["attic-sensor"].online)
  end)

  it("has functions that return integers", function()
    for _, device in pairs(devices) do
      for name, fn in pairs(device.functions or {}) do
        assert.are.equal("integer", math.type(fn("")), device.name .. "." .. name)
      end
    end
  end)

  it("has a lamp that can be switched and dimmed", function()
    local lamp = devices["kitchen-lamp"]
    assert.are.equal(1, lamp.functions.led("on"))
    assert.are.equal(40, lamp.functions.dim("40"))
    assert.are.equal(-1, lamp.functions.dim("140"))
    assert.is_true(lamp.variables.on())
    assert.are.equal(40, lamp.variables.brightness())
    assert.are.equal(0, lamp.functions.toggle(""))
    assert.are.equal(0, lamp.variables.brightness())
  end)

  it("has a greenhouse that dries and can be watered", function()
    local greenhouse = devices.greenhouse
    local before = greenhouse.variables.moisture()
    now = now + 600
    assert.are.equal(before - 10, greenhouse.variables.moisture())
    assert.are.equal(before + 5, greenhouse.functions.water("5"))
    assert.are.equal(before + 5, greenhouse.variables.moisture())
    assert.are.equal(-1, greenhouse.functions.water("much"))
    now = now + 86400
    assert.are.equal(5, greenhouse.variables.moisture())
  end)

  it("has a greenhouse whose temperature moves within reason", function()
    local seen = {}
    for hour = 0, 23 do
      now = 1700000000 + hour * 3600
      local degrees = devices.greenhouse.variables.temperature()
      assert.is_true(degrees > 10 and degrees < 32, degrees)
      seen[#seen + 1] = degrees
    end
    assert.is_true(math.max(table.unpack(seen)) - math.min(table.unpack(seen)) > 10)
  end)

  it("has a door that counts its movements", function()
    local door = devices["garage-door"]
    assert.are.equal(1, door.functions.door("open"))
    assert.are.equal(1, door.functions.door("open"))
    assert.is_true(door.variables.open())
    assert.are.equal(0, door.functions.door("close"))
    assert.are.equal(2, door.variables.cycles())
    assert.are.equal(-1, door.functions.door("ajar"))
  end)

  it("is new each time", function()
    devices["kitchen-lamp"].functions.led("on")
    assert.is_false(fleet.new()[1].variables.on())
  end)

  describe("animated", function()
    local function new() return require("particle.simulator").new { devices = fleet.new() } end

    it("publishes numbers, texts and nothing at all", function()
      local sim <close> = new()
      local task <close> = fleet.animate(sim, 0.001) -- luacheck: ignore task
      local seen = {}
      local stream <close> = assert(sim:client():subscribe())
      for _ = 1, 14 do
        local event = assert(stream:next(20))
        seen[event.name] = event.data or "nothing"
      end
      assert.is_truthy(tonumber(seen.temperature))
      assert.is_truthy(seen.door == "opened" or seen.door == "closed")
      assert.are.equal("nothing", seen.motion)
    end)

    it("goes on when a device is renamed", function()
      local sim <close> = new()
      local task <close> = fleet.animate(sim, 0.001)
      sim:device("greenhouse").name = "orangery"
      support.wait_until(function() return #sim:events() > 3 end, { step = function() sim:step(0.01) end })
      assert.are.equal("particle.task (running)", tostring(task))
    end)

    it("ends with the simulator", function()
      local sim = new()
      local task = fleet.animate(sim, 0.001)
      sim:step()
      sim = nil -- luacheck: ignore sim
      support.wait_until(function()
        collectgarbage()
        return tostring(task) == "particle.task (done)"
      end, { step = function() require("particle.scheduler").step(0.01) end })
    end)
  end)
end)
