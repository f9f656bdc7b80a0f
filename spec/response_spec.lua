-- The second result of a call: its response.

local raw = require("spec.support.raw_server")

local GET = { method = "GET", path = { "v1", "x" }, idempotent = true }

local function with(request, fields)
  local copy = {}
  for name, value in pairs(request) do copy[name] = value end
  for name, value in pairs(fields) do copy[name] = value end
  return copy
end

local function ask(script, request)
  local server <close> = raw.new(script)
  return raw.call(server:api(), request or GET)
end

local function answer(status, body, headers, request)
  return ask(raw.replying(status, headers, body), request)
end

describe("a response", function()
  it("comes only on request", function()
    assert.equal(1, select("#", answer(200, "1")))
    assert.equal(2, select("#", answer(200, "1", nil, with(GET, { response = true }))))
    assert.equal(2, select("#", answer(404, "{}", nil, with(GET, { response = true }))))
  end)

  it("has status, headers, elapsed and attempts", function()
    local _, response = answer(201, "1", { ["X-Thing"] = "  a b " }, with(GET, { response = true }))
    assert.same({ 201, 1 }, { response.status, response.attempts })
    assert.is_true(response.elapsed >= 0 and response.elapsed < 60)
    assert.equal("a b", response.headers["x-thing"])
  end)

  it("finds headers whatever their letter case, and joins repeated ones", function()
    local text = "HTTP/1.1 200 OK\r\nX-a: 1\r\nx-A: 2\r\nX-B:\r\nContent-Length: 1\r\n\r\n1"
    local _, response = ask(raw.bytes(text), with(GET, { response = true }))
    for _, name in ipairs { "x-a", "X-A", "X-a" } do assert.equal("1, 2", response.headers[name]) end
    assert.equal("", response.headers["x-b"])
    assert.is_nil(response.headers["x-c"])
    assert.is_nil(response.headers[1])
    assert.is_nil(response.headers[true])
    local names = {}
    for name in pairs(response.headers) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "content-length", "x-a", "x-b" }, names)
  end)

  it("is that of the last reply", function()
    local text = "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n" .. raw.message(200, nil, "1")
    local _, response = ask(raw.bytes(text), with(GET, { response = true }))
    assert.equal(200, response.status)
    assert.is_nil(response.headers["x-early"])
  end)
end)
