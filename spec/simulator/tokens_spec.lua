local asking = require("spec.simulator.asking")
local ids = require("particle.simulator.ids")
local stores = require("particle.simulator.tokens")

describe("tokens", function()
  local store, clock, joe, pete

  before_each(function()
    local read
    read, clock = asking.clock(1000)
    store = stores.new(read, ids.random())
    joe, pete = { username = "joe", mfa = "123456" }, { username = "pete" }
  end)

  it("are 40 lowercase hex digits", function()
    local token = store:issue(joe, "particle", 60)
    assert.truthy(token.token:find("^" .. ("[0-9a-f]"):rep(40) .. "$"))
    assert.truthy(token.refresh_token:find("^" .. ("[0-9a-f]"):rep(40) .. "$"))
    assert.not_equal(token.token, token.refresh_token)
  end)

  it("are valid until they expire", function()
    local token = store:issue(joe, "particle", 60)
    assert.equal(1060, token.expires_at)
    assert.equal(token, store:check(token.token))
    clock.now = 1059.9
    assert.equal(token, store:check(token.token))
    clock.now = 1060
    assert.same({ nil, "expired" }, { store:check(token.token) })
  end)

  it("of lifetime 0 never expire", function()
    local token = store:issue(joe, "particle", 0)
    clock.now = 1e12
    assert.is_nil(token.expires_at)
    assert.equal(token, store:check(token.token))
  end)

  it("that were never issued or were revoked are invalid", function()
    local token, other = store:issue(joe, "particle", 60), store:issue(joe, "particle", 60)
    store:revoke(token.token)
    store:revoke("never issued")
    assert.same({ nil, "invalid" }, { store:check("never issued") })
    assert.same({ nil, "invalid" }, { store:check(token.token) })
    assert.same({ nil, "invalid" }, { store:check_refresh(token.refresh_token, "particle") })
    assert.equal(other, store:check(other.token))
  end)

  it("of one user are revoked together", function()
    local first, second, others = store:issue(joe, "a", 60), store:issue(joe, "b", 0),
      store:issue(pete, "a", 60)
    store:revoke_all(joe)
    assert.is_nil(store:check(first.token))
    assert.is_nil(store:check(second.token))
    assert.equal(others, store:check(others.token))
  end)

  it("are listed while they are valid, oldest first", function()
    local first, second = store:issue(joe, "a", 60), store:issue(joe, "b", 0)
    store:issue(pete, "a", 60)
    assert.same({ first, second }, store:of(joe))
    clock.now = 1060
    assert.same({ second }, store:of(joe))
  end)

  it("can be refreshed by their client for 14 days", function()
    local token = store:issue(joe, "particle", 60)
    clock.now = 1000 + 14 * 86400 - 1
    assert.equal(token, store:check_refresh(token.refresh_token, "particle"))
    assert.same({ nil, "invalid" }, { store:check_refresh(token.refresh_token, "other") })
    assert.same({ nil, "invalid" }, { store:check_refresh(token.token, "particle") })
    assert.same({ nil, "invalid" }, { store:check_refresh(nil, "particle") })
    clock.now = 1000 + 14 * 86400
    assert.same({ nil, "expired" }, { store:check_refresh(token.refresh_token, "particle") })
  end)

  describe("challenge", function()
    it("is answered by the user's one-time password, once", function()
      local mfa_token = store:challenge(joe)
      assert.is_nil(store:answer(mfa_token, "654321"))
      assert.is_nil(store:answer(mfa_token, nil))
      assert.equal(joe, store:answer(mfa_token, "123456"))
      assert.is_nil(store:answer(mfa_token, "123456"))
    end)

    it("must exist and grows old", function()
      assert.is_nil(store:answer(nil, "123456"))
      assert.is_nil(store:answer("never issued", "123456"))
      local mfa_token = store:challenge(joe)
      clock.now = 1300
      assert.is_nil(store:answer(mfa_token, "123456"))
    end)
  end)

  it("end the setting up of a second factor once, in time, for whoever began it", function()
    local mfa_token = store:challenge(pete)
    assert.is_false(store:enrol("x", pete))
    assert.is_false(store:enrol(mfa_token, joe))
    assert.is_true(store:enrol(mfa_token, pete))
    assert.is_false(store:enrol(mfa_token, pete))
    mfa_token = store:challenge(pete)
    clock.now = clock.now + 301
    assert.is_false(store:enrol(mfa_token, pete))
  end)
end)
