-- What an operation gives back, and how its options, secrets and files travel.

local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local support = require("spec.support")
local wire = require("spec.support.wire")

local ID = "0123456789abcdef01234567"

describe("an operation", function()
  local cloud, api, answer

  before_each(function()
    answer = function() return 200, { ok = true } end
    cloud = Cloud.new(function(request, number) return answer(request, number) end)
    api = cloud:client()
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("gives body and response", function()
    answer = function() return 201, { group = { name = "a" } }, { ["X-Mark"] = "m" } end
    local body, response = api.groups:create { product = 1, name = "a" }
    assert.are.same({ group = { name = "a" } }, body)
    assert.equal(201, response.status)
    assert.equal("m", response.headers["x-mark"])
    assert.equal(1, response.attempts)
  end)

  it("gives true where there is no body, null where it is null", function()
    answer = function() return 204 end
    assert.is_true((api.groups:delete { product = 1, group = "a" }))
    answer = function() return 200, "null" end
    assert.equal(particle.null, (api.orgs:list()))
    answer = function() return 200, "false" end
    assert.is_false((api.orgs:list()))
    answer = function() return 200, "" end
    assert.is_true((api.sims:check { iccid = "89" }))
  end)

  it("gives nil and an error that names the request", function()
    answer = function() return 404, { ok = false, error = "Product not found." } end
    local body, err = api.products:get { product = 1 }
    assert.is_nil(body)
    assert.equal("not_found", err.kind)
    assert.equal(cloud.url .. "/v1/products/1", err.url)
  end)

  it("gives bytes where a file comes", function()
    local bytes = "\0\1{\"a\":\255"
    answer = function() return 200, bytes, { ["Content-Type"] = "application/binary" } end
    assert.equal(bytes, (api.firmware:download_binary { binary = "b" }))
    assert.equal(bytes, (api.product_firmware:download { product = 1, version = 3 }))
    assert.equal(bytes, (api.devices:download_backup { device = ID }))
    answer = function() return 404, { error = "gone" } end
    local body, err = api.firmware:download_binary { binary = "b" }
    assert.is_nil(body)
    assert.equal("not_found", err.kind)
  end)

  it("gives text where text was asked for", function()
    answer = function() return 200, "time,value\n1,2\n", { ["Content-Type"] = "text/csv" } end
    local csv = api.diagnostics:history({ device = ID }, { headers = { accept = "text/csv" } })
    assert.equal("time,value\n1,2\n", csv)
    assert.equal("text/csv", cloud.requests[1].headers.accept)
    local body, err = api.diagnostics:history { device = ID }
    assert.is_nil(body)
    assert.equal("protocol", err.kind)
  end)

  it("gives bare values, whether texts have quotation marks or not", function()
    for text, expected in pairs {
      ["21.5"] = 21.5, ["42"] = 42, ["true"] = true, ["false"] = false, ['"a b"'] = "a b", ["a b"] = "a b",
      ["null"] = particle.null, ['{"a":1'] = '{"a":1',
    } do
      answer = function() return 200, text end
      local value = api.devices:get_variable { device = ID, variable = "x", format = "raw" }
      assert.equal(expected, value, text)
    end
    assert.equal("format=raw", cloud.requests[1].query)
    answer = function() return 200, "-1" end
    assert.equal(-1, (api.devices:call_function { device = ID, function_name = "f", format = "raw" }))
  end)

  it("gives a stream where events come", function()
    answer = function() return 401, { error = "invalid_token" } end
    local stream, err = api.events:stream_mine()
    assert.is_nil(stream)
    assert.equal("unauthorized", err.kind)
    local waiting <close> = assert(api.events:stream({ prefix = "a" }, { wait = false }))
    assert.equal("stream", particle.type(waiting))
    assert.error_matches(function() api.events:stream_mine({}, { idel = 1 }) end, 'did you mean "idle"')
  end)

  it("sends what it is given, however deeply nested", function()
    local body = { list = particle.array {}, null = particle.null, deep = { { a = { 1, 2.5 } } } }
    local settings = { body = body }
    api.integrations:create { integration_type = "Webhook", event = "e", name = "n", settings = settings }
    local sent = core.decode(cloud.requests[1].body, true)
    assert.equal("null", core.encode(sent.body.null))
    assert.is_truthy(cloud.requests[1].body:find('"list":[]', 1, true))
    assert.are.same({ { a = { 1, 2.5 } } }, sent.body.deep)
    assert.equal("n", sent.name)
    api.groups:assign { product = 1, device = ID, groups = {} }
    assert.equal('{"groups":[]}', cloud.requests[2].body)
    api.configuration:set_product { product = 1, config = {} }
    assert.equal("{}", cloud.requests[3].body)
  end)

  it("leaves the caller's tables as they are", function()
    local args = { product = 1, device = ID, groups = {} }
    api.groups:assign(args)
    assert.is_nil(getmetatable(args.groups))
    assert.are.same({ product = 1, device = ID, groups = {} }, args)
  end)

  it("sends a form where that is wished", function()
    api.devices:unlock_firmware({ product = 1, device = ID, desired_firmware_version = particle.null },
      { format = "form" })
    assert.equal("desired_firmware_version=null", cloud.requests[1].body)
    api.devices:signal({ device = ID, signal = true }, { format = "form" })
    assert.equal("signal=1", cloud.requests[2].body)
    api.devices:signal { device = ID, signal = false }
    assert.equal('{"signal":"0"}', cloud.requests[3].body)
  end)

  it("refuses bytes that JSON cannot hold, but sends them as a form", function()
    local args = { device = ID, notes = "a\xFF" }
    assert.error_matches(function() api.devices:set_notes(args) end, "notes is not valid UTF%-8")
    assert.equal(0, #cloud.requests)
    api.devices:set_notes(args, { format = "form" })
    assert.equal("notes=a%FF", cloud.requests[1].body)
  end)

  it("keeps the password of Basic authentication from the middleware", function()
    local seen
    api:use(function(request, send)
      seen = request
      return send(request)
    end)
    api.tokens:list { username = "joe", password = "hush", otp = "123456" }
    assert.are.same({ "joe", "<secret>" }, { seen.auth[1], tostring(seen.auth[2]) })
    assert.equal("<secret>", tostring(seen.query.otp))
    assert.equal("Basic am9lOmh1c2g=", cloud.requests[1].headers.authorization)
    assert.equal("otp=123456", cloud.requests[1].query)
  end)

  it("joins lists in queries by commas", function()
    api.devices:list { product = 1, groups = { "a b", "c" } }
    assert.equal("groups=a+b,c", cloud.requests[1].query)
    api.devices:list { product = 1, groups = "a,b" }
    assert.equal("groups=a%2Cb", wire.upper(cloud.requests[2].query))
  end)

  it("keeps secrets in settings and bodies from the middleware", function()
    local seen
    api:use(function(request, send)
      seen = request
      return send(request)
    end)
    api.integrations:create { integration_type = "Webhook", event = "e",
      settings = { url = "u", auth = { password = "hush" }, headers = { ["X-Key"] = "hush" } } }
    assert.equal("u", seen.json.url)
    assert.equal("<secret>", tostring(seen.json.headers["X-Key"]))
    assert.equal("<secret>", tostring(seen.json.auth.password))
    assert.is_truthy(cloud.requests[1].body:find('"hush"', 1, true))
    api.secrets:set { name = "KEY", secret = { value = core.secret "hush2" } }
    assert.equal("<secret>", tostring(seen.json.secret.value))
    assert.is_truthy(cloud.requests[2].body:find('"hush2"', 1, true))
  end)

  it("keeps tokens in replies from the middleware, and gives them to the caller", function()
    local seen
    answer = function() return 200, { ok = true, created = { tokens = { { token = "hush" } } } } end
    api:use(function(request, send)
      local body, response = send(request)
      seen = tostring(body.created.tokens[1].token)
      return body, response
    end)
    local body = api.team:create_api_user { product = 1, friendly_name = "n", scopes = { "devices:list" } }
    assert.equal("<secret>", seen)
    assert.equal("hush", body.created.tokens[1].token)
  end)

  it("asks for a token in the name of the client that is given", function()
    answer = function() return 200, { access_token = "a", token_type = "bearer" } end
    local record = api.oauth:login { username = "u", password = "p", client_id = "c", client_secret = "s" }
    assert.equal("a", record.access_token)
    assert.is_nil(cloud.requests[1].headers.authorization)
    assert.is_truthy(cloud.requests[1].body:find("client_secret=s", 1, true))
  end)

  it("refuses the very words of another operation even as an opaque value", function()
    assert.error_matches(function() api.tokens:delete { token = core.secret "current" } end,
      "means something else")
    assert.error_matches(function() api.tokens:delete { token = core.secret "" } end, "is empty")
    assert.equal(0, #cloud.requests)
  end)

  it("tells a device's handle its id", function()
    answer = function() return 200, { id = ID, name = "y", updated_at = "2026-01-01T00:00:00.000Z" } end
    local lamp = api:device "kitchen lamp"
    api.devices:rename { device = lamp, name = "y" }
    assert.equal(ID, lamp.id)
    assert.equal("y", lamp.name)
    answer = function() return 200, { name = "x", result = 1 } end -- of a variable
    api.devices:get_variable { device = lamp, variable = "x" }
    assert.equal("GET /v1/devices/" .. ID .. "/x", cloud:last())
    assert.equal("y", lamp.name)
  end)

  it("takes the options of any call", function()
    api.orgs:list({}, { headers = { ["X-A"] = 1 }, token_in = "query" })
    assert.equal("1", cloud.requests[1].headers["x-a"])
    assert.equal("access_token=s3cret-token", cloud.requests[1].query)
    answer = function() return 200, '{"a":null}' end
    assert.equal(particle.null, api.orgs:list({}, { nulls = true }).a)
    assert.is_nil(api.orgs:list().a)
  end)

  it("sends the header lines that choose the schema, beside the caller's", function()
    api.configuration:get_product_schema({ product = 1 }, { headers = { ["X-A"] = "b" } })
    assert.equal("application/schema+json", cloud.requests[1].headers.accept)
    assert.equal("b", cloud.requests[1].headers["x-a"])
    assert.are.same({ Accept = "application/schema+json" },
      require("particle.operations").rows("configuration").get_product_schema.headers)
  end)

  it("reads files while it sends them", function()
    local folder <close> = support.folder()
    local path = folder:write("src/main.cpp", ("x"):rep(300000))
    api.firmware:compile { files = { { path = path }, { data = "y", name = "lib/a.h" } }, platform_id = 32 }
    local body = cloud.requests[1].body
    assert.is_truthy(body:find('name="file"; filename="main.cpp"', 1, true))
    assert.is_truthy(body:find('name="file2"; filename="lib/a.h"', 1, true))
    assert.is_truthy(body:find(("x"):rep(300000), 1, true))
    assert.is_truthy(body:find('name="platform_id"\r\n\r\n32\r\n', 1, true))
    api.product_firmware:upload { product = 1, files = { { data = "z" } }, version = 3, title = "t",
      mandatory = true }
    assert.is_truthy(cloud.requests[2].body:find('filename="firmware.bin"', 1, true))
    assert.is_truthy(cloud.requests[2].body:find('name="mandatory"\r\n\r\ntrue\r\n', 1, true))
  end)

  it("fails where a file cannot be read, and sends nothing", function()
    local body, err = api.firmware:compile { files = { { path = "/nowhere/a.cpp" } }, platform_id = 32 }
    assert.is_nil(body)
    assert.equal("cancelled", err.kind)
    assert.is_false(err.delivered)
    assert.is_truthy(err.message:find("/nowhere/a.cpp", 1, true))
    assert.equal(0, #cloud.requests)
    assert.error_matches(function() api.firmware:compile { files = { "" } } end,
      "firmware.compile: files must be a list")
    local opaque = { files = { { data = "x" } }, latest = core.secret "true" }
    assert.error_matches(function() api.firmware:compile(opaque) end, "latest must be a string, got a secret")
    assert.error_matches(function() api.firmware:compile {} end, "firmware.compile: files is missing")
  end)
end)
