local core = require("particle.core")

local function written(secret) return core.encode(secret) end

describe("a secret", function()
  it("shows nothing of itself", function()
    local secret = core.secret("hush")
    assert.equal("<secret>", tostring(secret))
    assert.equal("<secret>", ("%s"):format(secret))
    assert.equal("secret", core.type(secret))
    assert.equal("userdata", type(secret))
  end)

  it("can be neither read, nor joined, nor measured, nor taken apart", function()
    local secret = core.secret("hush")
    assert.has_error(function() return secret.bytes end)
    assert.has_error(function() secret.bytes = "x" end)
    assert.has_error(function() return "Bearer " .. secret end)
    assert.has_error(function() return #secret end)
    assert.has_error(function() return secret() end)
    assert.has_error(function() return secret < secret end)
    assert.has_error(function() return setmetatable(secret, {}) end)
    assert.are_not.equal("table", type(getmetatable(secret)))
  end)

  it("names its type in Lua's messages", function()
    local _, message = pcall(function() return "x" .. core.secret("hush") end)
    assert.truthy(message:find("particle.secret", 1, true))
    assert.is_nil(message:find("hush", 1, true))
  end)

  it("is written by core.encode", function()
    assert.equal('"hush"', written(core.secret("hush")))
    assert.equal('""', written(core.secret("")))
    assert.equal('"a\\u0000b"', written(core.secret("a\0b")))
    assert.equal(100002, #written(core.secret(("x"):rep(100000))))
  end)

  it("equals another with the same bytes", function()
    assert.is_true(core.secret("hush") == core.secret("hush"))
    assert.is_true(core.secret("") == core.secret(""))
    assert.is_true(core.secret("a\0b") == core.secret("a\0b"))
    for _, other in ipairs { "husi", "Hush", "hus", "hushh", "", "hush\0", "xush" } do
      assert.is_false(core.secret("hush") == core.secret(other))
    end
    assert.is_false(core.secret("hush") == "hush")
    assert.is_false(core.secret("hush") == io.stdout)
  end)

  it("is gone once closed", function()
    local kept
    do
      local secret <close> = core.secret("hush")
      kept = secret
      assert.equal('"hush"', written(kept))
    end
    assert.equal("<secret>", tostring(kept))
    assert.has_error(function() written(kept) end, "the value is a userdata, which JSON cannot hold")
    assert.is_false(kept == core.secret("hush"))
    assert.is_false(kept == core.secret(""))
  end)

  it("takes text alone", function()
    for _, value in ipairs { {}, true, print } do
      assert.has_error(function() core.secret(value) end)
    end
    assert.has_error(function() core.secret() end)
  end)
end)
