-- The queue between a stream's socket and its reader, through the core's connection.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local HEAD = streaming.HEAD

local function request(more)
  local all = { method = "GET", path = "/v1/devices/events", events = true, idempotent = true }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- An opened connection to a server that runs the script.
local function open(server, more)
  local api = server:api()
  local transfer = core.submit(api, request(more))
  raw.wait(function() return transfer:done() end)
  local opened, response = transfer:take()
  assert.are.equal(transfer, opened, tostring(response))
  return opened, response, api
end

local function sending(...)
  local pieces = { ... }
  return function(c)
    c:request()
    c:send(HEAD)
    for _, piece in ipairs(pieces) do
      c:send(piece)
      c.pause()
    end
    c:hang()
  end
end

local function pop(opened)
  raw.wait(function() return opened:ready() or opened:ended() end)
  return opened:pop()
end

describe("a connection", function()
  it("is taken when its head came, with the response", function()
    local server <close> = raw.new(sending())
    local opened, response = open(server)
    assert.are.equal(200, response.status)
    assert.are.equal("text/event-stream", response.headers["content-type"])
    assert.is_true(opened:done())
    assert.is_false(opened:ready())
    assert.is_false(opened:ended())
    assert.is_nil(opened:pop())
    assert.is_nil(opened:retry())
    assert.is_nil(opened:last_id())
    assert.is_true(opened:heard() <= core.now())
    assert.has_error(function() opened:loss() end, "loss: the connection has not ended, or was discarded")
    opened:discard()
  end)

  it("gives one event after another", function()
    local server <close> = raw.new(sending("data: 1\n\ndata: 2\n\nda", "ta: 3\n", "\n"))
    local opened = open(server)
    for i = 1, 3 do assert.are.equal(tostring(i), pop(opened).data) end
    assert.is_false(opened:ready())
    assert.is_nil(opened:pop())
    opened:discard()
  end)

  it("keeps its events when it has ended, and says why it ended", function()
    local server <close> = raw.new(function(c)
      c:request()
      c:send(HEAD .. "data: 1\n\ndata: 2\n\ndata: 3")
    end)
    local opened = open(server)
    raw.wait(function() return opened:ended() end)
    assert.are.same({ "network", "the server ended the stream" }, { opened:loss() })
    assert.are.equal("1", opened:pop().data)
    assert.are.equal("2", opened:pop().data)
    assert.is_nil(opened:pop())
    assert.is_true(opened:ended())
    opened:discard()
  end)

  it("keeps its events when its api was closed or collected", function()
    for _, close in ipairs { core.close, function() collectgarbage() end } do
      local server <close> = raw.new(sending(("data: x\n\n"):rep(100)))
      local opened, _, api = open(server)
      raw.wait(function() return opened:ready() end)
      close(api)
      if close == core.close then
        assert.is_true(opened:ended())
        assert.are.equal("closed", (opened:loss()))
      end
      for _ = 1, 3 do assert.are.equal("x", opened:pop().data) end
      opened:discard()
    end
  end)

  it("has nothing once it is discarded", function()
    local server <close> = raw.new(sending("id: 1\nretry: 5\ndata: 1\n\n"))
    local opened = open(server)
    raw.wait(function() return opened:ready() end)
    for _ = 1, 2 do
      opened:discard()
      assert.is_nil(opened:pop())
      assert.is_false(opened:ready())
      assert.is_true(opened:ended())
      assert.is_nil(opened:last_id())
      assert.is_nil(opened:retry())
      assert.is_nil(opened:id())
      assert.is_number(opened:heard())
      assert.has_error(function() opened:loss() end)
      assert.has_error(function() opened:take() end)
    end
    raw.wait(function() return server:count() == 0 end)
  end)

  it("may be cancelled, with its events kept", function()
    local server <close> = raw.new(sending("data: 1\n\ndata: 2\n\n"))
    local opened = open(server)
    raw.wait(function() return opened:ready() end)
    opened:cancel()
    assert.is_true(opened:ended())
    assert.are.equal("cancelled", (opened:loss()))
    assert.are.equal("1", opened:pop().data)
    opened:discard()
  end)

  it("tells the last id and the time to wait", function()
    local server <close> = raw.new(sending("id: a\nretry: 1500\ndata: 1\n\n", "id: b\nretry: x\n\n",
      "id:\ndata: 2\n\n"))
    local opened = open(server)
    assert.are.equal("a", pop(opened).id)
    assert.are.equal(1.5, opened:retry())
    assert.is_nil(pop(opened).id)
    assert.is_nil(opened:last_id())
    assert.are.equal(1.5, opened:retry())
    opened:discard()
  end)

  it("is an event stream of its own HTTP/1.1 connection, which no call uses", function()
    local server <close> = raw.new(streaming.ending("data: 1\n\n"), raw.json("1"))
    local opened, _, api = open(server)
    raw.wait(function() return opened:ended() end)
    opened:discard()
    assert.are.equal(1, (raw.call(api, { method = "GET", path = "/v1/x", idempotent = true })))
    assert.are.equal(2, server.accepted)
  end)

  it("refuses what does not fit", function()
    local server <close> = raw.new(sending())
    for _, idle in ipairs { 0, -1, "x", 0 / 0 } do
      assert.has_error(function() core.submit(server:api(), request { idle = idle }) end)
    end
    local transfer = core.submit(server:api(), { method = "GET", path = "/v1/x" })
    assert.is_nil(transfer:pop())
    assert.is_false(transfer:ready())
    transfer:discard()
  end)
end)

