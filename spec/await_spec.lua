local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"
local LONG = 30 -- seconds that never pass in these tests

-- What a program prints that has `api`, `device` and a `read` that is answered last of so many calls.
local function run(code)
  local answered = 0
  local cloud <close> = Cloud.new(function(request)
    local calls = tonumber(request.query:match("calls=(%d+)")) or 1
    scheduler.wait(function() return answered >= calls - 1 end)
    answered = answered + 1
    return 200, { result = 7 }
  end)
  local result = support.run({ "lua5.4", "-e", ([[
    local particle = require("particle")
    local api = particle.new { token = "x", base_url = "%s", retry = false }
    local device = api:device("%s")
    local function read(calls) return api:request { path = "/v1/x", query = { calls = calls } } end
    local function alone() return package.loaded["particle.scheduler"] == nil end
  ]]):format(cloud.url, ID) .. code }, { step = function() scheduler.step(0.1) end })
  assert.equal("", result.stderr)
  return result.stdout
end

describe("a wait for a call", function()
  it("needs no scheduler as long as the program is a plain script", function()
    assert.equal("7 7 7 true", run([[
      local in_coroutine = coroutine.wrap(function() return device:read("x") end)
      io.write(("%s %s %s %s"):format(device:read("x"), device:read("y"), in_coroutine(), alone()))
    ]]))
  end)

  it("goes on in the scheduler when one is loaded meanwhile", function()
    assert.equal("true false 7", run([[
      local before = alone()
      local steps, poller = 0, getmetatable(require("particle.core").poller()).__index
      local step = poller.step
      function poller.step(...)
        steps = steps + 1
        if steps == 1 then particle.spawn(function() end) end
        return step(...)
      end
      local reply = read(1)
      io.write(tostring(before), " ", tostring(alone()), " ", reply.result)
    ]]))
  end)

  it("forgets the calls that nobody waits for", function()
    assert.equal("7 true", run([[
      local core = require("particle.core")
      local given_up = core.submit(api, { method = "GET", path = { "v1", "y" } })
      io.write(read(2).result, " ", tostring(given_up:done()))
    ]]))
  end)

  it("suspends a task alone", function()
    assert.equal("fast slow", run([[
      local slow = particle.spawn(function() read(3) io.write(" slow") end)
      device:read("x")
      io.write("fast")
      device:read("x")
      slow:wait()
    ]]))
  end)

  local IN_PLACE = 'pcall(device.read, device, "slow")'
  local IN_GENERATOR = 'pcall(coroutine.wrap(function() coroutine.yield(device:read("slow")) end))'
  local waits = {
    ["in place"] = { IN_PLACE, "" },
    ["in a generator"] = { IN_GENERATOR, "" },
    ["in a generator where a C module keeps a coroutine of its own"] = {
      IN_GENERATOR, "table.insert(debug.getregistry(), coroutine.create(print))",
    },
  }

  for name, program in pairs(waits) do
    it("ends with Ctrl-C, " .. name, function()
      local late = false
      local cloud <close> = Cloud.new(function(request)
        if request.path:find("slow") then
          scheduler.sleep(LONG)
          late = true
        end
        return 200, { result = "quick" }
      end)
      local wait, before = table.unpack(program)
      local child <close> = support.start({ "lua5.4", "-e", ([[
        %s
        local api = require("particle").new { token = "x", base_url = "%s" }
        local device = api:device("%s")
        print(%s)
        print(device:read("quick"), package.loaded["particle.scheduler"])
      ]]):format(before, cloud.url, ID, wait) }, { step = function() scheduler.step(0.005) end })
      assert.is_true(scheduler.wait(function() return #cloud.requests == 1 end, core.now() + LONG))
      child:kill("INT")
      assert.matches("^false\t.*interrupted!\nquick\tnil\n$", child:wait().stdout)
      assert.is_false(late)
    end)
  end
end)
