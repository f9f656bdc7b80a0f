-- A cloud of which one reply in five fails at random, and the default policy. TEST_CALLS=10000 for more.

local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")

local CALLS = math.tointeger(tonumber(os.getenv("TEST_CALLS") or 1000))
local WORKERS = 50
local FAILING = 0.2

-- From 0 up to 1, the same in each run.
local function new_random()
  local seed = 20260101
  return function()
    seed = (seed * 6364136223846793005 + 1442695040888963407) & math.maxinteger
    return (seed >> 11) / (math.maxinteger >> 11)
  end
end

-- Does fn(1) ... fn(CALLS), some at a time.
local function each(fn)
  local number, tasks = 0, {}
  for i = 1, WORKERS do
    tasks[i] = scheduler.spawn(function()
      while number < CALLS do
        number = number + 1
        fn(number)
      end
    end)
  end
  for i = 1, WORKERS do tasks[i]:wait() end
end

describe("with one reply in five failing at random", function()
  local sim, executed, strikes

  before_each(function()
    executed, strikes = {}, {}
    sim = simulator.new {
      devices = { { name = "lamp", variables = { x = 21.5 }, functions = { f = function(argument)
        local id = tonumber(argument)
        executed[id] = (executed[id] or 0) + 1
        return id
      end } } },
    }
  end)

  after_each(function() sim:close() end)

  -- One of these strikes, each as often as the others.
  local function break_some(faults)
    local random = new_random()
    for i, fault in ipairs(faults) do
      fault.probability = FAILING / (#faults - (i - 1) * FAILING) -- of the requests that are left
      fault.random = random
      strikes[i] = sim:fault(fault)
    end
  end

  local function count_strikes()
    local count = 0
    for _, fault in ipairs(strikes) do count = count + fault.hits end
    return count
  end

  it("all reads succeed within their deadline", function()
    break_some {
      { kind = "status", status = 500 }, { kind = "gateway" }, { kind = "status", status = 503 },
      { kind = "close" }, { kind = "reset", after = true }, { kind = "close_body" },
    }
    local api <close> = sim:client { log = false }
    local lamp, succeeded = api:device "lamp", 0
    each(function()
      local value, err = lamp:read "x"
      if value == nil then error(err) end
      succeeded = succeeded + 1
    end)
    assert.are.equal(CALLS, succeeded)
    assert.is_true(count_strikes() > CALLS * FAILING)
  end)

  -- Half of the faults strike after the function ran. One call in ten has hardly any time, and one in twenty
  -- goes where nobody listens.
  it("no call is carried out twice, and what is said of its delivery is true", function()
    break_some {
      { kind = "status", status = 500 }, { kind = "status", status = 500, after = true },
      { kind = "close" }, { kind = "close", after = true },
      { kind = "reset" }, { kind = "reset", after = true },
      { kind = "rate_limit" }, { kind = "close_body", after = true },
    }
    local api <close> = sim:client { log = false }
    local nowhere <close> = particle.new {
      base_url = "http://127.0.0.1:" .. raw.closed_port(), token = "x", log = false, retry = { attempts = 2 },
    }
    local lamp, nobody, said = api:device "lamp", nowhere:device "lamp", {}
    each(function(id)
      local value, err
      if id % 20 == 0 then
        value, err = nobody:call("f", id)
      else
        value, err = lamp:call("f", id, id % 10 == 5 and { deadline = 0.001 } or nil)
      end
      if value then
        assert.are.same({ id, 1 }, { value, executed[id] })
        return
      end
      said[id] = err
    end)
    local told = { [false] = 0, [true] = 0, maybe = 0 }
    for id = 1, CALLS do
      assert.is_true((executed[id] or 0) <= 1, "executed twice: " .. id)
      local err = said[id]
      if err then
        told[err.delivered] = told[err.delivered] + 1
        if err.delivered ~= "maybe" then assert.is_nil(executed[id], tostring(err)) end
      end
    end
    assert.is_true(told.maybe > CALLS / 20)
    assert.is_true(told[false] >= CALLS / 20)
  end)

  it("an outage ends in few requests, and calls succeed again after it", function()
    local outage = sim:fault { kind = "status", status = 503, n = "ever" }
    local api <close> = sim:client { log = false, retry = { base = 0.001, cap = 0.001 } }
    local lamp = api:device "lamp"
    each(function() assert(select(2, lamp:read "x").kind == "server") end)
    assert.are.equal(CALLS + 100, outage.hits)
    outage:remove()
    each(function() assert(lamp:read "x") end)
  end)
end)
