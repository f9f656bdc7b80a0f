local sorted = require("particle.sorted")

describe("sorted names", function()
  it("are all names in a table, in order", function()
    assert.are.same({ "B", "a", "a b", "b" }, sorted.names { b = 1, ["a b"] = false, B = {}, a = "x" })
    assert.are.same({}, sorted.names {})
  end)
end)
