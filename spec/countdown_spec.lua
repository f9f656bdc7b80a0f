local core = require("particle.core")
local countdown = require("particle.countdown")

describe("a countdown", function()
  local state = { deadline = 100 }
  local sent

  local function send(request)
    sent[#sent + 1] = request.deadline or "whole"
    return true
  end

  before_each(function() sent = {} end)

  -- As if so much time had passed.
  local function pass(time, seconds) time.start = time.start - seconds end

  it("leaves all to the first request, and the rest to further ones", function()
    local time, request = countdown.new(state), {}
    pass(time, 30)
    time:send(send, request)
    assert.are.equal("whole", sent[1])
    time:send(send, request)
    assert.is_true(sent[2] > 60 and sent[2] <= 70)
    assert.is_nil(request.deadline)
    request.deadline = 100
    pass(time, 1000)
    time:send(send, request)
    assert.are.equal(0.001, sent[3])
    assert.are.equal(100, request.deadline)
  end)

  it("gives the requests on the way what they have in common with the call", function()
    local headers = { A = "b" }
    local time = countdown.new(state, {
      deadline = 50, timeout = 5, retry = false, headers = headers, nulls = true, format = "json",
    })
    assert.are.same({ deadline = 50, timeout = 5, retry = false, headers = headers }, time:options())
    pass(time, 30)
    local second = time:options().deadline
    assert.is_true(second > 10 and second <= 20)
    local rest = time:rest()
    assert.is_true(rest.deadline > 10 and rest.deadline <= 20 and rest.nulls and rest.format == "json")
    assert.are.same({ deadline = 100 }, countdown.new(state):options())
  end)

  it("leaves a request the rest of a deadline of its own", function()
    local time, request = countdown.new(state), { deadline = 180 }
    time:options()
    pass(time, 30)
    time:send(send, request)
    assert.is_true(sent[1] > 140 and sent[1] <= 150)
    assert.are.equal(180, request.deadline)
  end)

  local function fail(request)
    local message = ("no result within the deadline of %s s"):format(request.deadline)
    return nil, core.error { kind = "timeout", message = message, delivered = "maybe", elapsed = 0.5 }
  end

  it("lets errors tell of the whole call", function()
    local time = countdown.new(state)
    time:options()
    pass(time, 30)
    local _, err = time:send(fail, {})
    assert.are.same({ "no result within the deadline of 100.0 s", "maybe" }, { err.message, err.delivered })
    assert.is_true(err.elapsed >= 30)
    _, err = time:send(fail, { deadline = 180 })
    assert.are.equal("no result within the deadline of 180.0 s", err.message)
    time:explain("no error object")
    time:explain(nil)
  end)

  it("lets the error of a request on the way tell of the call, which was not sent", function()
    local time = countdown.new(state)
    pass(time, 30)
    local _, err = fail(time:options())
    time:explain_unsent(err)
    assert.are.equal(false, err.delivered)
    assert.is_true(err.elapsed >= 30)
  end)

  it("lets a response tell of the whole call", function()
    local time, response = countdown.new(state), { elapsed = 1, attempts = 1 }
    time:options()
    pass(time, 30)
    time:send(function() return true, response end, {})
    assert.is_true(response.elapsed >= 30)
  end)
end)
