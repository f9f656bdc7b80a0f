local Cloud = require("spec.support.cloud")

local ID = "0123456789abcdef01234567"

describe("an api without a token", function()
  it("sends nothing and says how to give one", function()
    local cloud <close> = Cloud.new(function() return 200, {} end)
    local api = require("particle").new { base_url = cloud.url }
    local value, err = api:devices()
    assert.is_nil(value)
    assert.are.equal("unauthorized", err.kind)
    assert.matches("particle%.new.*PARTICLE_ACCESS_TOKEN.*particle login.*api:login", err.message)
    assert.is_false(err.delivered)
    assert.are.equal(0, #cloud.requests)
  end)

  it("works after a login", function()
    local cloud <close> = Cloud.new(function(request)
      if request.path == "/oauth/token" then return 200, { access_token = "new", expires_in = 0 } end
      return 200, { result = request.headers.authorization }
    end)
    local api = require("particle").new { base_url = cloud.url }
    assert(api:login { username = "joe", password = "pw" })
    assert.are.equal("Bearer new", api:device(ID):read("x"))
    assert.is_nil(api.token_expires_at)
  end)

  it("that is wanted so, asks the cloud", function()
    local cloud <close> = Cloud.new(function(request)
      if request.headers.authorization then return 200, {} end
      return 400, { error = "invalid_request", error_description = "The access token was not found" }
    end)
    local _, err = cloud:client({ token = false }):devices()
    assert.are.equal("unauthorized", err.kind)
    assert.are.equal(400, err.status)
    assert.are.equal(1, #cloud.requests)
  end)
end)

describe("token_in", function()
  local cloud

  before_each(function()
    cloud = Cloud.new(function(request)
      if request.method == "GET" then return 200, { result = 1 } end
      return 200, { id = ID, return_value = 1 }
    end)
  end)

  after_each(function() cloud:close() end)

  local function where()
    local request = cloud.requests[#cloud.requests]
    if request.headers.authorization then return "header" end
    if request.query:find("access_token=s3cret-token", 1, true) then return "query" end
    if request.body:find("access_token=s3cret-token", 1, true) then return "body" end
  end

  for place, expected in pairs {
    header = { "header", "header", "header", "header" },
    query = { "query", "header", "header", "header" },
    body = { "header", "body", "body", "header" },
  } do
    it(place .. " of an api is used where the cloud allows it", function()
      local lamp = cloud:client({ token_in = place }):device(ID)
      local found = {}
      for i, verb in ipairs {
        function() return lamp:read("x") end, function() return lamp:call("f", "on") end,
        function() return lamp:unclaim() end, function() return lamp:flash { data = "x" } end,
      } do
        assert(verb())
        found[i] = where()
      end
      assert.are.same(expected, found)
    end)
  end

  it("of a call wins over the api's", function()
    local lamp = cloud:client({ token_in = "query" }):device(ID)
    assert(lamp:read("x", { token_in = "header" }))
    assert.are.equal("header", where())
    lamp = cloud:client():device(ID)
    assert(lamp:read("x", { token_in = "query" }))
    assert.are.equal("query", where())
    assert.has_error(function() lamp:read("x", { token_in = "body" }) end)
    assert.has_error(function() lamp:call("f", "x", { token_in = "query" }) end)
  end)
end)
