local asking = require("spec.simulator.asking")
local clouds = require("particle.simulator.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")

describe("cloud", function()
  local function reply(ask, ...)
    local status, text = ask(...)
    return { status, text }
  end

  it("has one user unless told of others", function()
    local cloud = asking.cloud {}
    assert.same({ "user@example.com" }, cloud.accounts:names())
    assert.equal("password", cloud.accounts.list[1].password)
  end)

  it("gives each user a token, and the first one the devices of nobody in particular", function()
    local cloud = asking.cloud {
      devices = { { name = "a" }, { name = "free", claimed = false } },
      users = {
        { username = "joe", password = "p", devices = { { name = "b" } } },
        { username = "pete", password = "p", devices = { { name = "b" } } },
      },
    }
    local joe, pete = table.unpack(cloud.accounts.list)
    assert.equal(joe, cloud.tokens:check(joe.token).user)
    assert.equal(pete, cloud.tokens:check(pete.token).user)
    assert.equal(joe, cloud.devices:of_user(joe, "a").owner)
    assert.equal(joe, cloud.devices:of_user(joe, "b").owner)
    assert.equal(pete, cloud.devices:of_user(pete, "b").owner)
    assert.is_nil(cloud.devices:first(function(device) return device.name == "free" end).owner)
  end)

  it("tells the time with a fraction, near that of the system", function()
    local cloud = asking.cloud {}
    local now = cloud.clock()
    assert.truthy(math.abs(now - os.time()) < 5)
    assert.truthy(cloud.clock() >= now)
  end)

  it("asks for a token", function()
    local read, clock = asking.clock(1000)
    local _, ask = asking.cloud { clock = read, token_lifetime = 60 }
    assert.same({ 400, '{"error":"invalid_request","error_description":"The access token was not found"}' },
      reply(ask, "GET", "/v1/devices", { token = false }))
    local invalid = '{"error":"invalid_token","error_description":"The access token provided is invalid."}'
    assert.same({ 401, invalid },
      reply(ask, "GET", "/v1/devices", { token = "never-issued" }))
    assert.equal(200, reply(ask, "GET", "/v1/devices")[1])
    clock.now = 1060
    local expired = '{"error":"invalid_token","error_description":"The access token provided has expired."}'
    assert.same({ 401, expired },
      reply(ask, "GET", "/v1/devices"))
  end)

  it("takes a token from the query of anything, unless it is strict", function()
    for _, case in ipairs { { false, 200 }, { true, 400 } } do
      local cloud, ask = asking.cloud { strict = case[1] }
      local query = "?access_token=" .. cloud.accounts.list[1].token
      assert.equal(200, (ask("GET", "/v1/devices" .. query, { token = false })))
      assert.equal(case[2], (ask("POST", "/v1/device_claims" .. query, { token = false })))
    end
  end)

  it("knows no other paths and methods", function()
    local _, ask = asking.cloud {}
    local expected = { 404, '{"ok":false,"error":"Not found"}' }
    assert.same(expected, reply(ask, "GET", "/"))
    assert.same(expected, reply(ask, "GET", "/v2/devices"))
    assert.same(expected, reply(ask, "PATCH", "/v1/devices"))
    assert.same(expected, reply(ask, "HEAD", "/v1/devices"))
    assert.same(expected, reply(ask, "GET", "/oauth/token", { token = false }))
  end)

  it("refuses bodies that it cannot read, before anything else", function()
    local _, ask = asking.cloud {}
    for _, target in ipairs { "/v1/devices", "/nowhere", "/oauth/token" } do
      assert.same({ 400, '{"ok":false,"error":"The request body is not valid JSON"}' },
        reply(ask, "POST", target, { json = "{", token = false }))
    end
    assert.same({ 400, '{"ok":false,"error":"The request body is not valid multipart/form-data"}' },
      reply(ask, "PUT", "/v1/devices/x", { body = "x", type = "multipart/form-data; boundary=y" }))
  end)

  it("notes down who asked what, and what came of it", function()
    local cloud, ask = asking.cloud { devices = { { name = "lamp" } } }
    ask("GET", "/v1/devices/lamp")
    ask("GET", "/v1/devices/lamp", { token = "never-issued" })
    ask("GET", "/nowhere")
    local entries = cloud.journal:list()
    assert.same({ 200, "user@example.com", "/v1/devices/{device}" },
      { entries[1].status, entries[1].user, entries[1].route })
    assert.same({ 401, nil, "/v1/devices/{device}" },
      { entries[2].status, entries[2].user, entries[2].route })
    assert.same({ 404, nil, nil }, { entries[3].status, entries[3].user, entries[3].route })
  end)

  it("waits before it answers", function()
    local cloud = clouds.new { latency = 0.05 }
    local started = core.now()
    assert.equal(404, cloud:handle(asking.raw("GET", "/")).status)
    assert.truthy(core.now() - started >= 0.05)
  end)

  it("waits as long as a function says that sees the request without secrets", function()
    local seen
    local cloud, ask = asking.cloud { latency = function(request)
      seen = request
      return request.path == "/slow" and 0.05 or nil
    end }
    local started = core.now()
    ask("GET", "/slow?access_token=s3cret")
    assert.truthy(core.now() - started >= 0.05)
    assert.equal("<secret>", seen.query.access_token)
    assert.equal(cloud.journal:list()[1], seen)
    assert.equal(404, (ask("GET", "/quick")))
  end)

  it("answers in the same order when it waits in tasks", function()
    local cloud, order = clouds.new { latency = function(request) return request.path == "/slow" and 0.05
      or 0 end }, {}
    local function ask(path)
      return scheduler.spawn(function()
        cloud:handle(asking.raw("GET", path))
        order[#order + 1] = path
      end)
    end
    local slow, quick = ask("/slow"), ask("/quick")
    slow:wait()
    quick:wait()
    assert.same({ "/quick", "/slow" }, order)
  end)

  it("reports what goes wrong in an option, and answers 500", function()
    local reports = {}
    local function on_error(message) reports[#reports + 1] = message end
    for _, latency in ipairs {
      function() error("broken", 0) end, function() return "long" end, function() return -1 end,
      function() return 0 / 0 end,
    } do
      local _, ask = asking.cloud { latency = latency, on_error = on_error }
      assert.same({ 500, '{"ok":false,"error":"The simulator failed"}' }, reply(ask, "GET", "/v1/devices"))
    end
    assert.truthy(reports[1]:find("^particle.simulator: broken\nstack traceback"))
    assert.truthy(reports[2]:find("option latency: its function must return a number of seconds, got long", 1,
      true))
    assert.equal(4, #reports)
  end)

  it("survives an on_error that raises", function()
    local _, ask = asking.cloud {
      devices = { { name = "lamp", functions = { f = function() error("broken", 0) end } } },
      on_error = function() error("worse") end,
    }
    assert.same({ 500, '{"ok":false,"error":"broken"}' }, reply(ask, "POST", "/v1/devices/lamp/f"))
  end)
end)
