local form = require("particle.simulator.form")
local routes = require("particle.simulator.routes")

describe("routes", function()
  local function template(method, path) return select(3, routes:find(method, form.split_path(path))) end

  it("keep the words of the cloud from being names", function()
    assert.equal("/v1/access_tokens/current", template("DELETE", "/v1/access_tokens/current"))
    assert.equal("/v1/access_tokens/{token}", template("DELETE", "/v1/access_tokens/abc"))
    assert.equal("/v1/devices/events", template("POST", "/v1/devices/events"))
    assert.equal("/v1/devices/{device}/ping", template("PUT", "/v1/devices/lamp/ping"))
  end)

  it("take a slash at the end for none, as the cloud does", function()
    assert.equal("/v1/access_tokens", template("DELETE", "/v1/access_tokens/"))
  end)
end)
