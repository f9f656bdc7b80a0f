local asking = require("spec.simulator.asking")
local listening = require("spec.simulator.listening")
local lives = require("particle.simulator.live")

local LAMP, BELL, FAN = "0123456789abcdef01234567", "1123456789abcdef01234567", "2123456789abcdef01234567"

describe("event streams", function()
  local cloud, ask, ann

  before_each(function()
    cloud, ask = asking.cloud {
      users = {
        { username = "joe", password = "p", devices = {
          { name = "lamp", id = LAMP }, { name = "fan", id = FAN, product_id = 42 },
        } },
        { username = "ann", password = "p", devices = { { name = "bell", id = BELL, product_id = 43 } } },
      },
      orgs = { acme = { 42, 43 }, other = { 43 } },
      clock = asking.clock(1435900500),
    }
    ann = { token = cloud.accounts:find("ann").token }
  end)

  local function open(path, how) return listening.open(cloud, path, how) end

  local function publish(id, ...) lives.of(cloud.devices:by_identifier(id), cloud):publish(...) end

  -- Each device publishes one event for all and one that not all may see; then the API is used.
  local function publish_all()
    for _, id in ipairs { LAMP, FAN, BELL } do
      publish(id, "a/" .. id:sub(1, 1), "public")
      publish(id, "b/" .. id:sub(1, 1), "private", { private = true })
    end
    ask("POST", "/v1/devices/events", { form = { name = "a/joe", data = "public" } })
    ask("POST", "/v1/devices/events", { token = ann.token, json = '{"name":"b/ann","private":true}' })
    ask("POST", "/v1/products/42/events", { form = { name = "a/42" } })
  end

  it("open with a comment and go on as text/event-stream", function()
    local reply = cloud:handle(asking.raw("GET", "/v1/devices/events", ann))
    assert.equal(200, reply.status)
    assert.same({ ["Content-Type"] = "text/event-stream" }, reply.headers)
    assert.equal(":ok\n\n", open("/v1/devices/events"):news())
  end)

  local LAMPS, FANS, BELLS = "a/0=public b/0=private", "a/2=public b/2=private", "a/1=public b/1=private"
  local JOE = LAMPS .. " " .. FANS .. " a/joe=public a/42=null"

  local CASES = {
    { "/v1/devices/events", JOE },
    { "/v1/devices/events/", JOE },
    { "/v1/devices/events/b", "b/0=private b/2=private" },
    { "/v1/devices/events/B", "" },
    { "/v1/devices/events/a%2F0", "a/0=public" },
    { "/v1/devices/events/%61", "a/0=public a/2=public a/joe=public a/42=null" },
    { "/v1/devices/events", BELLS .. " b/ann=null", as = "ann" },
    { "/v1/events/a", "a/0=public a/2=public a/1=public a/joe=public a/42=null" },
    { "/v1/events/b", "b/0=private b/2=private" },
    { "/v1/events/b", "b/1=private b/ann=null", as = "ann" },
    { "/v1/devices/lamp/events", LAMPS },
    { "/v1/devices/" .. LAMP .. "/events/b?nonce=1", "b/0=private" },
    { "/v1/products/42/events", FANS .. " a/42=null" },
    { "/v1/products/42/events/b", "b/2=private" },
    { "/v1/products/42/devices/" .. FAN .. "/events", FANS },
    { "/v1/products/42/devices/" .. FAN .. "/events/a", "a/2=public" },
    { "/v1/orgs/acme/events", FANS .. " " .. BELLS .. " a/42=null" },
    { "/v1/orgs/acme/events/b", "b/2=private b/1=private", as = "ann" },
    { "/v1/orgs/acme/products/43/events", BELLS },
    { "/v1/orgs/acme/devices/" .. BELL .. "/events/a", "a/1=public" },
    { "/v1/orgs/other/events", BELLS, as = "ann" },
  }
  for _, case in ipairs(CASES) do
    it(("carry at %s%s what belongs there"):format(case[1], case.as and " of " .. case.as or ""), function()
      local stream = open(case[1], case.as == "ann" and ann)
      assert.equal("table", type(stream))
      publish_all()
      assert.equal(case[2], stream:heard())
    end)
  end

  local DENIED = "I didn't recognize that device name or ID, try opening "
    .. "https://api.particle.io/v1/devices?access_token=undefined"
  local REFUSED = {
    { "/v1/events", 400, '{"ok":false,"error":"event prefix filter is required"}' },
    { "/v1/events/", 400, '{"ok":false,"error":"event prefix filter is required"}' },
    { "/v1/devices/bell/events", 403, '{"error":"Permission Denied","info":"' .. DENIED .. '"}' },
    { "/v1/products/43/events", 404, '{"ok":false,"error":"Product not found."}' },
    { "/v1/products/x/events", 404, '{"ok":false,"error":"Product not found."}' },
    { "/v1/products/42/devices/" .. LAMP .. "/events", 403 },
    { "/v1/products/42/devices/fan/events", 403 },
    { "/v1/orgs/none/events", 404, '{"ok":false,"error":"Organization not found."}' },
    { "/v1/orgs/other/events", 404, '{"ok":false,"error":"Organization not found."}' },
    { "/v1/orgs/acme/products/44/events", 404, '{"ok":false,"error":"Product not found."}' },
    { "/v1/orgs/acme/devices/" .. LAMP .. "/events", 403 },
    { "/v1/devices/events/a/b", 404 },
  }
  for _, case in ipairs(REFUSED) do
    it("are refused at " .. case[1], function()
      local status, body = open(case[1])
      assert.equal(case[2], status)
      if case[3] then assert.equal(case[3], body) end
      assert.same({}, cloud.streams:describe())
    end)
  end

  it("need a token, which may be in the query", function()
    assert.equal(400, (open("/v1/devices/events", {})))
    assert.equal(401, (open("/v1/devices/events", { token = "never-issued" })))
    assert.equal("table", type(open("/v1/devices/events?access_token=" .. ann.token, {})))
    assert.same({ "/v1/devices/events", "ann" },
      { cloud.streams:describe()[1].path, cloud.streams:describe()[1].user })
  end)

  it("of a product tell more than others", function()
    local mine, fleet = open("/v1/devices/events"), open("/v1/products/42/events")
    mine:news()
    fleet:news()
    publish(FAN, "spin", "fast", { private = true, ttl = 5 })
    local start = 'event: spin\ndata: {"data":"fast","ttl":5,"published_at":"2015-07-03T05:15:00.000Z",'
      .. '"coreid":"' .. FAN .. '"'
    assert.equal(start .. "}\n\n", mine:news())
    assert.equal(start .. ',"userid":"' .. cloud.accounts:find("joe").id
      .. '","version":1,"public":false,"productID":42}\n\n', fleet:news())
  end)

  it("tell of devices that go offline and come back, and of updates", function()
    local stream = open("/v1/devices/events/spark")
    local lamp = lives.of(cloud.devices:by_identifier(LAMP), cloud)
    lamp.online = false
    lamp.online = true
    ask("PUT", "/v1/devices/lamp", { form = { app = "tinker" } })
    lamp.flash_result = "failed"
    ask("PUT", "/v1/devices/lamp", { form = { app = "tinker" } })
    assert.equal("spark/status=offline spark/status=online "
      .. "spark/flash/status=started spark/flash/status=success spark/status=offline spark/status=online "
      .. "spark/flash/status=started spark/flash/status=failed", stream:heard())
    assert.equal("", open("/v1/devices/events/spark", ann):heard())
  end)

  it("no longer carry a device's events once it is somebody else's", function()
    local stream = open("/v1/devices/lamp/events")
    publish(LAMP, "one")
    ask("DELETE", "/v1/devices/lamp")
    publish(LAMP, "two")
    assert.equal("one=null", stream:heard())
  end)

  it("are refused when a test wants them to be", function()
    cloud.streams:refuse(429, 2, 30)
    cloud.streams:refuse(401, 1)
    local reply = cloud:handle(asking.raw("GET", "/v1/events/a", ann))
    assert.same({ 429, '{"ok":false,"error":"Too many requests"}', 30 },
      { reply.status, reply.text, reply.headers["Retry-After"] })
    assert.equal(429, (open("/v1/devices/events")))
    local status, body = open("/v1/products/42/events")
    assert.equal(401, status)
    local invalid = "The access token provided is invalid."
    assert.equal('{"error":"invalid_token","error_description":"' .. invalid .. '"}', body)
    assert.equal("table", type(open("/v1/devices/events")))
  end)
end)
