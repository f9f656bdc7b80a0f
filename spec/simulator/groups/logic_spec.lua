local asking = require("spec.simulator.asking")
local events = require("particle.simulator.events")
local scheduler = require("particle.scheduler")

local ID = "e00fce680000000000000001"

describe("logic functions", function()
  local cloud, call, seen

  before_each(function()
    seen = {}
    cloud, call = asking.api {
      devices = { { name = "lamp", id = ID, product_id = 42 } }, orgs = { acme = { 42 } },
      clock = asking.clock(1000000000), on_error = function() end,
      logic = function(code, event, log)
        seen[#seen + 1] = event.event_data
        log("got", event.event_name)
        if code == "bad" then error("broken", 0) end
      end,
    }
  end)

  local function create(root, fields)
    fields.name, fields.source = "n", fields.source or { type = "JavaScript", code = "ok" }
    return call("POST", root .. "/logic/functions", { logic_function = fields })
  end

  for _, root in ipairs { "/v1", "/v1/orgs/acme" } do
    it("are created, listed, read, changed and deleted below " .. root, function()
      local path = root .. "/logic/functions"
      local status, made = create(root,
        { logic_triggers = { { type = "Event", event = "door", product_id = 42 } } })
      local fn = made.logic_function
      assert.same({ 201, 1, true, "door", fn.id }, { status, fn.version, fn.enabled,
        fn.logic_triggers[1].event_name, fn.logic_triggers[1].logic_function_id })
      assert.same({ logic_functions = { fn } }, select(2, call("GET", path)))
      assert.same({ success = 0, failure = 0, timeout = 0 },
        select(2, call("GET", path .. "?today_stats=true")).logic_functions[1].today_stats)
      assert.same(made, select(2, call("GET", path .. "/" .. fn.id)))
      local _, changed = call("PUT", path .. "/" .. fn.id, { logic_function = { enabled = false } })
      assert.same({ 2, false }, { changed.logic_function.version, changed.logic_function.enabled })
      assert.equal(204, (call("DELETE", path .. "/" .. fn.id)))
      assert.equal(404, (call("GET", path .. "/" .. fn.id)))
    end)

    it("run on events below " .. root, function()
      local _, made = create(root, { source = { type = "JavaScript", code = "bad" },
        logic_triggers = { { type = "Event", event_name = "door" } } })
      local path = root .. "/logic/functions/" .. made.logic_function.id
      local lamp = cloud.devices:by_identifier(ID)
      events.publish_from(cloud, lamp, { name = "window", data = "x" })
      events.publish_from(cloud, lamp, { name = "door/open", data = "wide" })
      scheduler.wait(function() return seen[1] end)
      assert.same({ "wide" }, seen)
      local run = select(2, call("GET", path .. "/runs")).logic_runs[1]
      assert.same({ "Failure", "Event" }, { run.status, run.logic_trigger_type })
      assert.same({ logic_run = run }, select(2, call("GET", path .. "/runs/" .. run.id)))
      local _, logs = call("GET", path .. "/runs/" .. run.id .. "/logs")
      assert.same({ { "got", "door/open" }, "Error", { "broken" } }, { logs.logic_run_logs.logs[1].args,
        logs.logic_run_logs.logs[2].level, logs.logic_run_logs.logs[2].args })
      assert.same({ { date = "20010909", success = 0, failure = 1, timeout = 0 } },
        select(2, call("GET", path .. "/stats")).logic_function_stats)
      assert.equal(404, (call("GET", path .. "/runs/nix")))
    end)
  end

  it("are executed once, without being kept", function()
    local status, told = call("POST", "/v1/logic/execute", { source = { type = "JavaScript", code = "ok" },
      event = { event_name = "e", event_data = "d" } })
    assert.same({ 200, "Success", { "got", "e" } }, { status, told.result.status, told.result.logs[1].args })
  end)

  it("refuse what does not fit", function()
    assert.equal(400, (call("POST", "/v1/logic/functions", { logic_function = { name = "x" } })))
    assert.equal(400, (create("/v1", { source = { type = "Lua", code = "" } })))
    assert.equal(400, (create("/v1", { source = { type = "JavaScript" } })))
    assert.equal(400, (create("/v1", { logic_triggers = { { type = "Event" } } })))
    assert.equal(400, (create("/v1", { logic_triggers = { { type = "Scheduled" } } })))
    assert.equal(400, (create("/v1", { logic_triggers = { "x" } })))
    assert.equal(400, (call("POST", "/v1/logic/execute", {})))
  end)
end)
