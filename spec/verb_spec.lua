-- Reads and calls that the core begins by itself: nobody but the caller's watch may tell them from those that
-- go the long way through Lua.

local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")

local ID = "0123456789abcdef01234567"
local TOKEN = "s3cret-token"

describe("a call that the core begins", function()
  local cloud, api, lamp, answer

  before_each(function()
    answer = { 200, { result = 21.5, return_value = 1 } }
    cloud = Cloud.new(function() return answer[1], answer[2], answer[3] end)
    api = cloud:client { log = false }
    lamp = core.device(api, ID, nil, { id = ID })
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  local function begins(device, ...)
    local transfer <close> = core.begin_read(device, ...)
    return transfer ~= nil
  end

  -- What came to the cloud, and what came of it, the one way and the other.
  local function both_ways(device, verb, ...)
    local outcomes = {}
    for way, opts in ipairs { false, { idempotent = verb == "read" } } do
      local arguments = table.pack(...)
      if verb == "call" then arguments.n = 2 else arguments.n = 1 end
      if opts then
        arguments.n = arguments.n + 1
        arguments[arguments.n] = opts
      end
      local value, err = device[verb](device, table.unpack(arguments, 1, arguments.n))
      local request = cloud.requests[#cloud.requests]
      outcomes[way] = {
        value = value, err = err and {
          kind = err.kind, message = err.message, url = err.url, method = err.method, body = err.body,
          delivered = err.delivered, retryable = err.retryable, attempts = err.attempts, status = err.status,
          code = err.code,
        },
        sent = { request.method, request.path, request.query, request.body, request.headers },
      }
    end
    assert.same(outcomes[1], outcomes[2])
    return outcomes[1]
  end

  it("is one of a known device on whose way nothing stands", function()
    assert.is_true(begins(lamp, "x"))
    assert.is_true(begins(core.device(api, "a lamp", nil, { name = "a lamp" }), "x"))
    assert.is_true(begins(core.device(api, ID, 5, { id = ID }), "x"))
    for _, device in ipairs { core.device(api, ID), core.device(api, "a lamp", 5, {}), api, {} } do
      assert.is_false(begins(device, "x"))
    end
    for _, name in ipairs { "events", "", "..", "a\0", ("x"):rep(3000), 5, true } do
      assert.is_false(begins(lamp, name))
    end
    assert.is_false(begins(lamp))
    assert.is_false(begins())
  end)

  it("has an argument that the cloud may take", function()
    for _, argument in ipairs { "", "on", 5, 0.5, ("x"):rep(1000) } do
      local transfer <close> = core.begin_call(lamp, "f", argument)
      assert.is_not_nil(transfer)
    end
    for _, argument in ipairs { true, {}, 0 / 0, math.huge, ("x"):rep(2000) } do
      assert.is_nil((core.begin_call(lamp, "f", argument)))
    end
  end)

  it("is none where a middleware, a limiter, a log or a token function sees it", function()
    api:use(function(request, send) return send(request) end)
    assert.is_false(begins(lamp, "x"))
    for _, options in ipairs {
      { rate_limit = true }, { log = function() end }, { token = function() return TOKEN end },
      { token_in = "query" }, { retry = { clock = core.now } },
    } do
      local other <close> = cloud:client(options)
      assert.is_false(begins(core.device(other, ID, nil, { id = ID }), "x"))
      assert.equal(21.5, core.device(other, ID, nil, { id = ID }):read("x"))
    end
  end)

  it("sends what any other would", function()
    both_ways(lamp, "read", "temperature")
    both_ways(lamp, "read", "odd name/ü?")
    both_ways(core.device(api, ID, 12, { id = ID }), "read", "x")
    both_ways(core.device(api, ID, "a product", { id = ID }), "read", "x")
    local headers = cloud.requests[1].headers
    assert.equal("Bearer " .. TOKEN, headers.authorization)
    for _, argument in ipairs { "", "on", "a&b=c d\0ü\xff", 5, 5.0, 0.5, -1e300 } do
      assert.equal(1, both_ways(lamp, "call", "f", argument).value)
    end
    both_ways(lamp, "call", "f", nil)
    assert.equal("arg=", cloud.requests[#cloud.requests].body)
  end)

  it("gives what any other would", function()
    for _, body in ipairs {
      '{"result":{"a":null,"b":[null,1]},"x":"\\n"}', '{"result":{"a":null,"b":[null,1]}}', '{"result":null}',
      '{"result":null,"x":"\\n"}', '{"result":"\\u00fc"}', '{"result":false}', '{"result":1,"result":2}',
      '{"return_value":1,"x":1e2}', '{"return_value":2.0}', '{"return_value":-3}',
    } do
      answer = { 200, body }
      local verb = body:find("return_value", 1, true) and "call" or "read"
      assert.is_not_nil(both_ways(lamp, verb, "x").value)
    end
    answer = { 200, '{"result":null}' }
    assert.equal(particle.null, lamp:read("x"))
    answer = { 200, '{"result":{"a":null,"b":1}}' }
    assert.same({ b = 1 }, lamp:read("x"))
    assert.same({ a = particle.null, b = 1 }, lamp:read("x", { nulls = true }))
  end)

  it("fails as any other would", function()
    for _, reply in ipairs {
      { 404, { ok = false, error = "Variable not found" } }, { 400, { error = "offline", ok = false } },
      { 503, "<html>" }, { 200, "no JSON" }, { 200, "" }, { 200, "{}" }, { 200, "[]" }, { 200, "7" },
      { 200, '{"ok":false,"error":"no","result":1,"return_value":1}' }, { 302, "" }, { "abort" },
      { 403, { error = "the token " .. TOKEN .. " is bad" } }, { 200, { token = TOKEN } },
    } do
      answer = reply
      for _, verb in ipairs { "read", "call" } do
        local outcome = both_ways(lamp, verb, "x", verb == "call" and "on" or nil)
        assert.is_nil(outcome.value)
        assert.is_nil(core.encode(outcome.err):find(TOKEN, 1, true))
      end
    end
    for _, value in ipairs { '"1"', "1.5", "null", "true", "{}", "1e99" } do
      answer = { 200, '{"return_value":' .. value .. "}" }
      local err = both_ways(lamp, "call", "f", "on").err
      assert.same({ "protocol", "the reply has no whole number as return_value" }, { err.kind, err.message })
    end
    local shallow <close> = cloud:client { log = false, max_depth = 2 }
    answer = { 200, '{"result":[[1]],"return_value":1}' }
    local device = core.device(shallow, ID, nil, { id = ID })
    for _, verb in ipairs { "read", "call" } do
      assert.matches("max_depth", both_ways(device, verb, "x", verb == "call" and "on" or nil).err.message)
    end
    answer = { 200, "{}" }
    assert.equal("the reply has no result", both_ways(lamp, "read", "x").err.message)
  end)

  it("is repeated like any other", function()
    local slept, spent, succeeded = {}, 0, 0
    local budget = { succeed = function() succeeded = succeeded + 1 end }
    function budget.spend()
      spent = spent + 1
      return true
    end
    local seen = {}
    local other <close> = cloud:client { log = false, retry = {
      random = function() return 1 end, sleep = function(seconds) slept[#slept + 1] = seconds end,
      budget = budget,
      classifier = function(err, request)
        seen[#seen + 1] = request.operation .. " " .. tostring(request.attempt)
        if #slept == 2 then answer = { 200, { result = 21.5, return_value = 1 } } end
        return err.retryable
      end,
    } }
    local device = core.device(other, ID, nil, { id = ID })
    answer = { 503, "" }
    assert.is_true(begins(device, "x"))
    assert.same({ 21.5, n = 1 }, table.pack(device:read("x")))
    assert.same({ 0.1, 0.2, 0.4 }, slept)
    assert.same({ 3, 1 }, { spent, succeeded })
    assert.equal("devices.get_variable nil", seen[1])
    assert.equal(21.5, device:read("x"))
    assert.equal(2, succeeded)
    answer = { 429, "" }
    local _, err = device:call("f", "on")
    assert.same({ "rate_limited", 10 }, { err.kind, err.attempts })
    assert.equal("arg=on", cloud.requests[#cloud.requests].body)
  end)

  -- Two waits in place, of which the lower one ends last.
  it("has its deadline from its beginning, however late its end is seen", function()
    local other <close> = cloud:client { log = false, deadline = 0.1, retry = { base = 0.001 } }
    local device = core.device(other, ID, nil, { id = ID })
    answer = { 503, "" }
    local task = particle.spawn(function() coroutine.wrap(particle.sleep)(0.2) end)
    local _, err = device:read("x")
    assert.same({ "server", 1, 1 }, { err.kind, err.attempts, #cloud.requests })
    assert.is_true(err.elapsed > 0.1)
    task:wait()
  end)

  it("ends with its api", function()
    api:close()
    assert.has_error(function() lamp:read("x") end, "the api is closed")
    assert.has_error(function() lamp:call("f") end, "the api is closed")
    local other = cloud:client { log = false }
    local task = particle.spawn(function() return core.device(other, ID, nil, { id = ID }):read("x") end)
    particle.sleep(0)
    other:close()
    local value, err = task:wait()
    assert.is_nil(value)
    assert.equal("closed", err.kind)
  end)

  it("is given up with its task", function()
    answer = nil
    local task = particle.spawn(function() return lamp:read("x") end)
    particle.sleep(0)
    task:cancel()
    answer = { 200, { result = 2 } }
    assert.equal(2, lamp:read("x"))
  end)
end)
