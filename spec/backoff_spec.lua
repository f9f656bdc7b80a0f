local backoff = require("particle.backoff")

local function always(share) return function() return share end end

local function delays(policy, attempts, least)
  local list = {}
  for i, attempt in ipairs(attempts) do list[i] = backoff.delay(attempt, policy, least) end
  return list
end

local FIRST = { 1, 2, 3, 4, 5, 6, 7, 8, 20 }

describe("backoff", function()
  it("doubles up to its cap", function()
    local policy = { random = always(1) }
    assert.are.same({ 1, 2, 4, 8, 16, 32, 60, 60, 60 }, delays(policy, FIRST))
  end)

  it("takes any share of that, and may not wait at all", function()
    assert.are.same({ 0.5, 1, 2, 4, 8, 16, 30, 30, 30 }, delays({ random = always(0.5) }, FIRST))
    assert.are.same({ 0.25, 0.5, 1, 2, 4, 8, 15, 15, 15 }, delays({ random = always(0.25) }, FIRST))
    assert.are.same({ 0, 0, 0, 0, 0, 0, 0, 0, 0 }, delays({ random = always(0) }, FIRST))
  end)

  it("draws anew each time", function()
    local drawn = 0
    local policy = { random = function()
      drawn = drawn + 1
      return drawn / 10
    end }
    assert.are.same({ 0.1, 0.4, 0.3 * 4 }, delays(policy, { 1, 2, 3 }))
  end)

  it("has a base and a cap of one's choice", function()
    local random = always(1)
    assert.are.same({ 0.5, 1, 2, 3, 3 }, delays({ base = 0.5, cap = 3, random = random }, { 1, 2, 3, 4, 99 }))
    assert.are.same({ 2, 2 }, delays({ base = 10, cap = 2, random = random }, { 1, 2 }))
    assert.are.same({ 0.001, 0.002 }, delays({ base = 0.001, random = random }, { 1, 2 }))
  end)

  it("stays at its cap however many attempts were made", function()
    local policy = { random = always(1), cap = 7 }
    for _, attempt in ipairs { 61, 100, 1023, 1025, 5000, math.maxinteger } do
      assert.are.equal(7, backoff.delay(attempt, policy))
    end
  end)

  it("comes on top of what the server asks for", function()
    local policy = { random = always(0.5) }
    assert.are.same({ 30.5, 31, 32 }, delays(policy, { 1, 2, 3 }, 30))
    assert.are.same({ 0.5 + 0.25 }, delays(policy, { 1 }, 0.25))
  end)

  it("does not believe a server that asks for more than a quarter of an hour", function()
    local policy = { random = always(0) }
    assert.are.same({ 900 }, delays(policy, { 1 }, 900))
    assert.are.same({ 900 }, delays(policy, { 1 }, 901))
    assert.are.same({ 900 }, delays(policy, { 1 }, 1e9))
  end)

  it("draws from math.random without a policy", function()
    for attempt, most in ipairs { 1, 2, 4, 8, 16, 32, 60, 60 } do
      for _ = 1, 20 do
        local delay = backoff.delay(attempt)
        assert.is_true(delay >= 0 and delay <= most)
      end
    end
  end)
end)
