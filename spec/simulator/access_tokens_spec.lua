local asking = require("spec.simulator.asking")
local core = require("particle.core")

describe("access tokens", function()
  local cloud, ask, joe, pete, ann, clock

  before_each(function()
    local read
    read, clock = asking.clock(1435900500)
    cloud, ask = asking.cloud { clock = read, users = {
      { username = "joe", password = "p:q" }, { username = "pete", password = "p" },
      { username = "ann", password = "p", mfa = "123456" },
    } }
    joe, pete, ann = table.unpack(cloud.accounts.list)
  end)

  local function reply(...)
    local status, text = ask(...)
    return { status, text }
  end

  local function is_valid(token) return (ask("GET", "/v1/devices", { token = token })) == 200 end

  describe("list", function()
    it("is given for a password", function()
      local eternal = cloud.tokens:issue(joe, "mine", 0)
      assert.same({ 200, ('[{"token":"%s","expires_at":"2015-10-01T05:15:00.000Z","client":"particle"},'
        .. '{"token":"%s","expires_at":null,"client":"mine"}]'):format(joe.token, eternal.token) },
        reply("GET", "/v1/access_tokens", { basic = { "joe", "p:q" } }))
    end)

    it("leaves out those that are over", function()
      clock.now = clock.now + 7776000
      assert.same({ 200, "[]" }, reply("GET", "/v1/access_tokens", { basic = { "joe", "p:q" } }))
    end)

    it("is refused without the right password", function()
      assert.same({ 401, '{"ok":false,"errors":["Bad password"]}' },
        reply("GET", "/v1/access_tokens", { basic = { "joe", "x" } }))
      local unknown = { 400, '{"ok":false,"errors":["Unknown user"]}' }
      assert.same(unknown, reply("GET", "/v1/access_tokens", { basic = { "nobody", "p" } }))
      assert.same(unknown, reply("GET", "/v1/access_tokens", { token = joe.token }))
      assert.same(unknown, reply("GET", "/v1/access_tokens", { token = false }))
    end)

    it("needs the one-time password, where there is one", function()
      local basic = { basic = { "ann", "p" } }
      assert.equal(403, reply("GET", "/v1/access_tokens", basic)[1])
      assert.equal("mfa_required", core.decode(reply("GET", "/v1/access_tokens?otp=1", basic)[2]).error)
      assert.equal(ann.token, core.decode(reply("GET", "/v1/access_tokens?otp=123456", basic)[2])[1].token)
    end)
  end)

  describe("current", function()
    it("is described", function()
      local expected = '{"expires_at":"2015-10-01T05:15:00.000Z","client":"particle","scopes":[],"orgs":[]}'
      assert.same({ 200, expected }, reply("GET", "/v1/access_tokens/current"))
      local eternal = cloud.tokens:issue(joe, "mine", 0).token
      assert.same({ 200, '{"expires_at":null,"client":"mine","scopes":[],"orgs":[]}' },
        reply("GET", "/v1/access_tokens/current", { token = eternal }))
    end)

    it("is revoked", function()
      local other = cloud.tokens:issue(joe, "mine", 0).token
      assert.same({ 200, '{"ok":true}' }, reply("DELETE", "/v1/access_tokens/current"))
      assert.is_false(is_valid(joe.token))
      assert.is_true(is_valid(other))
      assert.equal(401, reply("DELETE", "/v1/access_tokens/current")[1])
    end)
  end)

  it("are revoked one by one, by whoever knows them", function()
    assert.same({ 200, '{"ok":true}' }, reply("DELETE", "/v1/access_tokens/" .. joe.token, { token = false }))
    assert.is_false(is_valid(joe.token))
    assert.is_true(is_valid(pete.token))
    assert.same({ 200, '{"ok":true}' }, reply("DELETE", "/v1/access_tokens/never-issued", { token = false }))
  end)

  it("are not revoked with a wrong password", function()
    local path = "/v1/access_tokens/" .. joe.token
    assert.equal(401, reply("DELETE", path, { basic = { "joe", "x" } })[1])
    assert.equal(400, reply("DELETE", path, { basic = { "nobody", "x" } })[1])
    assert.is_true(is_valid(joe.token))
    assert.equal(200, reply("DELETE", path, { basic = { "joe", "p:q" } })[1])
    assert.is_false(is_valid(joe.token))
  end)

  it("are revoked all together", function()
    local other = cloud.tokens:issue(joe, "mine", 0).token
    assert.same({ 200, '{"ok":true}' }, reply("DELETE", "/v1/access_tokens"))
    assert.is_false(is_valid(joe.token))
    assert.is_false(is_valid(other))
    assert.is_true(is_valid(pete.token))
  end)
end)
