local memory = require("particle.limiter.memory")
local places = require("particle.limiter.places")

describe("the place of a stream", function()
  local store

  before_each(function() store = memory.new() end)

  local function taken() return store.places.p and store.places.p.taken or 0 end

  it("is one of so many", function()
    local one <close> = places.take(store, "p", 2)
    do
      local two <close> = places.take(store, "p", 2)
      assert.is_truthy(one and two)
      assert.is_nil((places.take(store, "p", 2)))
    end
    assert.are.equal(1, taken())
  end)

  it("is given back when nothing was opened, once", function()
    local place = places.take(store, "p", 1)
    do local closing <close> = place end -- luacheck: ignore closing
    place:release()
    assert.are.equal(0, taken())
  end)

  it("is its connection's when one was opened, until that has ended", function()
    local opened = {} -- any object will do
    do
      local place <close> = places.take(store, "p", 1)
      places.keep(place, opened)
    end
    assert.are.equal(1, taken())
    places.release(opened)
    places.release(opened)
    assert.are.equal(0, taken())
    places.release({})
    places.release(nil)
  end)

  it("is given back when its connection is collected", function()
    do
      local place <close> = places.take(store, "p", 1)
      places.keep(place, {})
    end
    collectgarbage()
    collectgarbage()
    assert.are.equal(0, taken())
  end)
end)
