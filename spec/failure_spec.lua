local failure = require("particle.failure")

describe("an address that is shown", function()
  it("has its parts encoded one by one", function()
    assert.equal("http://h/v1/a%2Fb/7", failure.url("http://h", { "v1", "a/b", 7 }))
  end)

  it("hides secret parts", function()
    assert.equal("http://h/v1/<secret>", failure.url("http://h", { "v1", "canary" }, { [2] = true }))
  end)

  it("has no query, even where a path was given one that is refused later", function()
    for _, path in ipairs { "/v1/x?access_token=canary", "/v1/x#canary", "/v1/x?a=1#canary" } do
      local _, err = failure.unsent({ base_url = "http://h" }, { method = "GET", path = path }, "closed", "m")
      assert.equal("http://h/v1/x", err.url)
      assert.is_nil(tostring(err):find("canary", 1, true))
    end
    assert.equal("http://h/v1/a?b", failure.url("http://h", "/v1/a\nb"))
  end)
end)
