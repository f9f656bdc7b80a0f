local profile = require("particle.profile")
local support = require("spec.support")

describe("profile", function()
  local folder, home

  local function write(name, text)
    folder:write(".particle/" .. name, text)
  end

  local function load(variables)
    variables = variables or { HOME = home }
    return profile.load(function(name) return variables[name] end)
  end

  before_each(function()
    folder = support.folder()
    home = folder.path
  end)

  after_each(function() folder:remove() end)

  describe("files", function()
    it("reads the token, its address and its expiry of the default profile", function()
      write("particle.config.json", [[{
        "access_token": "abc123",
        "access_token_expires_at": "2030-01-01T00:00:00.000Z",
        "apiUrl": "https://cloud.example",
        "username": "joe@example.com",
        "proxyUrl": "http://proxy.example:3128"
      }]])
      assert.are.same({
        path = home .. "/.particle/particle.config.json",
        token = "abc123",
        base_url = "https://cloud.example",
        expires_at = 1893456000.0,
      }, load())
    end)

    it("follows profile.json to another profile", function()
      write("profile.json", '{"name":"staging"}')
      write("particle.config.json", '{"access_token":"wrong"}')
      write("staging.config.json", '{"access_token":"right"}')
      local found = assert(load())
      assert.are.equal("right", found.token)
      assert.are.equal(home .. "/.particle/staging.config.json", found.path)
    end)

    for _, text in ipairs { '{"name":null}', '{"name":""}', "{}" } do
      it("takes the default profile when profile.json is " .. text, function()
        write("profile.json", text)
        write("particle.config.json", '{"access_token":"abc"}')
        assert.are.equal("abc", assert(load()).token)
      end)
    end

    it("has no token after a logout", function()
      write("particle.config.json", '{"access_token":null,"access_token_expires_at":null,"username":null}')
      local found = assert(load())
      assert.is_nil(found.token)
      assert.is_nil(found.expires_at)
    end)

    it("treats the year 9999 as never", function()
      write("particle.config.json",
        '{"access_token":"abc","access_token_expires_at":"9999-12-31T23:59:59.999Z"}')
      assert.is_nil(assert(load()).expires_at)
    end)

    it("accepts a byte order mark", function()
      write("particle.config.json", '\xEF\xBB\xBF{"access_token":"abc"}')
      assert.are.equal("abc", assert(load()).token)
    end)

    it("is nil without a reason when the CLI was never used", function()
      local found, reason = load()
      assert.is_nil(found)
      assert.is_nil(reason)
    end)

    it("is nil without a reason when there is no home", function()
      local found, reason = load {}
      assert.is_nil(found)
      assert.is_nil(reason)
    end)
  end)

  describe("broken files", function()
    local function assert_reason(pattern, file)
      local found, reason = load()
      assert.is_nil(found)
      assert.is_truthy(reason and reason:find(pattern), tostring(reason))
      assert.is_truthy(reason:find(home .. "/.particle/" .. file, 1, true), reason)
      assert.is_nil(reason:find("s3cret", 1, true), reason)
    end

    for name, text in pairs {
      ["cut short"] = '{"access_token":"s3cret',
      ["not JSON"] = "access_token=s3cret",
      ["empty"] = "",
      ["text"] = '"s3cret"',
      ["null"] = "null",
    } do
      it("names settings that are " .. name, function()
        write("particle.config.json", text)
        assert_reason("is not a JSON object", "particle.config.json")
      end)
    end

    it("names a broken profile.json", function()
      write("profile.json", "s3cret")
      write("particle.config.json", '{"access_token":"abc"}')
      assert_reason("is not a JSON object", "profile.json")
    end)

    it("names a file that cannot be read", function()
      write("particle.config.json/file", "")
      assert_reason("cannot read", "particle.config.json")
    end)

    it("refuses a profile name that leaves the folder", function()
      write("profile.json", '{"name":"../../s3cret"}')
      assert_reason("is no file name", "profile.json")
    end)

    it("refuses a token that is not text", function()
      write("particle.config.json", '{"access_token":["s3cret"]}')
      assert_reason("access_token is not text", "particle.config.json")
    end)

    it("refuses an address that is not text", function()
      write("particle.config.json", '{"access_token":"s3cret","apiUrl":7}')
      assert_reason("apiUrl is not text", "particle.config.json")
    end)

    it("refuses an expiry that is no time", function()
      write("particle.config.json", '{"access_token":"s3cret","access_token_expires_at":"soon"}')
      assert_reason("access_token_expires_at is not a time", "particle.config.json")
    end)
  end)

  describe("home", function()
    local function home_of(variables)
      return profile.home(function(name) return variables[name] end)
    end

    it("is the first existing folder of home, HOME, HOMEPATH, USERPROFILE", function()
      assert.are.equal(home, home_of { home = home, HOME = "/" })
      assert.are.equal(home, home_of { home = home .. "/missing", HOME = home, HOMEPATH = "/" })
      assert.are.equal(home, home_of { home = "", HOMEPATH = home, USERPROFILE = "/" })
      assert.are.equal(home, home_of { USERPROFILE = home })
      assert.is_nil(home_of { HOME = home .. "/missing" })
    end)

    it("is never a file", function()
      write("file", "")
      assert.are.equal("/", home_of { home = home .. "/.particle/file", HOME = "/" })
    end)
  end)

  describe("parse_time", function()
    for text, seconds in pairs {
      ["1970-01-01"] = 0,
      ["2000-02-29T10:00:00Z"] = 951818400,
      ["2000-02-29T12:00:00+02:00"] = 951818400,
      ["2000-02-29T05:30:00-0430"] = 951818400,
      ["2030-01-01"] = 1893456000,
      ["2030-01-01T00:00:00.500Z"] = 1893456000.5,
      ["1969-12-31T23:59:59Z"] = -1,
    } do
      it("reads " .. text, function() assert.are.equal(seconds, profile.parse_time(text)) end)
    end

    for _, text in ipairs { "", "now", "2030", "2030-13-01", "2030-01-32", "2030-01-01T",
      "2030-01-01T25:00:00Z", "2030-01-01T00:00:00 o'clock", "2030-01-01 00:00" } do
      it("refuses " .. ("%q"):format(text), function() assert.is_nil(profile.parse_time(text)) end)
    end
  end)
end)
