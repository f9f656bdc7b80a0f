-- A cloud of which one reply in five fails at random, and the default policy. TEST_CALLS=10000 for more.

local Cloud = require("spec.support.cloud")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")

local ID = "0123456789abcdef01234567"
local CALLS = math.tointeger(tonumber(os.getenv("TEST_CALLS") or 1000))
local WORKERS = 50
local FAILING = 0.2

-- From 0 up to 1, the same in each run.
local function new_random(seed)
  return function()
    seed = (seed * 6364136223846793005 + 1442695040888963407) & math.maxinteger
    return (seed >> 11) / (math.maxinteger >> 11)
  end
end

local function pick(random, list) return list[1 + math.floor(random() * #list * 0.999999)] end

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
  local random

  before_each(function() random = new_random(20260101) end)

  it("all reads succeed within their deadline", function()
    local failed = 0
    local cloud <close> = Cloud.new(function()
      if random() >= FAILING then return 200, { result = 21.5 } end
      failed = failed + 1
      local status = pick(random, { 500, 502, 503, 504, "abort" })
      return status, status ~= "abort" and "<html>out of order</html>" or nil, {}
    end)
    local api <close> = particle.new { base_url = cloud.url, token = "x", log = false }
    local lamp, succeeded = api:device(ID), 0
    each(function()
      local value, err = lamp:read("temperature")
      if value == nil then error(err) end
      succeeded = succeeded + 1
    end)
    assert.are.equal(CALLS, succeeded)
    assert.is_true(failed > CALLS / 10)
  end)

  -- Half of the faults strike after the function ran. One call in ten has hardly any time, and one in twenty
  -- goes where nobody listens.
  it("no call is carried out twice, and what is said of its delivery is true", function()
    local received, executed = {}, {}
    local cloud <close> = Cloud.new(function(request)
      local id = tonumber(request.body:match("^arg=(%d+)$"))
      received[id] = (received[id] or 0) + 1
      local fails, late = random() < FAILING, random() < 0.5
      if not fails or late then executed[id] = (executed[id] or 0) + 1 end
      if not fails then return 200, { return_value = id } end
      if late then return pick(random, { 500, 503, "abort" }), {} end
      return pick(random, { 429, 500, 503, "abort" }), {}
    end)
    local api <close> = particle.new { base_url = cloud.url, token = "x", log = false }
    local nowhere <close> = particle.new {
      base_url = "http://127.0.0.1:" .. raw.closed_port(), token = "x", log = false, retry = { attempts = 2 },
    }
    local lamp, nobody, said = api:device(ID), nowhere:device(ID), {}
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
        if err.delivered == false then assert.is_nil(received[id], tostring(err)) end
        if err.delivered == true then assert.is_truthy(received[id], tostring(err)) end
        assert.is_true((received[id] or 0) <= err.attempts, tostring(err))
      end
    end
    assert.is_true(told.maybe > CALLS / 20)
    assert.is_true(told[false] >= CALLS / 20)
  end)

  it("an outage ends in few requests, and calls succeed again after it", function()
    local down, asked = true, 0
    local cloud <close> = Cloud.new(function()
      asked = asked + 1
      if down then return 503, {} end
      return 200, { result = 1 }
    end)
    local api <close> = particle.new {
      base_url = cloud.url, token = "x", log = false, retry = { base = 0.001, cap = 0.001 },
    }
    local lamp = api:device(ID)
    each(function() assert(select(2, lamp:read("x")).kind == "server") end)
    assert.are.equal(CALLS + 100, asked)
    down = false
    each(function() assert(lamp:read("x")) end)
  end)
end)
