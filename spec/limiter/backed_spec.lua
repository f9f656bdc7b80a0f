local backed = require("particle.limiter.backed")
local memory = require("particle.limiter.memory")

describe("a shared store that may be out of reach", function()
  local now, gone, shared, store, told

  local function clock() return now end

  before_each(function()
    now, gone, told = 1000, nil, {}
    local inner = memory.new(clock)
    shared = { inner = inner, lease = 30 }
    for _, name in ipairs { "take", "give_back", "acquire", "renew", "release" } do
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

  it("takes back what is not sent, in both", function()
    local places = {}
    for i = 1, 3 do places[i] = select(3, store:take(LIMITS, 0)) end
    assert.is_false(take())
    assert.is_true(store:give_back(LIMITS, places[1]))
    assert.is_true(take())
    assert.is_false(take())
    assert.is_true(store:give_back(LIMITS, places[2]))
    gone = "x"
    assert.is_true(take())
    assert.is_false(take())
  end)

  it("takes back alone what was taken alone, and says so when the store is gone", function()
    gone = "x"
    local _, _, place = store:take(LIMITS, 0)
    for _ = 1, 2 do take() end
    assert.is_true(store:give_back(LIMITS, place))
    assert.is_true(take())
    assert.is_false(take())
    gone = nil
    _, _, place = store:take(LIMITS, 0)
    gone = "y"
    assert.are.equal("y", (select(2, store:give_back(LIMITS, place))))
    assert.are.same({ "x", "back", "y" }, told)
  end)

  it("serves a store that takes nothing back", function()
    shared.give_back = nil
    assert.is_true(store:give_back(LIMITS, (select(3, store:take(LIMITS, 0)))))
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
