local core = require("particle.core")
local rules = require("particle.rules")

local api = core.api { base_url = "http://127.0.0.1:1" }
local NAN = 0 / 0

describe("a rule", function()
  local function assert_rule(rule, fitting, unfit)
    for _, value in ipairs(fitting) do assert.is_truthy(rule.fits(value)) end
    for _, value in ipairs(unfit) do assert.is_falsy(rule.fits(value)) end
    assert.is_falsy(rule.fits(nil))
  end

  it("of seconds takes positive numbers that end", function()
    assert_rule(rules.SECONDS, { 1, 0.001, 1e9 }, { 0, -1, NAN, math.huge, "1", {} })
  end)

  it("of a wait takes true as well", function()
    assert_rule(rules.WAIT, { true, 1, 0.001 }, { false, 0, -1, NAN, math.huge, "1" })
  end)

  it("of a function takes what can be called", function()
    assert_rule(rules.FUNCTION, { print, setmetatable({}, { __call = print }) }, { {}, "print", 5, true })
  end)

  it("of a count takes positive integers", function()
    assert_rule(rules.COUNT, { 1, 10000 }, { 0, -1, 1.0, 1.5, "1" })
  end)

  it("of a product takes its number or slug, and that of a scope false as well", function()
    local fitting, unfit = { 1, 12345, "my-product" }, { 0, 1.5, "", "..", "a\0b", true, {} }
    assert_rule(rules.PRODUCT, fitting, unfit)
    assert_rule(rules.SCOPE, fitting, unfit)
    assert.is_false(rules.PRODUCT.fits(false))
    assert.is_true(rules.SCOPE.fits(false))
  end)

  it("of header lines takes names and texts", function()
    assert_rule(rules.HEADERS, { {}, { ["X-A"] = "b" }, { ["X-A"] = 5 } },
      { { "b" }, { ["X-A"] = {} }, "X-A: b" })
  end)

  it("of a policy takes a table of the program, or false", function()
    assert_rule(rules.POLICY, { {}, { attempts = 2 }, false }, { true, 5, api })
  end)

  it("of words takes these, and names them", function()
    local rule = rules.one_of("form", "json")
    assert_rule(rule, { "form", "json" }, { "xml", "", 5, true })
    assert.equal('"form" or "json"', rule.expected)
  end)

  it("knows what can be called", function()
    local callable = setmetatable({}, { __call = function() end })
    for _, value in ipairs { print, callable } do assert.is_true(rules.is_callable(value)) end
    for _, value in ipairs { {}, "print", 5, true, api, setmetatable({}, {}) } do
      assert.is_false(rules.is_callable(value))
    end
    assert.is_false(rules.is_callable(nil))
  end)
end)

describe("options", function()
  local KNOWN = { limit = rules.COUNT, deadline = rules.SECONDS }

  local function problem(given, more)
    local fine, message = pcall(rules.check, given, KNOWN, "map", more)
    return not fine and message or nil
  end

  it("may be none, some or all", function()
    assert.is_nil(problem {})
    assert.is_nil(problem { limit = 1 })
    assert.is_nil(problem { limit = 1, deadline = 0.5 })
    assert.is_nil(problem({ limit = 1, wide = true }, { wide = rules.FLAG }))
  end)

  it("must be a table of the program's own", function()
    assert.matches("map: the options must be a table, got a string", problem "x", 1, true)
    assert.matches("map: the options must be a table, got an api", problem(api), 1, true)
    assert.matches("rules_spec.lua:%d+: ", problem(nil))
  end)

  it("are refused by name, with the right spelling", function()
    assert.matches('map: unknown option "limits"; did you mean "limit"?', problem { limits = 1 }, 1, true)
    assert.matches('map: unknown option "wise"', problem({ wise = 1 }, { wide = rules.FLAG }), 1, true)
    assert.matches("map: options have names, got the number 1 as a key", problem { 5 }, 1, true)
    assert.matches("map: option limit must be a positive integer, got the number 0", problem { limit = 0 },
      1, true)
  end)
end)
