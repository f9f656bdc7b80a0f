-- Proxies: the environment's and the api's own are used, but never for loopback.

local raw = require("spec.support.raw_server")
local support = require("spec.support")

local SCRIPT = [[
  local core = require("particle.core")
  local config = { connect_timeout = 20, timeout = 30, verify = false }
  config.base_url, config.proxy = arg[1], arg[2]
  local api = core.api(config)
  core.set_token(api, "canary-token")
  local transfer = core.submit(api, { method = "GET", path = { "v1", "x" }, idempotent = true })
  while not transfer:done() do core.poller():step() end
  local value, err = transfer:take()
  if not err then return print(value) end
  print(err.kind, err.delivered, err.status, err.message, err.url, err.body, err)
]]

---Makes a call in a process of its own, with these variables.
---@return string what came of it
local function call(variables, url, proxy)
  local env = {}
  for _, name in ipairs {
    "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "no_proxy", "NO_PROXY",
  } do
    env[name] = variables[name] or false
  end
  local folder <close> = support.folder()
  local command = { "lua5.4", folder:write("call.lua", SCRIPT), url, proxy }
  local result = support.run(command, { env = env, step = raw.pump })
  assert.equal(0, result.status, result.stderr)
  return result.stdout
end

local function everywhere(url)
  return { http_proxy = url, https_proxy = url, HTTPS_PROXY = url, ALL_PROXY = url, all_proxy = url }
end

describe("loopback", function()
  it("never goes through a proxy of the environment", function()
    local trap <close> = raw.new(function() end)
    local server <close> = raw.new(raw.json('"direct"'))
    local named = server.url:gsub("127%.0%.0%.1", "localhost")
    for _, url in ipairs { server.url, named, server.url .. "/prefix" } do
      assert.equal("direct\n", call(everywhere(trap.url), url))
    end
    local closing <close> = raw.new(function(c) c:read(10) end)
    assert.truthy(call(everywhere(trap.url), (closing.url:gsub("^http:", "https:"))):find("^%a+\tfalse"))
    assert.is_true(closing.accepted > 0)
    assert.equal(0, trap.accepted)
    assert.equal("Bearer canary-token", server.requests[1].headers.authorization)
  end)

  it("never goes through the api's own proxy either", function()
    local trap <close> = raw.new(function() end)
    local server <close> = raw.new(raw.json('"direct"'))
    assert.equal("direct\n", call({}, server.url, trap.url))
    assert.equal("direct\n", call({ no_proxy = "elsewhere.test" }, server.url, trap.url))
    assert.equal(0, trap.accepted)
  end)
end)

describe("any other host", function()
  it("is reached through the proxy of the environment", function()
    local proxy <close> = raw.new(raw.json('"by proxy"'))
    assert.equal("by proxy\n", call({ http_proxy = proxy.url }, "http://device.invalid"))
    assert.equal("http://device.invalid/v1/x", proxy:last().target)
    assert.equal("by proxy\n", call({ ALL_PROXY = proxy.url }, "http://device.invalid:8080"))
    assert.equal("http://device.invalid:8080/v1/x", proxy:last().target)
  end)

  it("is reached through a tunnel by https, which shows the proxy no token", function()
    local proxy <close> = raw.new(function(c)
      c:request()
      c:reply(502, nil, "no such host")
    end)
    for _, name in ipairs { "https_proxy", "HTTPS_PROXY" } do
      local text = call({ [name] = proxy.url }, "https://device.invalid")
      assert.truthy(text:find("^network\tfalse"), text)
      assert.same({ "CONNECT", "device.invalid:443" }, { proxy:last().method, proxy:last().target })
      assert.is_nil(proxy:last().head:find("canary", 1, true))
    end
  end)

  it("is reached directly when no_proxy names it", function()
    local trap <close> = raw.new(function() end)
    local server <close> = raw.new(raw.json('"direct"'))
    local url = server.url:gsub("127%.0%.0%.1", "0.0.0.0") -- this machine, yet no loopback address
    local variables = everywhere(trap.url)
    assert.is_nil(call(variables, url):find("direct", 1, true))
    assert.is_true(trap.accepted > 0)
    local seen = trap.accepted
    variables.no_proxy = "elsewhere.test,0.0.0.0"
    assert.equal("direct\n", call(variables, url))
    assert.equal(seen, trap.accepted)
  end)

  it("is reached through the api's own proxy rather than the environment's", function()
    local trap <close> = raw.new(function() end)
    local proxy <close> = raw.new(raw.json('"by proxy"'))
    assert.equal("by proxy\n", call(everywhere(trap.url), "http://device.invalid", proxy.url))
    assert.equal(0, trap.accepted)
  end)

  it("is reached directly when the api's own proxy is empty", function()
    local trap <close> = raw.new(function() end)
    local server <close> = raw.new(raw.json('"direct"'))
    assert.equal("direct\n", call(everywhere(trap.url), (server.url:gsub("127%.0%.0%.1", "0.0.0.0")), ""))
    assert.equal(0, trap.accepted)
  end)
end)

describe("a proxy", function()
  it("that is not there is a network error before anything was sent", function()
    local text = call({}, "http://device.invalid", "http://127.0.0.1:" .. raw.closed_port())
    assert.truthy(text:find("^network\tfalse"), text)
  end)

  it("has a user and password that no error shows", function()
    local proxy <close> = raw.new(function(c)
      local got = c:request()
      c:reply(407, { ["Proxy-Authenticate"] = "Basic realm=x" }, "<p>" .. got.head .. "</p>")
    end)
    local url = proxy.url:gsub("//", "//me:canary-word@")
    for _, base in ipairs { "http://device.invalid", "https://device.invalid" } do
      for _, text in ipairs { call({}, base, url), call(everywhere(url), base) } do
        assert.is_nil(text:find("canary", 1, true), text)
        assert.is_nil(text:find("bWU6Y2FuYXJ5LXdvcmQ", 1, true), text)
      end
    end
    assert.equal("Basic bWU6Y2FuYXJ5LXdvcmQ=", proxy.requests[1].headers["proxy-authorization"])
  end)

  it("whose address is none is a network error that does not show it", function()
    for _, url in ipairs { "me:canary-word@:::", "http://me:canary-word@:::", "foo://me:canary-word@host" } do
      local base = "https://device.invalid"
      for _, text in ipairs { call({}, base, url), call(everywhere(url), base) } do
        assert.truthy(text:find("^network\tfalse\tnil\tthe proxy's address"), text)
        assert.is_nil(text:find("canary", 1, true), text)
      end
    end
  end)
end)
