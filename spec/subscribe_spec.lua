-- Whose events, and where: paths, options and what goes over the wire.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local ID, OTHER = "0123456789abcdef01234567", "0123456789abcdef01234568"

describe("subscribe on the wire", function()
  local pump, server, api

  before_each(function()
    pump = streaming.pump()
    server = raw.new(streaming.open())
    api = streaming.client(server, { log = false })
  end)

  after_each(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  -- The path that a subscription asks for.
  local function path(prefix, opts, of)
    local stream = assert((of or api):subscribe(prefix, opts))
    stream:close()
    return server:last().target
  end

  it("asks for the events of the account's devices", function()
    assert.are.equal("/v1/devices/events", path())
    assert.are.equal("/v1/devices/events", path(nil, {}))
    assert.are.equal("/v1/devices/events", path { scope = "mine" })
    assert.are.equal("/v1/devices/events/temp", path("temp"))
    assert.are.equal("/v1/devices/events/temp", path("temp", { scope = "mine" }))
  end)

  it("asks for everybody's events", function()
    assert.are.equal("/v1/events/temp", path("temp", { scope = "public" }))
  end)

  it("asks for one device's events", function()
    assert.are.equal("/v1/devices/" .. ID .. "/events", path { device = ID })
    assert.are.equal("/v1/devices/my%20lamp/events/a", path("a", { device = "my lamp" }))
    assert.are.equal("/v1/devices/my%20lamp/events", path { device = api:device("my lamp") })
    assert.are.equal("/v1/devices/my%20lamp/events", path(nil, nil, api:device("my lamp")))
    assert.are.equal("/v1/devices/" .. ID .. "/events/a", path("a", nil, api:device(ID:upper())))
    assert.are.equal("/v1/devices/" .. ID .. "/events", path({ idle = 20 }, nil, api:device(ID)))
  end)

  it("asks for a product's events, and those of its devices", function()
    assert.are.equal("/v1/products/42/events", path { product = 42 })
    assert.are.equal("/v1/products/my-slug/events/a", path("a", { product = "my-slug" }))
    local both = { product = 42, device = ID }
    assert.are.equal("/v1/products/42/devices/" .. ID .. "/events/a", path("a", both))
    local device = api:device(ID, { product = 42 })
    assert.are.equal("/v1/products/42/devices/" .. ID .. "/events", path(nil, nil, device))
    assert.are.equal("/v1/products/42/devices/" .. ID .. "/events", path { device = device })
  end)

  it("asks for an organization's events", function()
    assert.are.equal("/v1/orgs/acme/events", path { org = "acme" })
    assert.are.equal("/v1/orgs/acme/events/a", path("a", { org = "acme" }))
    assert.are.equal("/v1/orgs/acme/products/42/events/a", path("a", { org = "acme", product = 42 }))
    assert.are.equal("/v1/orgs/acme/devices/" .. ID .. "/events/a", path("a", { org = "acme", device = ID }))
    assert.are.equal("/v1/orgs/acme/devices/" .. ID .. "/events",
      path { org = "acme", device = api:device(ID, { product = 42 }) })
  end)

  it("follows the api's product where nothing else is said", function()
    local with <close> = streaming.client(server, { product = 7, log = false })
    assert.are.equal("/v1/products/7/events", path(nil, nil, with))
    assert.are.equal("/v1/products/7/events/a", path("a", nil, with))
    assert.are.equal("/v1/products/8/events", path({ product = 8 }, nil, with))
    assert.are.equal("/v1/devices/events", path({ product = false }, nil, with))
    assert.are.equal("/v1/devices/events", path({ scope = "mine" }, nil, with))
    assert.are.equal("/v1/events/a", path("a", { scope = "public" }, with))
    assert.are.equal("/v1/orgs/acme/events", path({ org = "acme" }, nil, with))
    assert.are.equal("/v1/products/7/devices/" .. ID .. "/events", path({ device = ID }, nil, with))
    assert.are.equal("/v1/devices/" .. ID .. "/events", path({ device = ID, product = false }, nil, with))
    assert.are.equal("/v1/products/7/devices/" .. ID .. "/events", path(nil, nil, with:device(ID)))
  end)

  it("encodes a prefix as one part, whatever is in it", function()
    for prefix, encoded in pairs {
      ["door opened"] = "door%20opened", ["hook-response/temp"] = "hook-response%2Ftemp", ["50%"] = "50%25",
      ["what?"] = "what%3F", ["a#b"] = "a%23b", ["a+b"] = "a%2Bb", ["a&b=c"] = "a%26b%3Dc",
      ["grün"] = "gr%C3%BCn",
      ["\xff\n"] = "%FF%0A", ["a;b"] = "a%3Bb", ["..a"] = "..a", ["a/../b"] = "a%2F..%2Fb", ["-._~"] = "-._~",
      ["\\"] = "%5C", ["%2e%2e"] = "%252e%252e",
    } do
      local expected = "/events/" .. encoded:lower() -- libcurl prefers small hex digits
      assert.are.equal("/v1/devices" .. expected, path(prefix):lower())
      assert.are.equal("/v1/devices/a%2fb" .. expected, path(prefix, { device = "a/b" }):lower())
    end
  end)

  it("says what it wants", function()
    path("a")
    local request = server:last()
    assert.are.equal("GET", request.method)
    assert.are.equal("text/event-stream", request.headers.accept)
    assert.are.equal("no-cache", request.headers["cache-control"])
    assert.are.equal("Bearer s3cret-token", request.headers.authorization)
    assert.are.equal("identity", request.headers["accept-encoding"])
    assert.is_nil(request.headers["last-event-id"])
    assert.is_nil(request.headers["content-type"])
    assert.matches(" HTTP/1.1\r\n", request.head, 1, true)
    assert.are.equal("", request.body)
  end)

  it("has further headers of one's choice, which are its own", function()
    local reset = false
    server.scripts = { streaming.resetting("", function() return reset end), streaming.open() }
    local headers = { ["X-Trace"] = "abc", Accept = "text/event-stream, */*" }
    local stream <close> = assert(api:subscribe("a", { headers = headers, retry = streaming.AT_ONCE }))
    headers["X-Trace"] = "changed"
    assert.are.equal("abc", server:last().headers["x-trace"])
    assert.are.equal("text/event-stream, */*", server:last().headers.accept)
    reset = true
    streaming.wait(function() return #server.requests == 2 end)
    assert.are.equal("abc", server:last().headers["x-trace"])
    streaming.wait(function() return stream.state == "open" end)
  end)

  it("replaces a header by one's own in whatever letter case", function()
    path("a", { headers = { accept = "text/event-stream;q=1", ["CACHE-CONTROL"] = "no-store" } })
    assert.are.equal("text/event-stream;q=1", server:last().headers.accept)
    assert.are.equal("no-store", server:last().headers["cache-control"])
  end)

  it("has the token in the query where that is wanted", function()
    path("a", { token_in = "query" })
    assert.are.equal("access_token=s3cret-token", server:last().query)
    assert.is_nil(server:last().headers.authorization)
    local with <close> = streaming.client(server, { token_in = "query", log = false })
    assert.are.equal("/v1/devices/events?access_token=s3cret-token", path(nil, nil, with))
    path({ token_in = "header" }, nil, with)
    assert.are.equal("", server:last().query)
    assert.are.equal("Bearer s3cret-token", server:last().headers.authorization)
  end)

  it("shows no token", function()
    local stream <close> = assert(api:subscribe("my temp", { token_in = "query" }))
    local shown = ("particle.stream %s/v1/devices/events/my%%20temp (open)"):format(server.url)
    assert.are.equal(shown, tostring(stream))
    local _, err = stream:next(0)
    assert.are.equal(server.url .. "/v1/devices/events/my%20temp", err.url)
    assert.are.equal("GET", err.method)
  end)

  it("has a connection to itself", function()
    local scripts = { raw.json("true"), streaming.open(), raw.json("true") }
    local own <close> = raw.new(table.unpack(scripts))
    local client <close> = streaming.client(own, { max_connections = 1, log = false })
    assert.is_true(client:request { path = "/v1/a" })
    local stream <close> = assert(client:subscribe())
    assert.are.equal(2, own.accepted)
    assert.is_true(client:request { path = "/v1/b" })
    assert.are.equal(2, own.accepted)
    assert.are.equal(1, own:last().connection)
    stream:close()
    assert.is_true(client:request { path = "/v1/c" })
    assert.are.equal(2, own.accepted)
  end)
end)

describe("subscribe", function()
  local sim, api

  before_each(function()
    sim = assert(simulator.new {
      orgs = { acme = { 42 } },
      devices = {
        { name = "lamp", id = ID, product_id = 42 }, { name = "door", id = OTHER },
      },
    })
    api = sim:client { log = false }
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  -- What a subscription gets of the events that both devices and the account publish.
  local function heard(prefix, opts, of)
    local stream <close> = assert((of or api):subscribe(prefix, opts))
    for _, name in ipairs { "lamp", "door" } do
      sim:device(name):publish("temp/" .. name, name, { private = name == "lamp" })
      sim:device(name):publish("end", "end")
    end
    assert(api:publish("temp/api", "api", { private = true }))
    assert(api:publish("end", "end"))
    assert(api:publish("temp-end", "temp-end"))
    sim:device("lamp"):publish("temp-end", "temp-end")
    sim:device("door"):publish("temp-end", "temp-end")
    local list = {}
    repeat
      local event = assert(stream:next(streaming.LONG))
      if event.data ~= "end" then list[#list + 1] = event.data end
    until event.data == "temp-end"
    list[#list] = nil
    return table.concat(list, " ")
  end

  it("hears whom it was told to hear", function()
    assert.are.equal("lamp door api", heard())
    assert.are.equal("lamp door api", heard("temp"))
    assert.are.equal("lamp door api", heard("temp", { scope = "public" }))
    assert.are.equal("door", heard { device = OTHER })
    assert.are.equal("door", heard("temp", { device = "door" }))
    assert.are.equal("lamp", heard("temp", nil, api:device("lamp")))
    assert.are.equal("lamp", heard { product = 42 })
    assert.are.equal("lamp", heard("temp", { product = 42, device = ID }))
    assert.are.equal("lamp", heard { org = "acme" })
    assert.are.equal("lamp", heard { org = "acme", product = 42 })
    assert.are.equal("lamp", heard { org = "acme", device = ID })
  end)

  it("finds a product's device by its name", function()
    local device = api:device("lamp", { product = 42 })
    assert.are.equal("lamp", heard("temp", nil, device))
    assert.are.equal(ID, device.id)
    assert.are.equal("lamp", heard("temp", { device = "lamp", product = 42 }))
    local stream, err = api:device("nobody", { product = 42 }):subscribe("temp")
    assert.is_nil(stream)
    assert.are.equal("not_found", err.kind)
    stream, err = api:device("door", { product = 42 }):subscribe("temp")
    assert.is_nil(stream)
    assert.are.equal("not_found", err.kind)
  end)

  it("filters by names with any characters in them", function()
    local stream <close> = assert(api:subscribe("a b/c%?#+ü"))
    for _, name in ipairs { "a b/c", "a%20b/c%?#+ü", "a b/c%?#+ü", "A b/c%?#+ü", "a b/c%?#+ü2" } do
      sim:device("lamp"):publish(name, name)
    end
    assert.are.same({ "a b/c%?#+ü", "a b/c%?#+ü2" }, streaming.collect(stream, 2))
  end)

  it("is told why it was refused", function()
    for _, case in ipairs {
      { "forbidden", nil, { device = "not mine" } },
      { "not_found", nil, { product = 77 } },
      { "not_found", nil, { org = "nobody" } },
    } do
      local kind, prefix, opts = table.unpack(case, 1, 3)
      local stream, err = api:subscribe(prefix, opts)
      assert.is_nil(stream)
      assert.are.equal("error", core.type(err))
      assert.is_true(err.kind == kind or err.kind == "forbidden", err.kind)
    end
  end)
end)

describe("subscribe refuses", function()
  local api, lamp

  before_each(function()
    api = require("particle").new { base_url = "http://127.0.0.1:9", token = "t", log = false }
    lamp = api:device("lamp")
  end)

  after_each(function() api:close() end)

  local function refused(message, fn, ...)
    local fine, problem = pcall(fn, ...)
    assert.is_false(fine)
    assert.matches(message, problem, 1, true)
    assert.matches("^spec/subscribe_spec.lua:%d+: ", problem)
  end

  it("prefixes that could not be a part of a path", function()
    for _, prefix in ipairs { "", ".", "..", "a\0b" } do
      refused("subscribe: the prefix of the events' names ", function() api:subscribe(prefix) end)
      refused("subscribe: the prefix of the events' names ", function() lamp:subscribe(prefix) end)
      refused("subscribe: the prefix ", function() api:subscribe(prefix, { scope = "public" }) end)
    end
    for _, prefix in ipairs { 1, true, api } do
      refused("the prefix of the events' names must be a string", function() api:subscribe(prefix) end)
    end
    refused("must be a string, got a table", function() api:subscribe({}, {}) end)
  end)

  it("everybody's events without a prefix", function()
    refused("the cloud wants a prefix", function() api:subscribe { scope = "public" } end)
  end)

  it("options that it does not know, or that do not fit", function()
    for _, case in ipairs {
      { 'unknown option "scop"', { scop = "mine" } },
      { "scope", { scope = "all" } },
      { "device", { device = 42 } },
      { "device", { device = "" } },
      { "device", { device = ".." } },
      { "product", { product = 1.5 } },
      { "product", { product = "" } },
      { "org", { org = "" } },
      { "org", { org = 7 } },
      { "org", { org = "." } },
      { "on_state", { on_state = "print" } },
      { "idle", { idle = 0 } },
      { "idle", { idle = "30" } },
      { "idle", { idle = 0 / 0 } },
      { "wait", { wait = 1 } },
      { "retry", { retry = true } },
      { "timeout", { timeout = -1 } },
      { "deadline", { deadline = 0 } },
      { "headers", { headers = { true } } },
      { 'token_in = "body"', { token_in = "body" } },
      { "the options must be a table", "mine" },
    } do
      refused("subscribe: ", function() api:subscribe("a", case[2]) end)
      refused(case[1], function() api:subscribe("a", case[2]) end)
    end
    refused('unknown option "scope"', function() lamp:subscribe("a", { scope = "mine" }) end)
    refused('unknown option "device"', function() lamp:subscribe { device = ID } end)
  end)

  it("policies that it does not know, or that do not fit", function()
    for _, case in ipairs {
      { "unknown option", { bas = 1 } },
      { "base", { base = 0 } },
      { "base", { base = "1" } },
      { "cap", { cap = -1 } },
      { "cap", { cap = 1 / 0 } },
      { "random", { random = 0.5 } },
    } do
      refused(case[1], function() api:subscribe("a", { retry = case[2] }) end)
      refused(case[1], function() lamp:subscribe("a", { retry = case[2] }) end)
    end
  end)

  it("what excludes each other", function()
    for _, scope in ipairs { "mine", "public" } do
      refused("exclude each other", function() api:subscribe("a", { scope = scope, device = "lamp" }) end)
      refused("exclude each other", function() api:subscribe("a", { scope = scope, product = 7 }) end)
      refused("exclude each other", function() api:subscribe("a", { scope = scope, org = "acme" }) end)
    end
  end)

  it("a device of the name that means all events", function()
    refused('is "events"', function() api:subscribe("a", { device = "events" }) end)
  end)

  it("receivers that are none", function()
    refused("api:subscribe", function() api.subscribe("a") end)
    refused("device:subscribe", function() lamp.subscribe("a") end)
  end)

  it("a closed api", function()
    api:close()
    for _, opts in ipairs { {}, { wait = false } } do
      assert.has_error(function() api:subscribe("a", opts) end, "the api is closed")
      assert.has_error(function() lamp:subscribe("a", opts) end, "the api is closed")
      assert.has_error(function() api:subscribe { device = lamp } end, "the api is closed")
    end
  end)
end)
