local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local streaming = require("spec.support.streaming")

local ID = "0123456789abcdef01234567"

describe("the chain", function()
  local cloud, api, lamp, seen

  local function tell(name)
    return function(request, send)
      seen[#seen + 1] = name .. ">"
      local value, second = send(request)
      seen[#seen + 1] = "<" .. name
      return value, second
    end
  end

  before_each(function()
    seen = {}
    cloud = Cloud.new(function(request)
      seen[#seen + 1] = "cloud"
      if request.method == "POST" then return 200, { id = ID, return_value = 1 } end
      return 200, { result = 21.5 }
    end)
    api = cloud:client { log = false }
    lamp = api:device(ID)
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("runs call middleware around attempt middleware, earlier around later", function()
    api:use(tell "attempt1", "attempt")
    api:use(tell "call1")
    api:use(tell "call2", "call")
    api:use(tell "attempt2", "attempt")
    assert.are.equal(21.5, lamp:read("temperature"))
    assert.are.equal("call1> call2> attempt1> attempt2> cloud <attempt2 <attempt1 <call2 <call1",
      table.concat(seen, " "))
  end)

  it("shows a middleware the request, and the value with its response", function()
    local request, value, response
    api:use(function(r, send)
      request, value, response = r, send(r)
      request = r
      return value, response
    end)
    local results = table.pack(lamp:read("temperature"))
    assert.are.same({ 21.5, n = 1 }, results)
    assert.are.equal("GET", request.method)
    assert.are.equal("devices.get_variable", request.operation)
    assert.are.same({ "v1", "devices", ID, "temperature" }, request.path)
    assert.are.equal(21.5, value.result)
    assert.are.equal(200, response.status)
    assert.are.equal("application/json", response.headers["content-type"])
  end)

  it("lets a middleware answer by itself", function()
    api:use(function() return { result = "cached" } end)
    assert.are.equal("cached", lamp:read("temperature"))
    assert.are.same({}, seen)
  end)

  it("lets a middleware change the request", function()
    api:use(function(request, send)
      request.headers = { ["X-Trace"] = "abc" }
      return send(request)
    end)
    assert(lamp:read("temperature"))
    assert.are.equal("abc", cloud.requests[1].headers["x-trace"])
  end)

  it("lets a middleware send twice", function()
    api:use(function(request, send)
      assert(send(request))
      return send(request)
    end)
    assert.are.equal(21.5, lamp:read("temperature"))
    assert.are.equal(2, #cloud.requests)
  end)

  it("hands a middleware's error object to the caller", function()
    api:use(function() return nil, core.error { kind = "rate_limited", message = "not now" } end)
    local value, err = lamp:read("temperature")
    assert.is_nil(value)
    assert.are.equal("rate_limited", err.kind)
  end)

  it("lets what a middleware raises pass through", function()
    local thrown = {}
    api:use(function() error(thrown) end)
    local fine, problem = pcall(lamp.read, lamp, "temperature")
    assert.is_false(fine)
    assert.are.equal(thrown, problem)
  end)

  it("refuses nil without an error object from a middleware", function()
    api:use(function() return nil, "oops" end)
    assert.has_error(function() lamp:read("temperature") end,
      "a middleware returned nil without an error object as its second result")
  end)

  it("gives the caller of request body and response, with and without middleware", function()
    for _ = 1, 2 do
      local body, response = api:request { path = "/v1/x" }
      assert.are.equal(21.5, body.result)
      assert.are.equal(200, response.status)
      api:use(function(request, send) return send(request) end)
    end
  end)

  it("shows a middleware no secret", function()
    local fields
    api:use(function(request, send)
      fields = request.form
      return send(request)
    end)
    api:login { username = "joe", password = "s3cret" }
    assert.are.equal("<secret>", tostring(fields.password))
  end)

  it("leads to event streams too, with the response, and lets them outlive it", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local server <close> = raw.new(streaming.open(streaming.event("n", "1")))
    local with <close> = streaming.client(server, { log = false })
    with:use(tell "call")
    with:use(tell "attempt", "attempt")
    local request = { method = "GET", path = "/v1/devices/events", events = true, idempotent = true }
    local opened, response = core.state(with).open(request)
    assert.are.equal("call> attempt> <attempt <call", table.concat(seen, " "))
    assert.are.equal(200, response.status)
    assert.are.equal("text/event-stream", response.headers["content-type"])
    streaming.wait(function() return opened:ready() end)
    assert.are.equal("1", opened:pop().data)
    assert.is_false(opened:ended())
    opened:discard()
    streaming.wait(function() return server:count() == 0 end)
  end)

  it("drops an event stream that nobody takes", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local server <close> = raw.new(function(c)
      c:request()
      c:hang()
    end)
    local with <close> = streaming.client(server, { log = false })
    local request = { method = "GET", path = "/v1/devices/events", events = true, idempotent = true }
    local task = scheduler.spawn(core.state(with).open, request)
    streaming.wait(function() return server.executed == 1 end)
    task:cancel()
    streaming.wait(function() return server:count() == 0 end)
  end)

  it("refuses what is no middleware, and levels it does not know", function()
    assert.has_error(function() api:use("log") end)
    assert.has_error(function() api:use(print, "retry") end)
  end)

  it("takes callable objects", function()
    api:use(setmetatable({}, { __call = function(_, request, send) return send(request) end }))
    assert.are.equal(21.5, lamp:read("temperature"))
  end)
end)
