local asking = require("spec.simulator.asking")
local logic = require("particle.simulator.logic")

describe("logic", function()
  it("does nothing without a stand-in for its JavaScript", function()
    local cloud = asking.cloud {}
    assert.same({ "Success", {} }, { logic.execute(cloud, "x", {}) })
  end)

  it("does what the stand-in does, and tells what goes wrong", function()
    local reports = {}
    local cloud = asking.cloud {
      clock = asking.clock(1000000000), on_error = function(text) reports[#reports + 1] = text end,
      logic = function(code, event, log)
        log("in", code, event.event_name)
        if code == "bad" then error("broken", 0) end
      end,
    }
    local status, logs = logic.execute(cloud, "good", { event_name = "e" })
    assert.same({ "Success",
      { { level = "Info", timestamp = "2001-09-09T01:46:40.000Z", args = { "in", "good", "e" } } } },
      { status, logs })
    status, logs = logic.execute(cloud, "bad", {})
    assert.same({ "Failure", "Error", { "broken" } }, { status, logs[2].level, logs[2].args })
    assert.truthy(reports[1]:find("logic: broken", 1, true))
  end)
end)
