local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")

local ID = "0123456789abcdef01234567"
local LONG = 30

describe("a token function", function()
  local cloud, valid, asked

  -- A cloud that takes the token `valid` only.
  before_each(function()
    valid, asked = "one", 0
    cloud = Cloud.new(function(request)
      if request.path == "/oauth/token" then
        return 200, { access_token = valid, token_type = "bearer", expires_in = 3600, refresh_token = "r" }
      end
      if request.headers.authorization ~= "Bearer " .. valid then
        return 401, { error = "invalid_token", error_description = "The access token provided has expired." }
      end
      if request.method == "POST" then return 200, { return_value = 1 } end
      return 200, { result = "fine" }
    end)
  end)

  after_each(function() cloud:close() end)

  local function client(fn)
    return cloud:client {
      token = function(...)
        asked = asked + 1
        return fn(...)
      end,
    }
  end

  it("is asked on first use, not before, and not again", function()
    local api = client(function() return valid end)
    assert.are.equal(0, asked)
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.are.equal(1, asked)
  end)

  it("gets the api, and tells when the token expires", function()
    local given
    local api = client(function(...)
      given = ...
      return valid, 1900000000
    end)
    assert(api:device(ID):read("x"))
    assert.are.equal(api, given)
    assert.are.equal(1900000000, api.token_expires_at)
  end)

  it("is asked once more after a 401, and the call, never carried out, is sent again", function()
    local api = client(function() return valid end)
    assert(api:device(ID):read("x"))
    valid = "two"
    assert.are.equal(1, api:device(ID):call("f"))
    assert.are.equal(2, asked)
    assert.are.equal(3, #cloud.requests)
  end)

  it("is not asked a third time when its new token is refused too", function()
    local api = client(function() return "wrong" end)
    local value, err = api:device(ID):read("x")
    assert.is_nil(value)
    assert.are.equal("unauthorized", err.kind)
    assert.are.equal(401, err.status)
    assert.are.equal(2, err.attempts)
    assert.are.equal(2, asked)
    assert.are.equal(2, #cloud.requests)
  end)

  it("is asked once for all calls that wait", function()
    local api = client(function()
      scheduler.sleep(0.005)
      return valid
    end)
    local tasks = {}
    for round = 1, 2 do
      for i = 1, 5 do tasks[i] = scheduler.spawn(function() return api:device(ID):read("x") end) end
      for i = 1, 5 do assert.are.equal("fine", tasks[i]:wait()) end
      assert.are.equal(round, asked)
      valid = "two"
    end
  end)

  it("may log in with the api itself", function()
    local api = client(function(api) return api:login { username = "joe", password = "pw" } end)
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.is_true(math.abs(api.token_expires_at - os.time() - 3600) <= 2)
    assert.are.equal(2, #cloud.requests)
  end)

  it("may give a secret", function()
    local api = client(function() return core.secret(valid) end)
    assert.are.equal("fine", api:device(ID):read("x"))
  end)

  it("must not need a token itself", function()
    local api = client(function(api) return api:device(ID):read("token") end)
    assert.has_error(function() api:device(ID):read("x") end,
      "the token function needs a token itself: let it use api:login or another api")
    assert.are.equal(0, #cloud.requests)
  end)

  it("that gives none makes the call fail, with nothing sent", function()
    for message, fn in pairs {
      ["the token function gave no token"] = function() return nil end,
      ["the token function gave no token: locked out"] = function() return nil, "locked out" end,
    } do
      local value, err = client(fn):device(ID):read("x")
      assert.is_nil(value)
      assert.are.equal("unauthorized", err.kind)
      assert.are.equal(message, err.message)
      assert.is_false(err.delivered)
      assert.are.equal(0, err.attempts)
      assert.are.equal(cloud.url .. "/v1/devices/" .. ID .. "/x", err.url)
    end
    assert.are.equal(0, #cloud.requests)
  end)

  it("hands on the error object that it got", function()
    local mine = core.error { kind = "network", message = "m" }
    local _, err = client(function() return nil, mine end):device(ID):read("x")
    assert.are.equal(mine, err)
  end)

  it("that raises does so in the call; those who wait get an error of their own", function()
    local api = client(function()
      scheduler.sleep(0.005)
      error("my bug", 0)
    end)
    local other = scheduler.spawn(function() return api:device(ID):read("x") end)
    scheduler.step(0)
    local value, err = api:device(ID):read("x")
    assert.is_nil(value)
    assert.are.equal("the token function failed", err.message)
    assert.has_error(function() other:wait() end, "my bug")
    assert.has_error(function() api:device(ID):read("x") end, "my bug") -- and may be tried again
  end)

  it("must return a token", function()
    assert.has_error(function() client(function() return 7 end):device(ID):read("x") end,
      "the token function must return a token (a string), got a number")
    assert.has_error(function() client(function() return "a b" end):device(ID):read("x") end)
  end)

  it("that does not come back ends with the call's deadline for those who wait", function()
    local release = false
    local api = client(function()
      scheduler.wait(function() return release end, core.now() + LONG)
      return valid
    end)
    local first = scheduler.spawn(function() return api:device(ID):read("x") end)
    scheduler.step(0)
    local value, err = api:device(ID):read("x", { deadline = 0.02 })
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.is_false(err.delivered)
    release = true
    assert.are.equal("fine", first:wait())
  end)
end)

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
