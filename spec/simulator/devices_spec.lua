local registries = require("particle.simulator.devices")

local JOE, PETE = { username = "joe" }, { username = "pete" }
local ID = "0123456789abcdef01234567"

describe("devices", function()
  local devices

  before_each(function() devices = registries.new() end)

  it("get ids that are the same in each run and differ", function()
    local ids = {}
    for i, name in ipairs { "lamp", "door", "lamp" } do
      ids[i] = devices:add({ name = name }, JOE, 0).id
      assert.truthy(ids[i]:find("^e00fce68" .. ("[0-9a-f]"):rep(16) .. "$"))
    end
    assert.equal(ids[1], registries.new():add({ name = "lamp" }, PETE, 0).id)
    assert.not_equal(ids[1], ids[2])
    assert.not_equal(ids[1], ids[3])
  end)

  it("are found by id or by the name that their owner gave", function()
    local joes = devices:add({ name = "lamp", id = ID }, JOE, 0)
    local petes = devices:add({ name = "lamp" }, PETE, 0)
    assert.equal(joes, devices:of_user(JOE, ID))
    assert.equal(joes, devices:of_user(JOE, "lamp"))
    assert.equal(petes, devices:of_user(PETE, "lamp"))
    assert.is_nil(devices:of_user(PETE, ID))
    assert.is_nil(devices:of_user(JOE, "Lamp"))
    assert.is_nil(devices:of_user(JOE, ""))
    assert.equal(joes, devices:by_identifier(ID))
    assert.is_nil(devices:by_identifier("lamp"))
  end)

  it("are found by their id before another one's name", function()
    local first = devices:add({ name = ID }, JOE, 0)
    local second = devices:add({ name = "lamp", id = ID }, JOE, 0)
    assert.equal(second, devices:of_user(JOE, ID))
    assert.equal(first, devices:first(function(device) return device.name == ID end))
  end)

  it("are listed in the order of creation", function()
    local first, second = devices:add({ name = "b" }, JOE, 0), devices:add({ name = "a" }, JOE, 0)
    devices:add({ name = "c" }, PETE, 0)
    assert.same({ first, second }, devices:all(function(device) return device.owner == JOE end))
  end)
end)
