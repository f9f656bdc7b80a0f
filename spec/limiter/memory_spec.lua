local memory = require("particle.limiter.memory")

describe("the store in memory", function()
  local now, store

  before_each(function()
    now = 5000
    store = memory.new(function() return now end)
  end)

  local function limit(count, window, key) return { key = key or "k", count = count, window = window } end

  -- When the next request may be sent, from now; false when it would have to wait longer than `patience`.
  local function take(limits, patience)
    local granted, seconds, which = store:take(limits, patience or math.huge)
    return granted and seconds, seconds, which
  end

  it("lets so many pass at once, then makes the others wait, each for its own place", function()
    local limits = { limit(3, 10) }
    local waits = {}
    for i = 1, 8 do
      waits[i] = take(limits)
      now = now + 1
    end
    assert.are.same({ 0, 0, 0, 7, 7, 7, 14, 14 }, waits) -- sent at 0 1 2, 10 11 12, 20 21
  end)

  it("forgets what is over", function()
    local limits = { limit(2, 10) }
    take(limits)
    take(limits)
    now = now + 10
    assert.are.equal(0, take(limits))
    assert.are.equal(0, take(limits))
    assert.are.equal(10, take(limits))
  end)

  it("counts nothing for who would have to wait too long, and says how long and why", function()
    local limits = { limit(100, 10, "wide"), limit(1, 60, "narrow") }
    assert.are.equal(0, take(limits))
    for _ = 1, 5 do assert.are.same({ false, 60, 2 }, { take(limits, 59) }) end
    assert.are.equal(60, take(limits, 60))
  end)

  it("keeps several limits at once", function()
    local all, few = limit(3, 10, "all"), limit(1, 100, "few")
    assert.are.equal(0, take { few, all })
    assert.are.equal(100, take { few, all }) -- has its place in 100 s, which counts for all
    assert.are.equal(0, take { all })
    now = now + 10
    for _ = 1, 2 do assert.are.equal(0, take { all }) end
    assert.is_true(take { all } > 0)
  end)

  it("takes a place back, under all of its limits, once", function()
    local all, few = limit(3, 10, "all"), limit(1, 100, "few")
    assert.are.equal(0, take { few, all })
    local _, wait, place = store:take({ few, all }, math.huge)
    assert.are.equal(100, wait)
    assert.is_true(store:give_back({ few, all }, place))
    assert.are.equal(100, take { few, all })
    for _ = 1, 2 do store:give_back({ few, all }, place) end -- the second one is nobody's
    assert.are.equal(100, take { few, all })
    assert.are.equal(0, take { all })
  end)

  it("takes back a place in the middle, and one of which it has forgotten", function()
    local limits = { limit(2, 10) }
    local _, _, first = store:take(limits, 0)
    now = now + 1
    take(limits)
    store:give_back(limits, first)
    assert.are.equal(0, take(limits))
    assert.are.equal(10, take(limits))
    now = now + 1000
    store:give_back(limits, first)
    take(limits)
    store:give_back(limits, first)
    assert.are.equal(0, take(limits))
    assert.are.equal(10, take(limits))
  end)

  it("lets everything pass under no limit", function()
    for _ = 1, 10 do assert.are.equal(0, take {}) end
  end)

  it("never lets more than the limit into any window, whatever comes when", function()
    local random = 12345
    local function chance(n)
      random = (random * 1103515245 + 12345) % 2147483648
      return random // 65536 % n
    end
    local all, few = limit(7, 10, "all"), limit(2, 30, "few")
    local sent = { all = {}, few = {} }
    for _ = 1, 2000 do
      now = now + chance(40) / 20
      local is_few = chance(5) == 0
      local limits = is_few and { few, all } or { all }
      local granted, wait, place = store:take(limits, 5 + chance(20))
      if granted and wait > 0 and chance(4) == 0 then
        store:give_back(limits, place)
      elseif granted then
        table.insert(sent.all, now + wait)
        if is_few then table.insert(sent.few, now + wait) end
      end
    end
    for _, rule in ipairs { all, few } do
      local times = sent[rule.key]
      table.sort(times)
      assert.is_true(#times > 100)
      for i = rule.count + 1, #times do
        assert.is_true(times[i] - times[i - rule.count] >= rule.window - 1e-9)
      end
    end
  end)

  it("is small: what is over is not kept", function()
    local limits = { limit(1000, 10) }
    for _ = 1, 100000 do
      take(limits)
      now = now + 0.02
    end
    local count = 0
    for _ in pairs(store.logs.k) do count = count + 1 end
    assert.is_true(count <= 500 + 3, tostring(count))
  end)

  it("has so many places, each of which is given back once", function()
    local first, second = store:acquire("p", 2), store:acquire("p", 2)
    assert.is_false(store:acquire("p", 2))
    assert.is_truthy(store:acquire("other", 2))
    store:release("p", first)
    store:release("p", first)
    assert.is_truthy(store:acquire("p", 2))
    assert.is_false(store:acquire("p", 2))
    assert.is_true(store:renew("p", second))
    store:release("nobody's", 1)
  end)
end)
