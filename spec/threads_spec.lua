-- Lua states in threads of their own know nothing of each other: each has its poller, apis and simulators.

local host = require("spec.support.host")
local nginx = require("spec.support.nginx")
local particle = require("particle")
local simulator = require("particle.simulator")
local support = require("spec.support")

local folder, program

setup(function()
  folder = support.folder()
  program = host.build(folder)
end)

teardown(function() folder:remove() end)

local function run(script, threads)
  local result = host.run(program, script, threads, {
    env = { HOST_THREADS = 1 },
    step = function() particle.poller:step(0.002) end,
  })
  assert.equal("", result.stderr)
  assert.equal(0, result.status, "signal " .. tostring(result.signal))
  assert.equal("closed\n", result.stdout)
end

describe("Lua states in eight threads", function()
  it("make calls and hear events, each of its own simulator", function()
    run([[
      local number = ...
      return function()
        local particle = require("particle")
        local heard = {}
        local sim = require("particle.simulator").new { devices = { {
          name = "lamp",
          variables = { number = number },
          functions = { add = function(text) return number + tonumber(text) end },
        } } }
        local api = sim:client()
        local lamp = api:device "lamp"
        local stream = assert(api:subscribe "door")
        for i = 1, 100 do
          assert(lamp:read "number" == number)
          assert(lamp:call("add", tostring(i)) == number + i)
          if i % 10 == 0 then sim:device("lamp"):publish("door", ("%d-%d"):format(number, i)) end
        end
        for i = 10, 100, 10 do assert(assert(stream:next(20)).data == ("%d-%d"):format(number, i)) end
        local value, err = lamp:read "nothing"
        assert(value == nil and particle.type(err) == "error" and err.kind == "not_found")
        stream:close()
        api:close()
        sim:close()
        return true
      end
    ]], 8)
  end)

  it("make calls over TLS to one server", function()
    local sim = simulator.new { devices = { { name = "lamp", variables = { temperature = 21 } } } }
    local front <close> = nginx.start(sim.url)
    run(([[
      local number = ...
      return function()
        local particle = require("particle")
        local api <close> = particle.new { base_url = %q, token = %q, ca_file = %q, http2 = number %% 2 == 0 }
        for _ = 1, 10 do assert(api:device("lamp"):read "temperature" == 21) end
        return true
      end
    ]]):format(front.url, sim.token, front.ca_file), 8)
    for _, entry in ipairs(front:log(80)) do assert.equal(200, entry.status) end
    sim:close()
  end)

  it("may end with all they have still open", function()
    run([[
      return function()
        local sim = require("particle.simulator").new { devices = { { name = "lamp",
          variables = { temperature = 21, slow = function() require("particle").sleep(100) end } } } }
        local api = sim:client()
        _G.stream = assert(api:subscribe())
        assert(api:device("lamp"):read "temperature" == 21)
        local core = require("particle.core")
        _G.call = core.submit(api, { method = "GET", path = "/v1/devices/lamp/slow", idempotent = true })
        return true
      end
    ]], 8)
  end)

  it("have one prompt that SIGINT interrupts, whichever thread the signal comes to", function()
    run([[
      local number = ...
      return function()
        local core = require("particle.core")
        if number > 1 then
          local fine, guard = pcall(core.interrupts)
          if fine then guard:close() else assert(guard:find("another prompt")) end
          return true
        end
        local fine, guard
        repeat fine, guard = pcall(core.interrupts) until fine
        local function busy()
          io.popen("kill -INT $PPID"):close()
          while true do core.now() end
        end
        local ended, message = guard:call(busy)
        guard:close()
        assert(not ended and message:find("interrupted"))
        return true
      end
    ]], 8)
  end)
end)
