local asking = require("spec.simulator.asking")
local core = require("particle.core")

local CLIENT = { "particle", "particle" }

describe("POST /oauth/token", function()
  local cloud, ask, clock

  before_each(function()
    local read
    read, clock = asking.clock(1000000000)
    cloud, ask = asking.cloud {
      clock = read, clients = { mine = "s3cret" },
      users = {
        { username = "joe@example.com", password = "SuperSecret" },
        { username = "ann@example.com", password = "p", mfa = "123456" },
      },
    }
  end)

  local function post(form, basic)
    local status, text, headers = ask("POST", "/oauth/token", { form = form, basic = basic, token = false })
    return { status, text }, core.decode(text), headers
  end

  -- A login that succeeds with these further fields, and its record.
  local function login(more, basic)
    local form = { grant_type = "password", username = "joe@example.com", password = "SuperSecret" }
    for name, value in pairs(more or {}) do form[name] = value end
    local raw, record, headers = post(form, basic or CLIENT)
    assert.equal(200, raw[1])
    return record, raw[2], headers
  end

  local function is_valid(token) return (ask("GET", "/v1/user", { token = token })) == 200 end

  describe("password", function()
    it("gives a token, with the cloud's reply", function()
      local record, text, headers = login()
      local hex = ("[0-9a-f]"):rep(40)
      assert.truthy(text:find('^{"access_token":"' .. hex
        .. '","token_type":"bearer","expires_in":7776000,"refresh_token":"' .. hex .. '"}$'))
      assert.equal("no-store", headers["Cache-Control"])
      assert.is_true(is_valid(record.access_token))
    end)

    it("takes the client from the body as well", function()
      local form = {
        grant_type = "password", username = "joe@example.com", password = "SuperSecret",
        client_id = "particle-api", client_secret = "particle-api",
      }
      assert.equal(200, post(form)[1])
    end)

    it("is refused with wrong credentials", function()
      local expected = { 400, '{"error":"invalid_grant","error_description":"User credentials are invalid"}' }
      for _, form in ipairs {
        { username = "joe@example.com", password = "wrong" },
          { username = "nobody", password = "SuperSecret" },
        { username = "joe@example.com" }, { password = "SuperSecret" }, {},
      } do
        form.grant_type = "password"
        assert.same(expected, (post(form, CLIENT)))
      end
    end)
  end)

  describe("client", function()
    local function client(basic, body)
      local form = { grant_type = "password", username = "joe@example.com", password = "SuperSecret" }
      for name, value in pairs(body or {}) do form[name] = value end
      return (post(form, basic))
    end

    it("is one of the known ones, or one's own", function()
      for _, known in ipairs {
        { "particle", "particle" }, { "particle-api", "particle-api" }, { "particle-cli", "particle-cli" },
        { "CLI2", "" }, { "CLI2", "whatever" }, { "mine", "s3cret" },
      } do
        assert.equal(200, client(known)[1])
      end
      assert.equal(200, client(nil, { client_id = "CLI2" })[1])
    end)

    it("is refused when missing or wrong", function()
      local expected = { 400,
        '{"error":"invalid_client","error_description":"Client credentials are invalid"}' }
      assert.same(expected, client())
      assert.same(expected, client { "particle", "wrong" })
      assert.same(expected, client { "nobody", "particle" })
      assert.same(expected, client(nil, { client_id = "particle" }))
      assert.same(expected, client(nil, { client_secret = "particle" }))
      assert.same(expected,
        client({ "particle", "wrong" }, { client_id = "particle", client_secret = "particle" }))
    end)
  end)

  describe("lifetime", function()
    it("is what expires_in says", function()
      local record = login { expires_in = "3600" }
      assert.equal(3600, record.expires_in)
      clock.now = clock.now + 3599
      assert.is_true(is_valid(record.access_token))
      clock.now = clock.now + 1
      assert.is_false(is_valid(record.access_token))
    end)

    it("is for ever with expires_in 0", function()
      local record = login { expires_in = "0" }
      assert.equal(0, record.expires_in)
      clock.now = 1e11
      assert.is_true(is_valid(record.access_token))
    end)

    it("lasts until expires_at, a date or an instant", function()
      clock.now = 1893456000 - 1000.5
      assert.equal(1000, login({ expires_at = "2030-01-01" }).expires_in)
      assert.equal(1005, login({ expires_at = "2030-01-01T00:00:05.000Z" }).expires_in)
      assert.equal(4600, login({ expires_at = "2030-01-01T02:00:00+01:00" }).expires_in)
    end)

    local BAD = {
      { { expires_in = "soon" }, "expires_in must be a number of seconds" },
      { { expires_in = "-1" }, "expires_in must be a number of seconds" },
      { { expires_in = "1.5" }, "expires_in must be a number of seconds" },
      { { expires_at = "tomorrow" }, "expires_at must be an ISO 8601 date or instant" },
      { { expires_at = "2000-01-01" }, "expires_at must be in the future" },
    }
    for _, case in ipairs(BAD) do
      it("is refused: " .. (case[1].expires_in or case[1].expires_at), function()
        local form = { grant_type = "password", username = "joe@example.com", password = "SuperSecret" }
        for name, value in pairs(case[1]) do form[name] = value end
        assert.same({ 400, ('{"error":"invalid_request","error_description":"%s"}'):format(case[2]) },
          (post(form, CLIENT)))
      end)
    end
  end)

  describe("refresh_token", function()
    local function refresh(token, basic)
      return post({ grant_type = "refresh_token", refresh_token = token }, basic or CLIENT)
    end

    it("gives a new token", function()
      local record = login { expires_in = "60" }
      clock.now = clock.now + 3600
      local raw, renewed = refresh(record.refresh_token)
      assert.equal(200, raw[1])
      assert.equal(7776000, renewed.expires_in)
      assert.not_equal(record.access_token, renewed.access_token)
      assert.not_equal(record.refresh_token, renewed.refresh_token)
      assert.is_true(is_valid(renewed.access_token))
    end)

    it("is refused when unknown, too old or another client's", function()
      local token = login().refresh_token
      local invalid = { 400, '{"error":"invalid_grant","error_description":"Invalid refresh token"}' }
      assert.same(invalid, (refresh("never issued")))
      assert.same(invalid, (refresh(nil)))
      assert.same(invalid, (refresh(token, { "mine", "s3cret" })))
      clock.now = clock.now + 14 * 86400
      assert.same({ 400, '{"error":"invalid_grant","error_description":"Refresh token has expired"}' },
        (refresh(token)))
    end)
  end)

  describe("client_credentials", function()
    it("gives a token of the first user", function()
      local raw, record = post({ grant_type = "client_credentials", expires_in = "60" }, { "mine", "s3cret" })
      assert.equal(200, raw[1])
      assert.equal(60, record.expires_in)
      local _, text = ask("GET", "/v1/user", { token = record.access_token })
      assert.equal("joe@example.com", core.decode(text).username)
    end)

    it("has no scopes", function()
      assert.equal("invalid_scope",
        select(2, post({ grant_type = "client_credentials", scope = "customer=x" }, CLIENT)).error)
    end)
  end)

  describe("with a second factor", function()
    local function first_step()
      local raw, body = post({ grant_type = "password", username = "ann@example.com", password = "p" },
        CLIENT)
      assert.equal(403, raw[1])
      return body.mfa_token, raw[2]
    end

    local function second_step(mfa_token, otp)
      return post({ grant_type = "urn:custom:mfa-otp", mfa_token = mfa_token, otp = otp }, CLIENT)
    end

    it("asks for a one-time password", function()
      local mfa_token, text = first_step()
      assert.equal('{"error":"mfa_required",'
        .. '"error_description":"Multifactor authentication required","mfa_token":"'
        .. mfa_token .. '"}', text)
      local raw, record = second_step(mfa_token, "123456")
      assert.equal(200, raw[1])
      local _, user = ask("GET", "/v1/user", { token = record.access_token })
      assert.equal("ann@example.com", core.decode(user).username)
    end)

    it("refuses a wrong one, and the right one later on", function()
      local mfa_token = first_step()
      local expected = { 400, '{"error":"invalid_grant","error_description":"OTP expired"}' }
      assert.same(expected, (second_step(mfa_token, "000000")))
      assert.same(expected, (second_step("never issued", "123456")))
      assert.same(expected, (second_step(nil, nil)))
      clock.now = clock.now + 300
      assert.same(expected, (second_step(mfa_token, "123456")))
    end)

    it("does not ask before the password is right", function()
      assert.equal("invalid_grant",
        select(2, post({ grant_type = "password", username = "ann@example.com", password = "x" },
          CLIENT)).error)
    end)
  end)

  it("takes forms only", function()
    local json = '{"grant_type":"password","username":"joe@example.com","password":"SuperSecret",'
      .. '"client_id":"particle","client_secret":"particle"}'
    for _, how in ipairs { { json = json }, {}, { body = "grant_type=password", type = "text/plain" } } do
      how.token = false
      local status, text = ask("POST", "/oauth/token", how)
      assert.equal(400, status)
      assert.equal("invalid_request", core.decode(text).error)
    end
  end)

  it("needs a known grant", function()
    assert.equal("invalid_request", select(2, post({ username = "x" }, CLIENT)).error)
    assert.equal("invalid_request", select(2, post({ grant_type = "" }, CLIENT)).error)
    assert.equal("unsupported_grant_type", select(2, post({ grant_type = "implicit" }, CLIENT)).error)
  end)

  it("keeps the cloud's own tokens apart from those of the start", function()
    local record = login()
    assert.is_nil(cloud.tokens:check(record.refresh_token))
    assert.not_equal(cloud.accounts.list[1].token, record.access_token)
  end)
end)
