local limits = require("particle.limiter.limits")

local HERE = "https://api.example.com"

local function shown(made, request)
  local list = {}
  for i, limit in ipairs(made:of(request)) do list[i] = limit.key:sub(#HERE + 2) end
  return table.concat(list, " + ")
end

describe("the limits of a request", function()
  local published = limits.new(HERE, {})

  it("are those of all, and those of what it is for", function()
    local cases = {
      { "GET", { "v1", "devices" }, "requests" },
      { "POST", { "v1", "devices", "lamp", "users" }, "requests" },
      { "POST", { "oauth", "token" }, "token_requests + requests" },
      { "POST", "/oauth/token", "token_requests + requests" },
      { "POST", { "oauth", "tokens" }, "requests" },
      { "GET", { "v1", "access_tokens" }, "account_requests + requests" },
      { "GET", "/v1/access_tokens?otp=1", "account_requests + requests" },
      { "DELETE", { "v1", "access_tokens", "current" }, "account_requests + requests" },
      { "POST", { "v1", "users" }, "account_requests + requests" },
      { "DELETE", { "v1", "user" }, "account_requests + requests" },
      { "GET", { "v1", "user" }, "requests" },
      { "PUT", { "v1", "user", "password-reset" }, "account_requests + requests" },
      { "POST", "/v1/user/password-reset", "account_requests + requests" },
      { "GET", { "v1", "user", "password-reset" }, "requests" },
      { "PUT", { "v1", "user", "mfa-disable" }, "requests" },
      { "GET", { "v1", "serial_numbers", "P046" }, "serial_numbers + requests" },
      { "GET", { "v1" }, "requests" }, { "GET", "/", "requests" }, { "GET", "", "requests" },
      { "GET", {}, "requests" }, { "GET", { "v1", 42 }, "requests" },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[3], shown(published, { method = case[1], path = case[2] }))
    end
  end)

  it("count the stream of everybody's events apart", function()
    local function stream(path) return shown(published, { method = "GET", path = path, events = true }) end
    assert.are.equal("stream_openings of all + requests", stream("/v1/events/temp"))
    assert.are.equal("stream_openings + requests", stream("/v1/devices/events/temp"))
    assert.are.equal("stream_openings + requests", stream { "v1", "products", 42, "events" })
  end)

  it("are the published ones, in slightly longer windows", function()
    local all = published:of { method = "GET", path = "/" }[1]
    assert.are.same({ 10000, 300 }, { all.count, all.per })
    assert.is_true(all.window > 300 and all.window < 310)
    local token = published:of { method = "POST", path = "/oauth/token" }[1]
    assert.are.same({ 100, 300 }, { token.count, token.per })
  end)

  it("may be others, or none", function()
    local made = limits.new(HERE, { requests = 5, token_requests = { 2, 60 }, stream_openings = false })
    local list = made:of { method = "POST", path = "/oauth/token" }
    assert.are.same({ 2, 60, 5, 300 }, { list[1].count, list[1].per, list[2].count, list[2].per })
    assert.are.equal("requests", shown(made, { method = "GET", path = "/v1/devices/events", events = true }))
    made = limits.new(HERE, { requests = false })
    assert.are.equal("", shown(made, { method = "GET", path = "/" }))
    assert.are.equal("token_requests", shown(made, { method = "POST", path = "/oauth/token" }))
  end)

  it("make no table for a request", function()
    local request = { method = "GET", path = { "v1", "devices" } }
    assert.are.equal(published:of(request), published:of(request))
  end)
end)
