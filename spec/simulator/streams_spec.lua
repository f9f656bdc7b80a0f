local asking = require("spec.simulator.asking")
local listening = require("spec.simulator.listening")
local streams = require("particle.simulator.streams")
local subscriptions = require("particle.simulator.subscription")

describe("streams", function()
  local all, clock, accounts

  local function new(keepalive)
    local read
    read, clock = asking.clock(1000)
    accounts = { find = function() return { id = "u1" } end }
    all = streams.new(read, keepalive, accounts)
  end

  before_each(function() new(10) end)

  local function open(fields)
    local subscription = {
      scope = "mine", user = { username = "joe" }, path = "/v1/devices/events", prefix = "",
    }
    for name, value in pairs(fields or {}) do subscription[name] = value end
    local connection = listening.connection()
    return connection, all:open(subscriptions.new(subscription), connection)
  end

  local function event(name, fields)
    local made = { name = name, data = "x", private = false, ttl = 60, published_at = "now", user = "joe" }
    for key, value in pairs(fields or {}) do made[key] = value end
    return made
  end

  local function publish(...)
    local published = event(...)
    all:deliver(published)
    return published
  end

  describe("opening", function()
    it("sends the comment", function() assert.equal(":ok\n\n", open():text()) end)

    it("gives nothing when the client has gone", function()
      local connection = listening.connection()
      connection.gone = true
      local subscription = subscriptions.new { scope = "mine", user = {}, path = "/", prefix = "" }
      assert.is_nil(all:open(subscription, connection))
      assert.same({}, all:describe())
      assert.is_nil(all:timeout())
    end)
  end)

  describe("events", function()
    it("go to those who want them, in their order", function()
      local doors, everything = open { prefix = "door" }, open()
      for _, name in ipairs { "door", "bell", "door/2" } do publish(name) end
      assert.equal("door=x door/2=x", doors:heard())
      assert.equal("door=x bell=x door/2=x", everything:heard())
    end)

    it("do not go to who has gone, who is forgotten, or who came later", function()
      local first, one = open()
      local second, third = open(), open()
      publish("a")
      second.gone = true
      publish("b")
      all:forget { [one] = true }
      publish("c")
      assert.same({ "a=x b=x", "a=x", "a=x b=x c=x" }, { first:heard(), second:heard(), third:heard() })
      assert.equal(1, #all:describe())
      all:clear()
      publish("d")
      assert.equal("", third:heard())
    end)
  end)

  describe("keep-alives", function()
    it("come at their interval, of each stream's own", function()
      local first = open()
      first:news()
      assert.equal(10, all:timeout())
      clock.now = 1004
      local second = open()
      second:news()
      assert.equal(6, all:timeout())
      all:tick()
      clock.now = 1009.5
      all:tick()
      assert.same({ "", "", 0.5 }, { first:news(), second:news(), all:timeout() })
      clock.now = 1010
      assert.equal(0, all:timeout())
      all:tick()
      assert.same({ "\n", "", 4 }, { first:news(), second:news(), all:timeout() })
      clock.now = 1014
      all:tick()
      assert.same({ "", "\n", 6 }, { first:news(), second:news(), all:timeout() })
      clock.now = 1100
      all:tick()
      all:tick()
      assert.same({ "\n", "\n" }, { first:news(), second:news() })
    end)

    it("come after 9 to 13 seconds unless told otherwise", function()
      new(nil)
      local connection = open()
      connection:news()
      local shortest, longest = math.huge, 0
      for _ = 1, 200 do
        local seconds = all:timeout()
        shortest, longest = math.min(shortest, seconds), math.max(longest, seconds)
        clock.now = clock.now + seconds + 1e-6
        all:tick()
        assert.equal("\n", connection:news())
      end
      assert.truthy(shortest >= 9 and shortest < 9.5 and longest > 12.5 and longest <= 13)
    end)

    it("can be left out", function()
      new(false)
      local connection = open()
      assert.is_nil(all:timeout())
      clock.now = clock.now + 1e9
      all:tick()
      assert.equal(":ok\n\n", connection:news())
    end)

    it("are nobody's once all have gone", function()
      local connection = open()
      connection.gone = true
      clock.now = 1010
      all:tick()
      assert.same({}, all:describe())
      assert.is_nil(all:timeout())
    end)
  end)

  it("are described without tokens", function()
    open()
    clock.now = 1001
    open { scope = "product", product = 42, device = { id = "0123" }, prefix = "a", path = "/v1/p" }
    publish("a", { product = 42, coreid = "0123" })
    assert.same({
      { scope = "mine", user = "joe", path = "/v1/devices/events", prefix = "", id = 1, opened_at = 1000,
        events = 1, pending = 0 },
      { scope = "product", user = "joe", path = "/v1/p", prefix = "a", id = 2, opened_at = 1001,
        events = 1, pending = 0, product = 42, device = "0123" },
    }, all:describe())
  end)

  describe("deliveries", function()
    it("are listed: what was sent to whom, in that order", function()
      open { prefix = "a" }
      local gone = open()
      local one = publish("a")
      clock.now = 1005
      gone.gone = true
      local two = publish("a")
      publish("b")
      local list = all:deliveries()
      assert.same({
        { id = 1, stream = 1, event = one, time = 1000 }, { id = 2, stream = 2, event = one, time = 1000 },
        { id = 3, stream = 1, event = two, time = 1005 },
      }, list)
      assert.is_true(rawequal(one, list[1].event))
    end)

    it("are listed up to a limit, and numbered", function()
      open()
      for i = 1, streams.LIMIT + 5 do publish("e" .. i) end
      local list = all:deliveries()
      assert.same({ streams.LIMIT, 6, "e6" }, { #list, list[1].id, list[1].event.name })
    end)
  end)

  describe("cut", function()
    it("ends all, in order or by a reset", function()
      local first, second = open(), open()
      assert.equal(2, all:cut({}, false))
      assert.same({ "finish", "finish" }, { first.ended, second.ended })
      assert.same({}, all:describe())
      publish("late")
      assert.equal("", first:heard())
      assert.equal(0, all:cut({}, false))
      local third = open()
      assert.equal(1, all:cut({}, true))
      assert.equal("abort", third.ended)
    end)

    it("ends those that are meant", function()
      local first, second = open { prefix = "a" }, open { prefix = "b" }
      local third = open { prefix = "b", scope = "public" }
      assert.equal(1, all:cut({ prefix = "b", scope = "public" }, false))
      assert.equal(0, all:cut({ device = "x" }, false))
      assert.equal(1, all:cut({ id = 1 }, true))
      assert.same({ "abort", "finish" }, { first.ended, third.ended })
      assert.is_nil(second.ended)
    end)
  end)

  describe("inject", function()
    it("sends bytes as they are to those that are meant, and lists nothing", function()
      local first, second = open { prefix = "a" }, open { prefix = "b" }
      first:news()
      second:news()
      assert.equal(2, all:inject(": x\r\n\r\n", {}))
      assert.equal(1, all:inject("retry: 1\n", { prefix = "b" }))
      assert.equal(0, all:inject("id: 1\n", { device = "x" }))
      assert.same({ ": x\r\n\r\n", ": x\r\n\r\nretry: 1\n" }, { first:news(), second:news() })
      assert.same({}, all:deliveries())
      assert.equal(0, all:describe()[1].events)
    end)

    it("splits them where it is to, and forgets who has gone", function()
      local connection, gone = open(), open()
      gone.gone = true
      connection:news()
      all:split(true)
      assert.equal(1, all:inject("ab\0", {}))
      assert.same({ "a", "b", "\0" }, connection.sent)
      assert.equal(1, #all:describe())
    end)
  end)

  describe("stall", function()
    it("keeps everything back until told otherwise", function()
      local connection = open()
      all:stall(true)
      assert.is_true(connection.held)
      assert.is_nil(all:timeout())
      connection:news()
      clock.now = 2000
      all:tick()
      assert.equal("", connection:news()) -- not even queued: they would come all at once
      local late = open()
      assert.is_true(late.held)
      all:stall(false)
      assert.is_false(connection.held)
      assert.is_false(late.held)
      assert.equal(0, all:timeout())
      all:tick()
      assert.equal("\n", connection:news())
    end)

    it("ends by itself after some time", function()
      local connection = open()
      all:stall(30)
      assert.is_true(connection.held)
      assert.equal(30, all:timeout())
      clock.now = 1029
      all:tick()
      assert.is_true(connection.held)
      clock.now = 1030
      assert.equal(0, all:timeout())
      all:tick()
      assert.is_false(connection.held)
      all:stall(0)
      all:tick()
      assert.is_false(connection.held)
    end)
  end)

  it("send bytes one by one when split", function()
    local connection = open()
    all:split(true)
    local late = open()
    assert.same({ ":", "o", "k", "\n", "\n" }, late.sent)
    publish("a")
    for _, piece in ipairs(connection.sent) do assert.truthy(#piece == 1 or piece == ":ok\n\n") end
    all:split(false)
    assert.equal("a=x", connection:heard())
    publish("b")
    assert.equal(1, #connection.sent)
    late.gone = true
    all:split(true)
    publish("c")
    assert.equal(1, #all:describe())
  end)

  describe("refusals", function()
    it("follow one another", function()
      assert.is_nil(all:refusal())
      all:refuse(503, 2)
      all:refuse(429, 1, "Fri, 01 Jan 2100 00:00:00 GMT")
      assert.equal(503, all:refusal().status)
      assert.equal(503, all:refusal().status)
      local last = all:refusal()
      assert.same({ 429, "Fri, 01 Jan 2100 00:00:00 GMT" }, { last.status, last.headers["Retry-After"] })
      assert.is_nil(all:refusal())
    end)

    it("go on until they are taken back", function()
      all:refuse(500, math.huge)
      for _ = 1, 100 do assert.equal(500, all:refusal().status) end
      all:accept()
      assert.is_nil(all:refusal())
    end)

    it("have a body and no headers but their own", function()
      all:refuse(401, 1, 5)
      assert.equal(5, all:refusal().headers["Retry-After"])
      for _, status in ipairs { 401, 403, 404, 418, 429, 500, 503, 529 } do
        all:refuse(status, 1)
        local refusal = all:refusal()
        assert.same({ status, { ["Content-Type"] = "application/json; charset=utf-8" } },
          { refusal.status, refusal.headers })
        assert.truthy(refusal.text:find('"error":"', 1, true))
      end
    end)
  end)
end)
