local options = require("particle.simulator.fault_options")

describe("options of a fault", function()
  it("are copied, and completed with the kind's defaults", function()
    local given = { kind = "rate_limit", n = "ever" }
    local spec, kind = options.check(given)
    assert.same({ kind = "rate_limit", n = "ever", retry_after = 1, after = false }, spec)
    assert.same({ kind = "rate_limit", n = "ever" }, given)
    assert.equal("function", type(kind.answer))
  end)

  it("are one request, before the handler, unless the kind is about the reply", function()
    assert.same({ kind = "reset", n = 1, after = false }, (options.check { kind = "reset" }))
    assert.is_true(options.check { kind = "close_body" }.after)
    assert.is_false(options.check { kind = "close_body", after = false }.after)
    assert.equal("ever", options.check { kind = "reset", probability = 0.5 }.n)
    assert.equal(2, options.check { kind = "reset", probability = 0.5, n = 2 }.n)
  end)

  it("need no kind where a status or a delay says enough", function()
    assert.equal("status", options.check { status = 503 }.kind)
    assert.equal("status", options.check { status = 503, delay = 1 }.kind)
    assert.equal("delay", options.check { delay = 1 }.kind)
    assert.equal("gateway", options.check { kind = "gateway", status = 503 }.kind)
  end)

  it("name a route with or without its method, its placeholders as one likes", function()
    for _, route in ipairs {
      "GET /v1/devices/{device}/{variable}", "GET /v1/devices/:id/:name", "/v1/devices/{x}/{y}",
      "POST /oauth/token", "/v1/devices",
    } do
      options.check { kind = "reset", route = route }
    end
    assert.equal("GET /v1/devices/{}/ping/{}", options.shape("GET /v1/devices/:device/ping/{x}"))
  end)

  it("know all kinds", function()
    local kinds = options.kinds()
    assert.equal("bad_utf8", kinds[1])
    assert.truthy(#kinds > 30)
  end)

  local MISUSE = {
    { nil, "the argument must be a table, got nil" },
    { "reset", "the argument must be a table, got a string" },
    { {}, "kind must be a string, got nil" },
    { { kind = "rest" }, 'there is no kind "rest"; did you mean "reset"?' },
    { { kind = "xyzzyx" }, 'there is no kind "xyzzyx"; the kinds are bad_utf8, bom, ' },
    { { kind = "reset", status = 500 }, "kind reset has no option status" },
    { { kind = "reset", pobability = 1 },
      'kind reset has no option pobability; did you mean "probability"?' },
    { { kind = "reset", [1] = "x" }, "kind reset has no option 1" },
    { { kind = "reset", n = 0 }, 'n must be a positive integer or "ever", got the number 0' },
    { { kind = "reset", n = 1.5 }, 'n must be a positive integer or "ever", got the number 1.5' },
    { { kind = "reset", n = "forever" }, 'n must be a positive integer or "ever", got a string' },
    { { kind = "reset", after = "yes" }, "after must be true or false, got a string" },
    { { kind = "reset", method = "get" }, "method must be a method in capitals, got a string" },
    { { kind = "reset", path = 5 }, "path must be a Lua pattern, got the number 5" },
    { { kind = "reset", path = "a%" }, 'path "a%" is no Lua pattern: it ends with "%"' },
    { { kind = "reset", path = "^/v1/[a" }, 'path "^/v1/[a" is no Lua pattern: a "]" is missing' },
    { { kind = "reset", probability = 0 },
      "probability must be a number above 0 and up to 1, got the number 0" },
    { { kind = "reset", random = 1 }, "random must be a function, got the number 1" },
    { { kind = "reset", delay = -1 },
      "delay must be a number of seconds that is not negative, got the number -1" },
    { { kind = "reset", route = "GET /v1/device" },
      'there is no route "GET /v1/device"; did you mean "GET /v1/devices"?' },
    { { kind = "reset", route = "DELETE /v1/devices" }, 'there is no route "DELETE /v1/devices"' },
    { { kind = "reset", route = "/v1/devces/:device" },
      'there is no route "/v1/devces/:device"; did you mean "/v1/devices/{device}"?' },
    { { kind = "status" }, "kind status wants the option status, an integer from 200 to 599" },
    { { kind = "status", status = 99 }, "status must be an integer from 200 to 599, got the number 99" },
    { { kind = "status", status = 500, headers = { 1 } },
      "headers must be a table of names and texts, none of them about the body's length, got a table" },
    { { kind = "status", status = 500, headers = { ["X-A"] = "a\r\nX-B: c" } },
      "headers must be a table of names and texts" },
    { { kind = "status", status = 500, headers = { ["X A"] = "a" } },
      "headers must be a table of names and texts" },
    { { kind = "status", status = 500, headers = { ["content-length"] = 1 } },
      "headers must be a table of names and texts" },
    { { kind = "redirect", location = "/a\nb" }, "location must be a text of one line, got a string" },
    { { kind = "rate_limit", retry_after = "1\n2" },
      "retry_after must be an integer or a text of one line, got a string" },
    { { kind = "delay" }, "kind delay wants the option delay, a number of seconds that is not negative" },
    { { kind = "clock" }, "kind clock wants the option seconds, a number of seconds" },
    { { kind = "refuse", n = 1 }, "kind refuse has no option n" },
    { { kind = "flood", after = true }, "kind flood has no option after" },
    { { kind = "rate_limit", retry_after = 1.5 },
      "retry_after must be an integer or a text of one line, got the number 1.5" },
  }
  for i, case in ipairs(MISUSE) do
    it(("raise: %d, %s"):format(i, case[2]), function()
      local ok, problem = pcall(options.check, case[1])
      assert.is_false(ok)
      assert.truthy(problem:find("fault: " .. case[2], 1, true), problem)
      assert.truthy(problem:find("^spec/simulator/fault_options_spec.lua:%d+: "), problem)
    end)
  end
end)
