local asking = require("spec.simulator.asking")
local core = require("particle.core")
local requests = require("particle.simulator.request")

local function parse(method, target, how) return requests.parse(asking.raw(method, target, how)) end

describe("request", function()
  it("has the parts of its path and its query", function()
    local request = parse("GET", "/v1/devices/a%2Fb?format=raw&x=%20")
    assert.equal("GET", request.method)
    assert.equal("/v1/devices/a%2Fb", request.path)
    assert.same({ "v1", "devices", "a/b" }, request.parts)
    assert.same({ format = "raw", x = " " }, request.query)
    assert.same({}, request.fields)
    assert.is_nil(request.content_type)
  end)

  it("has lists in its query", function()
    local function list(query) return requests.list(parse("GET", "/?" .. query), "groups") end
    assert.same({ "a", "b c" }, list("groups=a,b%20c"))
    assert.same({ "a", "b" }, list("groups[]=a&groups[]=b"))
    assert.same({ "a", "b" }, list("groups%5B0%5D=a&groups%5B1%5D=b"))
    assert.is_nil(list("groups="))
    assert.is_nil(list("x=1"))
  end)

  describe("fields", function()
    it("are those of a form", function()
      local request, refusal = parse("POST", "/", { form = { arg = "a b", x = "" } })
      assert.is_nil(refusal)
      assert.same({ arg = "a b", x = "" }, request.fields)
      assert.equal("application/x-www-form-urlencoded", request.content_type)
    end)

    it("are those of a JSON object, with its nulls", function()
      local request = parse("POST", "/", { json = '{"a":1,"b":null,"c":{"d":[]}}' })
      assert.equal(1, request.fields.a)
      assert.equal(core.null, request.fields.b)
      assert.same({}, request.fields.c.d)
      assert.equal("application/json", request.content_type)
    end)

    it("nest as the official clients write them", function()
      local request = parse("PUT", "/", { form = { ["groups[]"] = "a", ["info[first_name]"] = "Joe" } })
      assert.same({ groups = { "a" }, info = { first_name = "Joe" } }, request.fields)
      local body, content_type = asking.multipart { { "groups[0]", "a" }, { "groups[1]", "b" } }
      assert.same({ groups = { "a", "b" } }, parse("PUT", "/", { body = body, type = content_type }).fields)
    end)

    it("are those of a JSON schema", function()
      local request = parse("PUT", "/", { body = '{"type":"object"}', type = "application/schema+json" })
      assert.same({ type = "object" }, request.fields)
    end)

    it("are none of an empty JSON body, and none of other content", function()
      assert.same({}, parse("POST", "/", { json = "" }).fields)
      assert.same({}, parse("POST", "/", { body = "arg=1" }).fields)
      assert.same({}, parse("POST", "/", { body = "arg=1", type = "text/plain" }).fields)
    end)

    it("are the text parts of an upload, beside its files", function()
      local body, content_type = asking.multipart { { "file", "bytes", "a.bin" }, { "file_type", "binary" } }
      local request, refusal = parse("PUT", "/", { body = body, type = content_type })
      assert.is_nil(refusal)
      assert.same({ file_type = "binary" }, request.fields)
      assert.same({ { name = "file", filename = "a.bin", data = "bytes" } }, request.files)
    end)

    for _, text in ipairs { "{", '{"a":}', "5", '"x"', "null", "{} {}" } do
      it("refuses as JSON " .. text, function()
        assert.equal(400, select(2, parse("POST", "/", { json = text })).status)
      end)
    end

    it("refuses a broken upload", function()
      local _, refusal = parse("PUT", "/", { body = "x", type = "multipart/form-data" })
      assert.equal(400, refusal.status)
    end)
  end)

  describe("token", function()
    local function token(method, target, how, strict)
      return requests.token((parse(method, target, how)), strict or false)
    end

    it("is in the header", function()
      assert.equal("abc", token("GET", "/", { token = "abc" }))
      assert.equal("abc", token("GET", "/", { headers = { authorization = "bearer  abc " } }))
    end)

    it("is in the query", function()
      assert.equal("abc", token("GET", "/?access_token=abc"))
      assert.equal("abc", token("POST", "/?access_token=abc"))
    end)

    it("is in the query of GET only, strictly", function()
      assert.equal("abc", token("GET", "/?access_token=abc", nil, true))
      for _, method in ipairs { "POST", "PUT", "DELETE" } do
        assert.is_nil(token(method, "/?access_token=abc", nil, true))
      end
    end)

    it("is in a form of POST, PUT and DELETE", function()
      for _, method in ipairs { "POST", "PUT", "DELETE" } do
        assert.equal("abc", token(method, "/", { form = { access_token = "abc" } }, true))
      end
      assert.is_nil(token("GET", "/", { form = { access_token = "abc" } }))
    end)

    it("is not in JSON, in an upload or in HTTP Basic", function()
      assert.is_nil(token("POST", "/", { json = '{"access_token":"abc"}' }))
      local body, content_type = asking.multipart { { "access_token", "abc" } }
      assert.is_nil(token("PUT", "/", { body = body, type = content_type }))
      assert.is_nil(token("GET", "/", { basic = { "abc", "" } }))
      assert.is_nil(token("GET", "/", { headers = { authorization = "Bearer" } }))
      assert.is_nil(token("GET", "/"))
    end)

    it("in the header goes first", function()
      assert.equal("abc", token("GET", "/?access_token=def", { token = "abc" }))
    end)
  end)

  it("reads HTTP Basic", function()
    local function basic(how) return requests.basic((parse("GET", "/", how))) end
    for _, case in ipairs { { "u", "p" }, { "joe@example.com", "a:b:c" }, { "", "" }, { "ü", "\0\xFF" } } do
      assert.same(case, { basic { basic = case } })
    end
    assert.is_nil(basic {})
    assert.is_nil(basic { token = "abc" })
    assert.is_nil(basic { headers = { authorization = "Basic eHg" } })
  end)

  it("gives texts and integers of values", function()
    local function both(value) return { requests.text(value), requests.integer(value) } end
    assert.same({ "5", 5 }, both("5"))
    assert.same({ "-5", -5 }, both("-5"))
    assert.same({ "5", 5 }, both(5))
    assert.same({ "5", 5 }, both(5.0))
    assert.same({ "1.5" }, both(1.5))
    assert.same({ "0x5" }, both("0x5"))
    assert.same({ "true" }, both(true))
    assert.same({ '["x"]' }, both { "x" })
    assert.same({}, both(nil))
    assert.same({}, both(core.null))
  end)
end)
