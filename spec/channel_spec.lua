-- The connections below an api's calls: how many there are, what of one serves the next, and what the system
-- is told about them.

local core = require("particle.core")
local host = require("spec.support.host")
local nginx = require("spec.support.nginx")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local support = require("spec.support")

local LONG = 20 -- seconds that nothing here takes

local sim

setup(function()
  sim = simulator.new { devices = { { name = "lamp", variables = { temperature = 21 } } } }
end)

teardown(function() sim:close() end)

local function client(front, options)
  local given = { base_url = front.url, token = sim.token, ca_file = front.ca_file }
  for name, value in pairs(options or {}) do given[name] = value end
  return particle.new(given)
end

describe("the pool of connections", function()
  it("is as large as max_connections says, over TLS too", function()
    local front <close> = nginx.start(sim.url)
    local logged = 0
    for _, limit in ipairs { 1, 5 } do
      local api <close> = client(front, { max_connections = limit })
      local lamp, tasks = api:device "lamp", {}
      for _ = 1, 3 do
        for i = 1, 40 do tasks[i] = scheduler.spawn(function() return lamp:read "temperature" end) end
        for i = 1, 40 do assert.equal(21, (tasks[i]:wait())) end
      end
      local entries = front:log(logged + 120)
      local own = table.move(entries, logged + 1, #entries, 1, {})
      logged = #entries
      assert.equal(limit, nginx.connections(own))
      for _, entry in ipairs(own) do assert.is_false(entry.h2) end
    end
  end)

  it("keeps its connections beside streams that come and go", function()
    local front <close> = nginx.start(sim.url)
    local api <close> = client(front, { max_connections = 1 })
    local lamp = api:device "lamp"
    for _ = 1, 4 do
      assert.equal(21, lamp:read "temperature")
      assert(api:subscribe()):close()
    end
    local connection, calls = nil, 0
    for _, entry in ipairs(front:log(8)) do
      if entry.path:find("temperature", 1, true) then
        calls, connection = calls + 1, connection or entry.connection
        assert.equal(connection, entry.connection)
      end
    end
    assert.equal(4, calls)
  end)
end)

describe("a new connection over TLS", function()
  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    it("resumes the session of an earlier one: " .. version, function()
      local front <close> = nginx.start(sim.url,
        { directives = ("keepalive_requests 1; ssl_protocols %s;"):format(version) })
      local api <close> = client(front)
      for _ = 1, 5 do assert.equal(21, api:device("lamp"):read "temperature") end
      local entries = front:log(5)
      assert.equal(5, nginx.connections(entries))
      for i, entry in ipairs(entries) do assert.equal(i > 1, entry.resumed) end
    end)
  end

  for _, http2 in ipairs { false, true } do
    it("of a stream does so too: http2 = " .. tostring(http2), function()
      local front <close> = nginx.start(sim.url)
      local api <close> = client(front, { http2 = http2 })
      assert.equal(21, api:device("lamp"):read "temperature")
      for _ = 1, 2 do assert(api:subscribe()):close() end
      for i, entry in ipairs(front:log(3)) do assert.equal(i > 1, entry.resumed) end
    end)
  end

  it("resumes no session of another api", function()
    local front <close> = nginx.start(sim.url)
    for _ = 1, 2 do
      local api <close> = client(front)
      assert.equal(21, api:device("lamp"):read "temperature")
    end
    for _, entry in ipairs(front:log(2)) do assert.is_false(entry.resumed) end
  end)

end)

describe("a new connection", function()
  it("does not ask for the server's name again", function()
    local folder <close> = support.folder()
    local server <close> = raw.new(raw.after(1, function() end))
    local result = host.run(host.build(folder), ([[
      local core = require("particle.core")
      local api = core.api { base_url = "http://cloud.here.invalid:%d", proxy = "" }
      for i = 1, 5 do
        local transfer = core.submit(api, { method = "GET", path = "/v1/x", idempotent = true })
        while not transfer:done() do core.poller():step() end
        assert(transfer:take())
      end
      return function() return true end
    ]]):format(server.port), 1, { env = { HOST_COUNT = 1 }, step = raw.pump })
    assert.equal("closed\n1 lookups\n", result.stdout, result.stderr)
    assert.equal(5, server.accepted)
  end)
end)

describe("a kept connection", function()
  -- The kind of timer that the system runs for it, as /proc/net/tcp tells: 02 is that of keep-alive.
  local function timer_of(port)
    for line in support.read("/proc/net/tcp"):gmatch("[^\n]+") do
      local remote, state, timer = line:match("^%s*%d+: %x+:%x+ %x+:(%x+) (%x+) %x+:%x+ (%x+):")
      if remote and tonumber(remote, 16) == port and state == "01" then return timer end
    end
  end

  it("is probed by the system while it is idle", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    assert.equal(1, raw.call(api, { method = "GET", path = "/v1/x", idempotent = true }))
    raw.wait(function() return timer_of(server.port) == "02" end)
    core.close(api)
  end)
end)

describe("descriptors", function()
  it("of connections, servers and pollers are not inherited by programs that are started", function()
    local result = support.run({ "lua5.4", "-e", [[
      local particle = require("particle")
      local sim = require("particle.simulator").new {
        devices = { { name = "lamp", variables = { temperature = 21 } } } }
      local api = sim:client()
      assert(api:device("lamp"):read "temperature")
      local stream = assert(api:subscribe())
      particle.poller.pollfd()
      assert(os.execute([=[
        tcp=$(sed 's/^ *//' /proc/net/tcp | tr -s ' ' | cut -d' ' -f10)
        count() { # of the process's descriptors that are ours to hide
          n=0
          for file in /proc/$1/fd/*; do
            case $(readlink "$file") in
              anon_inode:*) n=$((n + 1)) ;;
              socket:*) echo "$tcp" | grep -qx "$(readlink "$file" | tr -dc 0-9)" && n=$((n + 1)) ;;
            esac
          done
          echo $n
        }
        test "$(count $PPID)" -ge 8 && echo there
        count $$
      ]=]))
    ]] }, { timeout = LONG })
    assert.equal("there\n0\n", result.stdout, result.stderr)
  end)
end)
