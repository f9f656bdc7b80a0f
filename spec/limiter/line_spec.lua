local lines = require("particle.limiter.line")

local LIMITS = { { key = "k", count = 1, window = 10 } }

describe("the line of those who wait for a limit", function()
  local store, line, given_back

  before_each(function()
    given_back = {}
    store = {
      give_back = function(_, limits, place)
        assert.are.equal(LIMITS, limits)
        given_back[#given_back + 1] = place
        return true
      end,
    }
    line = lines.new(store, LIMITS)
  end)

  local function join(...)
    local waiters = {}
    for i, due in ipairs { ... } do waiters[i] = line:join(due, "at " .. due) end
    return waiters
  end

  local function leave(waiter, served)
    waiter.served = served
    line:leave(waiter)
  end

  local function dues(waiters)
    local list = {}
    for i, waiter in ipairs(waiters) do list[i] = waiter.turn.due end
    return list
  end

  it("gives the place of who leaves alone back to the store", function()
    leave(join(10)[1])
    assert.are.same({ "at 10" }, given_back)
  end)

  it("gives nothing back for who was served", function()
    local waiters = join(10, 20)
    leave(waiters[1], true)
    assert.is_false(waiters[2].news)
    line:move_up()
    leave(waiters[2], true)
    line:move_up()
    assert.are.same({}, given_back)
  end)

  it("lets those behind move up, and gives the last place back", function()
    local waiters = join(10, 20, 30, 40)
    leave(waiters[2])
    assert.is_true(waiters[1].news) -- it has to see to it
    assert.are.same({}, given_back)
    line:move_up()
    assert.are.same({ 10, 20, 20, 30 }, dues(waiters))
    assert.are.same({ true, false, true, true },
      { waiters[1].news, waiters[2].news, waiters[3].news, waiters[4].news })
    assert.are.same({ "at 40" }, given_back)
    line:move_up()
    assert.are.same({ "at 40" }, given_back)
  end)

  it("lets another see to it when the first one leaves, too", function()
    local waiters = join(10, 20, 30)
    leave(waiters[1])
    leave(waiters[2])
    assert.is_true(waiters[3].news)
    line:move_up()
    assert.are.equal(10, waiters[3].turn.due)
    table.sort(given_back)
    assert.are.same({ "at 20", "at 30" }, given_back)
  end)

  it("gives all back when all leave, each once", function()
    local waiters = join(10, 20, 30, 40, 50)
    for _, i in ipairs { 3, 1, 5, 4, 2 } do leave(waiters[i]) end
    table.sort(given_back)
    assert.are.same({ "at 10", "at 20", "at 30", "at 40", "at 50" }, given_back)
  end)

  it("makes nobody wait longer", function()
    local waiters = join(20, 10, 40, 30, 25)
    leave(waiters[3])
    leave(waiters[5])
    line:move_up()
    assert.are.same({ 20, 10, 25 }, { waiters[1].turn.due, waiters[2].turn.due, waiters[4].turn.due })
    table.sort(given_back)
    assert.are.same({ "at 30", "at 40" }, given_back)
  end)

  it("serves a store that takes nothing back", function()
    store.give_back = nil
    local waiters = join(10, 20)
    leave(waiters[1])
    line:move_up()
    assert.are.equal(10, waiters[2].turn.due)
    leave(waiters[2])
  end)

  it("does not grow by those who come and go behind one who waits long", function()
    local first, last = line:join(1, 1), line:join(2, 2)
    for i = 3, 100 do
      local waiter = line:join(i, i)
      leave(last)
      line:move_up()
      last = waiter
    end
    assert.are.equal(2, line.last - line.first + 1)
    assert.are.same({ 1, 2 }, dues { first, last })
    leave(first, true)
    leave(last)
    assert.is_nil((next(line.waiters)))
    assert.are.equal(98, #given_back - 1)
  end)

  it("is quickly left by thousands, whoever leaves first", function()
    local waiters = {}
    for i = 1, 20000 do waiters[i] = line:join(i, i) end
    for i = 1, 20000, 2 do leave(waiters[i]) end
    for i = 2, 20000, 2 do leave(waiters[i]) end
    assert.are.equal(20000, #given_back)
    assert.is_nil((next(line.waiters)))
  end)
end)
