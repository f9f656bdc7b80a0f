-- The poller as Lua sees it: waiting, finished calls, foreign descriptors, one descriptor for other loops.

local socket = require("socket")
local core = require("particle.core")
local raw = require("spec.support.raw_server")

local poller = core.poller()

local function ignore_finished()
  while poller:finished() do end
end

---Two ends of a connection.
local function pair()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local one = assert(socket.connect("127.0.0.1", port))
  local other = assert(listener:accept())
  listener:close()
  one:settimeout(5)
  other:settimeout(5)
  return one, other
end

describe("the poller", function()
  before_each(function()
    collectgarbage()
    ignore_finished()
  end)

  it("is one for the Lua state", function()
    assert.equal(poller, core.poller())
    assert.equal("userdata", type(poller))
  end)

  it("waits as long as it is told, when nothing happens", function()
    local start = core.now()
    poller:step(0)
    assert.is_true(core.now() - start < 20)
    start = core.now()
    poller:step(0.05)
    assert.is_true(core.now() - start >= 0.05)
  end)

  it("does not wait for what cannot happen", function()
    if poller:idle() then assert.equal(0, poller:step()) end
    local one, other = pair()
    poller:watch(one:getfd())
    assert.is_false(poller:idle())
    poller:unwatch(one:getfd())
    one:close()
    other:close()
  end)

  it("takes times that are no times for none", function()
    local start = core.now()
    poller:step(0 / 0)
    assert.is_true(core.now() - start < 20)
    assert.has_error(function() poller:step("soon") end)
    assert.has_error(function() poller:step({}) end)
  end)

  it("waits for ever only until something happens", function()
    for _, timeout in ipairs { math.huge, 1e300, 1e9 } do
      local api = core.api { base_url = "http://127.0.0.1:" .. raw.closed_port() }
      local transfer = core.submit(api, { method = "GET", path = "/v1" })
      while not transfer:done() do poller:step(timeout) end
      assert.equal("network", select(2, transfer:take()).kind)
    end
  end)

  it("gives the ids of finished calls, each once", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    local ids, transfers = {}, {}
    for i = 1, 3 do
      transfers[i] = core.submit(api, { method = "GET", path = "/v1" })
      ids[transfers[i]:id()] = true
    end
    raw.wait(function() return poller:step(0) == 3 end)
    for _ = 1, 3 do
      local id = poller:finished()
      assert.is_true(ids[id])
      ids[id] = nil
    end
    assert.is_nil(poller:finished())
    assert.is_nil(next(ids))
    assert.equal(0, poller:step(0))
    for i = 1, 3 do assert.equal(1, transfers[i]:take()) end
  end)

  it("forgets calls that were taken or dropped", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    local first = core.submit(api, { method = "GET", path = "/v1" })
    local second = core.submit(api, { method = "GET", path = "/v1" })
    raw.wait(function() return first:done() and second:done() end)
    assert.equal(1, first:take())
    local guard <close> = second -- luacheck: ignore guard
    second = nil
    assert.equal(1, poller:step(0))
    do local closing <close> = guard end -- luacheck: ignore closing
    assert.equal(0, poller:step(0))
    assert.is_nil(poller:finished())
  end)

  it("never gives an id twice", function()
    local server <close> = raw.new(raw.json("1"))
    local apis, seen = { server:api(), server:api() }, {}
    for i = 1, 20 do
      local transfer = core.submit(apis[i % 2 + 1], { method = "GET", path = "/v1" })
      assert.is_nil(seen[transfer:id()])
      seen[transfer:id()] = true
      raw.take(transfer)
    end
  end)
end)

