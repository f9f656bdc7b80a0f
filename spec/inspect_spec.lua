local core = require("particle.core")
local inspect = require("particle.inspect")

describe("inspect", function()
  it("shows simple values as Lua writes them", function()
    assert.are.equal("nil", inspect(nil))
    assert.are.equal("true", inspect(true))
    assert.are.equal("42", inspect(42))
    assert.are.equal("21.5", inspect(21.5))
    assert.are.equal("1.0", inspect(1.0))
    assert.are.equal('"text"', inspect("text"))
    assert.are.equal("null", inspect(core.null))
    assert.are.equal("<function>", inspect(print))
    assert.are.equal("<thread>", inspect(coroutine.create(print)))
  end)

  describe("texts", function()
    it("keep letters of any language", function() assert.are.equal('"Grüße, 世界"', inspect("Grüße, 世界")) end)

    it("have quotes, backslashes and control characters escaped", function()
      assert.are.equal([["a\"b\\c\nd\te\rf"]], inspect('a"b\\c\nd\te\rf'))
      assert.are.equal([["\x1B[31m\x00\x7F"]], inspect("\27[31m\0\127"))
    end)

    it("have C1 controls and invalid UTF-8 escaped", function()
      assert.are.equal([["\xC2\x9B31m"]], inspect("\u{9b}31m"))
      assert.are.equal([["a\xFFb\xC3"]], inspect("a\xFFb\xC3"))
    end)

    it("are cut with a note, never inside a character", function()
      assert.are.equal('"aaaa" ... (6 more bytes)', inspect(("a"):rep(10), { string = 4 }))
      assert.are.equal('"aé" ... (4 more bytes)', inspect("aééé", { string = 4 }))
    end)
  end)

  describe("tables", function()
    it("are written on one line where that fits", function()
      assert.are.equal("{}", inspect {})
      assert.are.equal("{ 1, 2, 3 }", inspect { 1, 2, 3 })
      assert.are.equal('{ id = "x", name = "lamp" }', inspect { name = "lamp", id = "x" })
    end)

    it("begin with the array part, then numbers, texts, booleans in order", function()
      assert.are.equal('{ "a", "b", [-1] = 4, [0.5] = 3, [10] = 2, b = 1, c = 0, [false] = 5 }',
        inspect { "a", "b", [10] = 2, [0.5] = 3, [-1] = 4, b = 1, c = 0, [false] = 5 })
    end)

    it("quote the keys that are no names", function()
      assert.are.equal('{ ["a b"] = 1, ["end"] = 2 }', inspect { ["a b"] = 1, ["end"] = 2 })
    end)

    it("are indented where they are long", function()
      local expected = table.concat({
        "{",
        "  {",
        '    functions = { "led", "toggle" },',
        '    name = "kitchen-lamp"',
        "  },",
        "  count = 1",
        "}",
      }, "\n")
      local value = { { name = "kitchen-lamp", functions = { "led", "toggle" } }, count = 1 }
      assert.are.equal(expected, inspect(value, { width = 50 }))
    end)

    it("are cut with a note", function()
      assert.are.equal("{ 1, 2, ... (3 more) }", inspect({ 1, 2, 3, 4, 5 }, { items = 2 }))
      assert.are.equal("{ a = 1, ... (2 more) }", inspect({ a = 1, b = 2, c = 3 }, { items = 1 }))
      assert.are.equal("{ { { ... } } }", inspect({ { { { 1 } } } }, { depth = 2 }))
    end)

    it("are bounded altogether", function()
      local wide = {}
      for i = 1, 100 do
        wide[i] = {}
        for j = 1, 100 do wide[i][j] = j end
      end
      assert.is_true(#inspect(wide) < 20000)
    end)

    it("show cycles, and a table that is only shared twice", function()
      local cyclic = { name = "a" }
      cyclic.self = cyclic
      assert.are.equal('{ name = "a", self = <cycle> }', inspect(cyclic))
      local shared = { 1 }
      assert.are.equal("{ { 1 }, { 1 } }", inspect { shared, shared })
    end)

    it("speak for themselves where they can", function()
      local record = setmetatable({ access_token = "s3cret" }, {
        __tostring = function() return "token <secret>" end,
      })
      assert.are.equal("token <secret>", inspect(record))
      assert.are.equal("{ record = token <secret> }", inspect { record = record })
      local broken = setmetatable({}, { __tostring = function() error("no") end })
      assert.are.equal("<table whose __tostring failed>", inspect(broken))
    end)

    it("are not asked through __index or __pairs", function()
      local proxy = setmetatable({ 1 }, {
        __index = function() error("asked") end,
        __pairs = function() error("asked") end,
      })
      assert.are.equal("{ 1 }", inspect(proxy))
    end)
  end)

  it("shows userdata through tostring", function()
    assert.are.equal(tostring(io.stdout), inspect(io.stdout))
    assert.are.equal("<secret>", inspect(core.secret("s3cret")))
  end)

  describe("secrets", function()
    for _, key in ipairs { "access_token", "refresh_token", "mfa_token", "token", "password",
      "current_password", "client_secret", "mobile_secret", "secret", "otp", "authorization", "Authorization",
      "accessToken", "set-cookie" } do
      it("hide under " .. key, function()
        local text = inspect { [key] = "s3cret" }
        assert.is_nil(text:find("s3cret", 1, true), text)
        assert.is_truthy(text:find("<secret>", 1, true), text)
      end)
    end

    it("hide as numbers and deep inside", function()
      local text = inspect { { list = { { otp = 123456, password = "s3cret" } } } }
      assert.are.equal("{ { list = { { otp = <secret>, password = <secret> } } } }", text)
    end)

    it("leave alone what only sounds like them", function()
      assert.are.equal('{ access_token_expires_at = "never", token_type = "bearer" }',
        inspect { token_type = "bearer", access_token_expires_at = "never" })
      assert.are.equal('{ otp = null, password = true, secret = { name = "A" } }',
        inspect { secret = { name = "A" }, password = true, otp = core.null })
    end)
  end)

  it("shows streams and events", function()
    local sim <close> = require("particle.simulator").new { devices = { { name = "lamp" } } }
    local stream <close> = assert(sim:client():device("lamp"):subscribe("door"))
    assert.are.equal("particle.stream " .. sim.url .. "/v1/devices/lamp/events/door (open)", inspect(stream))
    sim:device("lamp"):publish("door", "open\27[31m")
    local text = inspect(assert(stream:next(20)))
    for _, shown in ipairs { 'data = "open\\x1B[31m"', 'name = "door"', 'published_at = "2', "ttl = 60" } do
      assert.is_truthy(text:find(shown, 1, true), text)
    end
  end)

  it("cleans text for a terminal, keeping lines and tabs", function()
    assert.are.equal("a\tb\n\\x1B[0m\\xFF\"\\", inspect.clean("a\tb\n\27[0m\xFF\"\\"))
  end)
end)
