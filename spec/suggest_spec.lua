local suggest = require("particle.suggest")

describe("suggest", function()
  local names = { "timeout", "token", "token_in", "base_url", "max_connections", "devices", "device" }

  for wrong, right in pairs {
    timeuot = "timeout", timout = "timeout", timeoutt = "timeout", Timeout = "timeout", tokn = "token",
    baseUrl = "base_url", ["base-url"] = "base_url", maxconnections = "max_connections", devces = "devices",
  } do
    it(("takes %s for %s"):format(wrong, right), function()
      assert.are.equal(right, suggest.nearest(wrong, names))
    end)
  end

  it("keeps quiet about what is like nothing", function()
    assert.is_nil(suggest.nearest("colour", names))
    assert.is_nil(suggest.nearest("x", names))
    assert.is_nil(suggest.nearest("", names))
    assert.is_nil(suggest.nearest(7, names))
    assert.is_nil(suggest.nearest(("timeout"):rep(1000), names))
  end)

  it("takes names from keys too", function()
    assert.are.equal("timeout", suggest.nearest("timeuot", { timeout = true, token = {} }))
  end)

  it("chooses the same of two equally near names every time", function()
    assert.are.equal("aab", suggest.nearest("aaa", { aac = true, aab = true }))
    assert.are.equal("aab", suggest.nearest("aaa", { "aac", "aab" }))
  end)

  it("ends a message", function()
    assert.are.equal('; did you mean "token"?', suggest.hint("tokn", names))
    assert.are.equal("; did you mean api:token(...)?",
      suggest.hint("tokn", names, function(name) return "api:" .. name .. "(...)" end))
    assert.are.equal("", suggest.hint("colour", names))
  end)
end)
