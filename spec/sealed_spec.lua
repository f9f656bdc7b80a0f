local core = require("particle.core")
local sealed = require("particle.sealed")

describe("sealed", function()
  it("copies values with opaque texts, and leaves the rest as it is", function()
    local given = { value = "hush", list = { "hush", 5 }, flag = true, null = core.null }
    local copy = sealed.copy(given)
    assert.equal("<secret>", tostring(copy.value))
    assert.equal("<secret>", tostring(copy.list[1]))
    assert.are.same({ 5, true, core.null }, { copy.list[2], copy.flag, copy.null })
    assert.equal("hush", given.value)
    assert.equal('{"value":"hush"}', core.encode({ value = copy.value }))
    assert.equal(copy.value, sealed.copy(copy.value))
    assert.equal("[]", core.encode(sealed.copy(core.array {})))
  end)

  it("hides what replies reveal, and gives it back to the caller", function()
    local function reply()
      return {
        ok = true, access_token = "t1", name = "n", client = { id = "i", secret = "t2" },
        created = { username = "u", tokens = { { token = "t3" } } }, tokens = { "t4", "t5" },
      }
    end
    local body, second = sealed.reply(reply(), "second")
    assert.equal("second", second)
    for _, value in ipairs {
      body.access_token, body.client.secret, body.created.tokens[1].token, body.tokens[1], body.tokens[2],
    } do assert.equal("<secret>", tostring(value)) end
    assert.equal("n", body.name)
    assert.equal("u", body.created.username)
    assert.equal("t1", sealed.text(body.access_token))
    assert.are.same(reply(), sealed.opened(body))
  end)

  it("leaves failures and bare values alone", function()
    assert.are.same({ n = 2, nil, "err" }, table.pack(sealed.reply(nil, "err")))
    assert.equal("text", sealed.reply("text"))
    assert.equal("text", sealed.opened("text"))
    assert.is_nil(sealed.text("text"))
    assert.is_nil(sealed.text(core.secret("not of a reply")))
    assert.is_nil(sealed.text(core.null))
  end)
end)
