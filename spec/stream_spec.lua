-- What a reader of an event stream gets: events, time-outs, ends; several streams; tasks; backpressure.

local core = require("particle.core")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local LONG = streaming.LONG
local ID = "0123456789abcdef01234567"

-- With a raw server: `subscribe(bytes, piece, opts)` opens a stream that sends these bytes.
local function with_server()
  local at = { opened = {} }

  before_each(function() at.pump = streaming.pump() end)

  after_each(function()
    for _, each in ipairs(at.opened) do each:close() end
    at.opened = {}
    at.pump:cancel()
  end)

  function at.server(...)
    local server = raw.new(...)
    local api = streaming.client(server, { log = false })
    table.insert(at.opened, 1, server)
    table.insert(at.opened, 1, api)
    return api, server
  end

  function at.subscribe(bytes, piece, opts)
    local api = at.server(streaming.open(bytes, piece))
    return assert(api:subscribe(opts or { retry = false }))
  end

  return at
end

-- With a simulator that has the devices lamp and door.
local function with_simulator()
  local at = {}

  before_each(function()
    at.sim = assert(simulator.new {
      devices = {
        { name = "lamp", id = ID, variables = { temperature = 21.5 } }, { name = "door" },
      },
    })
    at.api = at.sim:client { log = false }
  end)

  after_each(function()
    at.api:close()
    at.sim:close()
  end)

  function at.subscribe(...) return assert(at.api:subscribe(...)) end

  function at.publish(...)
    for _, name in ipairs { ... } do at.sim:device("lamp"):publish(name, name) end
  end

  return at
end

