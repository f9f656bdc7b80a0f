local ring = require("particle.simulator.ring")

describe("ring", function()
  it("lists nothing at first", function() assert.same({}, ring.new(3):list()) end)

  it("keeps the last items, oldest first", function()
    local items = ring.new(3)
    for i = 1, 3 do items:add(i) end
    assert.same({ 1, 2, 3 }, items:list())
    for i = 4, 8 do items:add(i) end
    assert.same({ 6, 7, 8 }, items:list())
  end)

  it("gives a new table each time", function()
    local items = ring.new(3)
    items:add(1)
    items:list()[1] = 2
    assert.same({ 1 }, items:list())
  end)
end)
