local core = require("particle.core")
local particle = require("particle")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"

describe("simulator", function()
  local opened

  before_each(function() opened = {} end)

  after_each(function()
    for _, sim in ipairs(opened) do sim:close() end
  end)

  local function new(options)
    local sim = assert(simulator.new(options))
    opened[#opened + 1] = sim
    return sim
  end

  local function message_of(fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    return message
  end

  it("serves a client in the same Lua state", function()
    local on = false
    local sim = new { devices = { {
      name = "kitchen-lamp",
      variables = { temperature = function() return 21.5 end, on = function() return on end },
      functions = { led = function(arg)
        on = arg == "on"
        return on and 1 or 0
      end },
    } } }
    local lamp = sim:client():device("kitchen-lamp")
    assert.equal(21.5, lamp:read("temperature"))
    assert.equal(1, lamp:call("led", "on"))
    assert.is_true(lamp:read("on"))
    assert.is_true(lamp:ping())
  end)

  it("has an address, a token and a user", function()
    local sim = new()
    assert.equal("http://127.0.0.1:" .. sim.port, sim.url)
    assert.same({ "user@example.com", "password" }, { sim.username, sim.password })
    local api = particle.new { base_url = sim.url, token = sim.token }
    assert.same({}, api:devices())
    local other = particle.new { base_url = sim.url, token = false }
    assert(other:login { grant = "password", username = sim.username, password = sim.password })
    assert.same({}, other:devices())
  end)

  it("listens on the port that was asked for, and says when it cannot", function()
    local port = support.free_port()
    assert.equal(port, new({ port = port }).port)
    local sim, err = simulator.new { port = port }
    assert.is_nil(sim)
    assert.equal("error", core.type(err))
    assert.equal("network", err.kind)
    assert.truthy(tostring(err):find(tostring(port), 1, true))
  end)

  it("refuses options that are none, in the caller's line", function()
    local message = message_of(function() simulator.new { latencey = 1 } end)
    assert.equal('simulator.new: unknown option "latencey"; did you mean "latency"?',
      message:match("init_spec.lua:%d+: (.*)$"))
  end)

  describe("client", function()
    local sim

    before_each(function()
      sim = new { users = {
        { username = "joe@example.com", password = "p", devices = { { name = "lamp", id = ID } } },
        { username = "pete@example.com", password = "p" },
      } }
    end)

    it("is the first user's, or another one's", function()
      assert.equal(1, #sim:client():devices())
      assert.equal(0, #sim:client({ user = "pete@example.com" }):devices())
      assert.equal("forbidden", select(2, sim:client({ user = "pete@example.com" }):device(ID):info()).kind)
      assert.equal(sim.token, sim:token_of("joe@example.com"))
      assert.not_equal(sim.token, sim:token_of("pete@example.com"))
    end)

    it("takes the options of particle.new", function()
      local api = sim:client { user_agent = "me/1", token = "never-issued" }
      assert.equal("unauthorized", select(2, api:devices()).kind)
      assert.equal("me/1", sim:requests()[1].headers["user-agent"])
    end)

    it("is refused for users who do not exist", function()
      assert.truthy(message_of(function() sim:client { user = "jo@example.com" } end)
        :find('client: there is no user "jo@example.com"; did you mean "joe@example.com"?', 1, true))
      assert.truthy(message_of(function() sim:token_of(5) end)
        :find("token_of: the user must be a string, got the number 5", 1, true))
      assert.truthy(message_of(function() sim:client("x") end)
        :find("client: the options must be a table, got a string", 1, true))
    end)
  end)

  it("gives its devices, by name and id, to change them", function()
    local sim = new { devices = { { name = "lamp", id = ID, variables = { t = 1 } } } }
    local lamp = sim:device("lamp")
    assert.equal(lamp, sim:device(ID))
    lamp.variables.t = 2
    assert.equal(2, sim:client():device("lamp"):read("t"))
    lamp.online = false
    assert.equal("device_offline", select(2, sim:client():device("lamp"):read("t")).kind)
    assert.truthy(message_of(function() sim:device("lmp") end)
      :find('device: there is no device "lmp"; did you mean "lamp"?', 1, true))
    assert.truthy(message_of(function() sim:device(nil) end)
      :find("device: the name or id must be a string, got nil", 1, true))
  end)

  it("lists what was asked, without secrets", function()
    local sim = new { devices = { { name = "lamp", functions = { led = function() return 1 end } } } }
    sim:client():device("lamp"):call("led", "on")
    local list = sim:requests()
    assert.equal(1, #list)
    assert.same({ "POST", "/v1/devices/lamp/led", 200, "user@example.com" },
      { list[1].method, list[1].path, list[1].status, list[1].user })
    assert.same({ arg = "on" }, list[1].fields)
    assert.equal("Bearer <secret>", list[1].headers.authorization)
  end)

  it("lists what was published", function()
    local sim = new { devices = { { name = "lamp" } } }
    sim:client():publish("door", "open")
    sim:device("lamp"):publish("bell")
    local list = sim:events()
    assert.same({ "door", "open", "bell" }, { list[1].name, list[1].data, list[2].name })
  end)

  describe("device code", function()
    it("may sleep, and others are served meanwhile", function()
      local sim = new { devices = { { name = "lamp", variables = { t = 1 }, functions = { slow = function()
        particle.sleep(0.2)
        return 7
      end } } } }
      local lamp, order = sim:client():device("lamp"), {}
      local slow = scheduler.spawn(function()
        assert.equal(7, lamp:call("slow"))
        order[#order + 1] = "slow"
      end)
      local quick = scheduler.spawn(function()
        assert.equal(1, lamp:read("t"))
        order[#order + 1] = "quick"
      end)
      slow:wait()
      quick:wait()
      assert.same({ "quick", "slow" }, order)
    end)

    it("may publish and call, its own simulator as well", function()
      local sim, api
      sim = new { devices = {
        { name = "lamp", variables = { t = 5 } },
        { name = "hub", functions = { ask = function(name)
          sim:device("hub"):publish("asked", name)
          assert(api:publish("asked-through-the-api", name))
          return api:device(name):read("t")
        end } },
      } }
      api = sim:client()
      assert.equal(5, api:device("hub"):call("ask", "lamp"))
      assert.same({ "asked", "asked-through-the-api" }, { sim:events()[1].name, sim:events()[2].name })
    end)

    it("may raise without harm", function()
      local reports = {}
      local sim = new {
        devices = { { name = "lamp", variables = { t = 1 },
          functions = { f = function() error("broken") end } } },
        on_error = function(message) reports[#reports + 1] = message end,
      }
      local lamp = sim:client():device("lamp")
      local _, err = lamp:call("f")
      assert.equal("server", err.kind)
      assert.truthy(tostring(err):find("broken", 1, true))
      assert.truthy(reports[1]:find("function f of lamp: .*init_spec.lua:%d+: broken"))
      assert.equal(1, lamp:read("t"))
    end)

    it("may close the simulator", function()
      local sim
      sim = new { devices = { { name = "lamp", functions = { off = function() sim:close() end } } } }
      local _, err = sim:client():device("lamp"):call("off")
      assert.equal("network", err.kind)
      assert.equal("maybe", err.delivered)
    end)
  end)

  it("is slow when told to be", function()
    local sim = new { latency = 0.1 }
    local started = core.now()
    assert.same({}, sim:client():devices())
    assert.truthy(core.now() - started >= 0.1)
  end)

  it("lets tokens expire by its clock", function()
    local now = 1000000000
    local sim = new { clock = function() return now end, token_lifetime = 3600 }
    local api = sim:client()
    assert.same({}, api:devices())
    now = now + 3600
    local _, err = api:devices()
    assert.equal("unauthorized", err.kind)
    assert.equal("The access token provided has expired.", err.message)
  end)

  it("serves other programs in steps, and until it is closed", function()
    local sim = new { devices = { { name = "lamp",
      functions = { stop = function() opened[1]:close() end } } } }
    local function curl(...)
      local words = { "curl", "-q", "-s", "--noproxy", "*", "-H", "Authorization: Bearer " .. sim.token, ... }
      return support.start(words, { step = function() sim:step(0.01) end })
    end
    local stepped <close> = curl(sim.url .. "/v1/devices")
    assert.truthy(stepped:wait().stdout:find('"name":"lamp"', 1, true))
    local stopping <close> = curl("-d", "arg=", sim.url .. "/v1/devices/lamp/stop")
    sim:run()
    assert.equal("particle.simulator (closed)", tostring(sim))
    assert.equal(52, stopping:wait().status)
  end)

  it("steps without waiting", function()
    local sim = new()
    local started = core.now()
    for _ = 1, 10 do sim:step() end
    assert.truthy(core.now() - started < 30)
    assert.truthy(message_of(function() sim:step("x") end)
      :find("step: the timeout must be a number of seconds, got a string", 1, true))
  end)

  it("shows its address and no token", function()
    local sim = new()
    assert.equal(("particle.simulator (%s)"):format(sim.url), tostring(sim))
    assert.is_nil(require("particle.inspect")(sim):find(sim.token, 1, true))
  end)

  it("asks for a colon", function()
    local sim = new()
    for _, name in ipairs { "client", "device", "requests", "events", "step", "run", "close", "token_of",
      "streams", "deliveries", "cut", "stall", "split", "refuse", "restart" } do
      assert.truthy(message_of(function() sim[name]("x") end)
        :find(("%s: call it with a colon, sim:%s(...), on a simulator (got a string)"):format(name, name), 1,
          true))
    end
  end)

  describe("close", function()
    it("ends it, as often as one likes", function()
      local sim = new()
      local api = sim:client()
      assert.same({}, api:devices())
      sim:close()
      sim:close()
      assert.equal("network", select(2, api:devices()).kind)
      assert.equal(sim.port, new({ port = sim.port }).port)
    end)

    it("comes with the end of a scope", function()
      local kept
      do
        local sim <close> = new()
        kept = sim
      end
      assert.equal("particle.simulator (closed)", tostring(kept))
    end)

    it("comes with the collector, but not before its clients are gone", function()
      local sim = assert(simulator.new { devices = { { name = "lamp", variables = { t = 1 } } } })
      local port, api = sim.port, sim:client()
      local lamp = api:device("lamp")
      sim, api = nil, nil -- luacheck: ignore
      for _ = 1, 3 do collectgarbage() end
      assert.equal(1, lamp:read("t"))
      assert.is_nil((simulator.new { port = port }))
      lamp = nil -- luacheck: ignore
      support.wait_until(function()
        collectgarbage()
        local again = simulator.new { port = port }
        if again then again:close() end
        return again
      end, { what = "the port to be free" })
    end)
  end)

  it("stands beside others", function()
    local first, second = new { devices = { { name = "a" } } }, new { devices = { { name = "b" } } }
    assert.not_equal(first.port, second.port)
    assert.not_equal(first.token, second.token)
    assert.equal("a", first:client():devices()[1].name)
    assert.equal("b", second:client():devices()[1].name)
    assert.equal("unauthorized",
      select(2, particle.new({ base_url = first.url, token = second.token }):devices()).kind)
    first:close()
    assert.equal("b", second:client():devices()[1].name)
  end)

  it("leaves the tables that it was made from alone", function()
    local options = { devices = { { name = "lamp", variables = { t = 1 } } } }
    local first, second = new(options), new(options)
    first:device("lamp").variables.t = 2
    first:device("lamp").name = "x"
    assert.equal(1, second:client():device("lamp"):read("t"))
    assert.same({ devices = { { name = "lamp", variables = { t = 1 } } } }, options)
  end)
end)
