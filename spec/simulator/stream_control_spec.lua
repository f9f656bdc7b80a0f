local core = require("particle.core")
local simulator = require("particle.simulator")
local socket = require("socket")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"

describe("simulator's streams", function()
  local opened, sockets

  before_each(function() opened, sockets = {}, {} end)

  after_each(function()
    for _, client in ipairs(sockets) do client:close() end
    for _, sim in ipairs(opened) do sim:close() end
  end)

  local function new(options)
    options = options or {}
    options.devices = options.devices or { { name = "lamp", id = ID, product_id = 42 } }
    local sim = assert(simulator.new(options))
    opened[#opened + 1] = sim
    return sim
  end

  local function step()
    for _, sim in ipairs(opened) do sim:step(0.002) end
  end

  local function eventually(condition, what)
    return support.wait_until(condition, { step = step, what = what })
  end

  local function curl(sim, path, ...)
    local words = { "curl", "-q", "-sSN", "--noproxy", "*", "--max-time", "60", "-H",
      "Authorization: Bearer " .. sim.token, ..., }
    words[#words + 1] = sim.url .. (path or "/v1/devices/events")
    return support.start(words, { step = step })
  end

  -- A bare connection to a stream: `text` gives the body so far without its chunks, `ended` whether it is
  -- over.
  local Reader = {}
  Reader.__index = Reader

  local function read(sim, path)
    local connection = assert(socket.connect("127.0.0.1", sim.port))
    sockets[#sockets + 1] = connection
    connection:settimeout(0)
    assert(connection:send(("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"):format(
      path or "/v1/devices/events", sim.token)))
    return setmetatable({ socket = connection, received = "" }, Reader)
  end

  function Reader:fill()
    local all, problem, part = self.socket:receive(1 << 20)
    self.received = self.received .. (all or part or "")
    self.ended = self.ended or problem == "closed"
    return self.received
  end

  function Reader:pieces()
    local body = self:fill():match("\r\n\r\n(.*)$") or ""
    local pieces, from = {}, 1
    while true do
      local digits, after = body:match("^(%x+)\r\n()", from)
      local length = digits and tonumber(digits, 16)
      if not length or length == 0 or after + length + 1 > #body then return pieces, length == 0 end
      pieces[#pieces + 1] = body:sub(after, after + length - 1)
      from = after + length + 2
    end
  end

  function Reader:text() return table.concat((self:pieces())) end

  -- The data of the events so far, joined by spaces.
  function Reader:data()
    local list = {}
    for data in self:text():gmatch('\ndata: {"data":"(.-)"[^\n]*}\n\n') do list[#list + 1] = data end
    return table.concat(list, " ")
  end

  function Reader:expect_data(expected)
    local function has_come() return #self:data() >= #expected end
    eventually(has_come, ("%q, got %q"):format(expected, self.received))
    assert.equal(expected, self:data())
  end

  local function expect_streams(sim, count)
    eventually(function() return #sim:streams() == count end, count .. " open streams")
  end

  it("carry events byte for byte as the cloud does", function()
    local sim = new { clock = function() return 1435900500.25 end }
    local client <close> = curl(sim, nil, "-D", "-")
    expect_streams(sim, 1)
    sim:device("lamp"):publish("door", "open")
    sim:device("lamp"):publish("bell")
    assert.equal(1, sim:cut())
    local result = client:wait()
    assert.equal(0, result.status)
    local head, body = result.stdout:match("^(.-\r\n)\r\n(.*)$")
    assert.truthy(head:find("^HTTP/1.1 200 OK\r\n"))
    assert.truthy(head:find("\r\nContent-Type: text/event-stream\r\n", 1, true))
    assert.truthy(head:find("\r\nTransfer-Encoding: chunked\r\n", 1, true))
    local tail = '"ttl":60,"published_at":"2015-07-03T05:15:00.250Z","coreid":"' .. ID .. '"}\n\n'
    local expected = ':ok\n\nevent: door\ndata: {"data":"open",' .. tail
      .. 'event: bell\ndata: {"data":null,' .. tail
    assert.equal(expected, body)
  end)

  it("carry what clients publish, to all who listen", function()
    local sim = new()
    local mine, public, fleet = read(sim), read(sim, "/v1/events/do"), read(sim, "/v1/products/42/events")
    expect_streams(sim, 3)
    assert(sim:client():publish("door", "1"))
    assert(sim:client():publish("bell", "2"))
    sim:device("lamp"):publish("door", "3")
    sim:device("lamp").online = false
    mine:expect_data("1 2 3 offline")
    public:expect_data("1 3")
    fleet:expect_data("3 offline")
  end)

  it("are refused as any request is", function()
    local sim = new()
    local client <close> = curl(sim, "/v1/events", "-w", "%{http_code}")
    assert.equal('{"ok":false,"error":"event prefix filter is required"}400', client:wait().stdout)
    assert.same({ 400, "/v1/events" }, { sim:requests()[1].status, sim:requests()[1].route })
  end)

  it("get an empty line now and then, by the simulator's clock", function()
    local now = 1000
    local sim = new { keepalive = 10, clock = function() return now end }
    local reader = read(sim)
    expect_streams(sim, 1)
    for _ = 1, 3 do
      now = now + 10
      eventually(function()
        reader:fill()
        return select(2, reader:text():gsub("\n", "")) >= 2 + (now - 1000) // 10
      end)
    end
    assert.equal(":ok\n\n\n\n\n", reader:text())
  end)

  it("are listed while they are open, without tokens", function()
    local sim = new()
    local first, second = read(sim), read(sim, "/v1/devices/lamp/events/a%2Fb?access_token=" .. sim.token)
    expect_streams(sim, 2)
    local one, two = table.unpack(sim:streams())
    if one.id > two.id then one, two = two, one end
    local by_scope = { [one.scope] = one, [two.scope] = two }
    assert.same({ "/v1/devices/lamp/events/a%2Fb", "a/b", ID, sim.username }, {
      by_scope.device.path, by_scope.device.prefix, by_scope.device.device, by_scope.device.user,
    })
    assert.is_nil(core.encode(sim:streams()):find(sim.token, 1, true))
    first.socket:close()
    expect_streams(sim, 1)
    assert.equal("device", sim:streams()[1].scope)
    second.socket:close()
    expect_streams(sim, 0)
  end)

  it("are 500 at once", function()
    local sim, readers = new(), {}
    for i = 1, 500 do
      readers[i] = read(sim)
      if i % 50 == 0 then expect_streams(sim, i) end
    end
    for i = 1, 3 do sim:device("lamp"):publish("e", tostring(i)) end
    for _, reader in ipairs(readers) do reader:expect_data("1 2 3") end
    assert.equal(1500, #sim:deliveries())
    for _, reader in ipairs(readers) do reader.socket:close() end
    expect_streams(sim, 0)
  end)

  describe("cut", function()
    it("ends all in order, or by a reset", function()
      local sim = new()
      for reset, status in pairs { [false] = 0, [true] = 56 } do
        local first <close> = curl(sim)
        local second <close> = curl(sim, "/v1/events/x")
        expect_streams(sim, 2)
        eventually(function() return first:stdout() .. second:stdout() == ":ok\n\n:ok\n\n" end)
        assert.equal(2, sim:cut { reset = reset })
        assert.same({ status, status }, { first:wait().status, second:wait().status })
        assert.same({}, sim:streams())
      end
    end)

    it("ends those that are meant", function()
      local sim = new()
      local door, bell = read(sim, "/v1/devices/events/door"), read(sim, "/v1/devices/lamp/events/bell")
      expect_streams(sim, 2)
      assert.equal(0, sim:cut { prefix = "x" })
      assert.equal(1, sim:cut { prefix = "door", scope = "mine" })
      eventually(function() return door:fill() and door.ended end)
      assert.is_true(select(2, door:pieces()))
      sim:device("lamp"):publish("bell", "1")
      bell:expect_data("1")
      assert.equal(1, sim:cut { device = ID, reset = true })
    end)
  end)

  describe("inject", function()
    local function expect_text(reader, expected)
      eventually(function() return #reader:text() >= #expected end, "all of the bytes")
      assert.is_true(expected == reader:text())
    end

    it("sends bytes, whatever they are, to all or to those that are meant", function()
      local sim = new()
      local door, bell = read(sim, "/v1/devices/events/door"), read(sim, "/v1/devices/events/bell")
      expect_streams(sim, 2)
      local odd = "\239\187\191: comment\r\nretry: 10\rid: 7\ndata: no JSON, no name\r\n\r\n"
        .. "event:\ndata\n\n\0\255"
      local huge = "data: " .. ("x"):rep(1 << 20) .. "\n\n"
      assert.equal(2, sim:inject(odd))
      assert.equal(1, sim:inject(huge, { prefix = "door" }))
      assert.equal(0, sim:inject("x", { scope = "public" }))
      assert.equal(2, sim:inject(""))
      sim:device("lamp"):publish("bell", "1")
      expect_text(door, ":ok\n\n" .. odd .. huge)
      bell:expect_data("1")
      assert.equal(":ok\n\n" .. odd, bell:text():sub(1, 5 + #odd))
      assert.equal(1, #sim:deliveries())
    end)

    it("can send half of an event, or one with the reply's head", function()
      local sim = new()
      sim:stall(true)
      local reader = read(sim)
      expect_streams(sim, 1)
      sim:inject("event: e\nda")
      for _ = 1, 5 do step() end
      assert.equal("", reader:fill())
      sim:stall(false)
      expect_text(reader, ":ok\n\nevent: e\nda")
      sim:split(true)
      sim:inject("ta:\n\n")
      expect_text(reader, ":ok\n\nevent: e\ndata:\n\n")
      assert.same({ ":ok\n\n", "event: e\nda", "t", "a", ":", "\n", "\n" }, (reader:pieces()))
    end)
  end)

  describe("stall", function()
    it("silences those open and those that come, until told otherwise", function()
      local now = 1000
      local sim = new { keepalive = 10, clock = function() return now end }
      local reader = read(sim)
      eventually(function() return reader:text() == ":ok\n\n" end)
      sim:stall(true)
      local late = read(sim)
      expect_streams(sim, 2)
      sim:device("lamp"):publish("e", "1")
      now = now + 100
      for _ = 1, 20 do step() end
      assert.equal(":ok\n\n", reader:text())
      assert.equal("", late:fill())
      assert.truthy(sim:streams()[1].pending > 0)
      assert.same({}, sim:client():device("lamp"):info().variables)
      sim:stall(false)
      reader:expect_data("1")
      late:expect_data("1")
      eventually(function() return reader:text():find("}\n\n\n$") end)
    end)

    it("ends by the simulator's clock", function()
      local now = 1000
      local sim = new { clock = function() return now end }
      local reader = read(sim)
      expect_streams(sim, 1)
      sim:stall(30)
      sim:device("lamp"):publish("e", "1")
      for _ = 1, 5 do step() end
      assert.equal("", reader:data())
      now = now + 30
      reader:expect_data("1")
    end)

    it("lets a client leave meanwhile", function()
      local sim = new()
      sim:stall(true)
      local reader = read(sim)
      expect_streams(sim, 1)
      reader.socket:close()
      expect_streams(sim, 0)
    end)
  end)

  it("come byte by byte when split", function()
    local sim = new()
    sim:split(true)
    local reader = read(sim)
    expect_streams(sim, 1)
    sim:device("lamp"):publish("e", "1")
    reader:expect_data("1")
    for _, piece in ipairs((reader:pieces())) do assert.equal(1, #piece) end
    sim:split(false)
    sim:device("lamp"):publish("e", "2")
    reader:expect_data("1 2")
    local pieces = reader:pieces()
    assert.truthy(#pieces[#pieces] > 20)
  end)

  it("are refused a number of times", function()
    local sim = new()
    local function answer()
      local client <close> = curl(sim, nil, "-o", "/dev/null", "-w", "%{http_code} %header{retry-after}")
      return (client:wait().stdout)
    end
    sim:refuse { status = 429, times = 2, retry_after = 7 }
    sim:refuse { status = 401 }
    assert.same({ "429 7", "429 7", "401 " }, { answer(), answer(), answer() })
    local reader = read(sim)
    expect_streams(sim, 1)
    assert.truthy(reader:fill():find("^HTTP/1.1 200 "))
    sim:refuse { status = 503, times = math.huge }
    assert.equal("503 ", answer())
    sim:refuse(false)
    read(sim)
    expect_streams(sim, 2)
    assert.same({}, sim:client():devices()[1].variables or {}) -- ordinary requests are not refused
  end)

  describe("restart", function()
    it("keeps the port, the tokens and the devices", function()
      local sim = new { devices = { { name = "lamp", id = ID, variables = { t = 1 } } } }
      local api, port = sim:client(), sim.port
      assert.equal(1, api:device("lamp"):read("t"))
      sim:device("lamp").variables.t = 2
      assert.is_true(sim:restart())
      assert.equal(port, sim.port)
      assert.equal(2, api:device("lamp"):read("t"))
    end)

    it("can be done by device code, whose reply is lost", function()
      local sim, after
      sim = new { devices = { { name = "lamp", functions = { f = function()
        after = sim:restart()
        return 7
      end, g = function() return 8 end } } } }
      local lamp = sim:client():device("lamp")
      local _, err = lamp:call("f")
      assert.equal("network", err.kind)
      assert.is_true(after)
      assert.equal(8, lamp:call("g"))
    end)

    it("leaves no descriptor behind", function()
      local function count()
        collectgarbage() -- of other specs
        collectgarbage()
        local pipe <close> = assert(io.popen("ls -l /proc/$PPID/fd | grep -cE 'socket|eventpoll|eventfd'"))
        return pipe:read("n")
      end
      local sim = new()
      step()
      local before = count()
      for _ = 1, 20 do
        local reader = read(sim)
        expect_streams(sim, 1)
        assert(sim:restart { reset = true })
        reader.socket:close()
      end
      step()
      assert.equal(before, count())
    end)

    -- What one listener, which comes back each time, heard of the events published while the server was
    -- restarted a hundred times; and what the server's log says was sent to it.
    local function restart_often(reset)
      local sim, heard = new(), {}
      local reader = read(sim)
      local function drain()
        eventually(function() return reader:fill() and reader.ended end, "the connection to end")
        for data in reader:data():gmatch("%S+") do heard[#heard + 1] = data end
        local _, in_order = reader:pieces()
        reader.socket:close()
        sockets = {}
        return in_order
      end
      expect_streams(sim, 1)
      for i = 1, 100 do
        for j = 1, 5 do
          sim:device("lamp"):publish("e", ("%d.%d"):format(i, j))
          if j == 3 then reader:fill() end
        end
        assert(sim:restart { reset = reset })
        sim:device("lamp"):publish("e", "missed")
        assert.equal(not reset, drain() or false)
        reader = read(sim)
        expect_streams(sim, 1)
      end
      local sent = {}
      for _, delivery in ipairs(sim:deliveries()) do sent[#sent + 1] = delivery.event.data end
      return heard, sent
    end

    it("loses nothing that was sent when it is orderly, a hundred times", function()
      local heard, sent = restart_often(false)
      assert.equal(500, #sent)
      assert.same(sent, heard)
    end)

    it("loses at most the last ones before each reset, a hundred times", function()
      local heard, sent = restart_often(true)
      assert.equal(500, #sent)
      assert.truthy(#heard > 0)
      local last_round, last = 0, 0
      for _, data in ipairs(heard) do
        local round, number = data:match("^(%d+)%.(%d+)$")
        round, number = tonumber(round), tonumber(number)
        assert.equal(round == last_round and last + 1 or 1, number, data)
        assert.truthy(round >= last_round, data)
        last_round, last = round, number
      end
    end)

    it("fails when the port is taken, which ends the simulator", function()
      local sim = new()
      local httpd = require("particle.simulator.httpd")
      local taker
      local original = httpd.new
      finally(function()
        httpd.new = original
        if taker then taker:close() end
      end)
      httpd.new = function(options)
        httpd.new = original
        taker = assert(original { port = options.port })
        return original(options)
      end
      local restarted, err = sim:restart()
      assert.is_nil(restarted)
      assert.equal("network", err.kind)
      assert.truthy(tostring(err):find(tostring(sim.port), 1, true))
      assert.equal("particle.simulator (closed)", tostring(sim))
    end)
  end)

  it("end with the simulator", function()
    local sim = new()
    local reader = read(sim)
    expect_streams(sim, 1)
    local lamp = sim:device("lamp")
    lamp:publish("e", "1")
    sim:close()
    lamp:publish("e", "2")
    eventually(function() return reader:fill() and reader.ended end)
    assert.equal("1", reader:data())
    assert.same({}, sim:streams())
    assert.equal(1, #sim:deliveries())
    assert.equal(0, sim:cut())
    assert.equal(0, sim:inject("x"))
    sim:stall(true)
    sim:split(true)
    sim:refuse { status = 500 }
  end)

  local MISUSE = {
    { "cut", 5, "cut: the argument must be a table, got the number 5" },
    { "cut", { prefx = "a" }, "cut: there is no option prefx; did you mean \"prefix\"?" },
    { "cut", { reset = 1 }, "cut: reset must be true or false, got the number 1" },
    { "inject", nil, "inject: the bytes must be a string, got nil" },
    { "stall", nil, "stall: the argument must be true, false or a number of seconds, got nil" },
    { "stall", -1, "stall: the argument must be true, false or a number of seconds, got the number -1" },
    { "split", nil, "split: the argument must be true or false, got nil" },
    { "refuse", nil, "refuse: the argument must be a table, or false, got nil" },
    { "refuse", {}, "refuse: status must be an integer from 400 to 599, got nil" },
    { "refuse", { status = 200 }, "refuse: status must be an integer from 400 to 599, got the number 200" },
    { "refuse", { status = 429, times = 0 },
      "refuse: times must be a positive integer, or math.huge, got the number 0" },
    { "refuse", { status = 429, times = 1.5 },
      "refuse: times must be a positive integer, or math.huge, got the number 1.5" },
    { "refuse", { status = 429, retry_after = true },
      "refuse: retry_after must be an integer or a string, got true" },
    { "refuse", { status = 429, time = 3 }, "refuse: there is no option time; did you mean \"times\"?" },
    { "restart", { prefix = "a" }, "restart: there is no option prefix" },
    { "restart", { reset = "x" }, "restart: reset must be true or false, got a string" },
  }
  for _, case in ipairs(MISUSE) do
    it("refuse: " .. case[3], function()
      local sim = new()
      local ok, message = pcall(function() sim[case[1]](sim, case[2]) end)
      assert.is_false(ok)
      assert.equal(case[3], message:match("stream_control_spec.lua:%d+: (.*)$") or message)
    end)
  end

  it("refuse an injection with a filter that says nothing", function()
    local ok, message = pcall(function() new():inject("x", { reset = true }) end)
    assert.is_false(ok)
    assert.truthy(message:find("inject: there is no option reset", 1, true), message)
  end)

  it("refuse a restart of a closed simulator", function()
    local sim = new()
    sim:close()
    local ok, message = pcall(sim.restart, sim)
    assert.is_false(ok)
    assert.truthy(message:find("restart: the simulator is closed", 1, true))
  end)
end)
