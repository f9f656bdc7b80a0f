-- Several Lua states in one process: each has its own poller, apis and calls, and ends without harm.

local raw = require("spec.support.raw_server")
local host = require("spec.support.host")
local support = require("spec.support")

local folder, program

setup(function()
  folder = support.folder()
  program = host.build(folder)
end)

teardown(function() folder:remove() end)

local function run(script, states)
  local result = host.run(program, script, states, { step = raw.pump })
  assert.equal("", result.stderr)
  assert.equal(0, result.status, "signal " .. tostring(result.signal))
  return result.stdout
end

-- Echoes the path and the token of each request.
local function echo(c)
  while true do
    local request = c:request()
    if not request then return end
    c:json(('"%s %s"'):format(request.path, request.headers.authorization))
  end
end

describe("several Lua states", function()
  it("make calls side by side, each its own", function()
    local server <close> = raw.new(echo)
    local output = run(([[
      local number = ...
      local core = require("particle.core")
      local api = core.api { base_url = %q, max_connections = 2 }
      core.set_token(api, "token-of-" .. number)
      local left, transfer = 10 * number
      local function submit()
        return core.submit(api, { method = "POST", path = { "v1", number, left }, form = { a = 1 } })
      end
      return function()
        transfer = transfer or submit()
        core.poller():step(0.001)
        if not transfer:done() then return false end
        local expected = ("/v1/%%d/%%d Bearer token-of-%%d"):format(number, left, number)
        local value, err = transfer:take()
        assert(value == expected, tostring(err or value))
        left, transfer = left - 1
        return left == 0
      end
    ]]):format(server.url), 6)
    assert.equal("closed\n", output)
    assert.equal(10 * (1 + 2 + 3 + 4 + 5 + 6), server.executed)
  end)

  it("end with calls under way while others go on", function()
    local stuck <close> = raw.new(function(c) c:hang() end)
    local server <close> = raw.new(echo)
    local output = run(([[
      local number = ...
      local core = require("particle.core")
      local stuck, api = core.api { base_url = %q, max_connections = 2 }, core.api { base_url = %q }
      local waiting = {}
      for i = 1, 4 do waiting[i] = core.submit(stuck, { method = "GET", path = "/v1/x" }) end
      local done, transfer = 0
      return function()
        transfer = transfer or core.submit(api, { method = "GET", path = { "v1", number } })
        core.poller():step(0.001)
        if transfer:done() then
          assert(transfer:take() == ("/v1/%%d nil"):format(number))
          transfer, done = nil, done + 1
        end
        for i = 1, 4 do assert(not waiting[i]:done()) end
        return done >= 5 * number
      end
    ]]):format(stuck.url, server.url), 4)
    assert.equal("closed\n", output)
    raw.wait(function() return stuck:count() == 0 and server:count() == 0 end)
  end)

  it("do not mix up values of each other's kinds", function()
    assert.equal("api\tdevice\tsecret\nclosed\n", run([[
      local core = require("particle.core")
      local api = core.api { base_url = "http://127.0.0.1:1" }
      print(core.type(api), core.type(core.device(api, "lamp")), core.type(core.secret("x")))
      return function() return true end
    ]], 1))
  end)

  it("may come and go many times", function()
    local server <close> = raw.new(echo)
    for _ = 1, 3 do
      local output = run(([[
        local core = require("particle.core")
        local api = core.api { base_url = %q }
        local transfer = core.submit(api, { method = "GET", path = "/v1/x" })
        return function()
          core.poller():step(0.001)
          return transfer:done()
        end
      ]]):format(server.url), 16)
      assert.equal("closed\n", output)
    end
  end)
end)
