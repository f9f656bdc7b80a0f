-- Each fault of the simulator meets each kind of call of the client. FAULTS=write writes the manual's tables.

local faulty = require("spec.support.faulty")
local particle = require("particle")
local raw_server = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local support = require("spec.support")

local PAGE = "doc/faults.md"

-- All calls at once, each in a task of its own.
local function observe_all(row)
  local tasks = {}
  for _, call in ipairs(faulty.CALLS) do
    if row.expected[call.name] then tasks[call.name] = scheduler.spawn(faulty.observe, row, call) end
  end
  local observed = {}
  for name, task in pairs(tasks) do observed[name] = task:wait() end
  return observed
end

-- How many this process has open, without those that other specs left to the collector.
local function descriptors()
  collectgarbage()
  collectgarbage()
  return raw_server.descriptors()
end

-- The text of a body that may have been decoded.
local function text_of(body)
  if type(body) ~= "table" then return tostring(body) end
  return tostring(body.error_description or body.error)
end

-- What the error says of the delivery must be true of what the simulator did.
local function check_delivery(row, observed)
  local err, handled = observed.err, observed.handled
  assert.is_true(handled <= 1, "executed more than once")
  if row.when == "after" then assert.are.equal(1, handled) end
  if not err then return end
  if err.delivered == false then assert.are.same({ 0, 0 }, { handled, observed.struck }) end
  if err.delivered == true then assert.are.equal(1, observed.struck) end
end

local function check_error(row, observed)
  local err = observed.err
  if not err then return end
  assert.are.equal("error", particle.type(err))
  assert.are.equal(1, err.attempts)
  if row.body then assert.is_truthy(text_of(err.body):find(row.body, 1, true), text_of(err.body)) end
  if row.wait == math.huge then
    assert.is_true(err.retry_after > 86400)
  else
    assert.are.equal(row.wait, err.retry_after)
  end
end

local function check_time(row, observed)
  if not row.silent then return end
  assert.is_true(observed.elapsed >= faulty.SILENCE * 0.9, "too early: " .. observed.elapsed)
  assert.is_true(observed.elapsed < 10, "too late: " .. observed.elapsed)
end