-- The events up to one named "end", which is left out.
local function read(stream)
  local list = {}
  while true do
    local event = assert(stream:next(LONG))
    if event.name == "end" then return list end
    list[#list + 1] = event
  end
end

local ENVELOPE = '{"data":"on","ttl":60,"published_at":"2026-01-02T03:04:05.678Z","coreid":"c0ffee"}'

local function envelope(fields)
  local event = { ttl = 60, published_at = "2026-01-02T03:04:05.678Z", coreid = "c0ffee" }
  for name, value in pairs(fields) do event[name] = value end
  return event
end

describe("events", function()
  local at = with_server()

  local cases = {
    ["are the cloud's envelope, with the name"] = {
      "event: door\ndata: " .. ENVELOPE .. "\n\n", envelope { name = "door", data = "on" },
    },
    ["may have an empty name"] = {
      "event: \ndata: " .. ENVELOPE .. "\n\nevent\ndata: x\n\n",
      envelope { name = "", data = "on" }, { name = "", data = "x" },
    },
    ["may have no name"] = {
      "data: " .. ENVELOPE .. "\n\ndata: x\n\n",
      envelope { name = "", data = "on" }, { name = "", data = "x" },
    },
    ["may have their name in the envelope only"] = {
      'data: {"name":"door","data":"on","coreid":"c0ffee"}\n\n',
      { name = "door", data = "on", coreid = "c0ffee" },
    },
    ["have the name of their line, whatever the envelope says"] = {
      'event: door\ndata: {"name":"window","data":"on","coreid":"c0ffee"}\n\n',
      { name = "door", data = "on", coreid = "c0ffee" },
    },
    ["may have no data"] = {
      "event: door\n\nevent: window\ndata: {}\n\n", { name = "door" }, { name = "window", data = "{}" },
    },
    ["may have empty data"] = {
      "event: door\ndata:\n\nevent: window\ndata\n\n", { name = "door", data = "" },
      { name = "window", data = "" },
    },
    ["may have data that is null"] = {
      "event: door\ndata: " .. ENVELOPE:gsub('"on"', "null") .. "\n\n",
      envelope { name = "door" },
    },
    ["may have data that is no JSON"] = {
      'event: door\ndata: on\n\nevent: door\ndata: {"a":\n\nevent: door\ndata: {"coreid":"x"}}\n\n',
      { name = "door", data = "on" }, { name = "door", data = '{"a":' },
      { name = "door", data = '{"coreid":"x"}}' },
    },
    ["may have JSON that is not the envelope"] = {
      'event: a\ndata: {"data":"on"}\n\nevent: b\ndata: [1,2]\n\nevent: c\ndata: "x"\n\nevent: d\ndata: 7\n\n'
        .. 'event: e\ndata: {"coreid":7}\n\nevent: f\ndata: null\n\n',
      { name = "a", data = '{"data":"on"}' }, { name = "b", data = "[1,2]" }, { name = "c", data = '"x"' },
      { name = "d", data = "7" }, { name = "e", data = '{"coreid":7}' }, { name = "f", data = "null" },
    },
    ["have whatever else the cloud sent"] = {
      'event: a\ndata: {"data":"on","ttl":"60","coreid":"x","userid":"u","version":3,"public":false,'
        .. '"productID":42,"more":{"list":[1,2.5]}}\n\n',
      { name = "a", data = "on", ttl = "60", coreid = "x", userid = "u", version = 3, public = false,
        productID = 42, more = { list = { 1, 2.5 } } },
    },
    ["have the publisher's bytes as data"] = {
      'event: a\ndata: {"data":" {\\"x\\": [1, 2.50, null]}\\n\\u00fc\\u0000\\/ ","coreid":"x"}\n\n'
        .. 'event: b\ndata: {"data":"data:application/octet-stream;base64,AP8Q","coreid":"x"}\n\n'
        .. 'event: c\ndata: {"data":"1e3","coreid":"x"}\n\n',
      { name = "a", data = ' {"x": [1, 2.50, null]}\nü\0/ ', coreid = "x" },
      { name = "b", data = "data:application/octet-stream;base64,AP8Q", coreid = "x" },
      { name = "c", data = "1e3", coreid = "x" },
    },
    ["may be of several lines"] = {
      'event: a\ndata: {"data":"x",\ndata: "coreid":"y"}\n\nevent: b\ndata: 1\ndata: 2\ndata:\n\n',
      { name = "a", data = "x", coreid = "y" }, { name = "b", data = "1\n2\n" },
    },
    ["may end with CR, LF or both, between comments"] = {
      ":ok\n\nevent: a\rdata: 1\r\rdata: 2\r\n\r\n\n\n\n: keep-alive\n\n:\nevent: b\ndata: 3\n\r:x\r\n\r\n",
      { name = "a", data = "1" }, { name = "", data = "2" }, { name = "b", data = "3" },
    },
    ["may be in any bytes"] = {
      "\xEF\xBB\xBFevent: gr\xC3\xBCn\ndata: \xF0\x9F\x92\xA1\n\nevent: \xff\ndata: \xfe\0\x01\n\n",
      { name = "grün", data = "💡" }, { name = "\xff", data = "\xfe\0\x01" },
    },
    ["have the id that the stream set last"] = {
      "id: 7\nevent: a\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\nid: 8\n\ndata: 4\n\n",
      { name = "a", data = "1", id = "7" }, { name = "", data = "2", id = "7" }, { name = "", data = "3" },
      { name = "", data = "4", id = "8" },
    },
    ["are not made of other fields"] = {
      "retry: 10\n\nfoo: bar\n\n\nevents: x\n\ndata : y\n\n",
    },
  }

  for what, case in pairs(cases) do
    it(what .. "; the same in a packet with the head and byte by byte", function()
      local expected = table.move(case, 2, #case, 1, {})
      for _, piece in ipairs { 1 << 20, 1, 7 } do
        local stream = at.subscribe(case[1] .. "event: end\n\n", piece)
        assert.are.same(expected, read(stream))
        stream:close()
      end
    end)
  end

  it("are lost or doubled at no cut", function()
    local bytes = ':ok\n\nevent: a\r\ndata: {"data":"ü","coreid":"x"}\r\n\r\n'
      .. "data: 2\n\nevent: b\r\revent: end\n\n"
    local head = streaming.HEAD
    local scripts = {}
    for cut = 1, #bytes - 1 do
      scripts[cut] = function(c)
        c:request()
        c:send(head .. bytes:sub(1, cut))
        c.pause()
        c:send(bytes:sub(cut + 1))
        c:hang()
      end
    end
    local api = at.server(table.unpack(scripts))
    local expected = { { name = "a", data = "ü", coreid = "x" }, { name = "", data = "2" }, { name = "b" } }
    for _ = 1, #scripts do
      local stream <close> = assert(api:subscribe())
      assert.are.same(expected, read(stream))
    end
  end)

  it("may come ten thousand at once", function()
    local n = support.sanitized and 2000 or 10000
    local list = {}
    for i = 1, n do list[i] = streaming.event("n", tostring(i)) end
    local stream = at.subscribe(table.concat(list))
    for i = 1, n do
      local event = assert(stream:next(LONG))
      if event.data ~= tostring(i) then error(("event %d is %s"):format(i, event.data)) end
    end
    local event, err = stream:next(0)
    assert.is_nil(event)
    assert.are.equal("timeout", err.kind)
  end)

  it("are read from a stream that comes compressed although nobody asked for that", function()
    local zipped = ("1f8b0800000000000203b3cacfe6e24a2d4bcd2bb152c8e34a492c49b452a8e0e20200513c1c3717000000")
      :gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
    local api = at.server(function(c)
      c:request()
      c:send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n" .. zipped)
      c:hang()
    end)
    assert.are.same({ name = "n", data = "x" }, api:subscribe():next(LONG))
  end)

  it("do not end with the reply's head", function()
    local stream = at.subscribe("")
    assert.is_nil((stream:next(0)))
    assert.are.equal("open", stream.state)
  end)
end)

describe("an event that is too long", function()
  local at = with_server()
  local MOST = 1024 * 1024

  it("ends the stream for good, after the events before it", function()
    for _, long in ipairs {
      "data: " .. ("x"):rep(MOST + 1) .. "\n\n",
      ": " .. ("x"):rep(MOST + 1),
      ("data: " .. ("x"):rep(MOST // 2) .. "\n"):rep(3) .. "\n",
    } do
      local states, on_state = streaming.states()
      local bytes = streaming.event("a", "1") .. streaming.event("a", "2") .. long
      local stream = at.subscribe(bytes, nil, { retry = streaming.AT_ONCE, on_state = on_state })
      assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
      for _ = 1, 2 do
        local event, err = stream:next(LONG)
        assert.is_nil(event)
        assert.are.equal("too_large", err.kind)
        assert.matches("longer than max_event (1 MiB)", err.message, 1, true)
        assert.is_false(err.retryable)
      end
      assert.are.equal("connecting open closed", states:names())
      assert.are.equal("closed", stream.state)
    end
  end)

  it("is one byte longer than what is allowed", function()
    local data = ("x"):rep(MOST - #"data: ")
    local stream = at.subscribe("data: " .. data .. "\n\n")
    assert.is_true(data == assert(stream:next(LONG)).data)
  end)
end)

describe("next", function()
  local at = with_simulator()

  it("waits for the next event", function()
    local stream <close> = at.subscribe()
    scheduler.spawn(function()
      scheduler.sleep(0.01)
      at.publish("a")
    end)
    assert.are.equal("a", stream:next().name)
  end)

  it("gives up after a time", function()
    local stream <close> = at.subscribe("door")
    local start = core.now()
    local event, err = stream:next(0.05)
    assert.is_nil(event)
    assert.is_true(core.now() - start >= 0.05)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("no event within 0.05 s", err.message)
    assert.are.equal(at.sim.url .. "/v1/devices/events/door", err.url)
    assert.is_true(err.retryable)
    at.publish("door")
    assert.are.equal("door", stream:next(LONG).name)
  end)

  it("with 0 gives what has come already", function()
    local stream <close> = at.subscribe()
    assert.are.equal("timeout", select(2, stream:next(0)).kind)
    at.publish("a", "b")
    streaming.wait(function() return #at.sim:deliveries() == 2 end)
    local first
    streaming.wait(function()
      first = stream:next(0)
      return first
    end)
    assert.are.equal("a", first.name)
    assert.are.equal("b", stream:next(0).name)
  end)

  it("with 0 gives what has come already in a task too", function()
    local stream <close> = at.subscribe()
    local task = scheduler.spawn(function()
      assert.are.equal("timeout", select(2, stream:next(0)).kind)
      at.publish("a")
      local event
      repeat event = stream:next(0) until event
      return event.name
    end)
    assert.are.equal("a", task:wait())
  end)

  it("refuses times that are none, even when an event is there", function()
    local stream <close> = at.subscribe()
    at.publish("a")
    streaming.wait(function() return particle.select({ stream }, LONG) end)
    for _, time in ipairs { -1, 0 / 0, "1", {}, true } do
      assert.has_error(function() stream:next(time) end)
    end
    assert.are.equal("a", stream:next(0).name)
  end)

  it("gives nil and kind closed after close, however often", function()
    local stream = at.subscribe()
    at.publish("a")
    particle.select({ stream }, LONG)
    stream:close()
    for _, time in ipairs { 0, 0.01, LONG } do
      local event, err = stream:next(time)
      assert.is_nil(event)
      assert.are.equal("closed", err.kind)
      assert.are.equal("the stream is closed", err.message)
      assert.is_false(err.retryable)
    end
    assert.are.equal("closed", select(2, stream:next()).kind)
    assert.are.equal("closed", stream.state)
    assert.matches(" (closed)", tostring(stream), 1, true)
  end)

  it("ends when the stream is closed meanwhile", function()
    local stream = at.subscribe()
    scheduler.spawn(function()
      scheduler.sleep(0.01)
      stream:close()
    end)
    assert.are.equal("closed", select(2, stream:next()).kind)
  end)

  it("ends when the api is closed, after the events that had come", function()
    local stream = at.subscribe()
    at.publish("a", "b")
    particle.select({ stream }, LONG)
    at.api:close()
    assert.are.same({ "a", "b" }, streaming.collect(stream, 2))
    local event, err = stream:next()
    assert.is_nil(event)
    assert.are.equal("closed", err.kind)
    assert.are.equal("the api was closed", err.message)
  end)

  it("drops what was not read once the stream is closed, also after its end", function()
    local stream = at.subscribe()
    at.publish("a", "b")
    particle.select({ stream }, LONG)
    at.api:close()
    stream:close()
    local event, err = stream:next(0)
    assert.is_nil(event)
    assert.are.equal("closed", err.kind)
  end)

  it("has one reader at a time", function()
    local stream <close> = at.subscribe()
    local task = scheduler.spawn(stream.next, stream)
    streaming.wait(function() return coroutine.status(task.co) == "suspended" end)
    scheduler.sleep(0.005)
    local fine, problem = pcall(stream.next, stream, 0)
    assert.is_false(fine)
    assert.matches("another task is already waiting for this stream's next event", problem, 1, true)
    assert.has_error(function() particle.select({ stream }, 0) end)
    at.publish("a", "b")
    assert.are.equal("a", task:wait().name)
    assert.are.equal("b", stream:next(LONG).name)
  end)

  it("may be given up by cancelling its task, and the stream goes on", function()
    local stream <close> = at.subscribe()
    for i = 1, 3 do
      local task = scheduler.spawn(stream.next, stream)
      scheduler.sleep(0.005)
      task:cancel()
      at.publish("event" .. i)
      assert.are.equal("event" .. i, stream:next(LONG).name)
    end
  end)

  it("says what is wrong with its receiver", function()
    for _, receiver in ipairs { "x", {}, 1 } do
      local fine, problem = pcall(core.stream_methods.next, receiver)
      assert.is_false(fine)
      assert.matches("stream:next(...)", problem, 1, true)
    end
    assert.has_error(function() core.stream_methods.next(at.api) end)
    assert.has_error(function() core.stream_methods.next() end)
  end)
end)

describe("a stream", function()
  local at = with_simulator()

  it("is a stream", function()
    local stream <close> = at.subscribe()
    assert.are.equal("stream", particle.type(stream))
    assert.are.equal("open", stream.state)
  end)

  it("says what it does not have", function()
    local stream <close> = at.subscribe()
    local fine, problem = pcall(function() return stream.nxt end)
    assert.is_false(fine)
    assert.matches("a stream has no nxt", problem, 1, true)
    assert.matches("next", problem, 1, true)
    assert.has_error(function() stream.state = "open" end)
  end)

  it("may be closed twice, and is closed with its variable", function()
    local stream
    do
      local bound <close> = at.subscribe()
      stream = bound
    end
    assert.are.equal("closed", stream.state)
    stream:close()
    stream:close()
    assert.has_error(function() stream.close("x") end)
    streaming.wait(function() return #at.sim:streams() == 0 end)
  end)

  it("lets calls go on beside it", function()
    local stream <close> = at.subscribe()
    for i = 1, 5 do
      at.publish("event" .. i)
      assert.are.equal(21.5, at.api:device("lamp"):read("temperature"))
      assert.is_true(at.api:publish("api" .. i))
      assert.are.equal("event" .. i, stream:next(LONG).name)
      assert.are.equal("api" .. i, stream:next(LONG).name)
    end
  end)

  it("does not count among max_connections", function()
    local api <close> = at.sim:client { max_connections = 1, log = false }
    local streams = {}
    for i = 1, 5 do streams[i] = assert(api:subscribe("e" .. i)) end
    assert.are.equal(21.5, api:device("lamp"):read("temperature"))
    assert.are.equal(5, #at.sim:streams())
    at.publish("e3", "e5", "e1")
    for _, i in ipairs { 1, 3, 5 } do assert.are.equal("e" .. i, streams[i]:next(LONG).name) end
  end)

  it("hears what is published right after subscribe returned", function()
    for i = 1, 20 do
      local stream <close> = at.subscribe()
      at.publish("event" .. i)
      assert.are.equal("event" .. i, stream:next(LONG).name)
    end
  end)
end)

describe("each", function()
  local at = with_simulator()

  it("gives event after event until the stream is closed", function()
    local stream = at.subscribe()
    at.publish("a", "b", "c", "d")
    local names = {}
    for event in stream:each() do
      names[#names + 1] = event.name
      if event.name == "c" then stream:close() end
    end
    assert.are.same({ "a", "b", "c" }, names)
  end)

  it("closes the stream when it is left", function()
    local ways = {
      function(stream) for event in stream:each() do if event then break end end end,
      function(stream) for event in stream:each() do if event then return end end end,
      function(stream) for event in stream:each() do error(event) end end,
    }
    for _, way in ipairs(ways) do
      local stream = at.subscribe()
      at.publish("a")
      pcall(way, stream)
      assert.are.equal("closed", stream.state)
    end
    streaming.wait(function() return #at.sim:streams() == 0 end)
  end)

  it("raises the error of an end for good", function()
    local stream = at.subscribe({ retry = false })
    at.publish("a")
    local names = {}
    local fine, err = pcall(function()
      for event in stream:each() do
        names[#names + 1] = event.name
        at.sim:cut()
      end
    end)
    assert.is_false(fine)
    assert.are.same({ "a" }, names)
    assert.are.equal("error", particle.type(err))
    assert.are.equal("network", err.kind)
    assert.are.equal("closed", stream.state)
  end)

  it("raises an error of kind closed that is another's", function()
    local stream = assert(at.api:subscribe { retry = streaming.AT_ONCE })
    at.api:use(function()
      return nil, core.error { kind = "closed", message = "the api that gives tokens was closed" }
    end)
    at.sim:cut()
    local fine, err = pcall(function()
      for _ in stream:each() do end -- luacheck: ignore 542
    end)
    assert.is_false(fine)
    assert.matches("the api that gives tokens was closed", tostring(err), 1, true)
  end)

  it("ends quietly when another task closes the stream", function()
    local stream = at.subscribe()
    local task = scheduler.spawn(function()
      for _ in stream:each() do error("no event was published") end
      return "ended"
    end)
    scheduler.sleep(0.005)
    stream:close()
    assert.are.equal("ended", task:wait())
  end)

  it("ends at once on a closed stream", function()
    local stream = at.subscribe()
    stream:close()
    for _ in stream:each() do error("there is none") end
  end)

  it("closes the stream when its task is cancelled", function()
    local stream = at.subscribe()
    local task = scheduler.spawn(function() for _ in stream:each() do end end) -- luacheck: ignore
    scheduler.sleep(0.005)
    task:cancel()
    assert.are.equal("closed", stream.state)
  end)
end)

describe("select", function()
  local at = with_simulator()

  it("waits for the first of several streams", function()
    local a <close> = at.subscribe("a")
    local c <close> = at.subscribe("c")
    local list = { a, c }
    scheduler.spawn(function()
      scheduler.sleep(0.005)
      at.publish("c")
    end)
    assert.are.equal(c, particle.select(list))
    assert.are.equal("c", c:next(0).name)
    at.publish("a")
    assert.are.equal(a, particle.select(list, LONG))
    assert.are.equal("a", a:next(0).name)
  end)

  it("does not take the event", function()
    local a <close> = at.subscribe("a")
    at.publish("a")
    for _ = 1, 3 do assert.are.equal(a, particle.select({ a }, LONG)) end
    assert.are.equal("a", a:next(0).name)
  end)

  it("gives up after a time", function()
    local a <close> = at.subscribe("a")
    for _, time in ipairs { 0, 0.02 } do
      local start = core.now()
      local stream, err = particle.select({ a }, time)
      assert.is_nil(stream)
      assert.is_true(core.now() - start >= time)
      assert.are.equal("timeout", err.kind)
    end
  end)

  it("hides no stream behind a busy one", function()
    local n = 4
    local streams, found = {}, {}
    for i = 1, n do
      streams[i] = at.subscribe("e")
      found[streams[i]] = 0
    end
    for i = 1, 10 do at.publish("e" .. i) end
    for i = 1, n do streaming.wait(function() return particle.select({ streams[i] }, LONG) end) end
    for _ = 1, 5 * n do
      local one = particle.select(streams, LONG)
      found[one] = found[one] + 1
    end
    for i = 1, n do assert.are.equal(5, found[streams[i]], "of stream " .. i) end
    for i = 1, n do streams[i]:close() end
  end)

  it("finds streams that have ended", function()
    local a = at.subscribe("a")
    local b <close> = at.subscribe("b")
    local task = scheduler.spawn(particle.select, { a, b })
    scheduler.sleep(0.005)
    a:close()
    assert.are.equal(a, task:wait())
    assert.are.equal(a, particle.select({ b, a }, LONG))
    assert.are.equal("closed", select(2, a:next(0)).kind)
  end)

  it("hears the others where one that has ended stays in the list", function()
    local ended, other = at.api:subscribe(), at.api:subscribe()
    ended:close()
    local function first_event()
      local deadline = core.now() + LONG
      repeat
        local event = particle.select({ ended, other }):next(0)
        if event then return event.name end
      until core.now() > deadline
      return "nothing"
    end
    at.publish "plain"
    assert.are.equal("plain", first_event())
    local task = scheduler.spawn(first_event)
    at.publish "in a task"
    assert.are.equal("in a task", task:wait())
  end)

  it("works in tasks, beside others", function()
    local a <close> = at.subscribe("a")
    local b <close> = at.subscribe("b")
    local task = scheduler.spawn(function()
      local names = {}
      for i = 1, 4 do names[i] = particle.select({ a, b }, LONG):next(0).name end
      table.sort(names)
      return table.concat(names, " ")
    end)
    scheduler.spawn(function()
      for i = 1, 2 do
        scheduler.sleep(0.002)
        at.publish("a" .. i, "b" .. i)
      end
    end)
    assert.are.equal("a1 a2 b1 b2", task:wait())
  end)

  it("leaves the streams to others when its task is cancelled", function()
    local a <close> = at.subscribe("a")
    local task = scheduler.spawn(particle.select, { a })
    scheduler.sleep(0.005)
    task:cancel()
    at.publish("a")
    assert.are.equal("a", a:next(LONG).name)
  end)

  it("refuses what is no list of streams", function()
    local a <close> = at.subscribe("a")
    for _, list in ipairs { {}, a, "x", { a, "x" }, { at.api } } do
      assert.has_error(function() particle.select(list, 0) end)
    end
    assert.has_error(function() particle.select() end)
    assert.has_error(function() particle.select({ a }, -1) end)
  end)
end)

describe("streams", function()
  local at = with_simulator()

  it("are read side by side by tasks", function()
    local tasks = {}
    for i = 1, 10 do
      tasks[i] = scheduler.spawn(function()
        local stream <close> = at.subscribe(("e%d/"):format(i))
        local names = {}
        for k = 1, 3 do names[k] = assert(stream:next(LONG)).name end
        return table.concat(names, " ")
      end)
    end
    streaming.wait(function() return #at.sim:streams() == 10 end)
    for k = 1, 3 do
      for i = 10, 1, -1 do at.publish(("e%d/%d"):format(i, k)) end
    end
    for i = 1, 10 do assert.are.equal(("e%d/1 e%d/2 e%d/3"):format(i, i, i), tasks[i]:wait()) end
  end)

  it("are read in a user's own generator, in a plain program and in a task", function()
    local function generator(stream)
      return coroutine.wrap(function()
        while true do coroutine.yield(assert(stream:next(LONG)).name) end
      end)
    end
    local function check()
      local stream <close> = at.subscribe()
      local names = generator(stream)
      at.publish("a", "b")
      assert.are.equal("a", names())
      assert.are.equal("b", names())
      scheduler.spawn(at.publish, "c")
      assert.are.equal("c", names())
      return true
    end
    assert.is_true(check())
    assert.is_true(scheduler.spawn(check):wait())
  end)

  it("are read in a plain coroutine that nobody knows of", function()
    local stream <close> = at.subscribe()
    local co = coroutine.create(function() return stream:next(LONG).name end)
    at.publish("a")
    assert.are.same({ true, "a" }, { coroutine.resume(co) })
  end)

  it("of a collected coroutine go on", function()
    local stream <close> = at.subscribe()
    do
      local co = coroutine.wrap(function()
        coroutine.yield(stream:next(LONG))
        error("never resumed")
      end)
      at.publish("a")
      assert.are.equal("a", co().name)
    end
    collectgarbage()
    at.publish("b")
    assert.are.equal("b", stream:next(LONG).name)
  end)

  it("cannot be waited for where a task cannot be suspended", function()
    local stream <close> = at.subscribe()
    local task = scheduler.spawn(function()
      table.sort({ 3, 1, 2 }, function(a, b)
        stream:next()
        return a < b
      end)
    end)
    local fine, problem = pcall(task.wait, task)
    assert.is_false(fine)
    assert.matches("cannot wait here", problem, 1, true)
    at.publish("a")
    assert.are.equal("a", stream:next(LONG).name)
  end)
end)

describe("a reader that sleeps", function()
  local at = with_server()

  -- A script that sends numbered events until the connection takes no more; `sent` tells how many bytes went.
  local function flooding(n, sent)
    local padding = ("x"):rep(1000)
    return function(c)
      c:request()
      c:send(streaming.HEAD)
      for i = 1, n do
        local bytes = ("event: n\ndata: %d %s\n\n"):format(i, padding)
        if not c:send(bytes) then return end
        sent.bytes = sent.bytes + #bytes
      end
      c:hang()
    end
  end

  local function resident()
    local pages = support.read("/proc/self/statm"):match("^%d+ (%d+)")
    return tonumber(pages) * 4096
  end

  -- Waits until the server has sent nothing for a while.
  local function settle(sent)
    local before
    repeat
      before = sent.bytes
      scheduler.sleep(0.1)
    until sent.bytes == before
  end

  it("makes the server wait, loses nothing, and costs no memory", function()
    local n = 20000
    local sent = { bytes = 0 }
    local api = at.server(flooding(n, sent))
    local stream = assert(api:subscribe { retry = false })
    local memory = resident()
    settle(sent)
    local first = sent.bytes
    assert.is_true(first < n * 1000, "the server could send everything")
    if not support.sanitized then assert.is_true(resident() - memory < 4e6) end
    scheduler.sleep(0.05)
    assert.are.equal(first, sent.bytes)
    for i = 1, n do
      local event = assert(stream:next(LONG))
      local number = event.data:match("^%d+")
      if number ~= tostring(i) then error(("event %d is %s"):format(i, number)) end
      if i == n // 2 then settle(sent) end
    end
    assert.is_true(sent.bytes > n * 1000)
    assert.are.equal("open", stream.state)
    assert.is_nil((stream:next(0)))
  end)

  it("may sleep longer than idle", function()
    local sent = { bytes = 0 }
    local states, on_state = streaming.states()
    local api = at.server(flooding(20000, sent))
    local stream = assert(api:subscribe { idle = 0.2, on_state = on_state, retry = false })
    settle(sent)
    scheduler.sleep(0.5)
    assert.are.equal("connecting open", states:names())
    assert.are.equal("open", stream.state)
    for i = 1, 1000 do assert.are.equal(tostring(i), assert(stream:next(LONG)).data:match("^%d+")) end
    assert.are.equal("connecting open", states:names())
  end)

  it("may close the stream", function()
    local sent = { bytes = 0 }
    local api, server = at.server(flooding(20000, sent))
    local stream = assert(api:subscribe { retry = false })
    settle(sent)
    stream:close()
    streaming.wait(function() return server:count() == 0 end)
    assert.are.equal("closed", select(2, stream:next(0)).kind)
  end)
end)
