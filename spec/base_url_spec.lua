-- Which addresses are accepted for the cloud.

local core = require("particle.core")

local function refused(text)
  local address, why = core.base_url(text)
  assert.is_nil(address, text)
  assert.equal("string", type(why))
  local ok, message = pcall(core.api, { base_url = text })
  assert.is_false(ok)
  assert.truthy(tostring(message):find("base_url", 1, true), message)
  return why
end

describe("base_url", function()
  it("is taken without a slash at its end, and called by what it leads to", function()
    for text, expected in pairs {
      ["https://api.particle.io"] = { "https://api.particle.io", "https" },
      ["https://api.particle.io/"] = { "https://api.particle.io", "https" },
      ["https://api.particle.io:8443/a/b//"] = { "https://api.particle.io:8443/a/b", "https" },
      ["http://device.test"] = { "http://device.test", "http" },
      ["http://127.0.0.1:8080"] = { "http://127.0.0.1:8080", "loopback" },
      ["http://127.9.8.7"] = { "http://127.9.8.7", "loopback" },
      ["https://localhost"] = { "https://localhost", "loopback" },
      ["http://LOCALHOST:1/x"] = { "http://LOCALHOST:1/x", "loopback" },
      ["http://sim.localhost"] = { "http://sim.localhost", "loopback" },
      ["http://[::1]:80/"] = { "http://[::1]:80", "loopback" },
    } do
      local address, kind = core.base_url(text)
      assert.same(expected, { address, kind })
    end
    assert.equal("https://api.particle.io", (core.base_url("HTTPS://api.particle.io")))
  end)

  it("is not taken for loopback where it only looks like it", function()
    for _, text in ipairs {
      "http://127.0.0.1.example.com", "http://localhost.example.com", "http://notlocalhost",
      "http://128.0.0.1", "http://[::2]", "http://[2001:db8::1]",
    } do
      assert.equal("http", select(2, core.base_url(text)), text)
    end
  end)

  it("must be an http or https URL", function()
    for _, text in ipairs {
      "", "api.particle.io", "/v1", "ftp://api.particle.io", "file:///etc/passwd", "https://", "://x",
      "javascript:alert(1)", "gopher://x", "https:/api.particle.io:x",
      "https:/api.particle.io", "https:api.particle.io", "https:/%61/b://c",
      "https:///api.particle.io", "https:////api.particle.io",
    } do
      refused(text)
    end
  end)

  it("holds no user, password, query or fragment", function()
    assert.truthy(refused("https://me@api.particle.io"):find("user"))
    assert.truthy(refused("https://me:secret@api.particle.io"):find("user"))
    assert.truthy(refused("https://api.particle.io/?a=b"):find("query"))
    assert.truthy(refused("https://api.particle.io/#x"):find("fragment"))
  end)

  it("holds no space, control character, backslash or bad port", function()
    for _, text in ipairs {
      "https://api particle.io", "https://api.particle.io/a b", " https://api.particle.io",
      "https://api.particle.io\n", "https://api.particle.io\r\nX: y", "https://api\tx",
      "https://api.particle.io\\x", "http://127.0.0.1:99999", "http://127.0.0.1:x", "http://127.0.0.1:-1",
      "https://api.particle.io/\1", "https://[::1", "https://ex%00ample.com",
    } do
      refused(text)
    end
  end)

  it("names its host in plain characters", function()
    for _, text in ipairs {
      "http://2%2e1", "http://127%2E0.0.1", "http://api%2eparticle.io/x", "http://%31",
      "http://local%68ost:1",
    } do
      assert.truthy(refused(text):find("host", 1, true))
    end
    assert.same({ "http://127.0.0.1:1/a%2fb", "loopback" }, { core.base_url("http://127.0.0.1:1/a%2fb") })
    assert.equal("https", select(2, core.base_url("https://[fe80::1%25eth0]:1")))
  end)

  it("is refused with a NUL, not cut off there", function()
    local address = core.base_url("http://127.0.0.1\0.example.com")
    assert.is_nil(address)
    assert.has_error(function() core.api { base_url = "http://127.0.0.1\0.example.com" } end)
  end)

  it("is not longer than it need be", function()
    local long = "https://" .. ("a"):rep(60) .. ".test/" .. ("x"):rep(5000)
    local address, why = core.base_url(long)
    assert.is_nil(address)
    assert.equal("is longer than 1024 bytes", why)
  end)

  it("is text", function()
    assert.has_error(function() core.base_url() end)
    assert.has_error(function() core.base_url({}) end)
    assert.has_error(function() core.api {} end, "base_url is missing")
    assert.has_error(function() core.api { base_url = 5 } end, "base_url must be a string, got number")
  end)
end)
