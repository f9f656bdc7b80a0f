-- How long streams live: under an eager collector, forgotten, in every order of ends, and in a Lua state that
-- is closed or interrupted.

local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local LONG, AT_ONCE = streaming.LONG, streaming.AT_ONCE

local function permutations(list)
  local all = {}
  local function extend(done, left)
    if #left == 0 then all[#all + 1] = done end
    for i, item in ipairs(left) do
      local rest = table.move(left, 1, #left, 1, {})
      table.remove(rest, i)
      local more = table.move(done, 1, #done, 1, {})
      more[#more + 1] = item
      extend(more, rest)
    end
  end
  extend({}, list)
  return all
end

describe("a stream that is kept", function()
  after_each(function()
    collectgarbage("incremental", 200, 100, 13)
    collectgarbage("restart")
  end)

  local eager = {
    ["the incremental collector"] = function() collectgarbage("incremental", 1, 1000, 6) end,
    ["the generational collector"] = function() collectgarbage("generational", 1, 1) end,
    ["a full collection at each turn"] = function() end,
  }

  for name, begin in pairs(eager) do
    it("survives " .. name, function()
      begin()
      local sim <close> = assert(simulator.new { devices = { { name = "lamp" } } })
      local stream
      do -- nobody else holds the api
        stream = assert(sim:client { log = false }:subscribe(nil, { retry = AT_ONCE }))
      end
      local n = 30
      local publisher = scheduler.spawn(function()
        for i = 1, n do
          if i % 10 == 0 then
            sim:cut { reset = i % 20 == 0 }
            collectgarbage()
            streaming.wait(function() return #sim:streams() == 1 end)
          end
          sim:device("lamp"):publish("n", tostring(i))
          collectgarbage()
          scheduler.sleep(0)
        end
      end)
      local last, gaps = 0, 0
      while last < n do
        collectgarbage()
        local event = assert(stream:next(LONG))
        assert.is_true(tonumber(event.data) > last)
        last = tonumber(event.data)
        gaps = gaps + (event.gap and 1 or 0)
      end
      assert.are.equal(3, gaps)
      publisher:wait()
      stream:close()
      streaming.wait(function() return #sim:streams() == 0 end)
    end)
  end
end)

describe("a stream that nobody holds", function()
  local pump, server, api

  before_each(function() pump = streaming.pump() end)

  after_each(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  local function begin(...)
    server = raw.new(...)
    api = streaming.client(server, { log = false })
  end

  local function gone(what)
    streaming.wait(function()
      collectgarbage()
      return server:count() == 0
    end, what)
  end

  it("is ended, and its connection closed", function()
    begin(streaming.open(streaming.event("n", "1")))
    local seen = setmetatable({}, { __mode = "k" })
    do
      local stream = assert(api:subscribe { on_state = function() end })
      assert(stream:next(LONG))
      seen[stream] = true
    end
    assert.are.equal(1, server:count())
    gone("the connection to go")
    assert.is_nil(next(seen))
  end)

  it("is ended though on_state holds it", function()
    begin(streaming.open())
    do
      local stream
      stream = assert(api:subscribe { on_state = function() return stream end })
      assert.are.equal("open", stream.state)
    end
    gone("the connection to go")
  end)

  it("is ended while it waits to come back", function()
    begin(streaming.ending(), streaming.open())
    do
      local policy = { base = 0.05, cap = 0.05, random = function() return 1 end }
      local stream = assert(api:subscribe { retry = policy })
      streaming.wait(function() return stream.state == "waiting" end)
    end
    collectgarbage()
    collectgarbage()
    scheduler.sleep(0.1)
    assert.are.equal(1, server.accepted)
  end)

  it("is ended while it opens in the background", function()
    begin(function(c)
      c:request()
      c:hang()
    end)
    do
      local stream = assert(api:subscribe { wait = false, timeout = 0.1, retry = AT_ONCE })
      streaming.wait(function() return server.accepted > 0 end)
      assert.are.equal("connecting", stream.state)
    end
    gone("the connection to go")
    local accepted = server.accepted
    scheduler.sleep(0.05)
    assert.is_true(server.accepted <= accepted + 1)
    gone("the connections to go")
  end)

  it("takes its unread events with it", function()
    begin(streaming.open(streaming.event("n", ("x"):rep(1000)):rep(50)))
    do
      local stream = assert(api:subscribe())
      assert(stream:next(LONG))
    end
    gone("the connection to go")
  end)
end)

describe("a finalizer that runs while an event is read", function()
  local N = 60
  local pump, server, api, stream

  before_each(function()
    local events = {}
    for i = 1, N do
      events[i] = ('event: n%d\ndata: {"data":"%s%d","coreid":"c%d"}\n\n'):format(i, ("x"):rep(600), i, i)
    end
    pump = streaming.pump()
    server = raw.new(streaming.open(table.concat(events)))
    api = streaming.client(server, { log = false })
  end)

  after_each(function()
    collectgarbage("incremental", 200, 100, 13)
    api:close()
    server:close()
    pump:cancel()
  end)

  -- `act` runs at the end of each of very many collections, until the function that is returned was called.
  local function at_collections(act)
    local over = false
    local function arm()
      setmetatable({}, { __gc = function()
        if over then return end
        act()
        arm()
      end })
    end
    collectgarbage("incremental", 1, 1000, 6)
    collectgarbage() -- the next cycle is due by the settings before until one has ended
    arm()
    return function() over = true end
  end

  local function number(event)
    local i = assert(event.name:match("^n(%d+)$"))
    assert.are.equal(("x"):rep(600) .. i, event.data)
    assert.are.equal("c" .. i, event.coreid)
    return tonumber(i)
  end

  it("may close the stream", function()
    for _ = 1, 20 do
      stream = assert(api:subscribe(nil, { retry = AT_ONCE }))
      local last = number(assert(stream:next(LONG)))
      local stop = at_collections(function() stream:close() end)
      local event, err = stream:next(LONG)
      while event do
        assert.are.equal(last + 1, number(event))
        last = last + 1
        if last == N then collectgarbage() end -- in a large heap none may have ended before
        event, err = stream:next(LONG)
      end
      stop()
      assert.are.equal("closed", err.kind)
    end
  end)

  it("may read events, and takes none twice", function()
    stream = assert(api:subscribe(nil, { retry = AT_ONCE }))
    local events = {}
    local stop = at_collections(function()
      local fine, event = pcall(stream.next, stream, 0)
      if fine then events[#events + 1] = event end
    end)
    repeat
      local event = stream:next(0.01) -- the finalizer adds to the list meanwhile
      events[#events + 1] = event
    until #events >= N
    stop()
    local numbers = {}
    for i, event in ipairs(events) do numbers[i] = number(event) end
    table.sort(numbers)
    for i = 1, N do assert.are.equal(i, numbers[i]) end
  end)
end)

describe("a stream, its api, its simulator and their reader", function()
  it("may be collected in any order", function()
    for _, order in ipairs(permutations { "stream", "api", "sim", "task" }) do
      local held = {}
      held.sim = assert(simulator.new { devices = { { name = "lamp" } } })
      held.api = held.sim:client { log = false }
      held.stream = assert(held.api:subscribe(nil, { retry = AT_ONCE }))
      held.sim:device("lamp"):publish("a")
      held.task = scheduler.spawn(held.stream.next, held.stream)
      scheduler.step(0)
      if #order > 3 and order[1] == "sim" then held.sim:cut() end
      for _, name in ipairs(order) do
        if name == "task" then held.task:cancel() end
        held[name] = nil
        collectgarbage()
        scheduler.step(0)
      end
      collectgarbage()
    end
  end)

  it("may be closed in any order", function()
    for _, order in ipairs(permutations { "stream", "api", "sim" }) do
      local held = {}
      held.sim = assert(simulator.new { devices = { { name = "lamp" } } })
      held.api = held.sim:client { log = false }
      held.stream = assert(held.api:subscribe(nil, { retry = AT_ONCE }))
      for _, name in ipairs(order) do
        held[name]:close()
        scheduler.step(0)
      end
      assert.are.equal("closed", held.stream.state)
      assert.are.equal("closed", select(2, held.stream:next(LONG)).kind)
    end
  end)
end)

-- A program in a Lua of its own, with `sim` and `api`.
local PROGRAM = [[
  io.stdout:setvbuf("no")
  local scheduler = require("particle.scheduler")
  local sim = require("particle.simulator").new { devices = { { name = "lamp" } } }
  local api = sim:client { log = false }
  local function publish(...)
    for _, name in ipairs { ... } do sim:device("lamp"):publish(name) end
  end
  local function until_waiting(stream) repeat scheduler.sleep(0) until stream.state == "waiting" end
  local POLICY = { base = 60, cap = 60, random = function() return 1 end }
]]

describe("a Lua state that is closed", function()
  local function check(program)
    local result = support.run { "lua5.4", "-W", "-e", PROGRAM .. program .. ' print "end"' }
    assert.are.equal("end\n", result.stdout)
    assert.are.equal("", result.stderr)
    assert.are.equal(0, result.status, "signal " .. tostring(result.signal))
  end

  it("ends streams that are open", function()
    check("a = api:subscribe() b = api:subscribe('x') publish('a', 'b') scheduler.step(0)")
    check("a = api:subscribe() sim = nil api = nil collectgarbage()")
  end)

  it("ends streams with unread events", function()
    check([[
      a = api:subscribe()
      for i = 1, 500 do publish(("x"):rep(100)) end
      scheduler.sleep(0.05)
      assert(a:next())
    ]])
  end)

  it("ends streams that connect or wait", function()
    check("a = api:subscribe { wait = false }")
    check("sim:stall(true) a = api:subscribe { wait = false } scheduler.sleep(0.01)")
    check("a = api:subscribe { retry = POLICY } sim:cut() until_waiting(a)")
    check("a = api:subscribe { retry = POLICY } sim:close() until_waiting(a)")
  end)

  it("ends tasks that read", function()
    check([[
      a = api:subscribe()
      task = scheduler.spawn(function() for _ in a:each() do end end)
      scheduler.sleep(0.01)
    ]])
    check("a = api:subscribe() co = coroutine.wrap(function() return a:next(0.01) end) co()")
  end)

  it("ends streams in finalizers and by os.exit", function()
    check("a = api:subscribe() setmetatable({}, { __gc = function() a:close() api:close() sim:close() end })")
    check("a = api:subscribe() setmetatable({}, { __gc = function() pcall(a.next, a, 0) end })")
    check("a = api:subscribe() print 'end' os.exit(true, true)")
  end)
end)

describe("Ctrl-C", function()
  local function check(wait, after)
    local child <close> = support.start { "lua5.4", "-e", PROGRAM .. ([[
      local stream = assert(api:subscribe(nil, { retry = POLICY }))
      local function wait() %s end
      print "ready"
      print(pcall(wait))
      %s
    ]]):format(wait, after) }
    child:expect("ready\n")
    os.execute("sleep 0.05") -- until it waits
    child:kill("INT")
    local result = child:wait()
    assert.matches("ready\nfalse\t.*interrupted!\nafter\n", result.stdout, nil, result.stderr)
    assert.are.equal(0, result.status)
  end

  local GOES_ON = "publish 'a' assert(stream:next(10).name == 'a') print 'after'"
  local CLOSED = "assert(stream.state == 'closed') print 'after'"

  it("interrupts next, and the stream goes on", function() check("stream:next()", GOES_ON) end)

  it("interrupts next with a time", function() check("stream:next(60)", GOES_ON) end)

  it("interrupts each, which closes the stream", function()
    check("for _ in stream:each() do end", CLOSED)
  end)

  it("interrupts select", function() check("require('particle').select({ stream })", GOES_ON) end)

  it("interrupts next while the stream waits to come back", function()
    check("sim:cut() stream:next()", "assert(stream.state == 'waiting') stream:close() print 'after'")
  end)

  it("interrupts subscribe, and nothing is left of it", function()
    check("sim:stall(true) api:subscribe()", [[
      sim:stall(false)
      scheduler.wait(function() return #sim:streams() == 1 end)
      print "after"
    ]])
  end)

  it("interrupts the wait for a task that reads", function()
    check("scheduler.spawn(stream.next, stream):wait()", "stream:close() print 'after'")
  end)
end)
