local subscriptions = require("particle.simulator.subscription")

describe("subscription", function()
  local JOE = { username = "joe" }

  local function wants(fields, event)
    fields.user, fields.prefix = JOE, fields.prefix or ""
    event.name, event.private = event.name or "door", event.private or false
    return subscriptions.new(fields):wants(event)
  end

  it("takes names that begin with its prefix, in the same case", function()
    local function takes(prefix, name)
      return wants({ scope = "mine", prefix = prefix }, { name = name, user = "joe" })
    end
    for _, name in ipairs { "temp", "temperature/in", "temp/" } do assert.is_true(takes("temp", name)) end
    for _, name in ipairs { "Temp", "tem", "a/temp", "" } do assert.is_false(takes("temp", name)) end
    assert.is_true(takes("", "x"))
    assert.is_true(takes("a%d", "a%d"))
    assert.is_false(takes("a%d", "a1"))
  end)

  it("of public events takes everyone's public ones and its user's private ones", function()
    assert.is_true(wants({ scope = "public" }, { user = "ann" }))
    assert.is_true(wants({ scope = "public" }, {}))
    assert.is_true(wants({ scope = "public" }, { user = "joe", private = true }))
    assert.is_false(wants({ scope = "public" }, { user = "ann", private = true }))
    assert.is_false(wants({ scope = "public" }, { private = true }))
  end)

  it("of one's own takes its user's only", function()
    assert.is_true(wants({ scope = "mine" }, { user = "joe", private = true }))
    assert.is_false(wants({ scope = "mine" }, { user = "ann" }))
    assert.is_false(wants({ scope = "mine" }, {}))
  end)

  it("of a device takes that device's, while it is the user's", function()
    local device = { id = "0123" }
    assert.is_true(wants({ scope = "device", device = device }, { coreid = "0123", user = "joe" }))
    assert.is_false(wants({ scope = "device", device = device }, { coreid = "4567", user = "joe" }))
    assert.is_false(wants({ scope = "device", device = device }, { user = "joe" }))
    assert.is_false(wants({ scope = "device", device = device }, { coreid = "0123", user = "ann" }))
  end)

  it("of a product takes its fleet's, whoever owns it", function()
    local product, one = { scope = "product", product = 42 },
      { scope = "product", product = 42, device = { id = "0123" } }
    assert.is_true(wants(product, { product = 42, user = "ann", private = true }))
    assert.is_true(wants(product, { product = 42 }))
    assert.is_false(wants(product, { product = 43, user = "joe" }))
    assert.is_false(wants(product, { user = "joe" }))
    assert.is_true(wants(one, { product = 42, coreid = "0123" }))
    assert.is_false(wants(one, { product = 42, coreid = "4567" }))
  end)

  it("of an organization takes its products'", function()
    local function org(more)
      local fields = { scope = "org", products = { [42] = true, [43] = true } }
      for name, value in pairs(more or {}) do fields[name] = value end
      return fields
    end
    assert.is_true(wants(org(), { product = 42, private = true }))
    assert.is_true(wants(org(), { product = 43 }))
    assert.is_false(wants(org(), { product = 44, user = "joe" }))
    assert.is_false(wants(org(), { user = "joe" }))
    assert.is_false(wants(org { product = 43 }, { product = 42 }))
    assert.is_true(wants(org { device = { id = "0123" } }, { product = 42, coreid = "0123" }))
    assert.is_false(wants(org { device = { id = "0123" } }, { product = 42, coreid = "4567" }))
  end)

  it("knows whether it is a product's", function()
    for _, scope in ipairs { "product", "org" } do
      assert.is_true(subscriptions.new({ scope = scope }):is_of_product())
    end
    for _, scope in ipairs { "public", "mine", "device" } do
      assert.is_false(subscriptions.new({ scope = scope }):is_of_product())
    end
  end)
end)
