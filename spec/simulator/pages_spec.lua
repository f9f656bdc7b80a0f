local pages = require("particle.simulator.pages")

describe("pages", function()
  local list = {}
  for i = 1, 60 do list[i] = i end

  local CASES = {
    { {}, 1, 25, 1, 25 },
    { { page = "3" }, 3, 25, 51, 10 },
    { { page = "4" }, 4, 25, nil, 0 },
    { { page = "2", per_page = "7" }, 2, 7, 8, 7 },
    { { perPage = "7" }, 1, 7, 1, 7 },
    { { limit = "7" }, 1, 7, 1, 7 },
    { { per_page = "1000" }, 1, 50, 1, 50 },
    { { per_page = "0", page = "x" }, 1, 25, 1, 25 },
    { { page = "-1" }, 1, 25, 1, 25 },
    { { page = "9223372036854775807" }, 9223372036854775807, 25, nil, 0 },
  }
  for i, case in ipairs(CASES) do
    it("are cut as a query says, case " .. i, function()
      local page = pages.cut(list, case[1], 25, 50)
      assert.same({ case[2], case[3], case[4], case[5] },
        { page.page, page.size, page.items[1], #page.items })
      assert.equal(60, page.total)
    end)
  end

  it("tell of themselves", function()
    assert.equal('{"page":2,"per_page":25,"total_pages":3,"total":60}',
      pages.meta(pages.cut(list, { page = "2" }, 25)).text)
    assert.equal('{"page":1,"per_page":25,"total_pages":1,"total":0}', pages.meta(pages.cut({}, {}, 25)).text)
  end)
end)
