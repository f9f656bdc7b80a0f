-- A resolver that takes its time freezes nothing: no timeout, no other call, no close, no end of a Lua state.

local raw = require("spec.support.raw_server")
local host = require("spec.support.host")
local support = require("spec.support")

local SLOW = 40 -- seconds; everything below must take far less
local FAST = 20

local PRELUDE = [[
  local core = require("particle.core")
  local poller = core.poller()
  local function slow(options)
    options.base_url = "http://device.slow.invalid"
    return core.api(options)
  end
  local GET = { method = "GET", path = { "v1", "x" }, idempotent = true }
  local function wait(transfer)
    while not transfer:done() do poller:step() end
    return transfer:take()
  end
]]

local folder, program

setup(function()
  folder = support.folder()
  program = host.build(folder)
end)

teardown(function() folder:remove() end)

---Runs a script whose last act is `return function() ... end`.
---@return string output
local function run(script, linger)
  local start = os.time()
  local env = { HOST_SLOW = linger or SLOW, HOST_LINGER = linger and 1 or false }
  for _, name in ipairs { "http_proxy", "all_proxy", "ALL_PROXY" } do env[name] = false end
  local result = host.run(program, PRELUDE .. script, 1, { env = env, step = raw.pump })
  assert.equal("", result.stderr)
  assert.equal(0, result.status, "signal " .. tostring(result.signal))
  assert.is_true(os.difftime(os.time(), start) < FAST)
  return result.stdout
end

describe("a slow resolver", function()
  it("does not hold up a connect timeout", function()
    assert.equal("timeout\tfalse\ttrue\nclosed\n", run([[
      local api = slow { connect_timeout = 0.2 }
      local _, err = wait(core.submit(api, GET))
      print(err.kind, err.delivered, err.retryable)
      return function() return true end
    ]]))
  end)

  it("does not hold up a timeout or a deadline", function()
    assert.equal("timeout\tfalse\ntimeout\tfalse\nclosed\n", run([[
      local api = slow {}
      for _, name in ipairs { "timeout", "deadline" } do
        local _, err = wait(core.submit(api, { method = "GET", path = "/v1", [name] = 0.2 }))
        print(err.kind, err.delivered)
      end
      return function() return true end
    ]]))
  end)

  it("does not hold up a cancel", function()
    assert.equal("cancelled\tfalse\nclosed\n", run([[
      local transfer = core.submit(slow {}, GET)
      poller:step(0.1)
      transfer:cancel()
      local _, err = transfer:take()
      print(err.kind, err.delivered)
      return function() return true end
    ]]))
  end)

  it("does not hold up close", function()
    assert.equal("closed\tfalse\nclosed\tfalse\nclosed\n", run([[
      local api = slow { max_connections = 1 }
      local running, queued = core.submit(api, GET), core.submit(api, GET)
      poller:step(0.1)
      core.close(api)
      for _, transfer in ipairs { running, queued } do
        local _, err = transfer:take()
        print(err.kind, err.delivered)
      end
      return function() return true end
    ]]))
  end)

  it("does not hold up the end of the Lua state", function()
    assert.equal("closed\n", run([[
      local api = slow {}
      local transfers = {}
      for i = 1, 5 do transfers[i] = core.submit(api, GET) end
      poller:step(0.1)
      return function() return true end
    ]]))
  end)

  it("does not hold up the collector", function()
    assert.equal("closed\n", run([[
      do
        local transfer = core.submit(slow {}, GET)
        poller:step(0.1)
      end
      collectgarbage()
      collectgarbage()
      return function() return true end
    ]]))
  end)

  it("does not hold up other calls", function()
    local server <close> = raw.new(raw.json('"quick"'))
    assert.equal(("quick\n"):rep(10) .. "false\nclosed\n", run(([[
      local stuck = core.submit(slow {}, GET)
      poller:step(0.1)
      local api = core.api { base_url = %q }
      for _ = 1, 10 do print((wait(core.submit(api, GET)))) end
      print(stuck:done())
      return function() return true end
    ]]):format(server.url)))
  end)

  it("may return after the Lua state is gone", function()
    assert.equal("closed\n", run([[
      local api = slow {}
      local transfers = {}
      for i = 1, 3 do transfers[i] = core.submit(api, GET) end
      poller:step(0.1)
      return function() return true end
    ]], 1))
  end)

  it("may return after its call timed out", function()
    assert.equal("timeout\nclosed\n", run([[
      local _, err = wait(core.submit(slow { connect_timeout = 0.1 }, GET))
      print(err.kind)
      return function() return true end
    ]], 1))
  end)

  it("that fails is a network error before anything was sent", function()
    assert.equal("network\tfalse\ttrue\nclosed\n", run([[
      local _, err = wait(core.submit(slow {}, { method = "POST", path = "/v1", form = { a = 1 } }))
      print(err.kind, err.delivered, err.retryable)
      return function() return true end
    ]], 0.3))
  end)
end)
