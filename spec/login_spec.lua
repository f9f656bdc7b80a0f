local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local simulator = require("particle.simulator")

local JOE, EVE, PASSWORD = "joe@example.com", "eve@example.com", "SuperS3cret"

describe("login", function()
  local sim, api

  before_each(function()
    sim = simulator.new {
      clients = { ["my-client"] = "my-s3cret" },
      users = {
        {
          username = JOE, password = PASSWORD,
          devices = { { name = "lamp", variables = { x = 1 } } },
        },
        { username = EVE, password = PASSWORD, mfa = "123456" },
      },
    }
    api = particle.new { base_url = sim.url, token = false }
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function last() return sim:requests()[#sim:requests()] end

  it("by password gives a record, and the api its token", function()
    local record = assert(api:login { grant = "password", username = JOE, password = PASSWORD })
    assert.matches("^%x+$", record.access_token)
    assert.matches("^%x+$", record.refresh_token)
    assert.are.equal("bearer", record.token_type)
    assert.are.equal(7776000, record.expires_in)
    assert.is_true(math.abs(record.expires_at - os.time() - 7776000) <= 2)
    assert.are.equal(record.expires_at, api.token_expires_at)
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("shows no token in the record's tostring", function()
    local record = assert(api:login { username = JOE, password = PASSWORD })
    assert.matches("^particle%.token_record %(expires %d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ%)$",
      tostring(record))
    record = assert(api:login { username = JOE, password = PASSWORD, expires_in = 0 })
    assert.are.equal("particle.token_record (never expires)", tostring(record))
    assert.is_nil(record.expires_at)
    assert.is_nil(api.token_expires_at)
  end)

  it("shows the client in the header, or in the body", function()
    assert(api:login { username = JOE, password = PASSWORD })
    assert.is_nil(last().fields.client_id)
    assert.is_truthy(last().headers.authorization)
    assert(api:login {
      username = JOE, password = PASSWORD, client_id = "my-client", client_secret = "my-s3cret",
      client_auth = "body",
    })
    assert.are.equal("my-client", last().fields.client_id)
    assert.is_nil(last().headers.authorization)
    assert(api:login {
      username = JOE, password = PASSWORD, client_id = "my-client", client_secret = "my-s3cret",
    })
  end)

  it("by refresh token gives another token", function()
    local first = assert(api:login { username = JOE, password = PASSWORD })
    local second = assert(api:login { grant = "refresh_token", refresh_token = first.refresh_token })
    assert.are_not.equal(first.access_token, second.access_token)
    assert.are.equal(1, api:device("lamp"):read("x"))
    assert.are.equal("refresh_token", last().method == "GET" and sim:requests()[2].fields.grant_type)
    assert(api:login { refresh_token = second.refresh_token })
  end)

  it("by client credentials needs a client of one's own", function()
    assert(api:login { grant = "client_credentials", client_id = "my-client", client_secret = "my-s3cret" })
    assert.are.equal(1, api:device("lamp"):read("x"))
    assert.error_matches(function() api:login { grant = "client_credentials" } end,
      "client_credentials needs client_id")
  end)

  it("sends how long the token is to live", function()
    local record = assert(api:login { username = JOE, password = PASSWORD, expires_in = 3600 })
    assert.are.equal(3600, record.expires_in)
    record = assert(api:login { username = JOE, password = PASSWORD, expires_at = "2099-01-01" })
    assert.are.equal("2099-01-01", last().fields.expires_at)
    assert.is_true(record.expires_in > 3600)
    assert(api:login { username = JOE, password = PASSWORD, expires_at = 4070908800 })
    assert.are.equal("2099-01-01T00:00:00Z", last().fields.expires_at)
    local first = assert(api:login { username = JOE, password = PASSWORD })
    assert.is_nil(last().fields.expires_in)
    record = assert(api:login { refresh_token = first.refresh_token, expires_in = 60 })
    assert.are.equal(60, record.expires_in)
    record = assert(api:login { username = EVE, password = PASSWORD, otp = "123456", expires_in = 61 })
    assert.are.equal(61, record.expires_in)
    assert.are.equal("61", last().fields.expires_in)
    assert.error_matches(function()
      api:login { username = "j", password = PASSWORD, expires_at = "2099-01-01", expires_in = 1 }
    end, "give expires_in or expires_at, not both")
  end)

  it("with a wrong password or client fails once, as unauthorized, and shows neither", function()
    for _, credentials in ipairs {
      { username = JOE, password = "wr0ng-password" },
      { username = JOE, password = PASSWORD, client_id = "x", client_secret = "wr0ng-secret" },
      { username = JOE, password = PASSWORD, client_id = "x", client_secret = "wr0ng-secret",
        client_auth = "body" },
      { refresh_token = "wr0ng-refresh" },
    } do
      local before = #sim:requests()
      local record, err = api:login(credentials)
      assert.is_nil(record)
      assert.are.equal("unauthorized", err.kind)
      assert.are.equal(400, err.status)
      assert.are.equal(before + 1, #sim:requests())
      assert.not_matches("wr0ng", tostring(err) .. require("particle.inspect")(err))
      assert.not_matches(PASSWORD, tostring(err) .. require("particle.inspect")(err))
    end
  end)

  it("keeps the token it had when it fails", function()
    assert(api:login { username = JOE, password = PASSWORD })
    api:login { username = JOE, password = "wrong" }
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  describe("of an account with MFA", function()
    it("sends the one-time password that it was given", function()
      assert(api:login { username = EVE, password = PASSWORD, otp = "123456" })
      assert.are.equal("urn:custom:mfa-otp", last().fields.grant_type)
    end)

    it("asks a function for it, with the error", function()
      local asked
      assert(api:login {
        username = EVE, password = PASSWORD,
        otp = function(err)
          asked = err
          return "123456"
        end,
      })
      assert.are.equal("mfa_required", asked.kind)
    end)

    it("without it fails with what is needed to go on", function()
      local record, err = api:login { username = EVE, password = PASSWORD }
      assert.is_nil(record)
      assert.are.equal("mfa_required", err.kind)
      assert.is_string(err.mfa_token)
      assert.not_matches(err.mfa_token, tostring(err), 1, true)
      assert(api:login { mfa_token = err.mfa_token, otp = "123456" })
    end)

    it("fails when the function gives none", function()
      local record, err = api:login { username = EVE, password = PASSWORD, otp = function() end }
      assert.is_nil(record)
      assert.are.equal("mfa_required", err.kind)
    end)

    it("fails, once, when it is wrong", function()
      local record, err = api:login { username = EVE, password = PASSWORD, otp = "000000" }
      assert.is_nil(record)
      assert.are.equal("unauthorized", err.kind)
      assert.are.equal(2, #sim:requests())
    end)

    it("refuses a function that gives no text", function()
      assert.error_matches(function()
        api:login { username = EVE, password = PASSWORD, otp = function() return 123456 end }
      end, "what the function otp returns must be a string")
    end)
  end)

  it("refuses credentials that make no sense, and sends nothing", function()
    for problem, credentials in pairs {
      ["the grant is missing"] = {},
      ["the grant password needs username"] = { grant = "password" },
      ["the grant password needs password"] = { username = "joe" },
      ["the grant refresh_token needs refresh_token"] = { grant = "refresh_token" },
      ["option grant must be"] = { grant = "implicit" },
      ["option client_auth must be"] = { username = "a", password = "b", client_auth = "header" },
      ["option expires_in must be"] = { username = "a", password = "b", expires_in = -1 },
      ["option expires_in .* got a string"] = { username = "a", password = "b", expires_in = "3600" },
      ["option expires_at must be"] = { username = "a", password = "b", expires_at = "tomorrow" },
      ["option expires_at .* got the number 1.5"] = { username = "a", password = "b", expires_at = 1.5 },
      ["option expires_at .* got the number"] = { username = "a", password = "b", expires_at = 2 ^ 60 },
      ["option username must be a string that is not empty"] = { username = "", password = "b" },
      ["mfa_token needs otp"] = { mfa_token = "x" },
      ['did you mean "username"'] = { user_name = "joe" },
    } do
      assert.error_matches(function() api:login(credentials) end, problem)
    end
    assert.error_matches(function() api:login("joe") end, "must be a table")
    assert.error_matches(function() api:login { username = "a", password = 7 } end, "got the number 7")
    assert.are.same({}, sim:requests())
  end)

  it("takes secrets, so that a program need not keep texts", function()
    assert(api:login { username = JOE, password = core.secret(PASSWORD) })
  end)

  it("shows a middleware neither what it sends nor what it gets", function()
    local shown = {}
    api:use(function(request, send)
      local value, response = send(request)
      for _, t in ipairs { request.form, type(value) == "table" and value or {}, request.auth } do
        for _, item in pairs(t) do shown[#shown + 1] = tostring(item) end
      end
      return value, response
    end)
    local record = assert(api:login { username = JOE, password = PASSWORD })
    local text = table.concat(shown, " ")
    assert.not_matches(PASSWORD, text)
    assert.not_matches(record.access_token, text)
    assert.not_matches(record.refresh_token, text)
    assert.matches("<secret>", text)
  end)

  it("reads expires_in as text too, and refuses a reply without a token", function()
    local reply = { access_token = "abc", expires_in = "60" }
    local cloud <close> = Cloud.new(function() return 200, reply end)
    local other = cloud:client()
    assert.are.equal(60, assert(other:login { username = "a", password = "b" }).expires_in)
    reply = { access_token = "abc" }
    assert.are.equal("particle.token_record (expiry unknown)",
      tostring(assert(other:login { username = "a", password = "b" })))
    reply = { access_token = "abc", expires_in = 1e15 }
    assert.matches("^particle.token_record %(expires %d+%)$",
      tostring(assert(other:login { username = "a", password = "b" })))
    reply = { refresh_token = "s3cret" }
    local record, err = other:login { username = "a", password = "b" }
    assert.is_nil(record)
    assert.are.equal("protocol", err.kind)
    assert.not_matches("s3cret", require("particle.inspect")(err))
    other:close()
  end)

  it("raises for no reply, however odd, and stores what can be stored", function()
    local kept
    local other <close> = particle.new {
      base_url = sim.url,
      token_store = {
        load = function() end,
        save = function(_, record)
          kept = core.encode(record)
          return true
        end,
        clear = function() end,
      },
    }
    local function answered(body, status)
      sim:fault { status = status or 200, body = body }
      return other:login { username = JOE, password = PASSWORD, otp = "1" }
    end
    for _, token in ipairs { '""', '"a b"', '"a\\r\\nX-A: b"', '"é"', '"\xFF"', "7", '["a"]',
      '"' .. ("x"):rep(5000) .. '"' } do
      local record, err = answered('{"access_token":' .. token .. "}")
      assert.is_nil(record)
      assert.are.equal("protocol", err.kind)
    end
    for _, odd in ipairs { '"\xFF"', '["a"]', "7.5" } do
      local record, problem = answered(
        ('{"access_token":"abc","refresh_token":%s,"token_type":%s,"expires_in":%s}'):format(odd, odd, odd))
      assert.is_nil(problem)
      assert.are.equal("abc", record.access_token)
      assert.is_nil(record.refresh_token)
      assert.is_nil(record.token_type)
      assert.is_truthy(kept:find('"abc"', 1, true))
    end
    local record = answered(('{"access_token":"abc","expires_in":"%d"}'):format(math.maxinteger))
    assert.is_nil(record.expires_at)
    assert.are.equal("particle.token_record (expiry unknown)", tostring(record))
    for _, odd in ipairs { '["a"]', '""', "true", "null" } do
      local _, err = answered(('{"error":"mfa_required","mfa_token":%s}'):format(odd), 403)
      assert.are.equal("mfa_required", err.kind)
    end
  end)
end)
