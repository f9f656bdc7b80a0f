-- From request tables to what the server sees: methods, bodies, and who asks.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local TOKEN = "canary0123456789abcdef"

local server, api

---@return raw_server.Request
local function sent(request)
  request.method = request.method or "POST"
  request.path = request.path or { "v1", "x" }
  assert.is_true(raw.call(api, request))
  return server:last()
end

---Misuse: raises, and nothing is sent.
local function refused(request, expected)
  request.method = request.method or "POST"
  request.path = request.path or { "v1", "x" }
  local before = #server.requests
  local ok, message = pcall(core.submit, api, request)
  assert.is_false(ok)
  if expected then assert.equal(expected, message) end
  core.poller():step(0)
  raw.pump()
  assert.equal(before, #server.requests)
  assert.is_nil(message:find("canary", 1, true))
  return message
end

before_each(function()
  server = raw.new(raw.json("true"))
  api = server:api()
end)

after_each(function()
  core.close(api)
  server:close()
end)

describe("a request's method", function()
  it("is sent as it is", function()
    for _, method in ipairs { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS" } do
      assert.equal(method, sent({ method = method }).method)
    end
  end)

  it("is not that of the call before on the same handle", function()
    for _, method in ipairs { "HEAD", "GET", "PUT", "GET", "DELETE", "POST", "HEAD", "POST", "GET" } do
      local form = method ~= "HEAD" and method ~= "GET" and { a = method } or nil
      local request = sent { method = method, form = form, idempotent = true }
      assert.same({ method, form and "a=" .. method or "" }, { request.method, request.body })
    end
  end)

  it("must be a word", function()
    for _, method in ipairs {
      "", "get", "GET ", "GE\r\nT", "GET\0", "POST /v1/y HTTP/1.1\r\nX:", 5, true, ("A"):rep(16),
    } do
      refused({ method = method }, 'method must be a word such as "GET" or "POST"')
    end
    assert.has_error(function() core.submit(api, { path = "/v1" }) end)
  end)
end)

describe("a request's body", function()
  it("may be JSON", function()
    local request = sent { json = { a = { 1, 2 }, b = "ü" } }
    assert.same({ a = { 1, 2 }, b = "ü" }, core.decode(request.body))
    assert.equal("application/json", request.headers["content-type"])
    assert.equal("[]", sent({ json = core.array {} }).body)
    assert.equal("null", sent({ json = core.null }).body)
    assert.equal("false", sent({ json = false }).body)
    assert.equal('"text"', sent({ json = "text" }).body)
  end)

  it("opens secrets in JSON", function()
    assert.equal('{"a":["opened"]}', sent({ json = { a = { core.secret("opened") } } }).body)
  end)

  it("may be bytes, with a type or without", function()
    local bytes = "\0\1\2\r\n\255"
    local request = sent { body = bytes }
    assert.same({ bytes, "application/octet-stream" }, { request.body, request.headers["content-type"] })
    request = sent { body = "<a/>", content_type = "text/xml" }
    assert.same({ "<a/>", "text/xml" }, { request.body, request.headers["content-type"] })
    request = sent { body = "", content_type = "text/plain" }
    assert.same({ "", "0" }, { request.body, request.headers["content-length"] })
  end)

  it("may be large", function()
    local bytes = ("0123456789abcdef"):rep(300000)
    assert.equal(bytes, sent({ body = bytes }).body)
    assert.equal(bytes, sent({ body = bytes, idempotent = true }).body)
  end)

  it("is empty where there is none", function()
    for _, method in ipairs { "POST", "PUT" } do
      local request = sent { method = method }
      assert.same({ "", "0" }, { request.body, request.headers["content-length"] })
    end
    local request = sent { method = "GET" }
    assert.is_nil(request.headers["content-length"])
    assert.is_nil(request.headers["content-type"])
  end)

  it("is of one kind", function()
    local message = "a request takes one of form, json, body and multipart"
    refused({ form = { a = 1 }, json = {} }, message)
    refused({ form = {}, body = "" }, message)
    refused({ json = {}, body = "x" }, message)
    refused({ json = {}, multipart = { { name = "a", data = "b" } } }, message)
  end)

  it("must be what it is called", function()
    refused({ body = 5 }, "body must be a string, got number")
    refused({ body = {} }, "body must be a string, got table")
    refused({ json = { a = print } })
    refused({ json = { 0 / 0 } })
    refused({ json = { "\xff" } })
    refused({ multipart = "x" }, "multipart must be a list of parts, got string")
  end)

  it("has a type without line breaks", function()
    refused({ body = "x", content_type = "text/plain\r\nX-Evil: 1" },
      "content_type must be a string without line breaks")
    refused({ body = "x", content_type = "text/plain\nX-Evil: 1" })
    refused { body = "x", content_type = {} }
  end)
end)

describe("a request's times", function()
  it("must be positive numbers", function()
    for _, name in ipairs { "timeout", "deadline" } do
      for _, value in ipairs { 0, -1, 0 / 0, "5", true, {} } do
        refused({ [name] = value }, name .. " must be a positive number of seconds")
      end
    end
  end)

  it("may be as long as one likes", function()
    for _, value in ipairs { 1e300, math.huge, math.maxinteger } do
      assert.equal("POST", sent({ timeout = value, deadline = value }).method)
    end
  end)
end)

describe("the token", function()
  before_each(function() core.set_token(api, TOKEN) end)

  it("goes into the header", function()
    for _, place in ipairs { "header", false } do
      local request = sent { method = "GET", token_in = place or nil }
      assert.equal("Bearer " .. TOKEN, request.headers.authorization)
      assert.same({ "/v1/x", "" }, { request.target, request.body })
    end
    local kinds = { { form = { a = 1 } }, { json = {} }, { body = "x" }, { headers = { A = "b" } } }
    for _, fields in ipairs(kinds) do
      assert.equal("Bearer " .. TOKEN, sent(fields).headers.authorization)
    end
  end)

  it("goes into the query of a GET", function()
    local request = sent { method = "GET", token_in = "query" }
    assert.equal("access_token=" .. TOKEN, request.query)
    assert.is_nil(request.headers.authorization)
    request = sent { method = "GET", token_in = "query", query = { a = 1 } }
    assert.equal("a=1&access_token=" .. TOKEN, request.query)
  end)

  it("goes into a form", function()
    for _, method in ipairs { "POST", "PUT", "DELETE" } do
      local request = sent { method = method, token_in = "body", form = { a = 1 } }
      assert.equal("a=1&access_token=" .. TOKEN, request.body)
      assert.is_nil(request.headers.authorization)
      request = sent { method = method, token_in = "body" }
      assert.same({ "access_token=" .. TOKEN, "application/x-www-form-urlencoded" },
        { request.body, request.headers["content-type"] })
    end
  end)

  it("is encoded in query and form", function()
    core.set_token(api, "canary+/=&?")
    assert.equal("access_token=canary%2B%2F%3D%26%3F", sent({ token_in = "body" }).body)
    local query = sent({ method = "GET", token_in = "query" }).query:gsub("%%%x%x", string.upper)
    assert.equal("access_token=canary%2B%2F%3D%26%3F", query)
    assert.equal("Bearer canary+/=&?", sent({}).headers.authorization)
  end)

  it("is refused where it cannot be", function()
    for _, method in ipairs { "POST", "PUT", "DELETE", "HEAD" } do
      local message = 'token_in = "query" works with GET only, not with ' .. method
      refused({ method = method, token_in = "query" }, message)
    end
    local message = 'token_in = "body" needs a form body (POST, PUT or DELETE)'
    for _, fields in ipairs {
      { method = "GET" }, { method = "HEAD" }, { json = { a = 1 } },
      { multipart = { { name = "a", data = "b" } } },
    } do
      fields.token_in = "body"
      refused(fields, message)
    end
    refused({ body = "raw bytes", token_in = "body" }, message)
    for _, place in ipairs { "cookie", "", true, 5, {} } do
      refused({ method = "GET", token_in = place }, 'token_in must be "header", "query" or "body"')
    end
  end)

  it("is left out on request", function()
    for _, place in ipairs { "header", "body" } do
      local request = sent { auth = "none", token_in = place, form = { a = 1 } }
      assert.is_nil((request.head .. request.body):find(TOKEN, 1, true))
    end
  end)

  it("is not needed", function()
    core.set_token(api, nil)
    for _, place in ipairs { "header", "query", "body" } do
      local method = place == "query" and "GET" or "POST"
      local request = sent { method = method, token_in = place }
      assert.is_nil(request.headers.authorization)
      assert.is_nil(request.target:find("access_token", 1, true))
      assert.equal("", request.body)
    end
  end)

  it("is that of the moment when the call is made", function()
    local slow <close> = raw.new(raw.json("true"))
    local one = slow:api { max_connections = 1 }
    core.set_token(one, "first-token")
    local first = core.submit(one, { method = "GET", path = "/v1/1" })
    local second = core.submit(one, { method = "GET", path = "/v1/2" })
    core.set_token(one, "second-token")
    local third = core.submit(one, { method = "GET", path = "/v1/3" })
    core.set_token(one, nil)
    for _, transfer in ipairs { first, second, third } do assert.is_true(raw.take(transfer)) end
    for i, token in ipairs { "first-token", "first-token", "second-token" } do
      assert.equal("Bearer " .. token, slow.requests[i].headers.authorization)
    end
    core.close(one)
  end)
end)

describe("Basic authentication", function()
  it("sends user and secret", function()
    local request = sent { auth = { "my-client", core.secret("s3cret:ü") } }
    assert.equal("Basic bXktY2xpZW50OnMzY3JldDrDvA==", request.headers.authorization)
    assert.equal("Basic YTo=", sent({ auth = { "a", core.secret("") } }).headers.authorization)
  end)

  it("takes the place of the token", function()
    core.set_token(api, TOKEN)
    local auth = { "particle", core.secret("particle") }
    local request = sent { auth = auth, form = { grant_type = "password" } }
    assert.equal("Basic cGFydGljbGU6cGFydGljbGU=", request.headers.authorization)
    assert.is_nil((request.head .. request.body):find(TOKEN, 1, true))
  end)

  it("needs a user and a secret", function()
    for _, auth in ipairs { {}, { "a" }, { "a", "open text" }, { {}, core.secret("b") } } do
      refused({ auth = auth }, "auth must be {user, secret}")
    end
  end)
end)

describe("a request", function()
  it("names its agent, host and no more than it must", function()
    local request = sent { method = "GET" }
    assert.equal("127.0.0.1:" .. server.port, request.headers.host)
    assert.is_nil(request.headers.expect)
    local named = server:api { user_agent = "particle-lua/1 (test)" }
    raw.call(named, { method = "GET", path = "/v1" })
    assert.equal("particle-lua/1 (test)", server:last().headers["user-agent"])
    core.close(named)
  end)

  it("asks for a reply that is compressed by gzip, unless the caller says otherwise", function()
    assert.equal("gzip", sent({ method = "GET" }).headers["accept-encoding"])
    local own = sent { method = "GET", headers = { ["accept-encoding"] = "identity" } }
    assert.equal("identity", own.headers["accept-encoding"])
  end)

  it("sends a large body without asking whether it may", function()
    local large = ("x"):rep(1100 * 1024)
    for _, body in ipairs {
      { form = { a = large } }, { json = { a = large } }, { body = large },
      { multipart = { { name = "a", data = large } } },
    } do
      body.method = "PUT"
      assert.is_nil(sent(body).headers.expect)
    end
  end)

  it("is a table", function()
    for _, value in ipairs { "GET", 5, true } do
      assert.has_error(function() core.submit(api, value) end)
    end
    assert.has_error(function() core.submit(api) end)
    assert.has_error(function() core.submit() end)
    assert.has_error(function() core.submit({}, { method = "GET", path = "/v1" }) end)
    assert.has_error(function() core.submit(io.stdout, { method = "GET", path = "/v1" }) end)
  end)

  it("that was refused does not harm the next", function()
    for _ = 1, 50 do
      refused { path = { "v1", "" }, form = { a = ("x"):rep(1000) } }
      refused { json = { print } }
      refused { multipart = { { name = "a", data = "b" }, { name = "c" } } }
    end
    local request = sent { form = { a = 1 } }
    assert.equal("a=1", request.body)
    assert.equal(1, server.accepted)
  end)
end)
