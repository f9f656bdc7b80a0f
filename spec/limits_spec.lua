-- doc/limits.md and the code say the same, and each line of its tables is true.

local core = require("particle.core")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local PAGE = support.read("doc/limits.md")
local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"

-- The rows of the table below the heading, each a list of cells.
local function rows_of(heading)
  local part = PAGE:match("\n## " .. heading .. "\n(.-)\n## ") or PAGE:match("\n## " .. heading .. "\n(.*)$")
  local rows = {}
  for line in part:gmatch("%f[^\n]|[^\n]+|") do
    local row = {}
    for cell in line:gmatch("| ([^|]-) %f[|]") do row[#row + 1] = cell end
    rows[#rows + 1] = row[1] and row
  end
  table.remove(rows, 1)
  assert(#rows > 5)
  return rows
end

-- A request to what the script does; nil and the error.
local function ask(script, options, request)
  local server <close> = raw.new(script)
  local api = server:api(options)
  local value, err = raw.call(api, request or { method = "GET", path = "/v1/x" })
  core.close(api)
  return value, err, server
end

-- A script that answers with `head`, and then with `again` until nobody listens any more.
local function endless(head, again)
  return function(connection)
    connection:request()
    connection:send(head)
    while connection:send(again) do connection.pause() end
  end
end

local function gzip(bytes, layers)
  local pack = (" | gzip -9"):rep(layers or 1)
  local pipe <close> = assert(io.popen(("head -c %d /dev/zero%s"):format(bytes, pack)))
  return pipe:read("a")
end

local function packed(bytes, coding)
  return raw.replying(200, { ["Content-Encoding"] = coding or "gzip" }, bytes)
end

local BOMB = gzip(70 * 1024 * 1024)

local function deep(depth) return raw.json(("["):rep(depth) .. ("]"):rep(depth)) end

local function hang(connection)
  connection:request()
  connection:hang()
end

-- The error that ends a stream of these bytes.
local function stream_error(bytes, options)
  local server <close> = raw.new(streaming.open(bytes))
  local pump <close> = streaming.pump() -- luacheck: ignore pump
  local api <close> = streaming.client(server, options)
  local stream <close> = assert(api:subscribe())
  local event, err = stream:next(60)
  assert.is_nil(event)
  return err
end

local EVENT = "data: " .. ("x"):rep(100) .. "\n\n"

-- A script that sends events as fast as they are taken, while `goes_on(bytes)` says so, and then a last one.
local function flooding(goes_on)
  local bytes = EVENT:rep(500)
  return function(connection)
    connection:request()
    connection:send(streaming.HEAD)
    local at, more = 1, true
    while more or at > 1 do
      local all, _, partly = connection.socket:send(bytes, at)
      local reached = all or partly
      more = goes_on(reached - at + 1)
      coroutine.yield(reached >= at)
      at = reached < #bytes and reached + 1 or 1
    end
    connection:send("data: end\n\n")
    connection:hang()
  end
end


-- How many bytes a flooding server gets rid of while nobody reads; all of them can be read later.
local function flood(most)
  local stop, sent = false, 0
  local server <close> = raw.new(flooding(function(more)
    sent = sent + more
    return not stop
  end))
  local api = server:api { max_unread = most }
  local transfer = core.submit(api, { method = "GET", path = "/v1/x", events = true })
  raw.wait(function() return transfer:done() end)
  assert(transfer:take())
  local before, quiet = -1, 0
  raw.wait(function()
    quiet = before == sent and quiet + 1 or 0
    before = sent
    return quiet > 200
  end)
  local held = sent
  stop = true
  local events, last = 0, nil
  raw.wait(function()
    while transfer:ready() do
      events, last = events + 1, transfer:pop().data
    end
    return last == "end"
  end)
  assert.are.equal(sent // #EVENT + 1, events)
  transfer:discard()
  core.close(api)
  return held
end

-- Calls of a server that never answers; how many wait, and the error of one more.
local function crowd(options, calls)
  local server <close> = raw.new(hang)
  local api = server:api(options)
  local transfers, request = {}, { method = "POST", path = "/v1/x", form = { a = 1 } }
  for i = 1, calls do transfers[i] = core.submit(api, request) end
  local last = transfers[calls]
  local err = last:done() and select(2, last:take())
  core.close(api)
  return err
end

-- Option -> a function that gives the message of the default, and that of a smaller limit.
local OPTIONS = {
  max_body = function(options) return select(2, ask(packed(BOMB), options)) end,
  max_head = function(options) return select(2, ask(endless(OK, "A: b\r\n"), options)) end,
  max_depth = function(options) return select(2, ask(deep(1001), options)) end,
  max_event = function(options) return stream_error("data: " .. ("x"):rep(1024 * 1024), options) end,
  max_waiting = function(options)
    return crowd({ max_connections = 1, max_waiting = options and options.max_waiting },
      options and options.max_waiting + 2 or core.defaults.max_waiting + 2)
  end,
  connect_timeout = function(options)
    local port, close = raw.deaf()
    local api = core.api { base_url = "http://127.0.0.1:" .. port, connect_timeout = options.connect_timeout }
    local _, err = raw.call(api, { method = "GET", path = "/v1/x" })
    close()
    return err
  end,
  timeout = function(options) return select(2, ask(hang, options)) end,
  deadline = function(options) return select(2, ask(hang, options)) end,
}

local SMALLER = {
  max_body = { 1000, "1000 bytes" }, max_head = { 2048, "2 KiB" }, max_depth = { 3, "3" },
  max_event = { 3 * 1024, "3 KiB" }, max_waiting = { 2, "2" }, connect_timeout = { 0.05, "0.05 s" },
  timeout = { 0.05, "0.05 s" }, deadline = { 0.05, "0.05 s" },
}

local IN_SECONDS = { connect_timeout = true, timeout = true, deadline = true }

describe("the limit", function()
  local documented = {}

  for _, row in ipairs(rows_of("The options")) do
    local option, usual, kind = row[2]:match("^`(.-)`$"), row[3], row[4]
    documented[option] = true

    it(option .. " has the default that the manual says", function()
      local number, unit = usual:match("^(%d+) ?(%a*)$")
      local factor = ({ KiB = 1024, MiB = 1024 * 1024 })[unit] or 1
      assert.are.equal(number * factor, core.defaults[option])
      assert.is_truthy(support.read("lua/particle/init.lua"):find(
        "@field " .. option .. "%? %a+ [^@]-%(" .. usual .. "%)"))
    end)

    if kind:find("^`") then
      it(option .. " ends what goes beyond, and is named with its value", function()
        local smaller = SMALLER[option]
        local err = OPTIONS[option] { [option] = smaller[1] }
        assert.are.equal(kind, "`" .. err.kind .. "`")
        assert.is_truthy(err.message:find(option, 1, true), err.message)
        assert.is_truthy(err.message:find(smaller[2], 1, true), err.message)
        if IN_SECONDS[option] then return end -- nobody waits for the defaults here
        err = OPTIONS[option]()
        assert.are.equal(kind, "`" .. err.kind .. "`")
        assert.is_truthy(err.message:find(("%s (%s)"):format(option, usual), 1, true), err.message)
      end)
    end
  end

  it("has a line in the manual, whichever it is", function()
    for option in pairs(core.defaults) do assert.is_true(documented[option], option) end
  end)

  it("is refused where it makes no sense", function()
    for option, values in pairs {
      max_body = { 0, -1, 1.5, "1" }, max_head = { 0, 1023, 1 << 20 }, max_depth = { 0, 1001 },
      max_event = { 0, 1 }, max_unread = { 0, 1024 }, max_waiting = { -1, 0.5 }, timeout = { 0, 0 / 0 },
    } do
      for _, value in ipairs(values) do
        local problem = select(2, pcall(particle.new, { token = "t", [option] = value }))
        assert.matches("particle.new: .*" .. option .. " must be ", tostring(problem))
      end
    end
  end)

  it("max_connections lets further calls wait, in order", function()
    local held = {}
    local server <close> = raw.new(function(connection)
      while connection:request() do
        held[#held + 1] = connection
        while held[1] do coroutine.yield(false) end
        connection:json("true")
      end
    end)
    local api = server:api { max_connections = 3 }
    local transfers = {}
    for i = 1, 9 do transfers[i] = core.submit(api, { method = "GET", path = "/v1/" .. i }) end
    raw.wait(function() return #held == 3 end)
    assert.are.equal(3, server.accepted)
    raw.wait(function()
      held = {}
      return transfers[9]:done()
    end)
    assert.are.equal(3, server.accepted)
    core.close(api)
  end)

  it("max_waiting counts those only that wait", function()
    local server <close> = raw.new(raw.json("7"))
    local api = server:api { max_connections = 1, max_waiting = 0 }
    for _ = 1, 3 do assert.are.equal(7, raw.call(api, { method = "GET", path = "/v1/x" })) end
    core.close(api)
    local err = crowd({ max_connections = 2, max_waiting = 3 }, 6)
    assert.are.same({ "rate_limited", false, true },
      { err.kind, err.delivered, err.retryable })
    assert.is_false(crowd({ max_connections = 2, max_waiting = 3 }, 5))
  end)

  it("max_body leaves a reply of just that size alone", function()
    assert.are.equal("abc", (ask(raw.json('"abc"'), { max_body = 5 })))
    assert.is_nil((ask(raw.json('"abc"'), { max_body = 4 })))
  end)

  it("max_depth leaves a reply of just that depth alone, and brackets in texts", function()
    assert.are.same({ { {} } }, (ask(deep(3), { max_depth = 3 })))
    assert.are.same({ '[[[["[[[' }, (ask(raw.json([=[["[[[[\"[[["]]=]), { max_depth = 1 })))
    assert.is_table((ask(deep(1000))))
  end)

  it("max_unread bounds what a stream holds that nobody reads", function()
    local few, many = flood(32 * 1024), flood(2 * 1024 * 1024)
    assert.is_true(many - few >= 1024 * 1024)
  end)
end)

local function too_large(option)
  return function(script)
    local value, err, server = ask(script)
    assert.is_nil(value)
    assert.are.equal("too_large", err.kind)
    assert.is_truthy(err.message:find(option, 1, true), err.message)
    return server
  end
end

local function of_protocol(script)
  local value, err, server = ask(script)
  assert.is_nil(value)
  assert.are.equal("protocol", err.kind, err.message)
  return server, err
end

local function late(script)
  local value, err = ask(script, { timeout = 0.1 })
  assert.is_nil(value)
  assert.are.same({ "timeout", true }, { err.kind, err.message:find("(timeout)", 1, true) ~= nil })
end

local head, body = too_large("max_head"), too_large("max_body")

local HOSTILE = {
  ["header lines without end"] = function()
    head(endless(OK, ("A: " .. ("x"):rep(1000) .. "\r\n"):rep(8)))
  end,
  ["one header line without end"] = function() head(endless(OK .. "A: ", ("x"):rep(8192))) end,
  ["interim replies (1xx) without end"] = function()
    head(endless("", "HTTP/1.1 100 Continue\r\n\r\n"))
    head(endless("", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"))
  end,
  ["trailers without end"] = function()
    head(endless(CHUNKED .. "1\r\n7\r\n0\r\n", ("A: b\r\n"):rep(500)))
  end,
  ["a body without end"] = function() body(endless(OK .. "\r\n", ("x"):rep(1 << 20))) end,
  ["chunks without end"] = function()
    body(endless(CHUNKED, "100000\r\n" .. ("x"):rep(1 << 20) .. "\r\n"))
  end,
  ["a small reply that unpacks to gigabytes"] = function() body(packed(BOMB)) end,
  ["a reply that was packed twice"] = function()
    local twice = gzip(100, 2)
    of_protocol(packed(twice, "gzip, gzip"))
    of_protocol(raw.bytes(OK .. ("Content-Encoding: gzip\r\n"):rep(2) .. "\r\n" .. twice))
    for _, framing in ipairs { "gzip, chunked", "gzip" } do
      local lines = "Transfer-Encoding: " .. framing .. "\r\nContent-Encoding: gzip\r\n\r\n"
      of_protocol(raw.bytes(OK .. lines .. twice))
    end
    local _, err = ask(packed(gzip(10)))
    assert.matches("no JSON", err.message) -- packed once it is read
  end,
  ["a chunk of a size that no computer has"] = function()
    for _, size in ipairs { ("F"):rep(17), ("F"):rep(100000), "-1", "x" } do
      of_protocol(raw.bytes(CHUNKED .. size .. "\r\nabc"))
    end
  end,
  ["a length that is no number"] = function()
    for _, length in ipairs { "-1", "x" } do
      of_protocol(raw.bytes(OK .. "Content-Length: " .. length .. "\r\n\r\nabc"))
    end
  end,
  ["JSON that is nested a million deep"] = function()
    for _, text in ipairs { ("["):rep(1000000), ('{"a":'):rep(1000000), ("["):rep(1e6) .. ("]"):rep(1e6) } do
      local _, err = of_protocol(raw.json(text))
      assert.matches("nested deeper than max_depth (1000)", err.message, 1, true)
    end
  end,
  ["redirects without end"] = function()
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      local server, err = of_protocol(raw.replying(status, { Location = "/v1/x" }))
      assert.are.same({ 1, status }, { #server.requests, err.status })
    end
  end,
  ["a byte now and then"] = function()
    for start, drop in pairs {
      [OK] = "A: b\r\n", [OK .. "A: "] = "x", [OK .. "\r\n"] = "1", [CHUNKED .. "ffffff\r\n"] = "1",
      [CHUNKED .. "1;"] = "x", ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "] = "x",
    } do
      late(function(connection)
        connection:request()
        connection:send(start)
        while connection:send(drop, 1) do coroutine.yield(false) end
      end)
    end
  end,
  ["nothing"] = function() late(hang) end,
  ["a line of an event stream without end"] = function()
    for _, start in ipairs { "", "data:", ":", "event:", "id:" } do
      local err = stream_error(start .. ("x"):rep(3 << 20))
      assert.are.same({ "too_large", false }, { err.kind, err.retryable })
      assert.is_truthy(err.message:find("max_event (1 MiB)", 1, true))
    end
  end,
  ["an event of many lines without end"] = function()
    local err = stream_error(("data: " .. ("x"):rep(1000) .. "\n"):rep(2000))
    assert.is_truthy(err.message:find("max_event (1 MiB)", 1, true))
  end,
  ["more events than anybody reads"] = function() assert.is_true(flood() < 32 * 1024 * 1024) end,
  ["nothing, after the head of an event stream"] = function()
    local server <close> = raw.new(streaming.open(), streaming.open("data: back\n\n"))
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local api <close> = streaming.client(server)
    local seen
    local stream <close> = assert(api:subscribe(nil, {
      idle = 0.05, retry = streaming.AT_ONCE,
      on_state = function(_, info) seen = seen or info.error end,
    }))
    assert.are.equal("back", assert(stream:next(60)).data)
    assert.are.equal("timeout", seen.kind)
  end,
}

describe("a server that sends", function()
  local known = {}

  for _, row in ipairs(rows_of("Hostile servers")) do
    known[row[1]] = true
    it(row[1] .. " does no harm", function() HOSTILE[row[1]]() end)
  end

  it("what no line of the manual says is not tried here", function()
    for name in pairs(HOSTILE) do assert.is_true(known[name], name) end
  end)
end)