describe("a full queue", function()
  local PADDING = ("x"):rep(200)

  -- A script that sends numbered events as long as the socket takes them.
  local function flooding(sent)
    return function(c)
      c:request()
      c:send(HEAD)
      for i = 1, 100000 do
        local bytes = ("data: %d %s\n\n"):format(i, PADDING)
        if not c:send(bytes) then return end
        sent.bytes, sent.events = sent.bytes + #bytes, i
      end
      c:hang()
    end
  end

  local function settle(sent)
    local before, since = -1, core.now()
    raw.wait(function()
      if sent.bytes ~= before then before, since = sent.bytes, core.now() end
      return core.now() - since > 0.1
    end)
  end

  it("stops the reading, and goes on when there is room", function()
    local sent = { bytes = 0, events = 0 }
    local server <close> = raw.new(flooding(sent))
    local opened = open(server)
    settle(sent)
    local first = sent.events
    assert.is_true(first < 100000)
    for i = 1, first + 1000 do
      local event = pop(opened)
      if event.data:match("^%d+") ~= tostring(i) then error(("%d is %s"):format(i, event.data)) end
    end
    assert.is_true(sent.events > first)
    opened:discard()
    raw.wait(function() return server:count() == 0 end)
  end)

  it("says until when everything came", function()
    local sent = { bytes = 0, events = 0 }
    local server <close> = raw.new(flooding(sent))
    local opened = open(server)
    settle(sent)
    local full = core.now()
    assert.is_true(opened:heard() < full)
    for _ = 1, 5000 do assert(pop(opened)) end
    assert.is_true(opened:heard() < full)
    opened:discard()
  end)

  it("may be discarded or cancelled", function()
    for _, verb in ipairs { "discard", "cancel" } do
      local sent = { bytes = 0, events = 0 }
      local server <close> = raw.new(flooding(sent))
      local opened = open(server)
      settle(sent)
      opened[verb](opened)
      raw.wait(function() return server:count() == 0 end)
      if verb == "cancel" then assert.matches("^1 ", opened:pop().data) end
      opened:discard()
    end
  end)

  it("is no bound for one event, however it is cut", function()
    local data = ("x"):rep(support.sanitized and 300000 or 1000000)
    local server <close> = raw.new(sending("data: 1\n\ndata: ", data:sub(1, 70000), data:sub(70001), "\n\n",
      "data: 3\n\n"))
    local opened = open(server)
    raw.wait(function() return opened:ready() end)
    assert.are.equal("1", pop(opened).data)
    assert.is_true(data == pop(opened).data)
    assert.are.equal("3", pop(opened).data)
    opened:discard()
  end)
end)

describe("a connection's bytes", function()
  it("give the same events in pieces of any size", function()
    local list = {}
    for i = 1, 300 do
      list[i] = ("id: %d\r\nevent: e%d\r\ndata: %s\r\ndata: end %d\r\n\r\n:x\r"):format(
        i, i, ("y"):rep(i % 17), i)
    end
    local bytes = table.concat(list)
    for _, piece in ipairs { 13, 100, 1021, 4096, 1 << 20 } do
      local server <close> = raw.new(function(c)
        c:request()
        c:send(HEAD)
        c:send(bytes, piece)
        c:hang()
      end)
      local opened = open(server)
      for i = 1, 300 do
        local event = pop(opened)
        local expected = { name = "e" .. i, id = tostring(i), data = ("y"):rep(i % 17) .. "\nend " .. i }
        for name, value in pairs(expected) do
          if event[name] ~= value then error(("event %d, pieces of %d: %s"):format(i, piece, event[name])) end
        end
      end
      opened:discard()
    end
  end)
end)
