-- Paths of requests: parts are encoded one by one, and none can reach another operation.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local server, api

-- Releases of libcurl differ in how they write hexadecimal digits.
local function upper(text) return (text:gsub("%%%x%x", string.upper)) end

---@return string target as the server saw it
local function target(path, fields)
  local request = { method = "GET", path = path }
  for name, value in pairs(fields or {}) do request[name] = value end
  assert.is_true(raw.call(api, request))
  return upper(server:last().target)
end

---@return string message
local function refused(path)
  local before = #server.requests
  local ok, message = pcall(core.submit, api, { method = "GET", path = path })
  assert.is_false(ok)
  core.poller():step(0)
  raw.pump()
  assert.equal(before, #server.requests)
  return message
end

describe("a path", function()
  before_each(function()
    server = raw.new(raw.json("true"))
    api = server:api()
  end)

  after_each(function()
    core.close(api)
    server:close()
  end)

  it("is made of raw parts, percent-encoded one by one", function()
    assert.equal("/v1/devices", target { "v1", "devices" })
    assert.equal("/v1/a%20b%2Fc%3Fd%23e%25f", target { "v1", "a b/c?d#e%f" })
    assert.equal("/v1/%C3%BC%E2%82%AC%FF", target { "v1", "ü€\xff" })
    assert.equal("/v1/A-z0.9_~", target { "v1", "A-z0.9_~" })
    assert.equal("/v1/%2B%26%3D%3B%3A%40%21%24%27%28%29%2A%2C%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D",
      target { "v1", "+&=;:@!$'()*,\"<>\\^`{|}[]" })
    assert.equal("/v1/%0D%0A%09%01", target { "v1", "\r\n\t\1" })
  end)

  it("may have integers as parts", function()
    assert.equal("/v1/products/42", target { "v1", "products", 42 })
    assert.equal("/v1/9007199254740993/-7", target { "v1", 9007199254740993, -7 })
    assert.equal("/v1/3", target { "v1", 3.0 })
  end)

  it("keeps what only looks like dots, but is none", function()
    assert.equal("/v1/.../..a/.b", target { "v1", "...", "..a", ".b" })
    assert.equal("/v1/%252e%252e/x", target { "v1", "%2e%2e", "x" })
  end)

  it("takes parts of at most 2048 bytes", function()
    assert.equal(3 + 1 + 2048, #target { "v1", ("x"):rep(2048) })
    assert.truthy(refused({ "v1", ("x"):rep(2049) }):find("part 2 is longer than 2048 bytes", 1, true))
    refused { "v1", ("ü"):rep(5000) }
  end)

  it("has no empty, dotted or NUL part", function()
    assert.truthy(refused({ "v1", "" }):find("path part 2 is empty", 1, true))
    assert.truthy(refused({ "v1", "devices", "." }):find("path part 3", 1, true))
    assert.truthy(refused({ "..", "v1" }):find("path part 1", 1, true))
    assert.truthy(refused({ "v1", "a\0b" }):find("zero byte", 1, true))
    refused { "v1", core.secret("") }
    refused { "v1", core.secret("..") }
  end)

  it("has parts of no other type", function()
    local others = { [true] = "boolean", [{}] = "table", [print] = "function", [core.null] = "userdata" }
    for value, name in pairs(others) do
      assert.equal("path part 2 must be a string or an integer, got " .. name, refused { "v1", value })
    end
    for _, number in ipairs { 1.5, 1e300, math.huge, -math.huge, 0 / 0 } do
      assert.truthy(refused({ "v1", number }):find("path part 2 must be a string or an integer", 1, true))
    end
    assert.truthy(refused({ "v1", nil, "devices" }):find("got nil", 1, true))
  end)

  it("must be there", function()
    assert.truthy(refused({}):find("path is empty", 1, true))
    assert.truthy(refused(nil):find("path must be a list of parts or a string, got nil", 1, true))
    refused(5)
    refused(true)
  end)

  it("may be a text that is encoded already", function()
    assert.equal("/v1/devices", target "/v1/devices")
    assert.equal("/v1/a%20b%2Fc", target "/v1/a%20b%2fc")
    assert.equal("/v1/a+b;c=d,e:@!$&'()*", target "/v1/a+b;c=d,e:@!$&'()*")
    assert.equal("/v1/a?x=y", target("/v1/a", { query = { x = "y" } }))
  end)

  it("is refused as text that means something else", function()
    for _, text in ipairs {
      "", "v1", "@x", "http://elsewhere.test/v1", "//elsewhere.test/v1", "/v1//devices", "/v1/", "/",
      "/v1/../x", "/v1/./x", "/..", "/v1/%2e%2E/x", "/v1/.%2e", "/v1/%2e",
      "/v1/a b", "/v1/a\r\nX: y", "/v1/a\0b", "/v1\t", "/v1/\127", "/v1/ü",
      "/v1/a%00b", "/v1/a%", "/v1/a%2", "/v1/a%zz", "/v1/a?b=c", "/v1/a#b", "/v1/a\\b",
    } do
      assert.truthy(refused(text):find("^path "), text)
    end
  end)

  it("may have empty segments on servers other than the cloud", function()
    for _, path in ipairs { "/", "/v1/", "/v1//a" } do
      assert.equal(path, target(path, { foreign = true }))
    end
    assert.falsy(pcall(core.submit, api, { method = "GET", path = "/v1/../a", foreign = true }))
  end)

  it("stands behind the path of base_url", function()
    local prefixed = core.api { base_url = server.url .. "/pre%20fix/x/" }
    assert.is_true(raw.call(prefixed, { method = "GET", path = { "v1", "a" } }))
    assert.equal("/pre%20fix/x/v1/a", server:last().target)
    assert.is_true(raw.call(prefixed, { method = "GET", path = "/v1/b" }))
    assert.equal("/pre%20fix/x/v1/b", server:last().target)
    core.close(prefixed)
  end)

  it("replaces that of the call before, query and all", function()
    assert.equal("/v1/a?x=1", target({ "v1", "a" }, { query = { x = 1 } }))
    assert.equal("/v1/b", target { "v1", "b" })
    assert.equal("/v1/c?y=2", target({ "v1", "c" }, { query = { y = 2 } }))
  end)
end)

describe("a secret part of a path", function()
  local function failing(request)
    local refusing <close> = raw.new(function(c)
      local got = c:request()
      c:reply(404, nil, "Cannot DELETE " .. got.target)
    end)
    local value, err = raw.call(refusing:api(), request)
    assert.is_nil(value)
    return err, refusing:last().target, refusing.url
  end

  it("is sent, and shown as <secret>", function()
    local path = { "v1", "access_tokens", core.secret("canary/0123") }
    local err, sent, url = failing { method = "DELETE", path = path }
    assert.equal("/v1/access_tokens/canary%2F0123", upper(sent))
    assert.equal(url .. "/v1/access_tokens/<secret>", err.url)
    assert.is_nil((tostring(err) .. err.body .. err.message):find("canary", 1, true))
  end)

  it("may be marked in the request", function()
    local path = { "v1", "access_tokens", "canary0123", "x" }
    local err, sent, url = failing { method = "DELETE", path = path, secret_path = { [3] = true } }
    assert.equal("/v1/access_tokens/canary0123/x", sent)
    assert.equal(url .. "/v1/access_tokens/<secret>/x", err.url)
    assert.is_nil((tostring(err) .. err.body .. err.message):find("canary", 1, true))
  end)
end)
