-- Replies, judged: values, and errors by status.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local GET = { method = "GET", path = { "v1", "x" }, idempotent = true }
local POST = { method = "POST", path = { "v1", "x" }, form = { a = 1 } }

local function with(request, fields)
  local copy = {}
  for name, value in pairs(request) do copy[name] = value end
  for name, value in pairs(fields) do copy[name] = value end
  return copy
end

local function ask(script, request, options)
  local server <close> = raw.new(script)
  return raw.call(server:api(options), request or GET)
end

local function answer(status, body, headers, request)
  return ask(raw.replying(status, headers, body), request)
end

local function failure(status, body, headers, request)
  local value, err = answer(status, body, headers, request)
  assert.is_nil(value)
  assert.equal("error", core.type(err))
  assert.equal(status, err.status)
  return err
end

describe("a success", function()
  it("gives the value of the body", function()
    assert.same({ a = { 1, 2.5, "x", false } }, (answer(200, '{"a":[1,2.5,"x",false],"b":null}')))
    assert.equal("text", (answer(200, '"text"')))
    assert.equal(false, (answer(200, "false")))
    assert.equal(core.null, (answer(200, "null")))
    assert.equal("integer", math.type((answer(201, "42"))))
  end)

  it("is true without a body", function()
    assert.is_true((answer(200, "")))
    assert.is_true((answer(204)))
    assert.is_true((answer(202, "", { ["Content-Type"] = "application/json" })))
    assert.is_true((ask(raw.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))))
  end)

  it("keeps nulls on request", function()
    assert.is_nil(answer(200, '{"a":null}').a)
    assert.equal(core.null, answer(200, '{"a":null}', nil, with(GET, { nulls = true })).a)
    assert.equal(core.null, answer(200, "[null]")[1])
  end)

  it("is the bytes themselves on request", function()
    for _, bytes in ipairs { "", "\0\1\255", "not JSON", '{"ok":false}', "<html>" } do
      assert.equal(bytes, (answer(200, bytes, nil, with(GET, { raw = true }))))
    end
  end)

  it("of which one field is wanted takes no memory for the others", function()
    local others = {}
    for i = 1, 20000 do others[i] = ('"%d":1'):format(i) end
    local body = ('{"others":{%s},"result":{"a":1}}'):format(table.concat(others, ","))
    collectgarbage()
    local before = collectgarbage("count")
    local value = answer(200, body, nil, with(GET, { only = "result" }))
    collectgarbage()
    assert.same({ a = 1 }, value)
    assert.is_true(collectgarbage("count") - before < 200, "KiB that are held")
  end)

  it("does not depend on the content type", function()
    for _, type in ipairs { "text/html", "application/octet-stream", "text/plain; charset=latin1", "" } do
      assert.same({ 1 }, (answer(200, "[1]", { ["Content-Type"] = type })))
    end
  end)

  it("of HEAD has no body, whatever its length", function()
    local value, response = ask(raw.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
      with(GET, { method = "HEAD", response = true }))
    assert.is_true(value)
    assert.equal("100", response.headers["content-length"])
  end)
end)

describe("a reply that is no JSON", function()
  it("is a protocol error that keeps the text", function()
    for _, text in ipairs {
      "<html>captive portal</html>", "{", '{"a":1', "nul", "[1,]", "  ", "{} {}", "NaN", "{'a':1}",
      "\239\187\191{}", ("["):rep(5000),
    } do
      local err = failure(200, text, { ["Content-Type"] = "text/html" })
      assert.same({ "protocol", text, "maybe", false }, { err.kind, err.body, err.delivered, err.retryable })
      assert.truthy(err.message:find("no JSON", 1, true))
    end
  end)

  it("does so for a POST too: it may have been carried out", function()
    assert.equal("maybe", failure(200, "<html>", nil, POST).delivered)
  end)
end)

