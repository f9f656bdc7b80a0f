-- How an event stream is opened, lost, brought back and given up.

local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local LONG, AT_ONCE = streaming.LONG, streaming.AT_ONCE

local function event(data) return streaming.event("n", data) end

-- With raw servers and apis that are closed behind each test.
local function with_servers()
  local at = {}
  local pump, opened

  before_each(function() pump, opened = streaming.pump(), {} end)

  after_each(function()
    for i = #opened, 1, -1 do opened[i]:close() end
    pump:cancel()
  end)

  function at.keep(closable)
    opened[#opened + 1] = closable
    return closable
  end

  -- An api whose connections run these scripts.
  function at.server(...)
    local server = at.keep(raw.new(...))
    return at.keep(streaming.client(server, { log = false })), server
  end

  function at.api(options)
    options.log, options.token = false, options.token or "s3cret-token"
    return at.keep(particle.new(options))
  end

  -- A stream whose connections run these scripts, and its states.
  function at.stream(opts, ...)
    local api, server = at.server(...)
    local states, on_state = streaming.states()
    opts.on_state, opts.retry = on_state, opts.retry == nil and AT_ONCE or opts.retry
    return assert(api:subscribe(opts)), states, server
  end

  return at
end

local function with_simulator()
  local at = {}

  before_each(function()
    at.sim = assert(simulator.new { devices = { { name = "lamp" } } })
    at.api = at.sim:client { log = false }
  end)

  after_each(function()
    at.api:close()
    at.sim:close()
  end)

  function at.publish(...)
    for _, name in ipairs { ... } do at.sim:device("lamp"):publish(name, name) end
  end

  function at.subscribe(opts)
    local states, on_state = streaming.states()
    opts = opts or {}
    opts.on_state, opts.retry = opts.on_state or on_state, opts.retry == nil and AT_ONCE or opts.retry
    return assert(at.api:subscribe(nil, opts)), states
  end

  return at
end

local JSON = { ["Content-Type"] = "application/json" }
local HTML = { ["Content-Type"] = "text/html" }

-- What a refusal looks like on the wire, and of which kind it is.
local REFUSALS = {
  { "bad_request", 400, JSON, '{"error":"invalid_request"}' },
  { "unauthorized", 401, JSON, '{"error":"invalid_token","error_description":"It is invalid."}' },
  { "forbidden", 403, JSON, '{"error":"Permission Denied"}' },
  { "not_found", 404, JSON, '{"error":"Not Found"}' },
  { "rate_limited", 429, JSON, '{"error":"Too many requests"}' },
  { "server", 500, JSON, '{"error":"oops"}' },
  { "server", 503, HTML, "<html>no healthy upstream</html>" },
  { "rate_limited", 529, JSON, '{"error":"too many streams"}' },
  { "protocol", 200, HTML, "<html>log in to this network</html>" },
  { "protocol", 200, JSON, '{"ok":true}' },
  { "protocol", 200, JSON, "" },
  { "protocol", 204, nil, nil },
  { "protocol", 302, { Location = "/v1/devices/events" }, "" },
  { "protocol", 304, nil, "" },
  { "server", 500, { ["Content-Type"] = "text/event-stream" }, "event: a\ndata: 1\n\n" },
}

local FOR_GOOD = { bad_request = true, unauthorized = true, forbidden = true, not_found = true }

describe("a refusal", function()
  local at = with_servers()

  for _, case in ipairs(REFUSALS) do
    local kind, status, headers, body = table.unpack(case, 1, 4)
    local what = ("with %d and %s"):format(status, body == "" and "nothing" or body or "no body")

    it(what .. " is told by subscribe", function()
      local api, server = at.server(raw.replying(status, headers, body), streaming.open(event("1")))
      local states, on_state = streaming.states()
      local stream, err = api:subscribe { retry = AT_ONCE, on_state = on_state }
      assert.is_nil(stream)
      assert.are.equal("error", particle.type(err))
      assert.are.equal(kind, err.kind)
      assert.are.equal(status, err.status)
      assert.are.equal("GET", err.method)
      assert.are.equal(server.url .. "/v1/devices/events", err.url)
      assert.are.equal("connecting closed", states:names())
      assert.are.equal(err, states:await("closed").error)
      assert.are.equal(1, server.accepted)
    end)

    it(what .. " is tried again in the background, unless it is for good", function()
      local api, server = at.server(raw.replying(status, headers, body), streaming.open(event("1")))
      local states, on_state = streaming.states()
      local stream = assert(api:subscribe { retry = AT_ONCE, on_state = on_state, wait = false })
      local first, err = stream:next(LONG)
      if FOR_GOOD[kind] then
        assert.is_nil(first)
        assert.are.equal(kind, err.kind)
        assert.are.equal("connecting closed", states:names())
        assert.are.equal(err, states:await("closed").error)
        assert.are.equal(1, server.accepted)
      else
        assert.are.equal("1", first.data)
        assert.is_nil(first.gap)
        assert.are.equal("connecting waiting connecting open", states:names())
        assert.are.equal(kind, states:await("waiting").error.kind)
      end
    end)
  end

  it("keeps its body", function()
    local api = at.server(raw.replying(503, HTML, "<html>no healthy upstream</html>"))
    local _, err = api:subscribe()
    assert.are.equal("<html>no healthy upstream</html>", err.body)
    assert.matches("no healthy upstream", tostring(err), 1, true)
  end)

  it("shows no token", function()
    local body = '{"error":"invalid_token","error_description":"The token s3cret-token is invalid."}'
    local api = at.server(raw.replying(401, JSON, body))
    for _, place in ipairs { "header", "query" } do
      local _, err = api:subscribe { token_in = place }
      assert.are.equal("unauthorized", err.kind)
      for _, text in ipairs { tostring(err), err.message, err.url, err.body.error_description } do
        assert.is_nil(text:find("s3cret", 1, true))
      end
    end
  end)

  it("may be that nothing listens", function()
    local api = at.api { base_url = "http://127.0.0.1:" .. raw.closed_port() }
    local states, on_state = streaming.states()
    local stream, err = api:subscribe { on_state = on_state }
    assert.is_nil(stream)
    assert.are.same({ "network", false, true }, { err.kind, err.delivered, err.retryable })
    assert.are.equal("connecting closed", states:names())
  end)

  it("may be that nobody answers", function()
    local port, close = raw.deaf()
    local api = at.api { base_url = "http://127.0.0.1:" .. port, connect_timeout = 0.05 }
    local stream, err = api:subscribe()
    assert.is_nil(stream)
    assert.are.same({ "timeout", false, true }, { err.kind, err.delivered, err.retryable })
    close()
  end)

  it("may be that no reply comes, or that its head never ends", function()
    local function silent(c)
      c:request()
      c:hang()
    end
    local function endless(c)
      c:request()
      c:send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
      local i = 0
      repeat
        i = i + 1
        scheduler.wait(function() return true end)
      until not c:send(("X-%d: %d\r\n"):format(i, i), 1)
    end
    local function unfinished(c)
      c:request()
      c:send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-")
      c:hang()
    end
    for _, script in ipairs { silent, unfinished, endless } do
      local api = at.server(script)
      local start = core.now()
      local stream, err = api:subscribe { timeout = 0.1 }
      assert.is_nil(stream)
      assert.is_true(err.kind == "timeout" or script == endless and err.kind == "too_large", err.kind)
      assert.is_true(core.now() - start < LONG)
      stream, err = api:subscribe { deadline = 0.1 }
      assert.is_nil(stream)
      assert.is_true(err.kind == "timeout" or script == endless and err.kind == "too_large", err.kind)
    end
  end)

  it("may be that the connection ends inside the reply's head", function()
    for _, bytes in ipairs { "", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" } do
      local api = at.server(raw.bytes(bytes))
      local stream, err = api:subscribe()
      assert.is_nil(stream)
      assert.are.equal("network", err.kind)
    end
  end)

  it("may be that it is no HTTP", function()
    local api = at.server(raw.bytes("220 mail.example.com ESMTP\r\n"))
    local stream, err = api:subscribe()
    assert.is_nil(stream)
    assert.are.equal("protocol", err.kind)
  end)

  it("may be a page that never ends", function()
    local api = at.server(function(c)
      c:request()
      c:send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")
      c:hang()
    end)
    local stream, err = api:subscribe { timeout = 0.1 }
    assert.is_nil(stream)
    assert.are.equal("timeout", err.kind)
  end)
end)

describe("a lost connection", function()
  local at = with_servers()

  local function check(stream, states, kind)
    assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
    assert.are.equal("connecting open waiting connecting open", states:names())
    local info = states:await("waiting")
    assert.are.equal(kind, info.error.kind)
    assert.is_true(info.error.retryable)
    assert.is_true(info.error.delivered)
    assert.are.equal(stream, info.stream)
    assert.are.equal(1, info.attempt)
    assert.are.equal("number", type(info.delay))
  end

  it("is replaced after an orderly end", function()
    local stream, states = at.stream({}, streaming.ending(event("1")), streaming.open(event("2")))
    check(stream, states, "network")
    assert.matches("the server ended the stream", states:await("waiting").error.message, 1, true)
  end)

  it("is replaced after an orderly end with chunks", function()
    local function chunked(c)
      c:request()
      local bytes = event("1")
      c:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"
        .. ("%x\r\n%s\r\n0\r\n\r\n"):format(#bytes, bytes))
    end
    local stream, states = at.stream({}, chunked, streaming.open(event("2")))
    check(stream, states, "network")
  end)

  it("is replaced where the server died before the last chunk", function()
    local bytes = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"
      .. "%x\r\n%s\r\n"):format(#event("1"), event("1"))
    local stream, states = at.stream({}, raw.bytes(bytes), streaming.open(event("2")))
    check(stream, states, "network")
    assert.are.equal("the server broke the stream off", states:await("waiting").error.message)
  end)

  it("is replaced after a reset", function()
    local seen = false
    local stream, states = at.stream({},
      streaming.resetting(event("1"), function() return seen end), streaming.open(event("2")))
    assert.are.equal("1", stream:next(LONG).data)
    seen = true
    assert.are.equal("2", stream:next(LONG).data)
    assert.are.equal("connecting open waiting connecting open", states:names())
    assert.are.equal("network", states:await("waiting").error.kind)
  end)

  it("is replaced after silence", function()
    local stream, states = at.stream({ idle = 0.1 }, streaming.open(event("1")), streaming.open(event("2")))
    check(stream, states, "timeout")
    assert.matches("silent for 0.1 s (idle)", states:await("waiting").error.message, 1, true)
  end)

  it("is not seen in a silence that is shorter, whatever comes", function()
    local stream, states = at.stream({ idle = 2 }, function(c)
      c:request()
      c:send(streaming.HEAD)
      for _ = 1, 60 do
        local due = core.now() + 0.05
        while core.now() < due do c.pause() end
        c:send("\n")
      end
      c:send(event("1"))
      c:hang()
    end)
    assert.are.equal("1", stream:next(LONG).data)
    assert.are.equal("connecting open", states:names())
  end)

  it("is not seen because the program was busy", function()
    local stream, states = at.stream({ idle = 0.05 }, function(c)
      c:request()
      c:send(streaming.HEAD .. event("1"))
      c:hang()
    end)
    local due = core.now() + 0.15
    while core.now() < due do end -- luacheck: ignore
    assert.are.equal("1", stream:next(LONG).data)
    assert.are.equal("open", states.list[2].state)
  end)

  it("loses no event that had come", function()
    local list = {}
    for i = 1, 500 do list[i] = event(tostring(i)) end
    local stream = at.stream({}, streaming.ending(table.concat(list)), streaming.open(event("next")))
    scheduler.sleep(0.05)
    for i = 1, 500 do assert.are.equal(tostring(i), assert(stream:next(LONG)).data) end
    assert.are.equal("next", stream:next(LONG).data)
  end)

  it("drops the event that it cut off", function()
    for _, rest in ipairs { "data: 2", "data: 2\n", "event: x\ndata", "\xEF\xBB" } do
      local stream = at.stream({}, streaming.ending(event("1") .. rest), streaming.open("\ndata: 3\n\n"))
      assert.are.same({ "1", "3" }, streaming.collect(stream, 2))
    end
  end)

  it("is replaced again and again", function()
    local n = 0
    local stream, states, server = at.stream({}, function(c)
      c:request()
      n = n + 1
      c:send(streaming.HEAD .. event(tostring(n)))
    end)
    for i = 1, 50 do assert.are.equal(tostring(i), assert(stream:next(LONG)).data) end
    assert.is_true(states:count("open") >= 50)
    stream:close()
    local accepted = server.accepted
    scheduler.sleep(0.02)
    assert.is_true(server.accepted <= accepted + 1)
  end)

  it("is the end where retry is false", function()
    local stream, states, server = at.stream({ retry = false }, streaming.ending(event("1") .. event("2")))
    assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
    for _ = 1, 2 do
      local none, err = stream:next(LONG)
      assert.is_nil(none)
      assert.are.equal("network", err.kind)
    end
    assert.are.equal("connecting open closed", states:names())
    assert.are.equal("network", states:await("closed").error.kind)
    assert.are.equal(1, server.accepted)
    assert.are.equal("closed", stream.state)
  end)

  it("lets events be read after the end for good", function()
    local stream, states = at.stream({ retry = false }, streaming.ending(event("1") .. event("2")))
    states:await("closed")
    assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
    assert.are.equal("network", select(2, stream:next(0)).kind)
  end)
end)

describe("how long a stream waits", function()
  local at = with_servers()

  -- Delays told to on_state of a stream whose n attempts fail, at the first connection or later.
  local function delays(n, policy, script, opens)
    local api = at.server(script)
    local list = {}
    local stream
    stream = assert(api:subscribe { wait = false, retry = policy, on_state = function(state, info)
      if state ~= "waiting" then return end
      list[#list + 1] = info.delay
      assert.are.equal(#list, info.attempt - (opens and 0 or 1))
      if #list == n then info.stream:close() end
    end })
    streaming.wait(function() return stream.state == "closed" end)
    return list
  end

  local function share(x) return function() return x end end

  it("doubles, up to the cap", function()
    local policy = { base = 0.001, cap = 0.01, random = share(1) }
    local failing = raw.replying(500, JSON, "{}")
    assert.are.same({ 0.001, 0.002, 0.004, 0.008, 0.01, 0.01 }, delays(6, policy, failing))
  end)

  it("is drawn at random", function()
    local policy = { base = 0.004, cap = 0.01, random = share(0.25) }
    assert.are.same({ 0.001, 0.002, 0.0025 }, delays(3, policy, raw.replying(500, JSON, "{}")))
  end)

  it("grows too when the server lets the stream begin and ends it at once", function()
    local policy = { base = 0.001, cap = 0.004, random = share(1) }
    assert.are.same({ 0.001, 0.002, 0.004, 0.004 }, delays(4, policy, streaming.ending(":ok\n\n"), true))
  end)

  -- Delays told for each loss of a stream that is read meanwhile.
  local function losses(...)
    local list = {}
    local api = at.server(...)
    local stream = assert(api:subscribe {
      retry = { base = 0.001, cap = 1, random = share(1) },
      on_state = function(state, info) if state == "waiting" then list[#list + 1] = info.delay end end,
    })
    return stream, list
  end

  it("grows too when each connection brings an event and ends", function()
    local good = streaming.ending(event("x"))
    local stream, list = losses(good, good, good, streaming.open(event("y")))
    assert.are.same({ "x", "x", "x", "y" }, streaming.collect(stream, 4))
    assert.are.same({ 0.001, 0.002, 0.004 }, list)
  end)

  it("is the same when the events before the loss are read late", function()
    local fail = raw.replying(503, HTML, "")
    local stream, list = losses(streaming.ending(event("1"):rep(4)), fail, fail, fail,
      streaming.open(event("2")))
    for n = 1, 4 do
      streaming.wait(function() return #list >= n end)
      assert.are.equal("1", stream:next(0).data)
    end
    assert.are.equal("2", stream:next(LONG).data)
    assert.are.same({ 0.001, 0.002, 0.004, 0.008 }, list)
  end)

  it("begins anew after a connection that lived for ten seconds", function()
    local go = false
    local short, long = streaming.ending(), streaming.resetting(event("x"), function() return go end)
    local stream, list = losses(short, short, long, streaming.open(event("y")))
    assert.are.equal("x", stream:next(LONG).data)
    local state = core.stream_state(stream)
    state.opened_at = state.opened_at - 10
    go = true
    assert.are.equal("y", stream:next(LONG).data)
    assert.are.same({ 0.001, 0.002, 0.001 }, list)
  end)

  it("is at least what the stream's retry field says, from then on", function()
    local api = at.server(streaming.ending("retry: 30\n" .. event("1")), streaming.ending(event("2")),
      streaming.ending("retry: 20\n\n" .. event("3")), streaming.open(event("4")))
    local states, on_state = streaming.states()
    local policy = { base = 0.001, cap = 0.001, random = share(0.5) }
    local stream = assert(api:subscribe { retry = policy, on_state = on_state })
    assert.are.same({ "1", "2", "3", "4" }, streaming.collect(stream, 4))
    local told = {}
    for i = 1, 3 do told[i] = states:await("waiting", i).delay end
    assert.are.same({ 0.0305, 0.0305, 0.0205 }, told)
  end)

  it("is at least what Retry-After says", function()
    for _, status in ipairs { 429, 503, 529 } do
      local list = delays(1, { base = 2, cap = 2, random = share(0.5) },
        raw.replying(status, { ["Retry-After"] = "7" }, "{}"))
      assert.are.same({ 8 }, list)
    end
  end)

  it("is at least what Retry-After says as a date", function()
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 100)
    local list = delays(1, { base = 1, cap = 1, random = share(0) },
      raw.replying(429, { ["Retry-After"] = date }, "{}"))
    assert.is_true(list[1] > 60 and list[1] <= 101, list[1])
  end)

  it("is no more than a quarter of an hour for a Retry-After without sense", function()
    local far = raw.replying(429, { ["Retry-After"] = "86400" }, "{}")
    assert.are.same({ 900 }, delays(1, AT_ONCE, far))
    for _, text in ipairs { "-5", "soon", "", "0" } do
      local senseless = raw.replying(429, { ["Retry-After"] = text }, "{}")
      assert.are.same({ 0 }, delays(1, AT_ONCE, senseless))
    end
  end)

  it("is really waited", function()
    local later = raw.replying(429, { ["Retry-After"] = "1" }, "{}")
    local api, server = at.server(later, streaming.open(event("1")))
    local stream = assert(api:subscribe { wait = false, retry = AT_ONCE })
    local start = core.now()
    assert.are.equal("timeout", select(2, stream:next(0.1)).kind)
    assert.are.equal(1, server.accepted)
    assert.are.equal("1", stream:next(LONG).data)
    assert.is_true(core.now() - start >= 1)
  end)
end)

describe("a gap", function()
  local at = with_servers()
  local SLOWLY = { base = 0.02, cap = 0.02, random = function() return 1 end }

  it("is told with the first event after a reconnection, and with no other", function()
    local stream = at.stream({}, streaming.ending(event("1") .. event("2")),
      streaming.open(event("3") .. event("4")))
    local before = core.time()
    assert.is_nil(stream:next(LONG).gap)
    assert.is_nil(stream:next(LONG).gap)
    local gap = stream:next(LONG).gap
    assert.are.equal("number", type(gap.from))
    assert.are.equal("number", type(gap.to))
    assert.is_true(before - LONG <= gap.from and gap.from <= gap.to and gap.to <= core.time())
    assert.is_nil(stream:next(LONG).gap)
  end)

  it("lasts from the last byte to the new head, over failed attempts", function()
    local down = false
    local stream, states = at.stream({ retry = SLOWLY },
      streaming.resetting(event("1"), function() return down end), raw.replying(500, JSON, "{}"),
      function(c) c:request() end, raw.replying(503, HTML, ""), streaming.open(event("2")))
    assert.are.equal("1", stream:next(LONG).data)
    local heard = core.time()
    scheduler.sleep(0.1)
    down = true
    states:await("open", 2)
    local opened = core.time()
    scheduler.sleep(0.05)
    local gap = stream:next(LONG).gap
    assert.is_true(math.abs(gap.from - heard) < 0.09, gap.from - heard)
    assert.is_true(gap.to - gap.from >= 0.1 + 4 * 0.02)
    assert.is_true(gap.to <= opened)
    assert.are.equal("connecting open waiting connecting waiting connecting waiting connecting waiting"
      .. " connecting open", states:names())
    assert.are.equal(4, states:await("waiting", 4).attempt)
    assert.are.equal(4, states:await("connecting", 5).attempt)
  end)

  it("begins where the first loss was when the next connections bring nothing", function()
    local stream, states = at.stream({ retry = SLOWLY },
      streaming.ending(event("1")), streaming.ending(":ok\n\n"), streaming.ending(),
      streaming.open(event("2")))
    assert.are.equal("1", stream:next(LONG).data)
    local heard = core.time()
    states:await("open", 4)
    local gap = stream:next(LONG).gap
    assert.is_true(gap.from <= heard)
    assert.is_true(gap.to - gap.from >= 3 * 0.02)
  end)

  it("is no less than what it lasted where the system's clock is set meanwhile", function()
    local stream, states = at.stream({ retry = SLOWLY }, streaming.ending(event("1")),
      raw.replying(500, JSON, "{}"), streaming.open(event("2")))
    assert.are.equal("1", stream:next(LONG).data)
    states:await("waiting")
    local time <close> = setmetatable({ before = core.time }, {
      __close = function(self) core.time = self.before end,
    })
    function core.time() return time.before() - 3600 end
    local gap = stream:next(LONG).gap
    assert.is_true(gap.to - gap.from >= 2 * 0.02, gap.to - gap.from)
    assert.is_true(gap.to <= core.time())
  end)

  it("is told between the events before and after it, whenever they are read", function()
    local stream, states = at.stream({}, streaming.ending(event("1") .. event("2")),
      streaming.ending(event("3") .. event("4")), streaming.open(event("5")))
    states:await("open", 2)
    scheduler.sleep(0.02)
    local list = {}
    for i = 1, 5 do
      local one = assert(stream:next(LONG))
      list[i] = one.data .. (one.gap and "+" or "")
    end
    assert.are.same({ "1", "2", "3+", "4", "5+" }, list)
  end)

  it("is none where the first connection took several attempts", function()
    local api = at.server(raw.replying(500, JSON, "{}"), streaming.open(event("1")))
    local stream = assert(api:subscribe { wait = false, retry = AT_ONCE })
    assert.is_nil(stream:next(LONG).gap)
  end)

  it("covers what was missed while the program was busy", function()
    local go, missed = false, nil
    local stream = at.stream({}, function(c)
      c:request()
      c:send(streaming.HEAD)
      while not go do coroutine.yield(false) end
      c:send(event("1"))
      missed = core.time()
      local due = core.now() + 0.1
      while core.now() < due do end -- luacheck: ignore
    end, streaming.open(event("2")))
    scheduler.sleep(0.01)
    go = true
    assert.are.equal("1", stream:next(LONG).data)
    local gap = stream:next(LONG).gap
    assert.is_true(gap.from <= missed and missed <= gap.to)
  end)

  it("reaches back to when the reader fell behind", function()
    local padding = ("x"):rep(1000)
    local release = false
    local stream = at.stream({}, function(c)
      c:request()
      c:send(streaming.HEAD .. event("1"))
      for _ = 1, 20000 do
        local sent = 0
        while sent == 0 do
          local all, _, part = c.socket:send(event(padding))
          sent = all or part
          if release then return c:reset() end
          if sent == 0 then coroutine.yield(false) end
        end
        if sent < #event(padding) then break end
      end
      while not release do coroutine.yield(false) end
      c:reset()
    end, streaming.open(event("last")))
    scheduler.sleep(0.3)
    local behind = core.time()
    scheduler.sleep(0.3)
    release = true
    local gap
    repeat
      local one = assert(stream:next(LONG))
      gap = one.gap
    until gap
    assert.is_true(gap.from <= behind, gap.from - behind)
    assert.is_true(gap.to > behind)
  end)
end)

describe("on_state", function()
  local at = with_simulator()
  local raws = with_servers()

  it("hears of each state, with the stream", function()
    local stream, states = at.subscribe()
    at.sim:cut()
    states:await("open", 2)
    stream:close()
    assert.are.equal("connecting open waiting connecting open closed", states:names())
    for _, entry in ipairs(states.list) do assert.are.equal(stream, entry.info.stream) end
    local info = {}
    for i, entry in ipairs(states.list) do info[i] = entry.info end
    assert.are.same({ attempt = 1, stream = stream }, info[1])
    assert.are.same({ stream = stream }, info[2])
    assert.are.same({ attempt = 1, delay = 0, error = info[3].error, stream = stream }, info[3])
    assert.are.same({ attempt = 1, stream = stream }, info[4])
    assert.are.same({ stream = stream }, info[6])
  end)

  it("may raise anything, which goes to warn and harms nothing", function()
    local problems = {
      "oh dear", { "a table" }, 42, false,
      setmetatable({}, { __tostring = function() error("twice") end }),
      setmetatable({}, { __tostring = function() return 7 end }),
    }
    for _, problem in ipairs(problems) do
      local stream
      local text = streaming.warnings(function()
        stream = at.subscribe { on_state = function() error(problem, 0) end }
        at.sim:cut()
        streaming.wait(function() return stream.state == "open" and #at.sim:streams() == 1 end)
        at.publish("a")
        assert.are.equal("a", stream:next(LONG).name)
        stream:close()
      end)
      assert.matches("particle: on_state failed: ", text, 1, true)
      assert.are.equal("closed", stream.state)
    end
    local text = streaming.warnings(function()
      at.subscribe({ on_state = function() error("oh dear", 0) end }):close()
    end)
    assert.matches("on_state failed: oh dear", text, 1, true)
  end)

  it("may be anything that can be called", function()
    local heard = {}
    local stream = at.subscribe {
      on_state = setmetatable({}, { __call = function(_, state) heard[#heard + 1] = state end }),
    }
    stream:close()
    assert.are.same({ "connecting", "open", "closed" }, heard)
  end)

  it("may close the stream in any state", function()
    for _, when in ipairs { "connecting", "open", "waiting", "closed" } do
      for _, wait in ipairs { true, false } do
        local heard = {}
        local function on_state(state, info)
          heard[#heard + 1] = state
          if state == when then info.stream:close() end
        end
        local stream, err = at.api:subscribe { on_state = on_state, wait = wait, retry = AT_ONCE }
        if stream and (when == "waiting" or when == "closed") then
          streaming.wait(function() return stream.state == "open" end)
          at.sim:cut()
          if when == "closed" then stream:close() end
        end
        if stream then
          err = select(2, stream:next(LONG))
          streaming.wait(function() return stream.state == "closed" end)
        end
        assert.are.equal("closed", err.kind)
        local text = table.concat(heard, " ")
        assert.are.equal(1, select(2, text:gsub("closed", "")), text)
        assert.matches("closed$", text)
        scheduler.sleep(0.005)
        assert.are.equal(text, table.concat(heard, " "))
      end
    end
    streaming.wait(function() return #at.sim:streams() == 0 end)
  end)

  it("may close the stream in the middle of coming back", function()
    for attempt = 1, 3 do
      local heard = {}
      local api = raws.server(streaming.ending(event("1")), raw.replying(500, JSON, "{}"))
      local stream = assert(api:subscribe { retry = AT_ONCE, on_state = function(state, info)
        heard[#heard + 1] = state
        if state == "connecting" and #heard > 2 and info.attempt == attempt then info.stream:close() end
      end })
      assert.are.equal("1", stream:next(LONG).data)
      assert.are.equal("closed", select(2, stream:next(LONG)).kind)
      assert.are.equal("closed", heard[#heard])
    end
  end)

  it("may close the api", function()
    for _, when in ipairs { "connecting", "open", "waiting" } do
      local api <close> = at.sim:client { log = false }
      local stream, err = api:subscribe { retry = AT_ONCE, on_state = function(state)
        if state == when then api:close() end
      end }
      if stream then
        at.sim:cut()
        err = select(2, stream:next(LONG))
        assert.are.equal("closed", stream.state)
      end
      assert.are.equal("closed", err.kind)
    end
  end)

  it("may publish and open further streams", function()
    local second
    local stream <close> = at.subscribe { on_state = function(state)
      if state == "open" then
        second = assert(at.api:subscribe("hello", { wait = false }))
        scheduler.spawn(at.api.publish, at.api, "hello")
      end
    end }
    assert.are.equal("hello", stream:next(LONG).name)
    second:close()
  end)

  it("in which the stream is read tells of misuse", function()
    local text = streaming.warnings(function()
      local stream <close> = at.subscribe { on_state = function(state, info)
        if state == "open" then assert(info.stream:next(0) == nil) end
      end }
      assert.are.equal("open", stream.state)
    end)
    assert.are.equal("", text)
  end)
end)

describe("close", function()
  local at = with_simulator()
  local raws = with_servers()

  it("ends what is connecting, open or waiting, at once", function()
    local port, undeaf = raw.deaf()
    local deaf = raws.api { base_url = "http://127.0.0.1:" .. port }
    local connecting = assert(deaf:subscribe { wait = false })
    local open = at.subscribe()
    local policy = { base = LONG, cap = LONG, random = function() return 1 end }
    local waiting, states = at.subscribe { retry = policy }
    at.sim:cut { id = at.sim:streams()[2].id }
    states:await("waiting")
    assert.are.same({ "connecting", "open", "waiting" }, { connecting.state, open.state, waiting.state })
    local start = core.now()
    for _, stream in ipairs { connecting, open, waiting } do
      local task = scheduler.spawn(stream.next, stream)
      scheduler.sleep(0.002)
      stream:close()
      assert.are.equal("closed", select(2, task:wait()).kind)
      assert.are.equal("closed", stream.state)
    end
    assert.is_true(core.now() - start < LONG / 2)
    streaming.wait(function() return #at.sim:streams() == 0 end)
    undeaf()
  end)

  it("of the api ends connecting, open and waiting streams", function()
    local policy = { base = LONG, cap = LONG, random = function() return 1 end }
    local waiting, states = at.subscribe { retry = policy }
    at.sim:cut()
    states:await("waiting")
    local open, open_states = at.subscribe()
    at.sim:stall(true)
    local connecting, connecting_states = at.subscribe { wait = false }
    connecting_states:await("connecting")
    scheduler.sleep(0.01)
    at.api:close()
    for _, stream in ipairs { waiting, open, connecting } do
      assert.are.equal("closed", stream.state)
      local none, err = stream:next(LONG)
      assert.is_nil(none)
      assert.are.equal("closed", err.kind)
      assert.are.equal("the api was closed", err.message)
      for _ in stream:each() do error("there is no event") end
      stream:close()
    end
    assert.are.equal("connecting open closed", open_states:names())
    assert.are.equal("the api was closed", open_states:await("closed").error.message)
    assert.are.equal("connecting closed", connecting_states:names())
    assert.are.equal("connecting open waiting closed", states:names())
  end)

  it("of the api ends a subscribe that waits", function()
    at.sim:stall(true)
    local task = scheduler.spawn(at.api.subscribe, at.api)
    scheduler.sleep(0.02)
    at.api:close()
    local stream, err = task:wait()
    assert.is_nil(stream)
    assert.are.equal("closed", err.kind)
  end)

  it("may happen while another task waits for the head", function()
    at.sim:stall(true)
    local states, on_state = streaming.states()
    local task = scheduler.spawn(at.api.subscribe, at.api, nil, { on_state = on_state })
    states:await("connecting").stream:close()
    at.sim:stall(false)
    local stream, err = task:wait()
    assert.is_nil(stream)
    assert.are.equal("closed", err.kind)
    assert.are.equal("connecting closed", states:names())
    streaming.wait(function() return #at.sim:streams() == 0 end)
  end)

  it("follows when subscribe is cancelled", function()
    at.sim:stall(true)
    local task = scheduler.spawn(at.api.subscribe, at.api)
    streaming.wait(function() return #at.sim:streams() == 1 end)
    task:cancel()
    at.sim:stall(false)
    streaming.wait(function() return #at.sim:streams() == 0 end)
  end)

  it("follows when subscribe is cancelled or raises, for whoever knows the stream from on_state", function()
    local stream
    local function keep(_, info) stream = info.stream end
    at.sim:stall(true)
    local task = scheduler.spawn(at.api.subscribe, at.api, { on_state = keep })
    streaming.wait(function() return #at.sim:streams() == 1 end)
    task:cancel()
    assert.are.equal("closed", stream.state)
    assert.are.equal("closed", select(2, stream:next(LONG)).kind)

    at.api:use(function() error("oops", 0) end)
    assert.has_error(function() at.api:subscribe { on_state = keep } end, "oops")
    assert.are.equal("closed", stream.state)
  end)
end)

describe("a closed stream", function()
  local at = with_simulator()

  it("leaves no job and no timer", function()
    local policy = { base = LONG, cap = LONG, random = function() return 1 end }
    local stream, states = at.subscribe { retry = policy }
    at.sim:cut()
    states:await("waiting")
    stream:close()
    at.api:close()
    at.sim:close()
    scheduler.step(0)
    assert.has_error(function() scheduler.wait(function() return false end) end,
      "this wait could never end: no call, timer or task is under way")
  end)
end)

describe("a token", function()
  local at = with_simulator()

  -- A client whose token comes from a function: the first ones are wrong.
  local function client(wrong)
    local asked = 0
    local api = at.sim:client { log = false, token = function()
      asked = asked + 1
      return wrong[asked] and "wrong-token-" .. asked or at.sim.token
    end }
    return api, function() return asked end
  end

  it("is renewed once when it is refused", function()
    local api <close>, asked = client { true }
    local stream <close> = assert(api:subscribe())
    at.publish("a")
    assert.are.equal("a", stream:next(LONG).name)
    assert.are.equal(2, asked())
  end)

  it("is not renewed again and again", function()
    local api <close>, asked = client { true, true }
    local states, on_state = streaming.states()
    local stream, err = api:subscribe { on_state = on_state, retry = AT_ONCE }
    assert.is_nil(stream)
    assert.are.equal("unauthorized", err.kind)
    assert.are.equal(401, err.status)
    assert.are.equal(2, asked())
    assert.are.equal("connecting closed", states:names())
  end)

  it("is renewed once in the middle of a reconnection", function()
    local api <close>, asked = client {}
    local states, on_state = streaming.states()
    local stream <close> = assert(api:subscribe { on_state = on_state, retry = AT_ONCE })
    assert.are.equal(1, asked())
    at.sim:refuse { status = 503 }
    at.sim:refuse { status = 401 }
    at.sim:cut()
    states:await("open", 2)
    assert.are.equal(2, asked())
    at.publish("a")
    assert.are.equal("a", stream:next(LONG).name)
    assert.are.equal("connecting open waiting connecting waiting connecting open", states:names())
  end)

  it("that is refused after its renewal ends the stream for good", function()
    local api <close>, asked = client {}
    local states, on_state = streaming.states()
    local stream = assert(api:subscribe { on_state = on_state, retry = AT_ONCE })
    at.publish("a")
    streaming.wait(function() return particle.select({ stream }, LONG) end)
    at.sim:refuse { status = 401, times = math.huge }
    at.sim:cut()
    assert.are.equal("unauthorized", states:await("closed").error.kind)
    assert.are.equal("a", stream:next(LONG).name)
    for _ = 1, 2 do assert.are.equal("unauthorized", select(2, stream:next(LONG)).kind) end
    assert.are.equal(2, asked())
    assert.are.equal("connecting open waiting connecting closed", states:names())
  end)

  it("of no function ends the stream at its first refusal", function()
    for status, kind in pairs { [401] = "unauthorized", [403] = "forbidden", [404] = "not_found" } do
      local stream, states = at.subscribe()
      at.sim:refuse { status = status, times = 2 }
      at.sim:cut()
      local none, err = stream:next(LONG)
      assert.is_nil(none)
      assert.are.equal(kind, err.kind)
      assert.are.equal("connecting open waiting connecting closed", states:names())
      at.sim:refuse(false)
      local fine, raised = pcall(function() for _ in stream:each() do error("none came") end end)
      assert.is_false(fine)
      assert.are.equal(err, raised)
    end
  end)

  it("function that raises while the stream comes back ends it, with its message", function()
    local may_raise = false
    local api <close> = at.sim:client { log = false, token = function()
      if may_raise then error("the vault is sealed", 0) end
      return at.sim.token
    end }
    local states, on_state = streaming.states()
    local stream = assert(api:subscribe { on_state = on_state, retry = AT_ONCE })
    may_raise = true
    at.sim:refuse { status = 401 }
    at.sim:cut()
    local none, err = stream:next(LONG)
    assert.is_nil(none)
    assert.matches("the vault is sealed", err.message, 1, true)
    assert.are.equal("connecting open waiting connecting closed", states:names())
  end)

  it("function that raises at first is the caller's affair", function()
    local api <close> = at.sim:client { log = false, token = function() error("sealed", 0) end }
    assert.has_error(function() api:subscribe() end, "sealed")
    local states, on_state = streaming.states()
    local stream = assert(api:subscribe { wait = false, on_state = on_state })
    assert.matches("sealed", select(2, stream:next(LONG)).message, 1, true)
    assert.are.equal("connecting closed", states:names())
  end)

  it("function that gives up ends the stream", function()
    local give = true
    local api <close> = at.sim:client { log = false, token = function()
      if give then return at.sim.token end
      return nil, "logged out"
    end }
    local stream = assert(api:subscribe { retry = AT_ONCE })
    give = false
    at.sim:refuse { status = 401 }
    at.sim:cut()
    local _, err = stream:next(LONG)
    assert.are.equal("unauthorized", err.kind)
    assert.matches("logged out", err.message, 1, true)
  end)

  it("function may take its time", function()
    local api <close> = at.sim:client { log = false, token = function()
      scheduler.sleep(0.01)
      return at.sim.token
    end }
    local stream <close> = assert(api:subscribe { wait = false })
    local other <close> = assert(api:subscribe())
    streaming.wait(function() return #at.sim:streams() == 2 end)
    at.publish("a")
    assert.are.equal("a", stream:next(LONG).name)
    assert.are.equal("a", other:next(LONG).name)
  end)

  it("that was never found is told, and nothing is sent", function()
    local api <close> = particle.new { base_url = at.sim.url, log = false, token = false }
    local stream, err = api:subscribe()
    assert.is_nil(stream)
    assert.are.equal("unauthorized", err.kind)
  end)
end)

describe("a policy", function()
  local at = with_simulator()

  it("that raises, or gives no number, ends the stream", function()
    local randoms = { function() error("no dice") end, function() return "no dice" end }
    for _, random in ipairs(randoms) do
      local stream, states = at.subscribe { retry = { random = random } }
      at.sim:cut()
      local none, err = stream:next(LONG)
      assert.is_nil(none)
      assert.are.equal("cancelled", err.kind)
      assert.is_string(err.message)
      assert.are.equal("connecting open closed", states:names())
    end
  end)
end)

describe("a middleware", function()
  local at = with_simulator()

  it("sees each opening", function()
    local seen = {}
    at.api:use(function(request, send)
      seen[#seen + 1] = request.operation
      assert.is_true(request.events)
      local opened, response = send(request)
      if opened then
        assert.are.equal(200, response.status)
        assert.are.equal("text/event-stream", response.headers["Content-Type"])
      end
      return opened, response
    end)
    local stream <close>, states = at.subscribe()
    at.sim:cut()
    states:await("open", 2)
    assert.are.same({ "events.stream_mine", "events.stream_mine" }, seen)
    at.publish("a")
    assert.are.equal("a", stream:next(LONG).name)
  end)

  it("may refuse an opening", function()
    at.api:use(function() return nil, core.error { kind = "rate_limited", message = "not now" } end)
    local stream, err = at.api:subscribe()
    assert.is_nil(stream)
    assert.are.equal("not now", err.message)
  end)

  it("that raises while the stream comes back ends it, with its message", function()
    local may_raise = false
    at.api:use(function(request, send)
      if may_raise then error({ "no text" }) end
      return send(request)
    end)
    local stream, states = at.subscribe()
    may_raise = true
    at.sim:cut()
    local none, err = stream:next(LONG)
    assert.is_nil(none)
    assert.are.equal("error", particle.type(err))
    assert.are.equal("connecting open waiting connecting closed", states:names())
  end)

  it("that answers by itself is told so", function()
    at.api:use(function() return { result = "cached" } end)
    local fine, problem = pcall(at.api.subscribe, at.api)
    assert.is_false(fine)
    assert.matches("middleware", problem, 1, true)
  end)
end)

describe("the last id", function()
  local at = with_servers()

  it("is told to the next connection", function()
    local seen = false
    local stream, states, server = at.stream({},
      streaming.resetting("id: 7\ndata: 1\n\nid: ü 8\ndata: 2\n\n", function() return seen end),
      streaming.ending("data: 3\n\n"), streaming.open("id\ndata: 4\n\n"))
    assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
    seen = true
    assert.are.same({ "3", "4" }, streaming.collect(stream, 2))
    states:await("open", 3)
    local ids = {}
    for i, request in ipairs(server.requests) do ids[i] = request.headers["last-event-id"] or "none" end
    assert.are.same({ "none", "ü 8", "ü 8" }, ids)
  end)

  it("is not told where a header could not hold it", function()
    for _, id in ipairs { "a\1b", "a\127", ("x"):rep(100000) } do
      local stream, _, server = at.stream({}, streaming.ending("id: " .. id .. "\ndata: 1\n\n"),
        streaming.open("data: 2\n\n"))
      assert.are.same({ "1", "2" }, streaming.collect(stream, 2))
      assert.is_nil(server.requests[2].headers["last-event-id"])
    end
  end)
end)

describe("a device's name", function()
  it("in a product is looked up in the background too, again after a failure", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local cloud <close> = Cloud.new(function(request, number)
      if number == 1 then return 503, {} end
      if request.path:find("/events") then return 403, { error = "x" } end
      return 200, { devices = { { id = ("a"):rep(24), name = "lamp" } } }
    end)
    local api <close> = cloud:client { log = false }
    local states, on_state = streaming.states()
    local stream = assert(api:device("lamp", { product = 7 }):subscribe(nil, {
      wait = false, retry = AT_ONCE, on_state = on_state,
    }))
    assert.are.equal("forbidden", select(2, stream:next(LONG)).kind)
    assert.are.equal("/v1/products/7/devices/" .. ("a"):rep(24) .. "/events", cloud.requests[3].path)
    assert.are.equal("connecting waiting connecting closed", states:names())
  end)
end)