describe("a foreign descriptor", function()
  local one, other

  before_each(function()
    ignore_finished()
    one, other = pair()
  end)

  after_each(function()
    one:close()
    other:close()
  end)

  it("is ready once for every time it is asked after bytes came", function()
    local fd = one:getfd()
    poller:watch(fd)
    poller:step(0)
    assert.is_false(poller:ready(fd))
    other:send("x")
    assert.equal(1, poller:step(10))
    assert.is_true(poller:ready(fd))
    assert.is_false(poller:ready(fd))
    poller:step(10)
    assert.is_true(poller:ready(fd))
    one:receive(1)
    poller:step(0)
    assert.is_false(poller:ready(fd))
    poller:unwatch(fd)
  end)

  it("is ready when the other side goes", function()
    poller:watch(one:getfd())
    other:close()
    poller:step(10)
    assert.is_true(poller:ready(one:getfd()))
    poller:unwatch(one:getfd())
  end)

  it("is no more looked at after unwatch, however often", function()
    local fd = one:getfd()
    poller:watch(fd)
    other:send("x")
    poller:step(10)
    poller:unwatch(fd)
    assert.equal(0, poller:step(0))
    assert.is_false(poller:ready(fd))
    poller:unwatch(fd)
    assert.is_false(poller:ready(fd))
    poller:watch(fd)
    poller:watch(fd)
    poller:step(10)
    assert.is_true(poller:ready(fd))
    poller:unwatch(fd)
  end)

  it("may be closed without unwatch, and its number used again", function()
    local fd = one:getfd()
    poller:watch(fd)
    other:send("x")
    poller:step(10)
    one:close()
    other:close()
    poller:step(0)
    one, other = pair()
    if one:getfd() ~= fd then one, other = other, one end
    assert.equal(fd, one:getfd())
    poller:watch(fd)
    assert.is_false(poller:ready(fd))
    poller:step(0)
    assert.is_false(poller:ready(fd))
    other:send("y")
    poller:step(10)
    assert.is_true(poller:ready(fd))
    poller:unwatch(fd)
  end)

  it("must be one", function()
    assert.has_error(function() poller:watch(-1) end)
    assert.has_error(function() poller:watch(1 << 30) end)
    assert.has_error(function() poller:watch("1x") end)
    assert.has_error(function() poller:watch() end)
    poller:unwatch(500000)
    assert.is_false(poller:ready(500000))
    assert.is_false(poller:ready(-1 + 500001))
  end)

  it("is one of many", function()
    local ends = {}
    for i = 1, 100 do
      local a, b = pair()
      ends[i] = { a, b }
      poller:watch(a:getfd())
    end
    for _, two in ipairs(ends) do two[2]:send("x") end
    local ready = {}
    raw.wait(function()
      for _, two in ipairs(ends) do
        if poller:ready(two[1]:getfd()) then ready[two] = true end
      end
      local n = 0
      for _ in pairs(ready) do n = n + 1 end
      return n == #ends
    end)
    for _, two in ipairs(ends) do
      poller:unwatch(two[1]:getfd())
      two[1]:close()
      two[2]:close()
    end
    assert.equal(0, poller:step(0))
  end)
end)

describe("the number of a connection that failed", function()
  it("serves the next connection, and a foreign descriptor", function()
    for _ = 1, 5 do
      local port, close = raw.deaf()
      local api = core.api { base_url = "http://127.0.0.1:" .. port, connect_timeout = 0.02 }
      assert.equal("timeout", select(2, raw.call(api, { method = "GET", path = "/v1" })).kind)
      core.close(api)
      close()

      local one, other = pair()
      for _, fd in ipairs { one:getfd(), other:getfd() } do poller:watch(fd) end
      one:send("x")
      other:send("x")
      raw.wait(function() return poller:ready(one:getfd()) end)
      raw.wait(function() return poller:ready(other:getfd()) end)
      for _, fd in ipairs { one:getfd(), other:getfd() } do poller:unwatch(fd) end
      one:close()
      other:close()

      local server <close> = raw.new(raw.json("1"))
      local fine = server:api { timeout = 30 }
      assert.equal(1, raw.call(fine, { method = "GET", path = "/v1" }))
      assert.equal(1, raw.call(fine, { method = "GET", path = "/v1" }))
      core.close(fine)
    end
  end)
end)

describe("the poller's own descriptor", function()
  local function readable(timeout)
    local object = { getfd = function() return poller:pollfd() end }
    return #socket.select({ object }, nil, timeout) == 1
  end

  it("follows the protocol of event loops", function()
    assert.equal("r", poller:events())
    assert.is_nil(poller:timeout())
    local fd = poller:pollfd()
    assert.is_true(fd == nil or math.type(fd) == "integer")
    assert.equal(fd, (poller:pollfd()))
  end)

  if poller:pollfd() then
    it("is readable when a call goes on", function()
      local server <close> = raw.new(raw.json("1"))
      local transfer = core.submit(server:api(), { method = "GET", path = "/v1" })
      raw.wait(function()
        if readable(0) then poller:step(0) end
        return transfer:done()
      end)
      assert.equal(1, transfer:take())
    end)

    it("is readable when a time is over: the timer is inside", function()
      local server <close> = raw.new(function(c) c:hang() end)
      local api = server:api { timeout = 0.3 }
      local start = core.now()
      local transfer = core.submit(api, { method = "GET", path = "/v1" })
      while not transfer:done() do
        assert.is_true(readable(30))
        poller:step(0)
      end
      assert.equal("timeout", select(2, transfer:take()).kind)
      assert.is_true(core.now() - start >= 0.3)
    end)

    it("notices a time that is set while a loop waits for a longer one", function()
      local server <close> = raw.new(function(c) c:hang() end)
      local api = server:api { timeout = 30 }
      local long = core.submit(api, { method = "GET", path = "/v1" })
      readable(0)
      local short = core.submit(api, { method = "GET", path = "/v1", timeout = 0.1 })
      while not short:done() do
        assert.is_true(readable(30))
        poller:step(0)
      end
      assert.equal("timeout", select(2, short:take()).kind)
      assert.is_false(long:done())
      core.close(api)
    end)
  end
end)
