-- Tables as form bodies and queries.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local server, api

-- The pairs in alphabetical order: a table has none of its own.
local function sorted(text)
  local list = {}
  for pair in text:gmatch("[^&]+") do list[#list + 1] = pair end
  table.sort(list)
  return table.concat(list, "&")
end

local function body(form)
  assert.is_true(raw.call(api, { method = "POST", path = "/v1/x", form = form }))
  return sorted(server:last().body)
end

local function query(fields)
  assert.is_true(raw.call(api, { method = "GET", path = "/v1/x", query = fields }))
  return sorted(server:last().query:gsub("%%%x%x", string.upper))
end

local function refused(fields, expected)
  local before = #server.requests
  local ok, message = pcall(core.submit, api, { method = "POST", path = "/v1/x", form = fields })
  assert.is_false(ok)
  assert.equal(expected, message)
  local _, other = pcall(core.submit, api, { method = "GET", path = "/v1/x", query = fields })
  assert.equal("string", type(other))
  assert.equal(before, #server.requests)
end

before_each(function()
  server = raw.new(raw.json("true"))
  api = server:api()
end)

after_each(function()
  core.close(api)
  server:close()
end)

describe("a form", function()
  it("is sent with its type and length", function()
    assert.equal("a=b", body { a = "b" })
    local request = server:last()
    assert.equal("POST", request.method)
    assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
    assert.equal("3", request.headers["content-length"])
    assert.is_nil(request.headers["transfer-encoding"])
  end)

  it("is sent by every method", function()
    for _, method in ipairs { "POST", "PUT", "DELETE", "PATCH" } do
      assert.is_true(raw.call(api, { method = method, path = "/v1/x", form = { a = 1 } }))
      local request = server:last()
      assert.same({ method, "a=1", "application/x-www-form-urlencoded" },
        { request.method, request.body, request.headers["content-type"] })
    end
  end)

  it("encodes names and values", function()
    assert.equal("a+b%26%3D=c+d%26%3D%2B%25%2F", body { ["a b&="] = "c d&=+%/" })
    assert.equal("n=%C3%BC%E2%82%AC%FF%00%0D%0A", body { n = "ü€\xff\0\r\n" })
    assert.equal("n=A-z_0.9*%7E", body { n = "A-z_0.9*~" })
    assert.equal("%C3%BC=", body { ["ü"] = "" })
  end)

  it("holds numbers and booleans as text", function()
    assert.equal("b=true&c=false&f=1.5&i=-7&l=9007199254740993&w=3", body {
      b = true, c = false, f = 1.5, i = -7, l = 9007199254740993, w = 3.0 })
    assert.equal("n=0.1", body { n = 0.1 })
  end)

  it("does not change the table", function()
    local form = { n = 3, [1] = nil, s = "x", list = { 1, 2 } }
    body(form)
    assert.same({ n = 3, s = "x", list = { 1, 2 } }, form)
    assert.equal("integer", math.type(form.n))
  end)

  it("writes lists as a[]=", function()
    assert.is_true(raw.call(api, { method = "POST", path = "/v1/x", form = { a = { "x", 2, true } } }))
    assert.equal("a%5B%5D=x&a%5B%5D=2&a%5B%5D=true", server:last().body)
  end)

  it("keeps the order of a list, however its table came to be", function()
    local list = {}
    for i = 20, 1, -1 do list[i] = i end
    assert.is_true(raw.call(api, { method = "POST", path = "/v1/x", form = { a = list } }))
    local expected = {}
    for i = 1, 20 do expected[i] = "a%5B%5D=" .. i end
    assert.equal(table.concat(expected, "&"), server:last().body)
  end)

  it("writes nested tables as a[b]=", function()
    assert.equal("a%5Bb%5D=1&a%5Bc%5D%5Bd%5D=2&a%5Be%5D%5B%5D=3&a%5Be%5D%5B%5D=4",
      body { a = { b = 1, c = { d = 2 }, e = { 3, 4 } } })
    assert.equal("a%5B%5D%5Bb%5D=1&a%5B%5D%5Bb%5D=2", body { a = { { b = 1 }, { b = 2 } } })
  end)

  it("says nothing of empty tables", function()
    assert.equal("b=1", body { a = {}, b = 1, c = core.array {} })
    assert.equal("", body { a = { b = {} } })
    assert.equal("", body {})
    assert.equal("0", server:last().headers["content-length"])
  end)

  it("opens secrets", function()
    local form = { password = core.secret("päss word"), x = { core.secret("otp") } }
    assert.equal("password=p%C3%A4ss+word&x%5B%5D=otp", body(form))
  end)

  it("refuses other types, naming the field", function()
    refused({ a = print }, "form.a must be a string, number, boolean or table, got function")
    refused({ a = core.null }, "form.a must be a string, number, boolean or table, got userdata")
    refused({ a = io.stdout }, "form.a must be a string, number, boolean or table, got userdata")
    refused({ a = { b = print } }, "form.a[b] must be a string, number, boolean or table, got function")
    refused({ a = { 1, print } }, "form.a[] must be a string, number, boolean or table, got function")
    for _, number in ipairs { math.huge, -math.huge, 0 / 0 } do
      refused({ a = number },
        "form.a must be a string, number, boolean or table, got a number that has no such text")
    end
  end)

  it("refuses keys that are no names", function()
    refused({ "x" }, "form must have names as keys, got a number")
    refused({ [true] = "x" }, "form must have names as keys, got a boolean")
    refused({ a = { [1.5] = "x" } }, "form must have names as keys, got a number")
    refused({ a = { [print] = "x" } }, "form must have names as keys, got a function")
  end)

  it("refuses what never ends", function()
    local endless = {}
    endless.again = endless
    refused({ a = endless }, "form is nested too deeply")
  end)

  it("is a table", function()
    refused("a b", "form must be a table, got string")
    refused(5, "form must be a table, got number")
  end)

  it("may be large", function()
    local text = ("0123456789 "):rep(200000)
    assert.equal("a=" .. text:gsub(" ", "+"), body { a = text })
  end)
end)

describe("a query", function()
  it("is encoded like a form", function()
    assert.equal("a=b+c%26&n=3&t=true&u=%C3%BC", query { a = "b c&", n = 3, t = true, u = "ü" })
    assert.equal("a%5Bb%5D=1", query { a = { b = 1 } })
  end)

  it("writes lists with commas", function()
    assert.equal("a=x,2,true&b=p%2Cq", query { a = { "x", 2, true }, b = { "p,q" } })
    assert.equal("a=1", query { a = { 1 } })
  end)

  it("refuses what a list cannot hold", function()
    for _, value in ipairs { { {} }, { 1, print }, { 1, core.null } } do
      local ok, message = pcall(core.submit, api, { method = "GET", path = "/v1/x", query = { a = value } })
      assert.is_false(ok)
      assert.truthy(message:find("^query%.a%[%d%] must be a string, number or boolean, got "), message)
    end
    local request = { method = "GET", path = "/v1/x", query = { a = { 1, nil, 3 } } }
    local ok, message = pcall(core.submit, api, request)
    assert.is_false(ok)
    assert.truthy(message:find("query.a[2]", 1, true))
  end)

  it("is left out when it is empty", function()
    assert.equal("", query {})
    assert.equal("/v1/x", server:last().target)
  end)

  it("goes with any method and body", function()
    assert.is_true(raw.call(api, { method = "POST", path = "/v1/x", query = { a = 1 }, form = { b = 2 } }))
    assert.same({ "a=1", "b=2" }, { server:last().query, server:last().body })
  end)

  it("is not shown in an error", function()
    local closed = core.api { base_url = "http://127.0.0.1:" .. raw.closed_port() }
    local value, err = raw.call(closed, { method = "GET", path = "/v1/x", query = { q = "canary" } })
    assert.is_nil(value)
    assert.is_nil((tostring(err) .. err.url .. err.message):find("canary", 1, true))
    assert.is_nil(err.url:find("?", 1, true))
  end)

  it("may be encoded already", function()
    assert.is_true(raw.call(api, { method = "GET", path = "/v1/x", query = "b=2&a=%20+&a=1?/" }))
    assert.equal("b=2&a=%20+&a=1?/", server:last().query)
    for _, text in ipairs { "a b", "a=\n", "a#b", "a=\u{FC}", "a\0b", "\127" } do
      assert.has_error(function() core.submit(api, { method = "GET", path = "/v1/x", query = text }) end,
        "query holds a character that must be percent-encoded")
    end
  end)

  it("must be a table or a text", function()
    assert.has_error(function() core.submit(api, { method = "GET", path = "/v1/x", query = 1 }) end,
      "query must be a table or an encoded string, got number")
  end)
end)
