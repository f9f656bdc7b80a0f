local core = require("particle.core")
local particle = require("particle")
local support = require("spec.support")

local vectors = require("spec.support.sse_vectors")

-- Feeds the pieces, taking what is there after each.
local function events_of(parser, pieces)
  local events = {}
  for _, piece in ipairs(pieces) do
    assert(parser:feed(piece))
    for event in parser.next, parser do events[#events + 1] = event end
  end
  return events
end

local function parse(...)
  local parser <close> = particle.sse.parser()
  return events_of(parser, { ... })
end

local function expected_events(short)
  local events = {}
  for i, event in ipairs(short) do
    if type(event) == "string" then event = { data = event } end
    events[i] = { event = event.event or "message", data = event.data, id = event.id, retry = event.retry }
  end
  return events
end

-- Cheaper than are.same, which is asked only when they differ.
local function check(expected, events, how)
  local same = #expected == #events
  for i = 1, same and #expected or 0 do
    for _, field in ipairs { "event", "data", "id", "retry" } do
      same = same and expected[i][field] == events[i][field]
    end
  end
  if not same then assert.are.same(expected, events, how) end
end

local function bytes_of(text)
  local bytes = {}
  for i = 1, #text do bytes[i] = text:sub(i, i) end
  return bytes
end

-- Runs the pieces, and once more with all of them fed before the first event is taken.
local function check_pieces(expected, how, ...)
  check(expected, parse(...), how)
  local parser <close> = particle.sse.parser()
  for _, piece in ipairs { ... } do parser:feed(piece) end
  check(expected, events_of(parser, { "" }), how)
end

for _, suite in ipairs(vectors) do
  describe("event streams of " .. suite.from, function()
    for _, row in ipairs(suite) do
      it("whole, byte by byte, and cut at every offset: " .. row[1], function()
        local text, expected = row[2], expected_events(row[3])
        check_pieces(expected, "whole", text)
        check_pieces(expected, "byte by byte", table.unpack(bytes_of(text)))
        for at = 0, #text do check_pieces(expected, "cut at " .. at, text:sub(1, at), text:sub(at + 1)) end
      end)
    end
  end)
end

describe("an event stream", function()
  it("gives the same events cut twice, at all offsets", function()
    local text = "\u{FEFF}id:1\r\n\r\ndata\r\rdata:é\r\n:\rretry:5\nevent:e\n\n"
    local expected = expected_events {
      { data = "", id = "1" }, { data = "é", event = "e", id = "1", retry = 5 },
    }
    for first = 0, #text do
      for second = first, #text do
        check(expected, parse(text:sub(1, first), text:sub(first + 1, second), text:sub(second + 1)))
      end
    end
  end)

  it("gives each event when its empty line has come, not later", function()
    for _, ending in ipairs { "\n", "\r", "\r\n" } do
      local parser <close> = particle.sse.parser()
      parser:feed("data: a" .. ending)
      assert.is_nil(parser:next())
      parser:feed(ending:sub(1, 1))
      assert.are.equal("a", parser:next().data)
      parser:feed(ending:sub(2))
      assert.is_nil(parser:next())
    end
  end)

  it("may be of any size", function()
    for _, size in ipairs { 1, 255, 256, 257, 1023, 1024, 4096, 8195, 65536, 262144, 1048576, 5000000 } do
      local data = ("x"):rep(size)
      local events = parse("data: " .. data .. "\n\n: END\n\nevent: done\ndata: 1\n\n")
      assert.is_true(events[1].data == data)
      check(expected_events { { event = "done", data = "1" } }, { events[2] })
    end
  end)

  it("may be cut into any pieces", function()
    local text = {}
    for i = 1, 2000 do text[i] = ("id: %d\nevent: e%d\ndata: %s\n\n"):format(i, i % 7, ("x"):rep(i % 300)) end
    text = table.concat(text)
    local whole = parse(text)
    assert.are.equal(2000, #whole)
    for _, size in ipairs { 2, 3, 7, 255, 256, 257, 1000, 16384 } do
      local pieces = {}
      for at = 1, #text, size do pieces[#pieces + 1] = text:sub(at, at + size - 1) end
      check(whole, parse(table.unpack(pieces)))
    end
  end)

  it("takes time in proportion to its length, however its lines end", function()
    for _, ending in ipairs { "\n", "\r", "\r\n" } do
      local count = 20000
      local parser <close> = particle.sse.parser()
      parser:feed(("data" .. ending .. ending):rep(count))
      local found = 0
      for _ in parser.next, parser do found = found + 1 end
      assert.are.equal(count, found)
      parser:feed(ending:rep(2000000))
      assert.is_nil(parser:next())
    end
  end)
end)

describe("a parser's limit", function()
  local function outcome(limit, ...)
    local parser <close> = particle.sse.parser(limit)
    local events = {}
    for _, piece in ipairs { ... } do
      local fed, err = parser:feed(piece)
      if not fed then return err.kind, events end
      repeat
        local event
        event, err = parser:next()
        events[#events + 1] = event and event.data
      until not event
      if err then return err.kind, events end
    end
    return nil, events
  end

  local function check_cuts(kind, events, limit, text)
    local function check_one(...)
      local found, data = outcome(limit, ...)
      assert.are.equal(kind, found)
      assert.are.same(events, data)
    end
    check_one(text)
    check_one(table.unpack(bytes_of(text)))
    for at = 1, #text do check_one(text:sub(1, at), text:sub(at + 1)) end
  end

  it("is that of a line, with or without an end", function()
    check_cuts(nil, { "123" }, 8, "data:123\n\n")
    check_cuts("too_large", {}, 7, "data:123\n\n")
    check_cuts(nil, {}, 8, "data:123")
    check_cuts("too_large", {}, 7, "data:123")
    check_cuts("too_large", {}, 7, ":2345678\n\n")
    check_cuts("too_large", {}, 7, "unknown:\r\n")
    check_cuts(nil, {}, 8, "\u{FEFF}unknown:\r\n")
  end)

  it("is that of an event's data", function()
    check_cuts(nil, { "12345\n789" }, 10, "data:12345\ndata:789\n\n")
    check_cuts(nil, { "12345\n7890" }, 10, "data:12345\ndata:7890\n\n")
    check_cuts("too_large", {}, 10, "data:12345\ndata:78901\n\n")
    check_cuts("too_large", {}, 10, ("data\n"):rep(12) .. "\n")
    check_cuts(nil, { ("\n"):rep(10) }, 10, ("data\n"):rep(11) .. "\n")
  end)

  it("does not take what came before it, nor count it", function()
    check_cuts("too_large", { "a", "b" }, 8, "data: a\n\ndata: b\n\ndata: long\n\ndata: c\n\n")
    check_cuts(nil, { "abcd", "abcd", "abcd" }, 9, ("data:abcd\n\n"):rep(3))
  end)

  it("is 16 MiB, or what it was given", function()
    local function kind(limit, size) return (outcome(limit, "data:" .. ("x"):rep(size) .. "\n\n")) end
    assert.is_nil(kind(nil, (1 << 24) - 5))
    assert.are.equal("too_large", kind(nil, (1 << 24) - 4))
    assert.are.equal("too_large", kind(1, 0))
    assert.is_nil(kind(1 << 30, 1))
  end)

  it("ends the stream for good, with an error object, until a restart", function()
    local parser <close> = particle.sse.parser(20)
    parser:feed("id: 7\ndata\n\n")
    assert.are.equal("7", parser:next().id)
    parser:feed((":"):rep(21))
    for _ = 1, 2 do
      local event, err = parser:next()
      assert.is_nil(event)
      assert.are.equal("error", particle.type(err))
      assert.are.equal("too_large: a line or an event of the stream is longer than 20 bytes", tostring(err))
      local fed, same = parser:feed("\n\ndata: x\n\n")
      assert.is_nil(fed)
      assert.are.equal("too_large", same.kind)
    end
    assert.are.equal(parser, parser:restart())
    check(expected_events { { data = "x", id = "7" } }, events_of(parser, { "data: x\n\n" }))
  end)
end)

describe("a parser", function()
  it("gives the id to reconnect with, also of events without data", function()
    local parser <close> = particle.sse.parser()
    assert.is_nil(parser:last_id())
    events_of(parser, { "id: 1\n" })
    assert.is_nil(parser:last_id())
    events_of(parser, { "\n" })
    assert.are.equal("1", parser:last_id())
    events_of(parser, { "id: 2\ndata\n" })
    assert.are.equal("1", parser:last_id())
    parser:restart()
    events_of(parser, { "\n" })
    assert.are.equal("1", parser:last_id())
    events_of(parser, { "id\n\n" })
    assert.is_nil(parser:last_id())
  end)

  it("forgets all else at a restart: the incomplete, what was not taken, where lines ended", function()
    local parser <close> = particle.sse.parser()
    for _, before in ipairs {
      "data: lost\n", "data: lost", "event: lost\n", "data: lost\n\ndata: lost\n\n", "data: lost\r",
      "\xEF\xBB",
    } do
      parser:feed(before)
      assert.are.equal(parser, parser:restart())
      check(expected_events { "a" }, events_of(parser, { "\u{FEFF}data: a\n\n" }))
    end
    parser:feed("data: lost\r")
    parser:next()
    parser:restart()
    check({}, events_of(parser, { "\ndata: a\n" }))
  end)

  it("takes pieces while events wait", function()
    local parser <close> = particle.sse.parser()
    for i = 1, 100 do parser:feed(("data: %d\n\n"):format(i)) end
    for i = 1, 50 do
      assert.are.equal(tostring(i), parser:next().data)
      parser:feed(("data: %d\n\n"):format(i + 100))
    end
    for i = 51, 150 do assert.are.equal(tostring(i), parser:next().data) end
    assert.is_nil(parser:next())
  end)

  it("is independent of others", function()
    local a <close> = particle.sse.parser()
    local b <close> = particle.sse.parser()
    a:feed("data: a")
    b:feed("data: b\n\n")
    assert.is_nil(a:next())
    assert.are.equal("b", b:next().data)
    a:feed("\n\n")
    assert.are.equal("a", a:next().data)
  end)

  it("returns itself when fed, and takes empty pieces", function()
    local parser <close> = particle.sse.parser()
    assert.are.equal(parser, parser:feed(""))
    assert.is_nil(parser:next())
    assert.are.equal(parser, parser:feed("data: a\n\n"))
  end)

  it("answers nil where there is nothing, so that print and tostring can show it", function()
    local parser <close> = particle.sse.parser()
    assert.are.same({ n = 1 }, table.pack(parser:next()))
    assert.are.same({ n = 1 }, table.pack(parser:last_id()))
  end)

  it("shows what it is, and whether it is closed", function()
    local parser = particle.sse.parser()
    assert.are.equal("particle.sse.parser", tostring(parser))
    parser:close()
    parser:close()
    assert.are.equal("particle.sse.parser (closed)", tostring(parser))
  end)

  it("raises one message when it is closed", function()
    local parser
    do
      local scoped <close> = particle.sse.parser()
      parser = scoped:feed("data: a\n\n")
    end
    for method, argument in pairs { feed = "x", next = false, restart = false, last_id = false } do
      local fine, message = pcall(parser[method], parser, argument or nil)
      assert.is_false(fine)
      assert.are.equal("the parser is closed", message)
    end
  end)

  it("raises on misuse", function()
    local parser <close> = particle.sse.parser()
    for _, value in ipairs { 1, true, {}, print } do
      assert.error_matches(function() parser:feed(value) end, "string expected, got " .. type(value))
    end
    assert.error_matches(function() parser:feed() end, "string expected, got no value")
    assert.error_matches(function() parser.feed("x") end, "particle.sse.parser expected, got string")
    assert.error_matches(function() parser.next() end, "particle.sse.parser expected, got no value")
    assert.error_matches(function() parser.next(io.stdout) end, "particle.sse.parser expected, got FILE")
    for _, limit in ipairs { 0, -1, (1 << 30) + 1, math.mininteger } do
      assert.error_matches(function() particle.sse.parser(limit) end,
        "a limit from 1 to 1073741824 bytes expected, got " .. limit, 1, true)
    end
    for _, limit in ipairs { "x", 1.5, {} } do
      assert.has_error(function() particle.sse.parser(limit) end)
    end
  end)

  it("frees what it holds when it is collected, in any state", function()
    for _, piece in ipairs { "", "data: a", "data: a\n\n", "id: 1\nevent: e\ndata: a\n\ndata: b" } do
      local parser = particle.sse.parser()
      parser:feed(piece)
      parser:next()
    end
    collectgarbage()
    collectgarbage()
  end)

  if not support.sanitized and support.read("/proc/self/statm") then
    it("holds little after much, also while events wait", function()
      local parser <close> = particle.sse.parser()
      local event = "data: " .. ("x"):rep(100000) .. "\n\n"
      local function run(rounds)
        for i = 1, rounds do
          parser:feed(event)
          assert(parser:next())
          if i % 50 == 0 then collectgarbage() end
        end
        return tonumber(support.read("/proc/self/statm"):match("%d+ (%d+)")) * 4096
      end
      parser:feed(event)
      local before = run(500)
      assert.is_true(run(2000) - before < 32 << 20)
    end)
  end
end)

describe("particle.sse", function()
  it("is there when asked for, and adds no other field", function()
    assert.are.equal(core.sse_parser, particle.sse.parser)
    assert.are.equal(require("particle.sse"), particle.sse)
    assert.is_nil(particle.ssl)
    assert.is_nil(particle[nil])
    assert.is_nil(particle[0 / 0])
  end)
end)
