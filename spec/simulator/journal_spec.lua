local asking = require("spec.simulator.asking")
local core = require("particle.core")
local journals = require("particle.simulator.journal")
local requests = require("particle.simulator.request")

local TOKEN = ("0123456789"):rep(4)

describe("journal", function()
  local function note(raw, route, template)
    local journal = journals.new()
    return journal:add((requests.parse(raw)), route, template, #raw.body, 1234.5), journal
  end

  it("notes down what was asked", function()
    local entry, journal = note(asking.raw("POST", "/v1/devices/a%20b/led?format=raw", {
      form = { arg = "on" }, headers = { ["x-particle-tool"] = "x@1" },
    }), { "POST" }, "/v1/devices/{device}/{function}")
    assert.same({
      method = "POST", path = "/v1/devices/a%20b/led", route = "/v1/devices/{device}/{function}",
      query = { format = "raw" }, fields = { arg = "on" }, body_length = 6, time = 1234.5, handled = false,
      headers = { ["x-particle-tool"] = "x@1", ["content-type"] = "application/x-www-form-urlencoded" },
    }, entry)
    assert.equal(entry, journal:list()[1])
  end)

  it("shows no credentials of headers", function()
    assert.same({ authorization = "Bearer <secret>" },
      note(asking.raw("GET", "/", { token = "s3cret" })).headers)
    assert.same({ authorization = "Basic <secret>" },
      note(asking.raw("GET", "/", { basic = { "joe", "s3cret" } })).headers)
    assert.same({ authorization = "<secret>", cookie = "<secret>" },
      note(asking.raw("GET", "/", { headers = { authorization = "s3cret", cookie = "s3cret" } })).headers)
  end)

  it("shows no secret fields, wherever they are", function()
    local secrets = {}
    for _, name in ipairs {
      "access_token", "refresh_token", "mfa_token", "token", "password", "current_password", "client_secret",
        "otp",
      "secret",
    } do
      secrets[name] = "s3cret"
      assert.same({ [name] = "<secret>" }, note(asking.raw("GET", "/?" .. name .. "=s3cret")).query)
    end
    for _, value in pairs(note(asking.raw("POST", "/", { form = secrets })).fields) do
      assert.equal("<secret>", value)
    end
    local entry = note(asking.raw("POST", "/", {
      json = '{"login":{"password":"s3cret","otp":5},"secret":{"value":"s3cret"},'
        .. '"l":[{"token":"s"}],"otp":null}',
    }))
    assert.same({
      login = { password = "<secret>", otp = "<secret>" }, secret = "<secret>",
        l = { { token = "<secret>" } },
      otp = core.null,
    }, entry.fields)
  end)

  it("shows no secret part of a path", function()
    local route = { "DELETE", "/v1/access_tokens/{token}", secret = { token = true } }
    local entry = note(asking.raw("DELETE", "/v1/access_tokens/s3cret"), route, route[2])
    assert.equal("/v1/access_tokens/<secret>", entry.path)
    route = { "DELETE", "/v1/x/{a}/{b}", secret = { b = true } }
    entry = note(asking.raw("DELETE", "/v1/x/y%20z/s3cret/"), route, route[2])
    assert.equal("/v1/x/y%20z/<secret>", entry.path)
  end)

  it("shows no token in any place", function()
    local entry = note(asking.raw("POST", "/v3/" .. TOKEN .. "?x=" .. TOKEN, {
      json = ('{"arg":"a %s b"}'):format(TOKEN), headers = { ["x-y"] = TOKEN },
    }))
    assert.equal("/v3/<secret>", entry.path)
    assert.equal("<secret>", entry.query.x)
    assert.equal("a <secret> b", entry.fields.arg)
    assert.equal("<secret>", entry.headers["x-y"])
  end)

  it("leaves ids and other texts alone", function()
    local id = "0123456789abcdef01234567"
    local entry = note(asking.raw("POST", "/v1/devices/" .. id, { form = { arg = TOKEN .. "0" } }))
    assert.equal("/v1/devices/" .. id, entry.path)
    assert.equal(TOKEN .. "0", entry.fields.arg)
  end)

  it("leaves out long texts", function()
    local entry = note(asking.raw("POST", "/", { form = { arg = ("x"):rep(5000) } }))
    assert.equal("<5000 bytes>", entry.fields.arg)
    assert.equal(5004, entry.body_length)
  end)

  it("keeps a thousand", function()
    local journal = journals.new()
    for i = 1, 1500 do journal:add((requests.parse(asking.raw("GET", "/" .. i))), nil, nil, 0, i) end
    local list = journal:list()
    assert.equal(1000, #list)
    assert.equal("/501", list[1].path)
    assert.equal("/1500", list[1000].path)
  end)

  it("hides what integrations and secrets hold", function()
    local cloud, ask = require("spec.simulator.asking").cloud()
    ask("PUT", "/v1/secrets/KEY", { json = '{"secret":{"value":"s3cret"}}' })
    ask("POST", "/v1/webhooks", { json = '{"event":"e","url":"x","auth":{"bearer":"s3cret"}}' })
    ask("POST", "/v1/integrations", {
      json = '{"integration_type":"GoogleMaps","event":"e","api_key":"s3cret"}',
    })
    for _, entry in ipairs(cloud.journal:list()) do
      assert.is_nil(core.encode(entry.fields):find("s3cret", 1, true))
    end
  end)
end)
