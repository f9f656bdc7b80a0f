-- What `make test LOOP=name` sees, for whose sake it runs every other spec again.

local core = require("particle.core")
local support = require("spec.support")

local TESTS = [[
  local particle = require("particle")
  it("waits as a task", function() particle.sleep(0.001) end)
  it("waits in place", function() coroutine.wrap(function() particle.sleep(0.001) end)() end)
  it("waits in a generator", function() particle.wrap(function() particle.sleep(0.001) end)() end)
  it("does not wait", function() end)
]]

-- The poll() fallback has no descriptor, which copas cannot do without.
local LOOPS = core.poller():pollfd() and { "cqueues", "luv", "copas" } or { "cqueues", "luv" }

for _, name in ipairs(LOOPS) do
  describe("a test in the loop of " .. name, function()
    it("fails when it waits in place, however shortly", function()
      local folder <close> = support.folder()
      local result = support.run({ ".ci/test", support.build, folder:write("some_spec.lua", TESTS) }, {
        env = { TEST_LOOP = name, TEST_APART = "1", TEST_SANITIZED = false, TEST_COLLECTOR = false },
      })
      assert.truthy(result.stdout:find("FAILED waits in place\n", 1, true), result.stdout)
      assert.truthy(result.stdout:find("held up the loop: it waited in place", 1, true), result.stdout)
      assert.truthy(result.stdout:find("\n3 passed, 1 failed\n$"), result.stdout)
    end)
  end)
end
