local delay = require("particle.retry.delay")

local function always(share) return function() return share end end

local function delays(base, cap, share, err, count)
  local list = {}
  for i = 1, count do list[i] = delay(i, err, { base = base, cap = cap, random = always(share) }) end
  return list
end

local BUSY, LIMITED = { kind = "server" }, { kind = "rate_limited" }

describe("the delay before a retry", function()
  it("doubles up to its cap", function()
    assert.are.same({ 1, 2, 4, 8, 16, 20, 20 }, delays(1, 20, 1, BUSY, 7)) -- botocore's table
    assert.are.same({ 0.5, 1, 2, 4, 8 }, delays(0.5, 10, 1, BUSY, 5))      -- stripe's
    assert.are.same({ 0.5, 1, 2, 2, 2 }, delays(0.5, 2, 1, BUSY, 5))
  end)

  it("is any share of that, also none", function()
    assert.are.same({ 0.5, 1, 2, 4, 8, 10, 10 }, delays(1, 20, 0.5, BUSY, 7))
    assert.are.same({ 0, 0, 0 }, delays(1, 20, 0, BUSY, 3))
  end)

  it("is ten times as long where a limit was met", function()
    assert.are.same({ 1, 2, 4, 8, 16, 20, 20, 20 }, delays(0.1, 2, 1, LIMITED, 8))
  end)

  it("comes on top of what the cloud asks for, however much that is", function()
    assert.are.same({ 31, 32 }, delays(1, 20, 1, { kind = "server", retry_after = 30 }, 2))
    assert.are.same({ 1e9 }, delays(1, 20, 0, { kind = "rate_limited", retry_after = 1e9 }, 1))
  end)

  it("does not believe a Retry-After that is none", function()
    for _, value in ipairs { -5, 0 / 0, "soon", false } do
      assert.are.same({ 0.5 }, delays(0.5, 20, 1, { kind = "server", retry_after = value }, 1))
    end
  end)
end)
