local clouds = require("particle.simulator.cloud")
local core = require("particle.core")
local jobs = require("particle.simulator.jobs")
local scheduler = require("particle.scheduler")
local services = require("particle.simulator.service")
local socket = require("socket")
local streams = require("particle.simulator.streams")
local subscriptions = require("particle.simulator.subscription")
local support = require("spec.support")

describe("service", function()
  local opened

  before_each(function() opened = {} end)

  after_each(function()
    for _, service in ipairs(opened) do service:close() end
  end)

  -- A service for a cloud that answers as this function does.
  local function serve(handle, keepalive)
    local cloud = { handle = function(_, raw) return handle(raw) end,
      streams = streams.new(core.now, keepalive or false, {}), jobs = jobs.new(error) }
    local service = assert(services.open(cloud, 0))
    opened[#opened + 1] = service
    return service, cloud.streams
  end

  local function ok(text) return { status = 200, text = text,
    headers = { ["Content-Type"] = "text/plain" } } end

  -- curl in the background, while the scheduler runs.
  local function curl(service, ...)
    local url = "http://127.0.0.1:" .. service:port()
    local words = { "curl", "-q", "-sS", "--noproxy", "*", "--max-time", "60", ... }
    for i, word in ipairs(words) do words[i] = word:gsub("URL", url) end
    return support.start(words, { step = function() scheduler.step(0.01) end })
  end

  local function eventually(condition)
    return support.wait_until(condition, { step = function() scheduler.step(0.01) end })
  end

  it("hands a request to the cloud and sends its reply", function()
    local seen
    local service = serve(function(raw)
      seen = raw
      return { status = 418, text = "tea\0", headers = { ["X-A"] = "b" } }
    end)
    local client <close> = curl(service, "-D", "-", "-d", "a=1", "URL/v1/x%2Fy?z")
    local reply = client:wait().stdout
    assert.same({ "POST", "/v1/x%2Fy", "z", "a=1" }, { seen.method, seen.path, seen.query, seen.body })
    assert.truthy(reply:find("^HTTP/1.1 418 "))
    assert.truthy(reply:find("\r\nX-A: b\r\n", 1, true))
    assert.equal("tea\0", reply:match("\r\n\r\n(.*)$"))
  end)

  it("sends a reply in the turn in which it is there", function()
    local answered = false
    local service = serve(function()
      answered = true
      return ok("fine")
    end)
    local client <close> = curl(service, "URL/")
    repeat scheduler.step(1) until answered
    support.wait_until(function() return client:status() end, { what = "curl to end without a further turn" })
    assert.equal("fine", client:stdout())
  end)

  it("serves others while one waits", function()
    local released = false
    local service = serve(function(raw)
      if raw.path == "/slow" then scheduler.wait(function() return released end) end
      return ok(raw.path)
    end)
    local slow <close> = curl(service, "URL/slow")
    local quick <close> = curl(service, "URL/quick")
    assert.equal("/quick", quick:wait().stdout)
    assert.is_nil(slow:status())
    released = true
    assert.equal("/slow", slow:wait().stdout)
  end)

  it("ends what waits when it is closed", function()
    local waiting, ended = false, false
    local service = serve(function()
      local mark = setmetatable({}, { __close = function() ended = true end })
      local guard <close> = mark -- luacheck: ignore guard
      waiting = true
      scheduler.sleep(3600)
    end)
    local client <close> = curl(service, "URL/")
    eventually(function() return waiting end)
    service:close()
    assert.is_true(ended)
    assert.equal(52, client:wait().status) -- an empty reply
  end)

  it("may be closed by the code that it runs, and more than once", function()
    local service
    service = serve(function()
      service:close()
      service:close()
      return ok("never sent")
    end)
    local client <close> = curl(service, "URL/")
    assert.equal(52, client:wait().status)
    service:step()
  end)

  it("survives a client that goes away before its reply", function()
    local waiting, released, left = false, false, nil
    local service = serve(function(raw)
      if raw.path == "/left" then
        waiting = true
        scheduler.wait(function() return released end)
        left = true
      end
      return ok("fine")
    end)
    local gone <close> = curl(service, "URL/left")
    eventually(function() return waiting end)
    gone:kill("KILL")
    gone:wait()
    released = true
    eventually(function() return left end)
    local client <close> = curl(service, "URL/")
    assert.equal("fine", client:wait().stdout)
  end)

  local function stream()
    return streams.reply(subscriptions.new {
      scope = "public", user = { username = "joe" }, path = "/", prefix = "",
    })
  end

  local function event(name, data)
    return { name = name, data = data, private = false, ttl = 60, published_at = "now", coreid = "c" }
  end

  it("streams events, and forgets who went away", function()
    local service, open = serve(stream)
    local client <close> = curl(service, "-N", "URL/")
    eventually(function() return open:describe()[1] end)
    open:deliver(event("door", "open"))
    support.wait_until(function() return client:stdout():find("}\n\n", 1, true) end)
    assert.equal(":ok\n\nevent: door\ndata: "
      .. '{"data":"open","ttl":60,"published_at":"now","coreid":"c"}\n\n', client:stdout())
    client:kill("KILL")
    eventually(function() return not open:describe()[1] end)
  end)

  it("sends keep-alives while nothing else happens", function()
    local service = serve(stream, 0.02)
    local client <close> = curl(service, "-N", "URL/")
    eventually(function() return client:stdout():find("^:ok\n\n\n\n\n") end)
  end)

  it("listens again on the same port after a restart", function()
    local released = false
    local service, open = serve(function(raw)
      if raw.path == "/stream" then return stream() end
      if raw.path == "/slow" then scheduler.wait(function() return released end) end
      return ok(raw.path)
    end)
    local port = service:port()
    local slow <close> = curl(service, "URL/slow")
    local reader <close> = curl(service, "-N", "URL/stream")
    eventually(function() return open:describe()[1] and next(service.tasks) end)
    assert.is_true(service:restart(false))
    assert.equal(port, service:port())
    assert.same({}, open:describe())
    assert.equal(0, reader:wait().status)
    assert.equal(52, slow:wait().status)
    -- The task of a lost connection answers nobody: ids begin anew.
    local quick <close> = curl(service, "URL/quick")
    released = true
    assert.equal("/quick", quick:wait().stdout)
    local again <close> = curl(service, "-N", "URL/stream")
    eventually(function() return open:describe()[1] end)
    assert.is_true(service:restart(true))
    assert.equal(56, again:wait().status)
  end)

  describe("that refuses", function()
    local service, port

    before_each(function()
      service = serve(function() return ok("fine") end)
      port = service:port()
    end)

    -- curl's exit status; 7: it could not connect.
    local function ask()
      local client <close> = curl(service, "URL/")
      return client:wait().status
    end

    it("takes no connections until each of the reasons is gone", function()
      service:refuse("one")
      service:refuse("two")
      assert.equal(7, ask())
      service:accept("one")
      assert.equal(7, ask())
      service:accept("none of them")
      service:accept("two")
      assert.equal(0, ask())
      assert.equal(port, service:port())
    end)

    it("cuts the connections that there are", function()
      local held = serve(function() scheduler.wait(function() return false end) end)
      local client <close> = curl(held, "URL/")
      eventually(function() return next(held.tasks) end)
      held:refuse("a reason")
      assert.equal(52, client:wait().status)
    end)

    it("keeps its port from others", function()
      service:refuse("a reason")
      local other = assert(socket.tcp4())
      assert.is_nil(other:bind("127.0.0.1", port))
      other:close()
    end)

    it("listens again after a restart, whatever the reasons", function()
      service:refuse("a reason")
      assert.is_true(service:restart(false))
      service:accept("a reason")
      assert.equal(0, ask())
    end)

    it("can be closed", function()
      service:refuse("a reason")
      service:close()
      service:accept("a reason")
      service:refuse("another")
      assert.equal(7, ask())
    end)
  end)

  it("does something later, unless it was closed", function()
    local done = {}
    local service, other = serve(ok), (serve(ok))
    service:later(0.001, table.insert, done, "one")
    other:later(0.001, table.insert, done, "other")
    other:close()
    eventually(function() return done[1] end)
    scheduler.sleep(0.002)
    assert.same({ "one" }, done)
  end)

  it("says why it cannot listen", function()
    local service = serve(ok)
    local second, problem = services.open(clouds.new {}, service:port())
    assert.is_nil(second)
    assert.truthy(problem:find(tostring(service:port()), 1, true), problem)
  end)
end)
