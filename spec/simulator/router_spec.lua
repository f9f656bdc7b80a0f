local form = require("particle.simulator.form")
local routers = require("particle.simulator.router")

describe("router", function()
  local function find(routes, method, path)
    local router = routers.new()
    router:add(routes)
    return router:find(method, form.split_path(path))
  end

  local devices = { "GET", "/v1/devices" }
  local one = { "GET", { "/v1/devices/{device}", "/v1/products/{product}/devices/{device}" } }
  local variable = { "GET", "/v1/devices/{device}/{variable}" }
  local events = { "GET", "/v1/devices/events/{prefix}" }
  local publish = { "POST", "/v1/devices/events" }
  local all = { devices, one, variable, events, publish }

  it("finds a route, its placeholders and its template", function()
    assert.equal(devices, (find(all, "GET", "/v1/devices")))
    local route, params, template = find(all, "GET", "/v1/products/42/devices/a%2Fb")
    assert.equal(one, route)
    assert.same({ product = "42", device = "a/b" }, params)
    assert.equal("/v1/products/{product}/devices/{device}", template)
  end)

  it("lists all routes", function()
    local router = routers.new()
    router:add { devices, one }
    assert.same({
      "GET /v1/devices", "GET /v1/devices/{device}", "GET /v1/products/{product}/devices/{device}",
    }, router:list())
  end)

  it("prefers literals of the same method, and goes back where they lead nowhere", function()
    assert.equal(events, (find(all, "GET", "/v1/devices/events/x")))
    assert.equal(publish, (find(all, "POST", "/v1/devices/events")))
    local route, params = find(all, "GET", "/v1/devices/events")
    assert.equal(one, route)
    assert.same({ device = "events" }, params)
  end)

  it("finds nothing else", function()
    for _, path in ipairs { "/", "/v1", "/v2/devices", "/v1/devices/a/b/c", "/v1//devices",
      "/v1/devices//t" } do
      assert.is_nil(find(all, "GET", path))
    end
    assert.is_nil(find(all, "HEAD", "/v1/devices"))
    assert.is_nil(find(all, "DELETE", "/v1/devices"))
  end)

  it("knows no placeholder in a request", function()
    assert.same({ device = "{device}" }, select(2, find(all, "GET", "/v1/devices/{device}")))
  end)

  it("refuses two routes in one place", function()
    assert.has_error(function() find({ devices, { "GET", "/v1/devices" } }, "GET", "/") end,
      "GET /v1/devices is routed twice")
    assert.has_error(function() find({ one, { "GET", "/v1/devices/{id}" } }, "GET", "/") end,
      "GET /v1/devices/{id} is routed twice")
  end)

  it("takes the same routes again, as after a try for which there was no memory", function()
    local router = routers.new()
    router:add { devices }
    router:add { devices, one }
    assert.same({
      "GET /v1/devices", "GET /v1/devices/{device}", "GET /v1/products/{product}/devices/{device}",
    }, router:list())
    assert.equal(one, (router:find("GET", form.split_path("/v1/devices/lamp"))))
  end)
end)
