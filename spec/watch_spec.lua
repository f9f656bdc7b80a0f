local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")

local ID = "0123456789abcdef01234567"

describe("watch", function()
  local cloud, lamp, answers, asked

  -- Answers one after another; a number is a status.
  before_each(function()
    answers, asked = {}, 0
    cloud = Cloud.new(function()
      asked = asked + 1
      local answer = answers[asked]
      if type(answer) == "table" then return answer.status, { error = "oh dear" } end
      return 200, '{"result":' .. tostring(answer) .. "}"
    end)
    lamp = cloud:client():device(ID)
  end)

  after_each(function() cloud:close() end)

  local function watched(how, count)
    local got = {}
    how.every = 0.001
    for value in lamp:watch("x", how) do
      got[#got + 1] = value
      if #got == count then break end
    end
    return got
  end

  it("gives every value, the first at once", function()
    answers = { 1, 1, "false", "null", '"text"' }
    assert.are.same({ 1, 1, false, core.null, "text" }, watched({}, 5))
  end)

  it("gives only values that differ", function()
    answers = { 1, 1, 2, 2, '"a"', '"a"', "true", 2 }
    assert.are.same({ 1, 2, "a", true, 2 }, watched({ change = true }, 5))
  end)

  it("gives only values that differ by enough from the one before", function()
    answers = { 20, 20.4, 20.6, 20.5, 21.2, '"broken"', 1 }
    assert.are.same({ 20, 20.6, 21.2, "broken", 1 }, watched({ change = 0.5 }, 5))
  end)

  it("waits between reads, and makes up for at most one that came late", function()
    answers = { 1, 1, 1, 1, 1, 1 }
    local values = lamp:watch("x", { every = 0.02 })
    local start = core.now()
    values()
    values()
    values()
    assert.is_true(core.now() - start >= 0.04)
    scheduler.sleep(0.1)
    start = core.now()
    values()
    values()
    values()
    assert.is_true(core.now() - start >= 0.02)
  end)

  it("raises the error of a failed read", function()
    answers = { 1, { status = 404 } }
    local _, err = pcall(watched, {}, 5)
    assert.are.equal("not_found", err.kind)
  end)

  it("goes on after a failed read when it is told of errors, until that returns false", function()
    answers = { 1, { status = 500 }, 2, { status = 404 }, 3 }
    local kinds = {}
    local got = watched({
      on_error = function(err)
        kinds[#kinds + 1] = err.kind
        if err.kind == "not_found" then return false end
      end,
    }, 5)
    assert.are.same({ 1, 2 }, got)
    assert.are.same({ "server", "not_found" }, kinds)
  end)

  it("works in tasks, side by side", function()
    answers = { 1, 2, 3, 4 }
    local tasks = {}
    for i = 1, 2 do tasks[i] = scheduler.spawn(function() return #watched({}, 2) end) end
    assert.are.equal(4, tasks[1]:wait() + tasks[2]:wait())
  end)

  it("passes the options of a call on", function()
    answers = { 1 }
    watched({ headers = { ["X-Mark"] = "yes" } }, 1)
    assert.are.equal("yes", cloud.requests[1].headers["x-mark"])
  end)

  it("refuses misuse at once, not at the first read", function()
    assert.error_matches(function() lamp:watch("x", { every = 0 }) end, "watch: option every must be")
    assert.error_matches(function() lamp:watch("x", { change = -1 }) end, "option change must be")
    assert.error_matches(function() lamp:watch("x", { on_error = true }) end,
      "option on_error must be a function")
    assert.error_matches(function() lamp:watch("x", { evry = 1 }) end, 'did you mean "every"')
    assert.error_matches(function() lamp:watch("") end, "watch: the variable's name is empty")
    assert.are.equal(0, asked)
  end)
end)

describe("wait_until_online", function()
  local sim, api, lamp

  before_each(function()
    sim = simulator.new { devices = { { name = "lamp", online = false } } }
    api = sim:client()
    lamp = api:device("lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  it("returns when the device answers", function()
    scheduler.spawn(function()
      scheduler.wait(function() return #sim:requests() >= 2 end)
      sim:device("lamp").online = true
    end)
    assert.are.same({ true, n = 1 }, table.pack(lamp:wait_until_online(30)))
    assert.is_true(#sim:requests() >= 2)
  end)

  it("returns at once when it is online", function()
    sim:device("lamp").online = true
    assert.is_true(lamp:wait_until_online(30))
    assert.are.equal(1, #sim:requests())
  end)

  it("gives up in time", function()
    local start = core.now()
    local online, err = lamp:wait_until_online(0.15)
    assert.is_nil(online)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("lamp was not online within 0.15 s", err.message)
    assert.is_true(core.now() - start >= 0.15)
  end)

  it("gives up at once what will not pass by itself", function()
    local online, err = api:device("attic"):wait_until_online(30)
    assert.is_nil(online)
    assert.are.equal("forbidden", err.kind)
    assert.are.equal(1, #sim:requests())
  end)

  it("goes on over failures that pass, and mentions the last one", function()
    local status = 503
    local cloud <close> = Cloud.new(function(_, number)
      if status == 503 or number == 1 then return 503, { error = "busy" } end
      return 200, { ok = true, online = true }
    end)
    local other = cloud:client():device("lamp")
    local _, err = other:wait_until_online(0.15)
    assert.are.equal("timeout", err.kind)
    assert.matches("%(last: busy%)$", err.message)
    status = 200
    assert.is_true(other:wait_until_online(30))
  end)

  it("refuses times that are none", function()
    for _, time in ipairs { 0, -1, "5", 1 / 0 } do
      assert.error_matches(function() lamp:wait_until_online(time) end,
        "wait_until_online: the timeout must be a positive number of seconds, got ")
    end
  end)

  it("refuses options that are none", function()
    for _, opts in ipairs { 5, false, "x" } do
      assert.error_matches(function() lamp:wait_until_online(1, opts) end,
        "^wait_until_online: the options must be a table, got ")
    end
    assert.error_matches(function() lamp:wait_until_online(1, { deadline = "1" }) end,
      "^wait_until_online: option deadline must be a positive number")
  end)
end)
