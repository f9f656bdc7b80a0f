local token = require("particle.token")
local support = require("spec.support")

local NOW = 1700000000

local function iso(seconds) return os.date("!%Y-%m-%dT%H:%M:%S.000Z", seconds) end

describe("token", function()
  local folder, home

  local function find(variables, base_url)
    variables.HOME = variables.HOME or home
    return token.find(function(name) return variables[name] end, base_url, function() return NOW end)
  end

  local function settings(text)
    folder:write(".particle/particle.config.json", text)
  end

  local function settings_path() return home .. "/.particle/particle.config.json" end

  local function assert_refused(pattern, found, reason)
    assert.is_nil(found)
    assert.is_truthy(reason and reason:find(pattern), tostring(reason))
    assert.is_nil(reason:find("s3cret", 1, true), reason)
  end

  before_each(function()
    folder = support.folder()
    home = folder.path
  end)

  after_each(function() folder:remove() end)

  describe("from PARTICLE_ACCESS_TOKEN", function()
    it("goes to the default address", function()
      assert.are.same({
        token = "s3cret", base_url = "https://api.particle.io", source = "PARTICLE_ACCESS_TOKEN",
      }, find { PARTICLE_ACCESS_TOKEN = "s3cret" })
    end)

    it("goes to PARTICLE_API_ENDPOINT where that is set", function()
      local found = assert(find {
        PARTICLE_ACCESS_TOKEN = "s3cret", PARTICLE_API_ENDPOINT = "http://127.0.0.1:8080",
      })
      assert.are.equal("http://127.0.0.1:8080", found.base_url)
    end)

    it("comes before the CLI's", function()
      settings '{"access_token":"other"}'
      assert.are.equal("s3cret", assert(find { PARTICLE_ACCESS_TOKEN = "s3cret" }).token)
    end)

    it("loses the white space around it", function()
      assert.are.equal("s3cret", assert(find { PARTICLE_ACCESS_TOKEN = " \ts3cret\r\n" }).token)
    end)

    for _, empty in ipairs { "", " ", "\n" } do
      it("counts as absent when it is " .. ("%q"):format(empty), function()
        settings '{"access_token":"other"}'
        assert.are.equal("other", assert(find { PARTICLE_ACCESS_TOKEN = empty }).token)
      end)
    end

    it("is refused with control characters inside, and no other is taken instead", function()
      settings '{"access_token":"other"}'
      assert_refused("PARTICLE_ACCESS_TOKEN contains control characters",
        find { PARTICLE_ACCESS_TOKEN = "s3cret\r\nX-Evil: 1" })
      assert_refused("contains control characters", find { PARTICLE_ACCESS_TOKEN = "s3cret\1x" })
      assert_refused("contains spaces", find { PARTICLE_ACCESS_TOKEN = "s3cret x" })
      assert_refused("contains bytes outside ASCII", find { PARTICLE_ACCESS_TOKEN = "s3crät" })
      assert_refused("is longer than 4096 bytes", find { PARTICLE_ACCESS_TOKEN = ("s3cret"):rep(700) })
    end)

    it("is refused with an endpoint that is no address", function()
      assert_refused("PARTICLE_API_ENDPOINT is not an http",
        find { PARTICLE_ACCESS_TOKEN = "s3cret", PARTICLE_API_ENDPOINT = "cloud" })
    end)

    it("is withheld from another address", function()
      assert_refused("^the token of PARTICLE_ACCESS_TOKEN belongs to https://api.particle.io"
        .. " and was withheld from https://other.example$",
        find({ PARTICLE_ACCESS_TOKEN = "s3cret" }, "https://other.example"))
      for _, other in ipairs { "http://api.particle.io", "https://api.particle.io:8443",
        "https://api.particle.io/proxy", "https://api.particle.io@evil.example", "rubbish" } do
        assert_refused("withheld", find({ PARTICLE_ACCESS_TOKEN = "s3cret" }, other))
      end
    end)

    for _, same in ipairs { "https://api.particle.io", "https://api.particle.io/", "HTTPS://API.Particle.io",
      "https://api.particle.io:443", "https://api.particle.io:0443/" } do
      it("goes to its address written as " .. same, function()
        assert.is_truthy(find({ PARTICLE_ACCESS_TOKEN = "s3cret" }, same))
      end)
    end
  end)

  describe("from the Particle CLI", function()
    it("goes to the default address", function()
      settings '{"access_token":"s3cret"}'
      assert.are.same({
        token = "s3cret", base_url = "https://api.particle.io", source = settings_path(),
      }, find {})
    end)

    it("goes to the CLI's own address only", function()
      settings '{"access_token":"s3cret","apiUrl":"http://127.0.0.1:9000"}'
      assert.are.equal("http://127.0.0.1:9000", assert(find {}).base_url)
      assert.is_truthy(find({}, "http://127.0.0.1:9000/"))
      assert_refused("withheld from https://api.particle.io", find({}, "https://api.particle.io"))
    end)

    it("is withheld from an address that stands in the environment alone", function()
      settings '{"access_token":"s3cret"}'
      assert_refused("withheld from http://127.0.0.1:9000",
        find { PARTICLE_API_ENDPOINT = "http://127.0.0.1:9000" })
    end)

    it("serves its own address when the environment's token belongs to another", function()
      settings '{"access_token":"mine","apiUrl":"http://127.0.0.1:9000"}'
      local found = assert(find({ PARTICLE_ACCESS_TOKEN = "s3cret" }, "http://127.0.0.1:9000"))
      assert.are.equal("mine", found.token)
    end)

    it("carries its expiry", function()
      settings(('{"access_token":"s3cret","access_token_expires_at":"%s"}'):format(iso(NOW + 300)))
      assert.are.equal(NOW + 300, assert(find {}).expires_at)
    end)

    it("is not used with less than five minutes left", function()
      settings(('{"access_token":"s3cret","access_token_expires_at":"%s"}'):format(iso(NOW + 299)))
      assert_refused("expires in less than five minutes", find {})
    end)

    it("is not used once it has expired", function()
      settings(('{"access_token":"s3cret","access_token_expires_at":"%s"}'):format(iso(NOW)))
      local found, reason = find {}
      assert_refused("has expired", found, reason)
      assert.is_truthy(reason:find(settings_path(), 1, true))
    end)

    it("is refused with control characters", function()
      settings '{"access_token":"s3cret\\nx"}'
      assert_refused("access_token contains control characters", find {})
    end)

    it("is refused with an apiUrl that is no address", function()
      settings '{"access_token":"s3cret","apiUrl":"ftp://cloud.example"}'
      assert_refused("apiUrl is not an http", find {})
    end)

    it("says that the CLI is logged out", function()
      settings '{"access_token":null}'
      assert_refused("logged out", find {})
    end)

    it("names a broken file", function()
      settings '{"access_token":"s3cret'
      local found, reason = find {}
      assert_refused("is not a JSON object", found, reason)
      assert.is_truthy(reason:find(settings_path(), 1, true))
    end)
  end)

  it("gives both reasons when both tokens are withheld", function()
    settings '{"access_token":"s3cret"}'
    local found, reason = find({ PARTICLE_ACCESS_TOKEN = "s3cret" }, "https://other.example")
    assert_refused("PARTICLE_ACCESS_TOKEN.*; .*particle%.config%.json", found, reason)
  end)

  it("says that there is none", function() assert_refused("no token was given or found", find {}) end)

  it("explains every way to give one", function()
    for _, way in ipairs { "token =", "PARTICLE_ACCESS_TOKEN", "particle login", "api:login" } do
      assert.is_truthy(token.explain():find(way, 1, true), way)
      assert.is_truthy(token.explain("the token has expired"):find(way, 1, true), way)
    end
    assert.is_truthy(token.explain("the token has expired"):find("^the token has expired"))
  end)

  describe("normalise", function()
    for url, normal in pairs {
      ["http://LocalHost:80/"] = "http://localhost",
      ["https://h:443/v2//"] = "https://h/v2",
      ["https://h:80"] = "https://h:80",
      ["https://h:"] = "https://h",
      ["http://[::1]:8080/"] = "http://[::1]:8080",
      ["http://[::1]"] = "http://[::1]",
    } do
      it("writes " .. url .. " as " .. normal, function() assert.are.equal(normal, token.normalise(url)) end)
    end

    for _, url in ipairs { "", "api.particle.io", "ftp://h", "https://", "https:///v1", "https://u:p@h",
      "https://h?x=1", "https://h#f", "https://h\n", "https://:80" } do
      it("refuses " .. ("%q"):format(url), function() assert.is_nil(token.normalise(url)) end)
    end
    it("refuses what is not text", function() assert.is_nil(token.normalise(7)) end)
  end)
end)
