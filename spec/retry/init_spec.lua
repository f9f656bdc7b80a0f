local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local failure = require("particle.failure")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"

describe("retries", function()
  local cloud, answers, slept, now

  -- Replies one after another; the last one for ever. A call's attempts take no time, its waits are those of
  -- `slept`.
  before_each(function()
    answers, slept, now = {}, {}, 1000
    cloud = Cloud.new(function(request, number)
      local answer = answers[number] or answers[#answers]
      if type(answer) == "function" then return answer(request, number) end
      return answer[1], answer[2] or {}, answer[3]
    end)
  end)

  after_each(function() cloud:close() end)

  local function policy(more)
    local made = {
      random = function() return 1 end,
      clock = function() return now end,
      sleep = function(seconds)
        slept[#slept + 1] = seconds
        now = now + seconds
      end,
    }
    for name, value in pairs(more or {}) do made[name] = value end
    return made
  end

  local function client(retry, options)
    local given = { retry = retry == nil and policy() or retry, log = false }
    for name, value in pairs(options or {}) do given[name] = value end
    return cloud:client(given)
  end

  local BUSY = { 503 }
  local FINE = { 200, { result = 21.5, return_value = 1, id = ID } }

  it("repeat a read until it succeeds", function()
    answers = { BUSY, BUSY, BUSY, FINE }
    assert.are.equal(21.5, client():device(ID):read("x"))
    assert.are.same({ 0.1, 0.2, 0.4 }, slept)
    assert.are.equal(4, #cloud.requests)
  end)

  it("give up after so many attempts, and say how many", function()
    answers = { BUSY }
    local _, err = client():device(ID):read("x")
    assert.are.equal("server", err.kind)
    assert.are.equal(10, err.attempts)
    assert.are.equal(10, #cloud.requests)
    assert.are.same({ 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2, 2 }, slept)
    assert.is_truthy(tostring(err):find("10 attempts", 1, true))
    assert.is_true(math.abs(err.elapsed - 11.1) < 1e-6, err.elapsed)
  end)

  it("tell how many attempts a success took", function()
    answers = { BUSY, BUSY, FINE }
    local api = client()
    local _, response = api:request { path = "/v1/x" }
    assert.are.equal(3, response.attempts)
    assert.is_true(math.abs(response.elapsed - 0.3) < 1e-6)
    _, response = api:request { path = "/v1/x" }
    assert.are.equal(1, response.attempts)
  end)

  it("spare calls that may have been carried out", function()
    for _, answer in ipairs { BUSY, { "abort" }, { 500 } } do
      answers = { answer }
      local lamp, before = client():device(ID), #cloud.requests
      local _, err = lamp:call("f")
      assert.are.same({ 1, "maybe" }, { err.attempts, err.delivered })
      assert.are.equal(before + 1, #cloud.requests)
    end
    local api = client()
    api:publish("n")
    api:claim(ID)
    api:device(ID):flash { data = "x" }
    api:login { username = "joe", password = "x" }
    api:request { method = "PUT", path = "/v1/x" }
    api:request { method = "DELETE", path = "/v1/x" }
    assert.are.equal(3 + 6, #cloud.requests)
    assert.are.same({}, slept)
  end)

  it("repeat such calls after a 429, which the cloud did not act on", function()
    answers = { { 429 }, { 429 }, FINE }
    assert.are.equal(1, client():device(ID):call("f", "on"))
    assert.are.same({ 1, 2 }, slept)
    for _, request in ipairs(cloud.requests) do assert.are.equal("arg=on", request.body) end
  end)

  it("repeat such calls while nothing is delivered", function()
    local port = raw.closed_port()
    local api <close> = particle.new {
      base_url = "http://127.0.0.1:" .. port, token = "x", log = false, retry = policy { attempts = 4 },
    }
    local _, err = api:device(ID):call("f")
    assert.are.same({ "network", 4, false }, { err.kind, err.attempts, err.delivered })
  end)

  it("do what the caller says of a call's idempotence", function()
    answers = { BUSY, FINE }
    assert.are.equal(1, client():device(ID):call("f", nil, { idempotent = true }))
    answers = { BUSY }
    local _, err = client():device(ID):read("x", { idempotent = false })
    assert.are.equal(1, err.attempts)
  end)

  it("leave alone what another attempt does not cure", function()
    for _, status in ipairs { 400, 401, 403, 404, 408, 422 } do
      answers = { { status, { error = "x" } } }
      local _, err = client():device(ID):read("x")
      assert.are.equal(1, err.attempts)
    end
  end)

  it("send the same body again: fields, JSON, text, bytes and files", function()
    local folder <close> = support.folder()
    local file = folder:write("firmware.bin", ("\0binary\n"):rep(1000))
    answers = { { 429 } }
    local api = client(policy { attempts = 3 })
    for _, request in ipairs {
      { form = { a = 1, b = "ü &" } }, { json = { a = { 1, 2 } } }, { body = "text\0x" },
      { multipart = { { name = "file", path = file }, { name = "text", data = "x" } } },
    } do
      request.method, request.path = "POST", "/v1/x"
      local before = #cloud.requests
      api:request(request)
      assert.are.equal(before + 3, #cloud.requests)
      local first = cloud.requests[before + 1]
      local boundary = (first.headers["content-type"] or ""):match("boundary=(%S+)")
      for i = before + 2, before + 3 do
        local again = cloud.requests[i]
        local own = (again.headers["content-type"] or ""):match("boundary=(%S+)")
        local function unbound(body, mark)
          return mark and body:gsub((mark:gsub("%p", "%%%0")), "") or body
        end
        assert.are.equal(unbound(first.body, boundary), (unbound(again.body, own)))
      end
    end
  end)

  it("end with an error when a file that is sent has gone meanwhile", function()
    local folder <close> = support.folder()
    local file = folder:write("firmware.bin", "x")
    answers = { { 429 } }
    local lamp = client(policy { sleep = function() os.remove(file) end }):device(ID)
    local done, err = lamp:flash { binary = file }
    assert.is_nil(done)
    assert.are.same({ "cancelled", 1, false, "cannot read " .. file .. ": No such file or directory" },
      { err.kind, err.attempts, err.delivered, err.message })
    assert.are.equal(1, #cloud.requests)
  end)

  describe("and Retry-After", function()
    local function with(value, status)
      return { status or 503, {}, { ["Retry-After"] = value, ["Content-Type"] = "application/json" } }
    end

    it("wait as long as the cloud asks, in seconds", function()
      answers = { with "7", FINE }
      assert.are.equal(21.5, client():device(ID):read("x"))
      assert.are.same({ 7.1 }, slept)
    end)

    it("wait until the time that the cloud names", function()
      answers = { with(os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 60)), FINE }
      assert.are.equal(21.5, client():device(ID):read("x"))
      assert.is_true(slept[1] > 50 and slept[1] <= 60.1, tostring(slept[1]))
    end)

    it("do not wait for times that are over, or for what is no time", function()
      for _, value in ipairs { "Fri, 31 Dec 1999 23:59:59 GMT", "0", "-5", "soon" } do
        local before, count = #cloud.requests, #slept
        answers = { [before + 1] = with(value), [before + 2] = FINE }
        assert.are.equal(21.5, client():device(ID):read("x"))
        assert.are.equal(0.1, slept[count + 1])
      end
    end)

    it("give up at once when the wait would pass the deadline", function()
      for _, value in ipairs { "120", "3600", "99999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT" } do
        answers = { with(value, 429) }
        local _, err = client():device(ID):read("x")
        assert.are.same({ "rate_limited", 1 }, { err.kind, err.attempts }, value)
        assert.is_true(err.retry_after >= 120)
      end
      assert.are.same({}, slept)
    end)
  end)

  describe("and the deadline", function()
    it("end where the next wait would pass it", function()
      answers = { BUSY }
      local _, err = client():device(ID):read("x", { deadline = 1 })
      assert.are.same({ 0.1, 0.2, 0.4 }, slept) -- 0.8 more would be 1.5
      assert.are.equal(4, err.attempts)
    end)

    it("do not begin a wait that is no number", function()
      answers = { BUSY }
      local _, err = client(policy { delay = function() return 0 / 0 end }):device(ID):read("x")
      assert.are.same({ 1, {} }, { err.attempts, slept })
    end)

    it("leave each attempt what is left of it", function()
      answers = { BUSY, BUSY, FINE }
      local api, left, numbers = client(nil, { deadline = 50 }), {}, {}
      api:use(function(request, send)
        left[#left + 1], numbers[#numbers + 1] = request.deadline or "whole", request.attempt or 1
        return send(request)
      end, "attempt")
      local seen
      api:use(function(request, send)
        local value, second = send(request)
        seen = { request.deadline or "own", request.attempt or "own" }
        return value, second
      end)
      api:device(ID):read("x")
      assert.are.equal("whole", left[1])
      assert.is_true(math.abs(left[2] - 49.9) < 1e-6 and math.abs(left[3] - 49.7) < 1e-6)
      assert.are.same({ 1, 2, 3 }, numbers)
      assert.are.same({ "own", "own" }, seen)
    end)

    it("are told of as a whole when it passes during a later attempt", function()
      answers = { BUSY, function() scheduler.sleep(60) end }
      local _, err = client():device(ID):read("x", { deadline = 0.2 })
      assert.are.same({ "timeout", 2 }, { err.kind, err.attempts })
      assert.are.equal("no result within the deadline of 0.2 s", err.message)
    end)
  end)

  describe("and what was delivered", function()
    local function through(...)
      local made = { ... }
      answers = { FINE }
      local api, count = client(), 0
      api:use(function(request)
        count = count + 1
        local what = made[count]
        if what == true then return { result = 1 } end
        local _, err = failure.unsent({ base_url = "" }, request, what[1], "x")
        err.retryable, err.delivered, err.attempts = true, what[2], 1
        return nil, err
      end, "attempt")
      return api:device(ID):read("x", { retry = { attempts = #made } })
    end

    it("stay in doubt once they were", function()
      local _, err = through({ "network", "maybe" }, { "network", false })
      assert.are.equal("maybe", err.delivered)
    end)

    it("say the last word otherwise", function()
      assert.is_true(select(2, through({ "network", "maybe" }, { "server", true })).delivered)
      local refused = { "rate_limited", true }
      assert.are.equal("maybe", select(2, through(refused, { "network", "maybe" })).delivered)
      assert.is_false(select(2, through(refused, { "network", false })).delivered)
      assert.is_false(select(2, through({ "network", false }, { "network", false })).delivered)
    end)
  end)

  describe("by policy", function()
    it("are off with false, for an api or a call", function()
      answers = { BUSY }
      local _, err = client(false):device(ID):read("x")
      assert.are.equal(1, err.attempts)
      _, err = client():device(ID):read("x", { retry = false })
      assert.are.equal(1, err.attempts)
      _, err = client(false):device(ID):read("x", { retry = policy { attempts = 3 } })
      assert.are.equal(3, err.attempts)
    end)

    it("differ for a call", function()
      answers = { BUSY }
      local _, err = client(policy { base = 1 }):device(ID):read("x", { retry = { attempts = 3 } })
      assert.are.equal(3, err.attempts)
      assert.are.same({ 1, 2 }, slept)
    end)

    it("have a classifier, a delay and a budget of one's own", function()
      answers = { { 404 } }
      local seen, spent = {}, 0
      local api = client(policy {
        classifier = function(err, request)
          seen[#seen + 1] = request.operation
          return err.kind == "not_found"
        end,
        delay = function(number, err, how) return number + (err.status == 404 and how.base or 0) end,
        base = 0.5,
        budget = {
          spend = function(self, err)
            assert(self and err.kind == "not_found")
            spent = spent + 1
            return spent <= 3
          end,
          succeed = function() spent = -100 end,
        },
      })
      local _, err = api:device(ID):read("x")
      assert.are.equal(4, err.attempts)
      assert.are.same({ 1.5, 2.5, 3.5 }, slept)
      assert.are.equal("devices.get_variable", seen[1])
      answers = { FINE }
      api:device(ID):read("x")
      assert.are.equal(-100, spent)
    end)

    it("share one budget in an api: an outage costs a hundred retries", function()
      answers = { BUSY }
      local lamp = client():device(ID)
      for _ = 1, 60 do lamp:read("x") end
      assert.are.equal(60 + 100, #cloud.requests)
      answers = { FINE }
      for _ = 1, 3 do lamp:read("x") end
      answers = { BUSY }
      local _, err = lamp:read("x")
      assert.are.equal(2, err.attempts)
    end)
  end)

  it("do not take the place of a token's renewal", function()
    local asked = 0
    answers = { { 401 }, BUSY, FINE }
    local api = client(nil, { token = function()
      asked = asked + 1
      return "token-number-" .. asked
    end })
    local _, response = api:request { path = "/v1/x" }
    assert.are.equal(2, asked)
    assert.are.equal(3, response.attempts)
    assert.are.equal("Bearer token-number-2", cloud.requests[3].headers.authorization)
  end)

  it("are not made of the opening of a stream, which has its own", function()
    answers = { BUSY }
    local stream, err = client():subscribe()
    assert.is_nil(stream)
    assert.are.same({ "server", 1, 1 }, { err.kind, err.attempts, #cloud.requests })
  end)

  it("are not made where what they take cannot be loaded", function()
    local result = support.run { "lua5.4", "-e", ([[
      local api = require("particle").new { token = "x", base_url = "http://127.0.0.1:%d" }
      local device, path = api:device("lamp"), package.path
      package.path = ""
      local value, err = device:read("x")
      print(value, err.kind, err.attempts)
      package.path = path
      value, err = device:read("x", { retry = { attempts = 2, sleep = function() end } })
      print(value, err.kind, err.attempts)
    ]]):format(support.free_port()) }
    assert.are.equal("", result.stderr)
    assert.are.equal("nil\tnetwork\t1\nnil\tnetwork\t2\n", result.stdout)
  end)

  it("leave to a middleware what it does wrong", function()
    local api = client()
    api:use(function() return nil, "oops" end, "attempt")
    assert.has_error(function() api:device(ID):read("x") end,
      "a middleware returned nil without an error object as its second result")
  end)

  it("are seen by the log with their numbers", function()
    local lines = {}
    answers = { BUSY, FINE }
    client(nil, { log = function(line) lines[#lines + 1] = line end }):device(ID):read("x")
    assert.is_nil(lines[1]:find("attempt", 1, true))
    assert.is_truthy(lines[2]:find("(attempt 2)", 1, true))
  end)

  describe("while they wait", function()
    local LONG = { base = 3600, cap = 3600, random = function() return 1 end }

    local function waiting_read(api)
      local task = scheduler.spawn(function() return api:device(ID):read("x", { deadline = 7200 }) end)
      support.wait_until(function() return next(core.state(api).pausing or {}) end,
        { step = function() particle.poller:step(0.01) end })
      return task
    end

    it("end with a cancelled task", function()
      answers = { BUSY }
      local api <close> = cloud:client { retry = LONG, log = false }
      local task = waiting_read(api)
      task:cancel()
      assert.are.equal("cancelled", select(2, task:wait()).kind)
      assert.is_nil(next(core.state(api).pausing))
      assert.are.equal(1, #cloud.requests)
    end)

    it("end with the api", function()
      answers = { { "abort" } }
      local api <close> = cloud:client { retry = LONG, log = false }
      local task = waiting_read(api)
      api:close()
      local _, err = task:wait()
      assert.are.same({ "closed", 1, "maybe" }, { err.kind, err.attempts, err.delivered })
    end)

    it("end with Ctrl-C", function()
      local process <close> = support.start { "lua5.4", "-e", ([[
        local api = require("particle").new { base_url = "http://127.0.0.1:%d", token = "x",
          retry = { base = 3600, cap = 3600, random = function() return 1 end } }
        local layer = api:use(function(request, send)
          local value, err = send(request)
          io.stdout:write("failed\n"):flush()
          return value, err
        end, "attempt")
        print(pcall(function() return api:device("x"):read("x", { deadline = 7200 }) end))
      ]]):format(raw.closed_port()) }
      process:expect("failed\n")
      process:kill("INT")
      assert.is_truthy(process:wait().stdout:find("false\t[^\n]*interrupted!"))
    end)
  end)
end)
