-- Header lines: the api's, a request's own, and what cannot be smuggled in.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local server, api

local function sent(headers, fields)
  local request = { method = "POST", path = "/v1/x", headers = headers }
  for name, value in pairs(fields or {}) do request[name] = value end
  assert.is_true(raw.call(api, request))
  return server:last()
end

local function count(head, name)
  return select(2, head:lower():gsub("\r\n" .. name:lower():gsub("%-", "%%-") .. ":", ""))
end

before_each(function()
  server = raw.new(raw.json("true"))
  api = server:api { headers = { ["X-Org"] = "api", ["X-Both"] = "api" } }
  core.set_token(api, "token-of-the-api")
end)

after_each(function()
  core.close(api)
  server:close()
end)

describe("header lines", function()
  it("of the api go with every request", function()
    for _, fields in ipairs { {}, { json = {} }, { form = { a = 1 } }, { body = "x" }, { method = "GET" },
      { auth = "none" }, { multipart = { { name = "a", data = "b" } } } } do
      local request = sent(nil, fields)
      assert.equal("api", request.headers["x-org"])
      assert.equal(1, count(request.head, "X-Org"))
    end
  end)

  it("of a request are added, and override those of the api whatever their letter case", function()
    local request = sent { ["x-both"] = "own", ["X-Own"] = "1" }
    local headers = request.headers
    assert.same({ "api", "own", "1" }, { headers["x-org"], headers["x-both"], headers["x-own"] })
    assert.equal(1, count(request.head, "X-Both"))
    assert.equal("api", sent().headers["x-both"])
  end)

  it("may override what we would send", function()
    local own = { Authorization = "Mine abc", ["content-type"] = "text/plain", ["User-Agent"] = "me" }
    local request = sent(own, { json = { a = 1 } })
    for name, value in pairs(own) do assert.equal(value, request.headers[name:lower()]) end
    for _, name in ipairs { "Authorization", "Content-Type", "User-Agent" } do
      assert.equal(1, count(request.head, name))
    end
    request = sent({ Authorization = "Mine abc" }, { auth = { "user", core.secret("word") } })
    assert.equal("Mine abc", request.headers.authorization)
  end)

  it("of the api may override them too", function()
    local other = server:api { headers = { authorization = "Mine abc", ["CONTENT-TYPE"] = "text/json" } }
    core.set_token(other, "token-of-the-other")
    for _, fields in ipairs { { json = { a = 1 } }, { json = { a = 1 }, headers = { A = "b" } } } do
      fields.method, fields.path = "POST", "/v1/x"
      assert.is_true(raw.call(other, fields))
      local request = server:last()
      assert.equal("Mine abc", request.headers.authorization)
      assert.equal("text/json", request.headers["content-type"])
      assert.same({ 1, 1 }, { count(request.head, "Authorization"), count(request.head, "Content-Type") })
    end
    core.close(other)
  end)

  it("may be empty, numbers, secrets and bytes above ASCII", function()
    local request = sent {
      ["X-Empty"] = "", ["X-Number"] = 7, ["X-Secret"] = core.secret("opened"), ["X-Utf"] = "ü",
      ["X-Tab"] = "a\tb",
    }
    assert.truthy(request.head:find("\r\nX-Empty:\r\n", 1, true))
    local expected = { ["x-number"] = "7", ["x-secret"] = "opened", ["x-utf"] = "ü", ["x-tab"] = "a\tb" }
    for name, value in pairs(expected) do
      assert.equal(value, request.headers[name])
    end
  end)

  it("cannot smuggle in other lines", function()
    for _, value in ipairs { "a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\0b", "a\127", "\1" } do
      for _, kind in ipairs { value, core.secret(value) } do
        assert.has_error(function() sent { ["X-A"] = kind } end, "header X-A holds a control character")
        assert.has_error(function() server:api { headers = { ["X-A"] = kind } } end,
          "header X-A holds a control character")
      end
    end
    local names = { "", "X A", "X:A", "X\r\nX-Evil", "X-Evil: 1\r\nX", "Xü", "X\0", "(X)", 1, true }
    for _, name in ipairs(names) do
      assert.has_error(function() sent { [name] = "a" } end, "a header's name must be a word of HTTP")
      assert.has_error(function() server:api { headers = { [name] = "a" } } end)
    end
    assert.equal(0, #server.requests)
  end)

  it("do not say where a request ends", function()
    for _, name in ipairs { "Content-Length", "content-length", "Transfer-Encoding", "TRANSFER-ENCODING" } do
      local message = ("header %s is set by the library itself"):format(name)
      assert.has_error(function() sent { [name] = "1" } end, message)
      assert.has_error(function() server:api { headers = { [name] = "1" } } end, message)
    end
    assert.equal(0, #server.requests)
  end)

  it("have values that are text", function()
    assert.has_error(function() sent { ["X-A"] = {} } end,
      "header X-A must be a string or a number, got table")
    assert.has_error(function() sent { ["X-A"] = true } end,
      "header X-A must be a string or a number, got boolean")
    assert.has_error(function() sent { ["X-A"] = 0 / 0 } end)
    assert.has_error(function() sent("X-A: b") end, "headers must be a table, got string")
    assert.has_error(function() server:api { headers = 5 } end, "headers must be a table, got number")
  end)

  it("do not stay for the next request", function()
    sent({ ["X-Own"] = "1" }, { body = "x", content_type = "text/xml" })
    local request = sent(nil, { form = { a = 1 } })
    assert.is_nil(request.headers["x-own"])
    assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
  end)
end)
