local accounts = require("particle.simulator.accounts")

describe("accounts", function()
  it("find users by name", function()
    local all = accounts.new()
    local joe = all:add { username = "joe", password = "p", mfa = "123456" }
    local pete = all:add { username = "pete", password = "p" }
    assert.equal(joe, all:find("joe"))
    assert.equal(pete, all:find("pete"))
    assert.is_nil(all:find("Joe"))
    assert.is_nil(all:find(nil))
    assert.same({ joe, pete }, all.list)
    assert.same({ "joe", "pete" }, all:names())
    assert.equal("123456", joe.mfa)
  end)

  it("take other names, and go", function()
    local all = accounts.new()
    local joe = all:add { username = "joe", password = "p" }
    all:rename(joe, "jo")
    assert.same({ nil, joe, "jo" }, { all:find("joe"), all:find("jo"), joe.username })
    all:remove(joe)
    assert.is_nil(all:find("jo"))
    assert.same({}, all.list)
  end)

  it("give the same id in each run", function()
    local function id(username) return accounts.new():add({ username = username, password = "p" }).id end
    assert.equal(id("joe"), id("joe"))
    assert.not_equal(id("joe"), id("pete"))
    assert.truthy(id("joe"):find("^" .. ("[0-9a-f]"):rep(24) .. "$"))
  end)
end)
