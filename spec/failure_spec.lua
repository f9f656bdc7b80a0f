local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local failure = require("particle.failure")

describe("a reply that is not what the cloud promises", function()
  it("is shown without the api's token or another one", function()
    local reply = {
      said = { "the token canary-token" }, ["canary-token"] = 1, refresh_token = "canary-other",
    }
    local cloud <close> = Cloud.new(function() return 200, reply end)
    local api <close> = cloud:client { token = "canary-token" }
    local lamp = api:device("lamp")
    for _, ask in ipairs {
      function() return lamp:read("x") end, function() return lamp:call("f") end,
      function() return lamp:ping() end, function() return api:devices() end,
    } do
      local value, err = ask()
      assert.is_nil(value)
      assert.equal("protocol", err.kind)
      assert.same({ "the token <secret>" }, err.body.said)
      assert.is_nil(core.encode(err.body):find("canary", 1, true))
    end
  end)
end)

describe("an address that is shown", function()
  it("has its parts encoded one by one", function()
    assert.equal("http://h/v1/a%2Fb/7", failure.url("http://h", { "v1", "a/b", 7 }))
  end)

  it("hides secret parts", function()
    assert.equal("http://h/v1/<secret>", failure.url("http://h", { "v1", "canary" }, { [2] = true }))
  end)

  it("has no query, even where a path was given one that is refused later", function()
    for _, path in ipairs { "/v1/x?access_token=canary", "/v1/x#canary", "/v1/x?a=1#canary" } do
      local _, err = failure.unsent({ base_url = "http://h" }, { path = path }, "closed", "m")
      assert.equal("http://h/v1/x", err.url)
      assert.is_nil(tostring(err):find("canary", 1, true))
    end
    assert.equal("http://h/v1/a?b", failure.url("http://h", "/v1/a\nb"))
  end)
end)
