local core = require("particle.core")
local log = require("particle.log")
local simulator = require("particle.simulator")
local support = require("spec.support")

local BASE = "https://api.particle.io"

-- A clock that advances by `step` seconds at each look.
local function clock(step)
  local now = 100
  return function()
    now = now + step
    return now
  end
end

describe("log", function()
  local lines
  local function sink(line) lines[#lines + 1] = line end

  local function line_of(request, ...)
    local results = table.pack(...)
    local function send() return table.unpack(results, 1, results.n) end
    log.middleware(sink, BASE, clock(0.25))(request, send)
    return table.remove(lines)
  end

  before_each(function() lines = {} end)

  describe("line", function()
    it("holds method, address, status and milliseconds", function()
      assert.are.equal("GET https://api.particle.io/v1/devices 200 250.0 ms",
        line_of({ method = "GET", path = { "v1", "devices" } }, {}, { status = 200 }))
    end)

    it("says ok where there is no response to ask", function()
      assert.are.equal("GET https://api.particle.io/v1/devices ok 250.0 ms",
        line_of({ path = "/v1/devices" }, true))
    end)

    it("holds the kind of a failure", function()
      local gone = core.error { kind = "not_found", message = "m", status = 404 }
      assert.are.equal("POST https://api.particle.io/v1/devices/lamp/led 404 not_found 250.0 ms",
        line_of({ method = "POST", path = { "v1", "devices", "lamp", "led" } }, nil, gone))
      local cut = core.error { kind = "network", message = "m" }
      assert.are.equal("GET https://api.particle.io/v1/devices network 250.0 ms",
        line_of({ method = "GET", path = { "v1", "devices" } }, nil, cut))
    end)

    it("holds the number of a repeated attempt", function()
      local request = { method = "GET", path = { "v1" }, attempt = 1 }
      assert.is_truthy(line_of(request, true):find("ms$"))
      request.attempt = 3
      assert.is_truthy(line_of(request, true):find("ms %(attempt 3%)$"))
    end)

    it("encodes the parts of a path", function()
      assert.is_truthy(line_of({ path = { "v1", "devices", "a b/c\n" } }, true)
        :find("/v1/devices/a%20b%2Fc%0A ok", 1, true))
    end)

    it("takes a base address with a path and a slash", function()
      log.middleware(sink, "https://h/proxy/")({ path = { "v1" } }, function() return true end)
      assert.is_truthy(lines[1]:find("^GET https://h/proxy/v1 "))
    end)
  end)

  describe("secrets", function()
    it("shows no query, header, body or form", function()
      local line = line_of({
        method = "POST", path = { "v1", "devices" }, query = { access_token = "s3cret" },
        headers = { Authorization = "s3cret" }, form = { password = "s3cret" }, json = { otp = "s3cret" },
        body = "s3cret", auth = { "s3cret", "s3cret" },
      }, { result = "s3cret" }, { status = 200, headers = { ["set-cookie"] = "s3cret" } })
      assert.are.equal("POST https://api.particle.io/v1/devices 200 250.0 ms", line)
    end)

    it("shows no message of a failure", function()
      local err = core.error { kind = "unauthorized", status = 401, message = "s3cret", body = "s3cret" }
      assert.is_nil(line_of({ path = { "v1" } }, nil, err):find("s3cret", 1, true))
    end)

    it("hides secret parts of a path", function()
      local request = { path = { "v1", "access_tokens", "s3cret" }, secret_path = { [3] = true } }
      assert.is_truthy(line_of(request, true):find("/v1/access_tokens/<secret> ok", 1, true))
    end)

    it("hides secrets among the parts", function()
      local request = { path = { "v1", core.secret("s3cret") } }
      assert.is_truthy(line_of(request, true):find("/v1/<secret> ok", 1, true))
    end)

    it("hides the token and the query of a path given as text", function()
      assert.is_truthy(line_of({ path = "/v1/access_tokens/s3cret?access_token=s3cret" }, true)
        :find("/v1/access_tokens/<secret> ok", 1, true))
      assert.is_truthy(line_of({ path = "/v1/access_tokens/current" }, true):find("/current ok", 1, true))
    end)
  end)

  describe("call", function()
    it("keeps its results and the request as it was", function()
      local request = { path = { "v1" } }
      local response = { status = 200 }
      local middleware = log.middleware(sink, BASE)
      local function send() return 7, response end
      assert.are.same({ n = 1, 7 }, table.pack(middleware(request, send)))
      assert.is_nil(request.response)
      request.response = true
      assert.are.same({ n = 2, 7, response }, table.pack(middleware(request, send)))
      local err = core.error { kind = "network", message = "m" }
      request.response = nil
      local value, second = middleware(request, function() return nil, err end)
      assert.is_nil(value)
      assert.are.equal(err, second)
    end)

    it("keeps false a success", function()
      assert.is_truthy(line_of({ path = { "v1" } }, false, { status = 200 }):find(" 200 ", 1, true))
    end)

    it("lets a raise through", function()
      assert.has_error(function()
        log.middleware(sink, BASE)({ path = { "v1" } }, function() error("misuse", 0) end)
      end, "misuse")
    end)

    it("survives a sink that raises", function()
      local middleware = log.middleware(function() error("disk full") end, BASE)
      assert.are.equal(7, (middleware({ path = { "v1" } }, function() return 7 end)))
    end)
  end)

  describe("of an api", function()
    local sim

    before_each(function()
      sim = simulator.new { devices = { { name = "lamp", variables = { level = 7 } } } }
    end)

    after_each(function() sim:close() end)

    local function shown(line) return (line:gsub(" %d+%.%d ms$", "")) end

    it("holds calls and failures, and changes no result", function()
      local api = sim:client { log = sink }
      local lamp = api:device("lamp")
      assert.are.same({ n = 1, 7 }, table.pack(lamp:read("level")))
      local value, err = lamp:call("fly")
      assert.is_nil(value)
      assert.are.equal("not_found", err.kind)
      local body, response = api:request { path = "/v1/devices", query = { x = "s3cret" } }
      assert.are.equal(1, #body)
      assert.are.equal(200, response.status)
      local device = sim.url .. "/v1/devices/" .. lamp.id
      assert.are.same({
        "GET " .. sim.url .. "/v1/devices/lamp/level 200",
        "POST " .. device .. "/fly 404 not_found",
        "GET " .. sim.url .. "/v1/devices 200",
      }, { shown(lines[1]), shown(lines[2]), shown(lines[3]) })
    end)

    it("shows nothing of a login", function()
      local api = sim:client { log = sink, token = false }
      assert(api:login { grant = "password", username = sim.username, password = sim.password })
      assert.are.equal("POST " .. sim.url .. "/oauth/token 200", shown(lines[1]))
    end)

    it("survives a sink that raises", function()
      local api = sim:client { log = function() error("disk full") end }
      assert.are.equal(7, api:device("lamp"):read("level"))
    end)

    it("goes to standard error with PARTICLE_LOG=1", function()
      local result = support.run({ "lua5.4", "-e", [[
        local sim = require("particle.simulator").new { devices = { { name = "lamp" } } }
        sim:client():devices()
      ]] }, { env = { PARTICLE_LOG = 1 } })
      local expected = "^GET http://127%.0%.0%.1:%d+/v1/devices 200 %d+%.%d ms\n$"
      assert.is_truthy(result.stderr:find(expected), result.stderr)
    end)
  end)

  describe("sink", function()
    local function no_variables() return nil end

    it("is a function as it is", function()
      assert.are.equal(sink, log.sink_from_option(sink, no_variables))
      local callable = setmetatable({}, { __call = function() end })
      assert.are.equal(callable, log.sink_from_option(callable, no_variables))
    end)

    it("writes lines to a file", function()
      local file <close> = assert(io.tmpfile())
      local to_file = log.sink_from_option(file, no_variables)
      to_file("one")
      to_file("two")
      file:seek("set")
      assert.are.equal("one\ntwo\n", file:read("a"))
    end)

    it("writes to anything with a method write", function()
      local written = {}
      log.sink_from_option({ write = function(_, ...) written = { ... } end }, no_variables)("one")
      assert.are.same({ "one", "\n" }, written)
    end)

    it("raises what the file says when it cannot write", function()
      local full = { write = function() return nil, "No space left on device" end }
      local to_file = log.sink_from_option(full, no_variables)
      assert.has_error(function() to_file("one") end, "No space left on device")
    end)

    it("is absent by default and with false", function()
      assert.is_nil(log.sink_from_option(nil, no_variables))
      assert.is_nil(log.sink_from_option(false, function() return "1" end))
      for _, off in ipairs { "", "0" } do
        assert.is_nil(log.sink_from_option(nil, function() return off end))
      end
    end)

    it("is standard error with PARTICLE_LOG=1", function()
      local asked
      local made = log.sink_from_option(nil, function(name)
        asked = name
        return "1"
      end)
      assert.are.equal("function", type(made))
      assert.are.equal("PARTICLE_LOG", asked)
    end)

    for _, wrong in ipairs { "text", 7, true, {} } do
      it("is no " .. type(wrong), function()
        local made, problem = log.sink_from_option(wrong, no_variables)
        assert.is_nil(made)
        assert.are.equal("log: a function or a file expected, got " .. type(wrong), problem)
      end)
    end
  end)
end)
