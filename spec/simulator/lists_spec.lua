local lists = require("particle.simulator.lists")

describe("lists", function()
  it("know where an item is", function()
    assert.equal(2, lists.index_of({ "a", "b", "b" }, "b"))
    assert.is_nil(lists.index_of({ "a" }, "b"))
  end)

  it("may have an item in common", function()
    assert.is_true(lists.overlap({ "a", "b" }, { "c", "b" }))
    assert.is_false(lists.overlap({ "a" }, { "b" }))
    assert.is_false(lists.overlap({}, {}))
  end)
end)
