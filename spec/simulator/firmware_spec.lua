local asking = require("spec.simulator.asking")
local firmware = require("particle.simulator.firmware")
local scheduler = require("particle.scheduler")

describe("firmware", function()
  local cloud, lamp

  local function start(options)
    options.devices = { { name = "lamp", product_id = 42 } }
    cloud = asking.cloud(options)
    lamp = cloud.devices:first(function() return true end)
  end

  local function told()
    local list = {}
    for i, event in ipairs(cloud.events:list()) do list[i] = event.name .. "=" .. event.data end
    return table.concat(list, " ")
  end

  after_each(function() cloud.jobs:stop() end)

  it("is installed at once where that takes no time", function()
    start {}
    firmware.install(cloud, lamp, { firmware = "x" })
    assert.same({ "x", true }, { lamp.firmware, lamp.online })
    assert.equal("spark/flash/status=started spark/flash/status=success "
      .. "spark/status=offline spark/status=online", told())
  end)

  it("takes its time, and the device goes offline meanwhile", function()
    start { flash_time = 0.02 }
    local was_offline
    firmware.install(cloud, lamp, { firmware = "x" })
    assert.same({ "spark/flash/status=started", true }, { told(), lamp.firmware == nil })
    scheduler.wait(function()
      was_offline = was_offline or not lamp.online
      return was_offline and lamp.online
    end)
    assert.equal("x", lamp.firmware)
  end)

  it("changes nothing when it fails", function()
    start { flash_time = 0.001 }
    lamp.flash_result = "failed"
    firmware.install(cloud, lamp, { firmware = "x" })
    scheduler.wait(function() return told():find("failed") end)
    assert.equal("spark/flash/status=started spark/flash/status=failed", told())
    assert.is_nil(lamp.firmware)
  end)

  it("is compiled from sources, which may be wrong", function()
    start { compile_time = 0.001 }
    local one = firmware.compile(cloud,
      { { filename = "a.ino", data = "x" }, { filename = "a.h", data = "" } })
    local other = firmware.compile(cloud, { { filename = "a.ino", data = "y" } })
    assert.truthy(one and other and one ~= other)
    local _, problem = firmware.compile(cloud,
      { { filename = "a.ino", data = "int x;\r\n #error no way\n" } })
    assert.same({ "build didn't produce binary", "a.ino:2:2: error: #error no way" },
      { problem.output, problem.errors[1] })
    _, problem = firmware.compile(cloud, { { filename = "a.txt", data = "" } })
    assert.truthy(problem.errors[1]:find("No source files", 1, true))
  end)
end)
