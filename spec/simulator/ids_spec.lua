local ids = require("particle.simulator.ids")

describe("ids", function()
  it("are the same for the same text", function()
    assert.equal(ids.of("device lamp", 24), ids.of("device lamp", 24))
    assert.not_equal(ids.of("device lamp", 24), ids.of("device lamq", 24))
  end)

  it("have as many hex digits as asked for", function()
    for _, count in ipairs { 1, 12, 16, 17, 24, 40 } do
      assert.truthy(ids.of("", count):find("^" .. ("[0-9a-f]"):rep(count) .. "$"))
    end
  end)

  it("differ in each part", function()
    local seen = {}
    for i = 1, 1000 do
      local id = ids.of("device " .. i, 24)
      assert.is_nil(seen[id:sub(1, 16)])
      seen[id:sub(1, 16)] = true
      assert.not_equal(id:sub(1, 8), id:sub(17, 24))
    end
  end)

  it("at random are never the same, in no generator", function()
    local one, other, seen = ids.random(), ids.random(), {}
    for _ = 1, 1000 do
      for _, generator in ipairs { one, other } do
        local token = generator:hex(40)
        assert.truthy(token:find("^[0-9a-f]+$"))
        assert.equal(40, #token)
        assert.is_nil(seen[token])
        seen[token] = true
      end
    end
  end)

  it("at random leave the program's own sequence alone", function()
    math.randomseed(42)
    local first = math.random()
    math.randomseed(42)
    ids.random():hex(40)
    assert.equal(first, math.random())
  end)

  it("at random may be base64", function()
    local text = ids.random():base64(63)
    assert.equal(63, #text)
    assert.truthy(text:find("^[%w+/]+$"))
  end)
end)
