local backed = require("particle.limiter.backed")
local memory = require("particle.limiter.memory")

describe("a shared store that may be out of reach", function()
  local now, gone, shared, store, told

  local function clock() return now end

  before_each(function()
    now, gone, told = 1000, nil, {}
    local inner = memory.new(clock)
    shared = { inner = inner, lease = 30 }
    for _, name in ipairs { "take", "acquire", "renew", "release" } do
      shared[name] = function(_, ...)
        if gone then return nil, gone end
        return inner[name](inner, ...)
      end
    end
    store = backed.new(shared, memory.new(clock), function(problem) told[#told + 1] = problem or "back" end)
  end)

  local LIMITS = { { key = "k", count = 3, window = 10 } }

  local function take() return (store:take(LIMITS, 0)) end

  it("decides while it is there", function()
    assert.is_true(take())
    shared.inner:take(LIMITS, 0) -- somebody else's
    assert.is_true(take())
    assert.is_false(take())
    assert.are.same({}, told)
    assert.are.equal(30, store.lease)
  end)

  it("leaves the limit to each alone while it is gone, with what it sent before, and says so", function()
    assert.is_true(take())
    gone = "connection refused"
    assert.is_true(take())
    assert.is_true(take())
    assert.is_false(take())
    assert.are.same({ "connection refused" }, told)
    gone = nil
    assert.is_true(take())
    assert.are.same({ "connection refused", "back" }, told)
  end)

  it("gives places alone while it is gone, with those that are taken", function()
    local first = store:acquire("p", 2)
    gone = "x"
    local second = store:acquire("p", 2)
    assert.is_truthy(second)
    assert.is_false(store:acquire("p", 2))
    store:release("p", first)
    assert.is_truthy(store:acquire("p", 2))
    assert.is_true(store:renew("p", second))
  end)

  it("frees a place in both", function()
    local first = store:acquire("p", 1)
    assert.is_false(store:acquire("p", 1))
    assert.is_true(store:renew("p", first))
    store:release("p", first)
    assert.is_truthy(shared.inner:acquire("p", 1))
    gone = "x"
    assert.is_truthy(store:acquire("p", 1))
  end)
end)
