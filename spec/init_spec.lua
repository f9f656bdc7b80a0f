local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local scheduler = require("particle.scheduler")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"

-- Where it is built on poll() the poller has no descriptor of its own.
local BUILT_ON_EPOLL = assert(support.read(support.build .. "/lib/particle/core.so"))
  :find("epoll_create1", 1, true) ~= nil

describe("particle", function()
  it("has a version, and lua-cjson's null", function()
    assert.is_string(particle._VERSION)
    assert.are.equal(require("cjson").null, particle.null)
  end)

  it("marks arrays", function()
    assert.are.equal("[]", core.encode(particle.array {}))
    assert.has_error(function() particle.array(setmetatable({}, {})) end)
  end)

  it("tells the types of its own values", function()
    local api = particle.new { token = "x" }
    assert.are.equal("api", particle.type(api))
    assert.are.equal("device", particle.type(api:device("x")))
    assert.are.equal("error", particle.type(core.error { kind = "closed", message = "m" }))
    local task = scheduler.spawn(function() end)
    assert.are.equal("task", particle.type(task))
    task:wait()
    for _, value in ipairs { 1, "x", {}, print, core.secret("x"), particle.null } do
      assert.is_nil(particle.type(value))
    end
    assert.is_nil(particle.type(nil))
    assert.is_nil(particle.type())
  end)

  it("sleeps, and steps for event loops", function()
    local ran = false
    local task = scheduler.spawn(function() ran = true end)
    assert.are.equal(0, particle.poller:timeout())
    particle.poller:step(0)
    assert.is_true(ran)
    task:wait()
    local descriptor = particle.poller:pollfd()
    assert.are.equal(BUILT_ON_EPOLL and "integer" or nil, math.type(descriptor))
    assert.are.equal("r", particle.poller:events())
    particle.sleep(0)
  end)

  -- The names of the modules of a program that makes a call.
  local function loaded_by_call(options)
    local cloud <close> = Cloud.new(function() return 200, { result = 21.5 } end)
    local result = support.run({ "lua5.4", "-e", ([[
      local api = require("particle").new { base_url = "%s", %s }
      assert(api:device("0123456789abcdef01234567"):read("x") == 21.5)
      local names = {}
      for name in pairs(package.loaded) do names[#names + 1] = name:match("^particle%%.(.*)") end
      table.sort(names)
      io.write(table.concat(names, " "))
    ]]):format(cloud.url, options) }, {
      env = { PARTICLE_ACCESS_TOKEN = "x", PARTICLE_API_ENDPOINT = cloud.url },
      step = function() scheduler.step(0.1) end,
    })
    assert.are.equal("", result.stderr)
    return result.stdout
  end

  it("is light: a program that makes a call loads what that takes, and nothing else", function()
    local always = "address api api_options await chain check core device interrupt later %sprovider "
      .. "retry rules"
    assert.are.equal(always:format(""), loaded_by_call('token = "x"'))
    assert.are.equal(always:format("") .. " token", loaded_by_call(""))
    assert.are.equal(always:format("limiter limiter.limits limiter.memory "),
      loaded_by_call('token = "x", rate_limit = true'))
  end)
end)

describe("particle.new", function()
  it("sends nothing", function()
    local cloud <close> = Cloud.new(function() return 200, {} end)
    cloud:client()
    scheduler.step(0)
    assert.are.equal(0, #cloud.requests)
  end)

  it("goes to the cloud by default", function()
    assert.are.equal("https://api.particle.io", particle.new("x"):url())
    assert.are.equal("https://example.com/prefix",
      particle.new({ token = "x", base_url = "https://example.com/prefix/" }):url())
  end)

  it("refuses addresses that are none", function()
    for _, text in ipairs {
      "", "nonsense", "ftp://example.com", "https://", "https://user:pw@example.com",
      "https://example.com/?a=b", "https://example.com/#x", "https://exa mple.com",
      "https://example.com/" .. ("x"):rep(2000),
    } do
      assert.error_matches(function() particle.new { token = "x", base_url = text } end,
        "particle.new: base_url ")
    end
  end)

  it("refuses plain http to another machine, unless it is allowed", function()
    for _, text in ipairs { "http://example.com", "http://10.0.0.1:8080" } do
      assert.error_matches(function() particle.new { token = "x", base_url = text } end,
        "plain http to another machine")
      assert.are.equal(text, particle.new({ token = "x", base_url = text, allow_http = true }):url())
    end
    for _, text in ipairs { "http://127.0.0.1:1", "http://localhost", "http://[::1]:1" } do
      assert.are.equal(text, particle.new({ token = "x", base_url = text }):url())
    end
  end)

  it("refuses tokens that cannot be sent, and shows none", function()
    for _, token in ipairs {
      "", "s3cret token", "s3cret\n", "s3cret\0", ("s3cret"):rep(1000), "s3cret\xff",
    } do
      local fine, problem = pcall(particle.new, token)
      assert.is_false(fine)
      assert.matches("particle.new: token ", problem)
      assert.not_matches("s3cret", problem)
    end
  end)

  it("points at the line that is wrong", function()
    local line
    local _, problem = pcall(function()
      line = debug.getinfo(1, "l").currentline + 1
      particle.new { timeout = "40" }
    end)
    assert.matches(("init_spec.lua:%d: particle.new: option timeout must be "):format(line), problem)
  end)

  it("sends the headers and the name of the program", function()
    local cloud <close> = Cloud.new(function() return 200, { result = 1 } end)
    assert(cloud:client({ headers = { ["X-A"] = "b" }, user_agent = "my-program/1" }):device(ID):read("x"))
    assert.are.equal("b", cloud.requests[1].headers["x-a"])
    assert.are.equal("my-program/1", cloud.requests[1].headers["user-agent"])
    assert(cloud:client():device(ID):read("x"))
    assert.matches("^particle%-lua/", cloud.requests[2].headers["user-agent"])
  end)

  it("logs where it is told to", function()
    local lines = {}
    local cloud <close> = Cloud.new(function() return 200, { result = 1 } end)
    local api = cloud:client { log = function(line) lines[#lines + 1] = line end }
    assert.are.same({ 1, n = 1 }, table.pack(api:device(ID):read("x")))
    assert.are.equal(1, #lines)
    assert.matches("^GET " .. cloud.url:gsub("%p", "%%%0") .. "/v1/devices/" .. ID .. "/x 200 ", lines[1])
    assert.not_matches("s3cret-token", lines[1])
    assert.error_matches(function() cloud:client { log = {} } end, "log: a function or a file expected")
  end)

  describe("without a token", function()
    local PROGRAM = [[
      local api = require("particle").new(%s)
      print(api:url(), api.token_expires_at)
      local value, err = api:device("%s"):read("x")
      print(value, err and err.kind, err and err.message)
    ]]

    local function run(env, options)
      local home <close> = support.folder()
      local profile = env.profile
      env.profile = nil
      if profile then home:write(".particle/particle.config.json", profile) end
      local all = {
        HOME = home.path, PARTICLE_ACCESS_TOKEN = false, PARTICLE_API_ENDPOINT = false, PARTICLE_LOG = false,
      }
      for name, value in pairs(env) do all[name] = value end
      local program = PROGRAM:format(options or "", ID)
      local result = support.run({ "lua5.4", "-e", program }, {
        env = all, step = function() scheduler.step(0.005) end,
      })
      assert.are.equal(0, result.status, result.stderr)
      return result.stdout, result.stderr
    end

    local cloud, authorization

    before_each(function()
      cloud = Cloud.new(function(request)
        authorization = request.headers.authorization
        return 200, { result = "fine" }
      end)
    end)

    after_each(function() cloud:close() end)

    it("takes the environment's, for the environment's address", function()
      local text = run { PARTICLE_ACCESS_TOKEN = "env-token", PARTICLE_API_ENDPOINT = cloud.url }
      assert.are.equal(cloud.url .. "\tnil\nfine\tnil\tnil\n", text)
      assert.are.equal("Bearer env-token", authorization)
    end)

    it("takes the CLI's, for its address, with its time of expiry", function()
      local text = run {
        profile = core.encode {
          access_token = "cli-token", apiUrl = cloud.url,
          access_token_expires_at = "2999-01-01T00:00:00.000Z",
        },
      }
      assert.are.equal(cloud.url .. "\t32472144000\nfine\tnil\tnil\n", text)
      assert.are.equal("Bearer cli-token", authorization)
    end)

    it("withholds the environment's from another address", function()
      local text = run({ PARTICLE_ACCESS_TOKEN = "env-token" }, ('{ base_url = "%s" }'):format(cloud.url))
      assert.matches("nil\tunauthorized\t.*withheld", text)
      assert.are.equal(0, #cloud.requests)
    end)

    it("logs when PARTICLE_LOG is set", function()
      local text, log = run {
        PARTICLE_ACCESS_TOKEN = "env-token", PARTICLE_API_ENDPOINT = cloud.url, PARTICLE_LOG = "1",
      }
      assert.matches("\nfine\t", text)
      assert.matches("GET " .. cloud.url:gsub("%p", "%%%0") .. "/v1/devices/" .. ID .. "/x 200", log)
      assert.not_matches("env%-token", log)
    end)
  end)
end)