describe("a fault", function()
  local results = {}

  it("of each kind is tested", function() assert.are.same({}, faulty.forgotten()) end)

  for _, row in ipairs(faulty.rows()) do
    it(("is borne: %s %s"):format(row.title, row.when), function()
      local before = descriptors()
      local outcomes = {}
      for name, observed in pairs(observe_all(row)) do
        local function check()
          assert.are.equal(row.expected[name], observed.outcome)
          check_delivery(row, observed)
          if name == "read" or name == "call" then check_error(row, observed) end
          check_time(row, observed)
          assert.are.same({ 21.5, nil }, { observed.next, observed.next_error })
        end
        local ok, problem = pcall(check)
        if not ok then error(name .. ": " .. tostring(problem) .. "\n" .. tostring(observed.err), 0) end
        outcomes[name] = observed.outcome
      end
      assert.is_true(descriptors() <= before, "descriptors leaked")
      results[#results + 1] = { row = row, outcomes = outcomes }
    end)
  end

  it("has in the manual what it does here", function()
    assert.are.equal(#faulty.rows(), #results, "some rows have failed, or were left out")
    local text = support.read(PAGE)
    local expected = faulty.page(text, results)
    if os.getenv("FAULTS") == "write" then
      local file <close> = assert(io.open(PAGE, "w"))
      file:write(expected)
    else
      assert(text == expected, PAGE .. " is out of date: FAULTS=write make test SPECS=spec/faults_spec.lua")
    end
  end)

  describe("on a connection that served before", function()
    for _, kind in ipairs { "`silence`", "`reset`", "`close`", "`reset_body`", "`close_body`" } do
      for _, when in ipairs { "before", "after" } do
        it(("executes a call at most once: %s %s"):format(kind, when), function()
          local row = faulty.row(kind, when)
          local observed = faulty.observe(row, faulty.CALLS[2], true)
          assert.are.equal(row.expected.call, observed.outcome)
          assert.are.equal(when == "after" and 1 or 0, observed.handled)
          assert.are.equal(1, observed.struck)
          assert.are.equal(21.5, observed.next)
        end)
      end
    end
  end)

  it("that redirects to another host does not take the token there", function()
    local sim <close> = simulator.new { devices = { { name = "lamp", variables = { temperature = 21.5 } } } }
    local other <close> = simulator.new {}
    local api <close> = sim:client { retry = false }
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      sim:fault { kind = "redirect", status = status, location = other.url .. "/v1/devices" }
      local value, err = api:device("lamp"):read "temperature"
      assert.are.same({ nil, "protocol", status }, { value, err.kind, err.status })
    end
    assert.are.same({}, other:requests())
    assert.are.equal(21.5, api:device("lamp"):read "temperature")
  end)
end)

describe("a stream that a fault strikes", function()
  local sim, api

  before_each(function()
    sim = assert(simulator.new { devices = { { name = "lamp" } } })
    api = sim:client()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  -- A stream that comes back at once; `more` are further options.
  local function subscribe(more)
    local options = { retry = { base = 0.001, cap = 0.001, random = function() return 1 end } }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(api:subscribe(nil, options))
  end

  -- The next n events, each as "name data".
  local function take(stream, n)
    local list = {}
    for i = 1, n do
      local event = assert(stream:next(20))
      list[i] = ("%s %s"):format(event.name, event.data)
    end
    return list
  end

  for _, kind in ipairs { "reset_body", "close_body", "truncated_chunk", "wrong_length" } do
    it("comes back after " .. kind, function()
      sim:fault { kind = kind, by = kind == "wrong_length" and -1 or nil }
      local stream <close> = subscribe()
      support.wait_until(function() return #sim:streams() == 1 end, { step = function() sim:step(0.01) end })
      sim:device("lamp"):publish("door", "open")
      local event = assert(stream:next(20))
      assert.are.same({ "door", "open", "table" }, { event.name, event.data, type(event.gap) })
    end)
  end

  for _, kind in ipairs { "reset", "close", "gateway", "html", "rate_limit", "empty" } do
    it("comes back when its second opening meets " .. kind, function()
      local stream <close> = subscribe()
      local fault = sim:fault { kind = kind, retry_after = kind == "rate_limit" and 0 or nil, n = 2 }
      sim:cut()
      local function is_back() return fault.hits == 2 and #sim:streams() == 1 end
      support.wait_until(is_back, { step = function() sim:step(0.01) end })
      sim:device("lamp"):publish("door", "open")
      assert.are.same({ "door open" }, take(stream, 1))
    end)
  end

  it("ends for good when its token is revoked on the way", function()
    sim:fault { kind = "revoke", after = true }
    local stream <close> = subscribe()
    local event, err = stream:next(20)
    assert.are.same({ nil, "unauthorized", "closed" }, { event, err.kind, stream.state })
  end)

  it("goes on when the program has a new token then", function()
    api:close()
    api = sim:client { token = function() return sim:token_of(sim.username) end }
    local fault = sim:fault { kind = "revoke", after = true }
    local stream <close> = subscribe()
    local function is_back() return fault.hits == 1 and #sim:streams() == 1 end
    support.wait_until(is_back, { step = function() sim:step(0.01) end })
    sim:device("lamp"):publish("door", "open")
    assert.are.same({ "door open" }, take(stream, 1))
  end)

  local ODD = {
    { "split", { "door open" } }, { "cr", { "door open" } }, { "crlf", { "door open" } },
    { "comments", { "door open" } }, { "retry", { "door open" } },
    { "nameless", { " nameless", "door open" } }, { "dataless", { "dataless nil", "door open" } },
    { "duplicate_id", { "twice same", "twice same", "door open" } },
    { "garbage", { 'fault {"ok":', "door open" } },
    { "nul", { 'fault {"data":"fault"}\0more', "door open" } },
    { "bom", { 'fault \u{FEFF}{"data":"fault"}', "door open" } },
    { "bad_utf8", { 'fault {"data":"\xFF\xC0\x80"}', "door open" } },
    { "deep", { "fault " .. ("["):rep(5000) .. ("]"):rep(5000), "door open" }, { depth = 5000 } },
  }
  for _, case in ipairs(ODD) do
    it("gives each event once, as it came: " .. case[1], function()
      local spec = { kind = case[1] }
      for name, value in pairs(case[3] or {}) do spec[name] = value end
      sim:fault(spec)
      local stream <close> = subscribe()
      sim:device("lamp"):publish("door", "open")
      assert.are.same(case[2], take(stream, #case[2]))
      assert.are.equal("open", stream.state)
    end)
  end

  it("gives all events of a flood, in order", function()
    sim:fault { kind = "flood" }
    local stream <close> = subscribe()
    for i = 1, 10000 do assert.are.equal(tostring(i), assert(stream:next(20)).data) end
  end)

  it("is given up when an event is too large", function()
    sim:fault { kind = "huge", size = 2 << 20 }
    local stream <close> = subscribe()
    local event, err = stream:next(20)
    assert.are.same({ nil, "too_large" }, { event, err.kind })
  end)
end)
