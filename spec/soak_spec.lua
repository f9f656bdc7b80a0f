-- The soak runs, for a moment, and its judge does complain.

local core = require("particle.core")
local judge = require("spec.soak.judge")
local support = require("spec.support")

describe("the soak", function()
  it("finds nothing wrong in a moment", function()
    local result = support.run { "lua5.4", "spec/soak/run.lua", "lua5.4", "0.02", "1" }
    assert.are.equal(0, result.status, result.stdout .. result.stderr)
    assert.is_truthy(result.stdout:find("SEED=1: %d+ fine, %d+ failed"), result.stdout)
    assert.are.equal("", result.stderr)
  end)

  local function failed(delivered)
    local err = core.error { kind = "network", message = "lost", delivered = delivered }
    return { ended = true, value = nil, err = err }
  end

  local VERDICTS = {
    { "a call done once", { ended = true, value = 1 }, 1, 1, nil },
    { "a call done twice", { ended = true, value = 1 }, 2, 2, "executed 2 times" },
    { "a success that was none", { ended = true, value = 1 }, 1, 0, "not executed" },
    { "a call that is lost", { ended = false }, 0, 0, "without an outcome" },
    { "a loss on the way there", failed("maybe"), 0, 0, nil },
    { "a loss on the way back", failed("maybe"), 1, 1, nil },
    { "a refusal", failed(false), 1, 0, nil },
    { "an untrue delivered == false", failed(false), 1, 1, "not delivered" },
    { "an untrue delivered == true", failed(true), 0, 0, "did not arrive" },
  }
  for _, case in ipairs(VERDICTS) do
    local name, call, arrived, executed, expected = table.unpack(case, 1, 5)
    it("judges " .. name, function()
      local complaint = judge.call(call, arrived, executed)
      if expected then
        assert.is_truthy(complaint and complaint:find(expected, 1, true), tostring(complaint))
      else
        assert.is_nil(complaint)
      end
    end)
  end

  it("judges memory by the most that the warm-up took", function()
    local memory, complaints = judge.memory(2), {}
    local function complain(text) complaints[#complaints + 1] = text end
    local function look(heap) memory:look({ heap = heap, malloc = 2000, rss = 3000 }, complain) end
    look(900)
    look(500)
    look(1000)
    assert.are.same({}, complaints)
    look(5000)
    assert.are.equal(1, #complaints)
    assert.is_truthy(complaints[1]:find("heap has grown to 5000 KB", 1, true))
  end)
end)
