local jobs = require("particle.simulator.jobs")
local scheduler = require("particle.scheduler")

describe("jobs", function()
  it("run by themselves, and what they raise is reported", function()
    local reports, ran = {}, nil
    local all = jobs.new(function(text) reports[#reports + 1] = text end)
    all:start(function(value) ran = value end, 5)
    all:start(function() error("broken", 0) end)
    scheduler.wait(function() return reports[1] end)
    assert.equal(5, ran)
    assert.truthy(reports[1]:find("^broken\nstack traceback"))
  end)

  it("end where they wait when they are stopped", function()
    local all = jobs.new(error)
    local ended, went_on
    all:start(function()
      local guard <close> = setmetatable({}, { __close = function() ended = true end }) -- luacheck: ignore
      scheduler.sleep(3600)
      went_on = true
    end)
    scheduler.step(0)
    all:stop()
    assert.is_true(ended)
    assert.is_nil(went_on)
  end)
end)
