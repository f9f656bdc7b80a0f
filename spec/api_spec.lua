local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local simulator = require("particle.simulator")

local ID = "0123456789abcdef01234567"

describe("an api", function()
  local sim, api

  before_each(function()
    sim = simulator.new {
      users = {
        {
          username = "joe@example.com", password = "pw",
          devices = {
            { name = "lamp", id = ID, variables = { x = 1 }, functions = { f = function() return 1 end } },
            { name = "cellar", online = false },
          },
        },
        { username = "eve@example.com", password = "pw" },
      },
    }
    api = sim:client()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function last() return sim:requests()[#sim:requests()] end

  it("lists its devices", function()
    local names = {}
    for i, device in ipairs(assert(api:devices())) do names[i] = device.name end
    table.sort(names)
    assert.are.same({ "cellar", "lamp" }, names)
    assert.are.same({}, sim:client({ user = "eve@example.com" }):devices())
  end)

  describe("device", function()
    it("refuses what addresses no device, and sends nothing", function()
      for problem, ref in pairs {
        ["is empty"] = "", ['is "%." or "%.%."'] = ".", ["holds a zero byte"] = "a\0b",
        ["longer than 2048"] = ("x"):rep(10000),
        ["means something else"] = "events",
      } do assert.error_matches(function() api:device(ref) end, "device: the id or name .*" .. problem) end
      assert.error_matches(function() api:device() end, "device: the id or name must be a string, got nil")
      assert.error_matches(function() api:device(42) end, "got the number 42")
      assert.error_matches(function() api:device("x", { prodct = 1 }) end, 'did you mean "product"')
      assert.error_matches(function() api:device("x", { product = {} }) end,
        "option product must be a product id")
      assert.error_matches(function() api:device("x", 42) end, "must be a table, got the number 42")
      assert.are.same({}, sim:requests())
    end)

    it("is in the api's product, in another, or in none", function()
      local other = sim:client { product = 42 }
      assert.are.equal(42, other:device(ID).product)
      assert.are.equal("slug", other:device(ID, { product = "slug" }).product)
      assert.is_nil(other:device(ID, { product = false }).product)
      assert.is_nil(api:device(ID).product)
    end)
  end)

  it("knows whose account it is", function()
    assert.are.equal("joe@example.com", assert(api:whoami()).username)
    local user, err = sim:client({ token = "x" }):whoami { timeout = 5 }
    assert.is_nil(user)
    assert.are.equal("unauthorized", err.kind)
    assert.error_matches(function() api:whoami { tiemout = 5 } end, 'whoami: unknown option "tiemout"')
  end)

  describe("publish", function()
    it("publishes", function()
      assert.is_true(api:publish("door/open", "ü&=\n", { private = true, ttl = 60 }))
      local event = sim:events()[1]
      assert.are.equal("door/open", event.name)
      assert.are.equal("ü&=\n", event.data)
      assert.are.equal("application/x-www-form-urlencoded", last().headers["content-type"])
    end)

    it("sends only what it was given", function()
      local cloud <close> = Cloud.new(function() return 200, { ok = true } end)
      local other = cloud:client()
      assert.is_true(other:publish("a"))
      assert.are.equal("POST /v1/devices/events name=a", cloud:last())
      assert.is_true(other:publish("a", ""))
      assert.matches("data=%f[&\0]", cloud:last())
      assert.is_true(other:publish("a", 5))
      assert.matches("data=5", cloud:last())
      assert.is_true(other:publish("a", "b", { private = false, ttl = 0 }))
      assert.matches("private=false", cloud:last())
      assert.matches("ttl=0", cloud:last())
      assert.is_true(other:publish("a", nil, { product = "my-product" }))
      assert.are.equal("POST /v1/products/my-product/events name=a", cloud:last())
      assert.is_true(other:publish("a", nil, { private = true }, { format = "json" }))
      assert.are.same({ name = "a", private = true }, core.decode(cloud.requests[#cloud.requests].body))
      assert.is_true(other:publish("a", nil, { private = true, timeout = 5, format = "json" }))
    end)

    it("refuses what is no event", function()
      assert.error_matches(function() api:publish() end,
        "publish: the event's name must be a string that is not empty, got nil")
      assert.error_matches(function() api:publish("") end, "got an empty string")
      assert.error_matches(function() api:publish(("x"):rep(10000)) end,
        "publish: the event's name is longer than 2048 bytes")
      assert.error_matches(function() api:publish("a", {}) end,
        "publish: data must be a string or a number, got a table")
      assert.error_matches(function() api:publish("a", "b", { privat = true }) end, 'did you mean "private"')
      assert.error_matches(function() api:publish("a", "b", { private = "yes" }) end,
        "option private must be true or false")
      assert.error_matches(function() api:publish("a", "b", { ttl = -1 }) end, "option ttl must be")
      assert.are.same({}, sim:requests())
    end)
  end)

  describe("claim", function()
    it("gives a handle for the device", function()
      assert(api:device("lamp"):unclaim())
      local claimed = assert(api:claim(ID))
      assert.are.equal(ID, claimed.id)
      assert.are.equal(1, claimed:read("x"))
    end)

    it("fails where the cloud refuses", function()
      local claimed, err = api:claim("ffffffffffffffffffffffff")
      assert.is_nil(claimed)
      assert.are.equal("not_found", err.kind)
      claimed, err = sim:client({ user = "eve@example.com" }):claim(ID)
      assert.is_nil(claimed)
      assert.are.equal("forbidden", err.kind)
    end)

    it("may ask for a transfer", function()
      local cloud <close> = Cloud.new(function() return 200, { ok = true } end)
      assert(cloud:client():claim(ID, { request_transfer = true }))
      assert.matches("request_transfer=true", cloud:last())
      assert.matches("id=" .. ID, cloud:last())
      assert.error_matches(function() api:claim("") end, "claim: the id is empty")
      assert.error_matches(function() api:claim(ID, { request_transfer = 1 }) end,
        "option request_transfer must be")
      for _, opts in ipairs { 5, false, "x" } do
        assert.error_matches(function() api:claim(ID, opts) end,
          "^claim: the options must be a table, got ")
      end
      assert(cloud:client():claim(ID, { request_transfer = true, format = "json" }))
      assert.same({ id = ID, request_transfer = true }, core.decode(cloud.requests[2].body))
    end)
  end)

  describe("request", function()
    local cloud, other

    before_each(function()
      cloud = Cloud.new(function(request)
        if request.path == "/none" then return 204, "" end
        return 200, { path = request.path, query = request.query, body = request.body }
      end)
      other = cloud:client()
    end)

    after_each(function()
      other:close()
      cloud:close()
    end)

    it("gives body and response", function()
      local body, response = other:request { method = "GET", path = { "v1", "a b", 7 } }
      assert.are.equal("/v1/a%20b/7", body.path)
      assert.are.equal(200, response.status)
      assert.are.equal(1, response.attempts)
      assert.is_number(response.elapsed)
      assert.are.equal("application/json", response.headers["Content-Type"])
    end)

    it("gives true for a success without a body", function()
      local body, response = other:request { path = "/none" }
      assert.is_true(body)
      assert.are.equal(204, response.status)
    end)

    it("sends every kind of body", function()
      assert.are.equal("a=b+c", other:request({ method = "PUT", path = "/x", form = { a = "b c" } }).body)
      assert.are.equal('{"a":[]}',
        other:request({ method = "PUT", path = "/x", json = { a = particle.array {} } }).body)
      assert.are.equal("raw\0", other:request({ method = "PUT", path = "/x", body = "raw\0" }).body)
      assert.matches("hello", other:request({
        method = "POST", path = "/x", multipart = { { name = "file", data = "hello", filename = "a.txt" } },
      }).body)
      assert.are.equal("a=1", other:request({ path = "/x", query = { a = 1 } }).query)
    end)

    it("gives the bytes as they came", function()
      cloud.answer = function() return 200, "\0not JSON\xff" end
      assert.are.equal("\0not JSON\xff", (other:request { path = "/x", raw = true }))
      local body, err = other:request { path = "/x" }
      assert.is_nil(body)
      assert.are.equal("protocol", err.kind)
    end)

    it("may be repeated by default when it is GET or HEAD", function()
      local seen
      other:use(function(request, send)
        seen = request.idempotent
        return send(request)
      end)
      for method, expected in pairs { GET = true, HEAD = true, PUT = false, POST = false, DELETE = false } do
        other:request { method = method, path = "/x" }
        assert.are.equal(expected, seen, method)
      end
      other:request { method = "PUT", path = "/x", idempotent = true }
      assert.is_true(seen)
      other:request({ path = "/x" }, { idempotent = false })
      assert.is_false(seen)
    end)

    it("shows no token that stands in the path", function()
      local lines, shown = {}, nil
      local logging = cloud:client { log = function(line) lines[#lines + 1] = line end }
      logging:use(function(request, send)
        shown = request.path
        return send(request)
      end)
      cloud.answer = function() return 404, { ok = false } end
      local list = { "v1", "access_tokens", "t0ken" }
      for _, path in ipairs { list, "/v1/access_tokens/t0ken", "/v1/access_tokens/%740ken" } do
        local _, err = logging:request { method = "DELETE", path = path }
        assert.are.equal("DELETE /v1/access_tokens/t0ken", cloud:last())
        assert.are.equal(cloud.url .. "/v1/access_tokens/<secret>", err.url)
        assert.not_matches("t0ken", tostring(err) .. require("particle.inspect")({ lines, shown }))
      end
      assert.are.equal("t0ken", list[3])
      for _, path in ipairs { "/v1/access_tokens/current", "/v1/access_tokens" } do
        assert.are.equal(cloud.url .. path, select(2, logging:request { path = path }).url)
      end
      logging:close()
    end)

    it("leaves the caller's table alone", function()
      local given = { path = "/x" }
      assert(other:request(given, { timeout = 3 }))
      assert.are.same({ path = "/x" }, given)
    end)

    it("refuses what is no request, and sends nothing", function()
      for problem, given in pairs {
        ["path must be a list of parts or an encoded string, got nil"] = {},
        ["option method must be a word"] = { path = "/x", method = "get" },
        ["option query must be a table"] = { path = "/x", query = "a=b" },
        ["option body must be a string"] = { path = "/x", body = {} },
        ['did you mean "json"'] = { path = "/x", jsn = {} },
        ["takes one of form, json"] = { path = "/x", method = "PUT", form = {}, json = {} },
        ["path does not begin"] = { path = "x" },
        ["path holds a space"] = { path = "/a b" },
        ['path holds a "%?"'] = { path = "/x?y=z" },
        ["path has a segment"] = { path = "/x/../y" },
        ["path part 2 is empty"] = { path = { "v1", "" } },
        ["path part 1 must be"] = { path = { true } },
        ["path is empty"] = { path = {} },
      } do assert.error_matches(function() other:request(given) end, problem) end
      assert.error_matches(function() other:request("/x") end, "must be a table, got a string")
      assert.error_matches(function() other:request { path = "https://example.com/x" } end, "path")
      assert.are.equal(0, #cloud.requests)
    end)
  end)

  it("makes addresses from raw parts", function()
    assert.are.equal(sim.url, api:url())
    assert.are.equal(sim.url .. "/v1/devices/my%20lamp%2F2/7", api:url("v1", "devices", "my lamp/2", 7))
    assert.error_matches(function() api:url("v1", "") end, "url: part 2 is empty")
    assert.error_matches(function() api:url("v1", nil, "x") end, "url: part 2 must be a string, got nil")
    assert.error_matches(function() api:url("..") end, "url: part 1 is ")
  end)

  it("knows the right spelling of a wrong name", function()
    assert.error_matches(function() api:devces() end,
      "an api has no devces; did you mean api:devices%(%.%.%.%)%?")
    assert.error_matches(function() return api.token_expires end, "did you mean api%.token_expires_at%?")
    assert.error_matches(function() return api.colour end, "an api has no colour$")
    assert.error_matches(function() return api[1] end, "an api has no 1$")
  end)

  it("says so when a dot stands for a colon", function()
    for _, verb in ipairs {
      "device", "devices", "claim", "publish", "request", "url", "use", "login", "close",
    } do
      for _, argument in ipairs { "x", {} } do
        assert.error_matches(function() api[verb](argument) end,
          verb .. ": call it with a colon, api:" .. verb .. "%(%.%.%.%), on an api")
      end
    end
  end)

  it("raises one message for everything once it is closed", function()
    local lamp = api:device("lamp")
    api:close()
    api:close()
    for _, verb in ipairs {
      function() api:device("x") end, function() api:devices() end, function() api:claim("x") end,
      function() api:publish("x") end, function() api:request { path = "/x" } end,
      function() api:url("x") end,
      function() api:use(print) end, function() api:login { username = "x", password = "y" } end,
      function() lamp:read("x") end,
    } do assert.has_error(verb, "the api is closed") end
    assert.are.equal("particle.api (closed)", tostring(api))
    assert.are.equal("api", particle.type(api))
  end)

  it("is closed at the end of a block", function()
    local kept
    do
      local mine <close> = sim:client()
      kept = mine
      assert(mine:devices())
    end
    assert.has_error(function() kept:devices() end, "the api is closed")
  end)

  it("is collected with its chain, its state and its handles", function()
    local weak = setmetatable({}, { __mode = "k" })
    for _ = 1, 5 do
      local mine = particle.new { base_url = sim.url, token = sim.token }
      mine:use(function(request, send) return send(request) end)
      weak[mine], weak[mine:device("lamp")] = true, true
      assert(mine:device("lamp"):read("x"))
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("lives as long as a handle of its own", function()
    local lamp = particle.new({ base_url = sim.url, token = sim.token }):device("lamp")
    collectgarbage()
    collectgarbage()
    assert.are.equal(1, lamp:read("x"))
  end)
end)
