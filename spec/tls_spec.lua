-- https: who is trusted, and what a failure says. The servers are those of the openssl command, and nginx.

local core = require("particle.core")
local nginx = require("spec.support.nginx")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local support = require("spec.support")

local GET = { method = "GET", path = { "thing" }, idempotent = true }

local folder, servers

---Makes a key and a certificate that signs itself.
local function certify(name, subject_names)
  local path = folder.path .. "/" .. name
  local result = support.run {
    "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" .. name,
    "-addext", "subjectAltName=" .. subject_names, "-keyout", path .. ".key", "-out", path .. ".pem",
  }
  assert.equal(0, result.status, result.stderr)
end

---Starts a server that gives the file `thing` of the folder, headers and all.
---@return string url
---@return support.Process
local function serve(name, option)
  local command = { "openssl", "s_server", "-accept", "127.0.0.1:0", "-HTTP", "-key", name .. ".key",
    "-cert", name .. ".pem", option }
  local process = support.start(command, { cwd = folder.path })
  servers[#servers + 1] = process
  return "https://127.0.0.1:" .. process:expect("ACCEPT 127%.0%.0%.1:(%d+)"), process
end

local function call(options, request)
  local api = core.api(options)
  local value, err = raw.call(api, request or GET)
  core.close(api)
  return value, err
end

setup(function()
  folder = support.folder()
  certify("loopback", "IP:127.0.0.1")
  certify("elsewhere", "DNS:elsewhere.test")
  folder:write("thing", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[1,2]")
end)

teardown(function() folder:remove() end)

before_each(function() servers = {} end)

after_each(function()
  for _, process in ipairs(servers) do process:stop() end
end)

describe("a server with a certificate that signs itself", function()
  local function refused(options, request)
    local value, err = call(options, request)
    assert.is_nil(value)
    assert.same({ "tls", false, false }, { err.kind, err.delivered, err.retryable })
    assert.is_nil(err.status)
    assert.equal(options.base_url .. "/thing", err.url)
    return err
  end

  it("is refused, and nothing is sent", function()
    local url = serve("loopback")
    refused { base_url = url }
    refused({ base_url = url }, { method = "POST", path = "/thing", form = { a = 1 } })
  end)

  it("is trusted when its certificate is named", function()
    local url = serve("loopback")
    assert.same({ 1, 2 }, (call { base_url = url, ca_file = folder.path .. "/loopback.pem" }))
  end)

  it("is trusted when its certificate lies in the folder of the trusted", function()
    local url = serve("loopback")
    local path = folder.path .. "/loopback.pem"
    local hash = support.run({ "openssl", "x509", "-hash", "-noout", "-in", path }).stdout
    local text = support.read(path)
    folder:write("trusted/" .. hash:gsub("%s", "") .. ".0", text)
    assert.same({ 1, 2 }, (call { base_url = url, ca_path = folder.path .. "/trusted" }))
  end)

  it("is refused when another certificate is named, or none can be read", function()
    local url = serve("loopback")
    refused { base_url = url, ca_file = folder.path .. "/elsewhere.pem" }
    refused { base_url = url, ca_file = folder.path .. "/no such file" }
    refused { base_url = url, ca_file = folder.path .. "/thing" }
  end)

  it("is refused when its name is another", function()
    local url = serve("elsewhere")
    refused { base_url = url, ca_file = folder.path .. "/elsewhere.pem" }
  end)

  it("is taken as it is without verification", function()
    for _, name in ipairs { "loopback", "elsewhere" } do
      local url = serve(name)
      assert.same({ 1, 2 }, (call { base_url = url, verify = false }))
    end
  end)

  it("does not change what another api trusts", function()
    local url = serve("loopback")
    assert.same({ 1, 2 }, (call { base_url = url, verify = false }))
    refused { base_url = url }
  end)
end)

describe("a server that does not speak TLS", function()
  local function fails(script, kinds)
    local server <close> = raw.new(script)
    local value, err = call({ base_url = server.url:gsub("^http:", "https:"), timeout = 20 },
      { method = "POST", path = "/thing", form = { a = 1 } })
    assert.is_nil(value)
    assert.truthy(kinds:find(err.kind, 1, true), err.kind)
    assert.is_false(err.delivered)
    return server
  end

  it("is refused", function()
    fails(function(c)
      c:read(10)
      c:send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
      c:hang()
    end, "tls")
    fails(function(c)
      c:read(10)
      c:send("\21\3\1\0\2\2\40") -- a fatal alert: handshake failure
      c:hang()
    end, "tls")
  end)

  it("may go in the middle of the handshake", function()
    fails(function(c) c:read(10) end, "tls network")
    fails(function(c)
      c:read(10)
      c:reset()
    end, "tls network")
  end)

  it("may say nothing at all", function()
    local server <close> = raw.new(function(c) c:hang() end)
    for _, times in ipairs { { timeout = 0.1 }, { connect_timeout = 0.1 } } do
      times.base_url = server.url:gsub("^http:", "https:")
      local value, err = call(times)
      assert.is_nil(value)
      assert.same({ "timeout", false, true }, { err.kind, err.delivered, err.retryable })
    end
  end)

  it("never sees a request", function()
    local seen = ""
    local server <close> = raw.new(function(c)
      c:fill()
      seen = seen .. c.buffer
    end)
    local api = core.api { base_url = server.url:gsub("^http:", "https:") }
    core.set_token(api, "canary-token")
    assert.is_nil((raw.call(api, GET)))
    assert.is_true(#seen > 0)
    assert.is_nil(seen:find("canary", 1, true) or seen:find("thing", 1, true))
    core.close(api)
  end)
end)

describe("a TLS peer that dies while we send", function()
  it("ends the call, not the process", function()
    local url, process = serve("loopback", "-state")
    local script = ([[
      local core = require("particle.core")
      local api = core.api { base_url = %q, verify = false }
      local transfer = core.submit(api, { method = "POST", path = "/thing", body = ("x"):rep(50000000) })
      while not transfer:done() do core.poller():step() end
      local value, err = transfer:take()
      print(value, err.kind, err.delivered)
    ]]):format(url)
    local client <close> = support.start { "lua5.4", "-e", script }
    support.wait_until(function() return process:stderr():find("read finished", 1, true) end)
    process:kill("STOP")
    process:kill("KILL")
    local result = client:wait()
    assert.is_nil(result.signal)
    assert.equal("nil\tnetwork\tmaybe\n", result.stdout, result.stderr)
  end)
end)

describe("a server whose certificate is of a private authority", function()
  local sim, front

  setup(function()
    sim = simulator.new { devices = { { name = "lamp", variables = { temperature = 21 } } } }
    front = nginx.start(sim.url, { names = { "expired", "elsewhere", "selfsigned" } })
  end)

  teardown(function()
    front:close()
    sim:close()
  end)

  local function read(name, options)
    options.base_url, options.token, options.retry = front.urls[name], sim.token, false
    local api <close> = particle.new(options)
    return api:device("lamp"):read "temperature"
  end

  for _, http2 in ipairs { false, true } do
    local version = http2 and "HTTP/2" or "HTTP/1.1"

    it("is trusted with ca_file and with ca_path: " .. version, function()
      assert.equal(21, read("good", { ca_file = front.ca_file, http2 = http2 }))
      assert.equal(21, read("good", { ca_path = front.ca_path, http2 = http2 }))
    end)

    it("is trusted by its name too: " .. version, function()
      local api <close> = particle.new { base_url = front.url:gsub("127%.0%.0%.1", "localhost"),
        token = sim.token, ca_file = front.ca_file, http2 = http2 }
      assert.equal(21, api:device("lamp"):read "temperature")
    end)

    local function refused(name, options, why)
      options.http2 = http2
      local value, err = read(name, options)
      assert.is_nil(value)
      assert.same({ "tls", false, false }, { err.kind, err.delivered, err.retryable })
      assert.is_truthy(err.message:find(why, 1, true), err.message)
    end

    it("is refused without them: " .. version, function() refused("good", {}, "certificate") end)

    it("is refused when it has expired, is another's or nobody's: " .. version, function()
      refused("expired", { ca_file = front.ca_file }, "expired")
      refused("elsewhere", { ca_file = front.ca_file }, "127.0.0.1")
      refused("selfsigned", { ca_file = front.ca_file }, "self")
    end)

    it("is taken as it is without verification: " .. version, function()
      for _, name in ipairs { "good", "expired", "elsewhere", "selfsigned" } do
        assert.equal(21, read(name, { verify = false, http2 = http2 }))
      end
    end)
  end

  it("is refused for a stream as for a call", function()
    local api <close> = particle.new { base_url = front.urls.expired, token = sim.token,
      ca_file = front.ca_file }
    local stream, err = api:subscribe()
    assert.is_nil(stream)
    assert.equal("tls", err.kind)
  end)
end)
