local core = require("particle.core")
local support = require("spec.support")

describe("interrupts", function()
  -- Runs a program that prints "here" where it wants its n-th SIGINT.
  local function run(program, signals)
    local process <close> = support.start { "lua5.4", "-e", "io.stdout:setvbuf('no') " .. program }
    for i = 1, signals do
      process:expect(("here.*"):rep(i))
      process:kill("INT")
    end
    return process:wait()
  end

  it("raise inside a call, every time", function()
    local result = run([[
      local guard <close> = require("particle.core").interrupts()
      for _ = 1, 3 do
        print(guard:call(function() print "here" while true do end end))
      end
    ]], 3)
    assert.are.equal(("here\nfalse\tinterrupted!\n"):rep(3), result.stdout)
    assert.are.equal(0, result.status)
  end)

  it("end a wait for the cloud", function()
    local result = run([[
      local sim = require("particle.simulator").new { latency = 1000, devices = { { name = "lamp" } } }
      local lamp = sim:client():device("lamp")
      local guard <close> = require("particle.core").interrupts()
      print(guard:call(function() print "here" return lamp:info() end))
    ]], 1)
    assert.are.equal("here\nfalse\tinterrupted!\n", result.stdout)
  end)

  it("do nothing between calls", function()
    local result = run([[
      local guard <close> = require("particle.core").interrupts()
      print "here"
      os.execute("sleep 0.1")
      print(guard:call(function() return "alive" end))
    ]], 1)
    assert.are.equal("here\ntrue\talive\n", result.stdout)
    assert.are.equal(0, result.status)
  end)

  it("go where they went before once it is closed", function()
    local result = run([[
      require("particle.core").interrupts():close()
      print(pcall(function() print "here" while true do end end))
    ]], 1)
    assert.are.equal("here\nfalse\tinterrupted!\n", result.stdout)
  end)

  it("let calls nest", function()
    local result = run([[
      local guard <close> = require("particle.core").interrupts()
      print(guard:call(function()
        print(guard:call(function() print "here" while true do end end))
        print "here"
        while true do end
      end))
    ]], 2)
    assert.are.equal("here\nfalse\tinterrupted!\nhere\nfalse\tinterrupted!\n", result.stdout)
  end)

  it("pass results and errors through", function()
    local guard <close> = core.interrupts()
    local function around(a, b) return a, nil, b end
    assert.are.same({ n = 4, true, 1, nil, 3 }, table.pack(guard:call(around, 1, 3)))
    local failure = {}
    assert.are.same({ n = 2, false, failure }, table.pack(guard:call(error, failure)))
  end)

  it("have one guard at a time, which closes once", function()
    local guard = core.interrupts()
    assert.has_error(core.interrupts, "SIGINT is already in another prompt's hands")
    guard:close()
    guard:close()
    assert.has_error(function() guard:call(print) end)
    core.interrupts():close()
    local call = guard.call
    assert.has_error(function() call(io.stdout, print) end)
    assert.has_error(function() call(nil, print) end)
  end)
end)
