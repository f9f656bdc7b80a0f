local asking = require("spec.simulator.asking")
local ids = require("particle.simulator.ids")

describe("user", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api { users = { {
      username = "joe", password = "p",
      devices = { { name = "a" }, { name = "b", platform_id = 13 }, { name = "c" } },
    }, { username = "ann", password = "q", mfa = "123456" } } }
  end)

  local function login(username, password)
    return (call("POST", "/oauth/token", nil, { token = false, form = { grant_type = "password",
      username = username, password = password, client_id = "particle", client_secret = "particle" } }))
  end

  it("is described", function()
    local ask = select(2, asking.cloud { users = { {
      username = "joe", password = "p",
      devices = { { name = "a" }, { name = "b", platform_id = 13 }, { name = "c" } },
    } } })
    local status, text = ask("GET", "/v1/user")
    assert.same({ 200, '{"username":"joe","subscription_ids":[],"account_info":{"first_name":"",'
      .. '"last_name":"","business_account":false},"mfa":{"enabled":false},"scim_provisioned":false,'
      .. '"no_password":false,"wifi_device_count":2,"cellular_device_count":1}' }, { status, text })
    assert.equal("joe", select(2, call("GET", "/v1/user/identify")).email)
    assert.is_nil(select(2, call("GET", "/v1/user/identify?tracking=1")).email)
  end)

  it("is created, changed and deleted", function()
    assert.equal(200, (call("POST", "/v1/users", { username = "kim", password = "x" }, { token = false })))
    assert.equal(400, (call("POST", "/v1/users", { username = "kim", password = "x" }, { token = false })))
    assert.equal(400, (call("POST", "/v1/users", { username = "lee" }, { token = false })))
    assert.equal(200, login("kim", "x"))
    call("PUT", "/v1/user", { account_info = { first_name = "Joe" } })
    call("PUT", "/v1/user", nil, { form = { ["account_info[first_name]"] = "Jo" } })
    assert.equal("Jo", select(2, call("GET", "/v1/user")).account_info.first_name)
    assert.equal(400, (call("PUT", "/v1/user", { password = "new", current_password = "wrong" })))
    assert.equal(400, (call("PUT", "/v1/user", { username = "kim", current_password = "p" })))
    assert.equal(400, (call("PUT", "/v1/user", {})))
    assert.equal(400, (call("PUT", "/v1/user", { account_info = { first_name = {} } })))
    assert.equal(200, (call("PUT", "/v1/user",
      { username = "jo", password = "new", current_password = "p" })))
    assert.same({ 200, 400 }, { login("jo", "new"), login("joe", "p") })
    assert.equal(400, (call("DELETE", "/v1/user", { password = "p" })))
    assert.equal(200, (call("DELETE", "/v1/user", { password = "new" })))
    assert.equal(400, login("jo", "new"))
    assert.is_nil(cloud.devices:first(function(device) return device.owner end))
  end)

  it("may be the last one that is deleted", function()
    call = select(2, asking.api { users = { { username = "joe", password = "p" } } })
    assert.equal(200, (call("DELETE", "/v1/user", { password = "p" })))
    local status, told = call("POST", "/oauth/token", nil, { token = false, form = {
      grant_type = "client_credentials", client_id = "particle", client_secret = "particle" } })
    assert.same({ 400, "invalid_client" }, { status, told.error })
  end)

  it("loses all tokens if that is wished", function()
    local token = cloud.accounts.list[1].token
    call("PUT", "/v1/user", { password = "new", current_password = "p", invalidate_tokens = true })
    assert.equal(401, (call("GET", "/v1/user", nil, { token = token })))
  end)

  it("gets back in by mail, and shows that the address is right", function()
    assert.equal(200, (call("POST", "/v1/user/password-reset", { username = "joe" }, { token = false })))
    local function reset(token)
      return (call("PUT", "/v1/user/password-reset", { token = token, password = "n" }, { token = false }))
    end
    assert.equal(400, reset("x"))
    assert.equal(200, reset(ids.of("reset joe", 40)))
    assert.equal(200, login("joe", "n"))
    assert.equal(400, (call("POST", "/v1/user/verify", { token = "x" }, { token = false })))
    assert.equal(200, (call("POST", "/v1/user/verify", { token = ids.of("verify joe", 40) },
      { token = false })))
  end)

  it("sets up a second factor, and does without it again", function()
    local _, begun = call("GET", "/v1/user/mfa-enable")
    assert.truthy(begun.qr_url:find("^otpauth://totp/"))
    assert.equal(400, (call("POST", "/v1/user/mfa-enable", { mfa_token = "x", otp = "654321" })))
    assert.equal(400, (call("POST", "/v1/user/mfa-enable", { mfa_token = begun.mfa_token, otp = "abc" })))
    local _, done = call("POST", "/v1/user/mfa-enable",
      { mfa_token = begun.mfa_token, otp = "654321", invalidate_tokens = true })
    assert.same({ true, 1 }, { done.enrolled, #done.tokens })
    local new = { token = done.tokens[1] }
    assert.is_true(select(2, call("GET", "/v1/user", nil, new)).mfa.enabled)
    assert.equal(403, login("joe", "p"))
    assert.equal(400, (call("PUT", "/v1/user/mfa-disable", { current_password = "x" }, new)))
    assert.equal(200, (call("PUT", "/v1/user/mfa-disable", { current_password = "p" }, new)))
    assert.equal(200, login("joe", "p"))
  end)
end)