describe("a refusal inside a success", function()
  it("is an error", function()
    local err = failure(200, '{"ok":false,"error":"No."}')
    assert.same({ "bad_request", "No." }, { err.kind, err.message })
    assert.same({ true, false }, { err.delivered, err.retryable })
    assert.is_false(err.body.ok)
    failure(200, '{"ok":false,"errors":["a","b"]}')
    failure(200, '{"ok":false}')
  end)

  it("is one only when it says false", function()
    for _, body in ipairs {
      '{"ok":true}', '{"ok":0}', '{"ok":"false"}', '{"ok":null}', '{"a":{"ok":false}}',
    } do
      assert.is_table((answer(200, body)))
    end
  end)
end)

describe("a status", function()
  -- kind, delivered, whether an idempotent call may be tried again, and whether another may
  local kinds = {
    [400] = { "bad_request", true, false, false }, [401] = { "unauthorized", true, false, false },
    [403] = { "forbidden", true, false, false }, [404] = { "not_found", true, false, false },
    [405] = { "bad_request", true, false, false }, [406] = { "bad_request", true, false, false },
    [407] = { "bad_request", "maybe", false, false }, -- a proxy's, not the cloud's
    [408] = { "device_offline", "maybe", false, false }, [409] = { "bad_request", true, false, false },
    [413] = { "bad_request", true, false, false }, [422] = { "bad_request", true, false, false },
    [429] = { "rate_limited", true, true, true }, [500] = { "server", "maybe", true, false },
    [502] = { "server", "maybe", true, false }, [503] = { "server", "maybe", true, false },
    [504] = { "server", "maybe", true, false }, [529] = { "rate_limited", "maybe", true, true },
    [301] = { "protocol", "maybe", false, false }, [304] = { "protocol", "maybe", false, false },
    [600] = { "protocol", "maybe", false, false },
  }
  for status, expected in pairs(kinds) do
    it(("%d is %s"):format(status, expected[1]), function()
      for _, body in ipairs { '{"error":"Something"}', "<html><title>x</title>Something</html>", "" } do
        local err = failure(status, body)
        assert.same({ expected[1], expected[2], expected[3] }, { err.kind, err.delivered, err.retryable })
        assert.equal("GET", err.method)
        assert.equal("string", type(err.message))
        err = failure(status, body, nil, POST)
        assert.same({ expected[1], expected[2], expected[4] }, { err.kind, err.delivered, err.retryable })
      end
    end)
  end

  it("has the body decoded, or as it came", function()
    assert.same({ error = "x", list = { 1 } }, failure(404, '{"error":"x","list":[1]}').body)
    assert.equal("<p>Bad gateway", failure(502, "<p>Bad gateway").body)
    assert.equal("", failure(500, "").body)
    assert.equal("{", failure(500, "{").body)
  end)

  it("says when to come back", function()
    assert.equal(7, failure(429, "{}", { ["Retry-After"] = "7" }).retry_after)
    assert.equal(7, failure(503, "{}", { ["retry-after"] = "7" }).retry_after)
    assert.is_nil(failure(429, "{}").retry_after)
    assert.is_nil(failure(429, "{}", { ["Retry-After"] = "-7" }).retry_after)
    assert.is_nil(failure(429, "{}", { ["Retry-After"] = "soon" }).retry_after)
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 1000)
    local seconds = failure(429, "{}", { ["Retry-After"] = date }).retry_after
    assert.is_true(seconds > 800 and seconds <= 1001, tostring(seconds))
  end)

  it("does not carry over to the next call", function()
    local server <close> = raw.new(function(c)
      c:request()
      c:reply(429, { ["Retry-After"] = "7" }, '{"error":"slow down"}')
      c:request()
      c:reply(503, nil, "{}")
      c:request()
      c:json("[1]")
    end)
    local api = server:api()
    assert.equal(7, select(2, raw.call(api, GET)).retry_after)
    local _, err = raw.call(api, GET)
    assert.same({ "server", 503 }, { err.kind, err.status })
    assert.is_nil(err.retry_after)
    assert.same({ 1 }, (raw.call(api, GET)))
    assert.equal(1, server.accepted)
  end)
end)
