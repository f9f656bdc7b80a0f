-- Files at any address: what reaches the other server, and what does not.

local particle = require("particle")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local wire = require("spec.support.wire")

describe("libraries.download", function()
  local pump, server, api

  before_each(function()
    pump = streaming.pump()
    server = raw.new(raw.replying(200, { ["Content-Type"] = "application/gzip" }, "\31\139\0\255{"))
    api = particle.new {
      token = "s3cret-token", base_url = "http://127.0.0.1:1", log = false,
      headers = { ["X-Own"] = "mine", Authorization = "Basic s3cret" },
    }
  end)

  after_each(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  local function download(rest, opts) return api.libraries:download({ url = server.url .. rest }, opts) end

  it("gives the bytes and the response", function()
    local body, response = download "/files/a.tar.gz"
    assert.equal("\31\139\0\255{", body)
    assert.equal(200, response.status)
    assert.equal("GET", server:last().method)
  end)

  it("asks for the very address, and keeps a fragment to itself", function()
    download "/a%20b/c.tar.gz?X-Sign=a%2Fb%20c&b=1&a=2+3#part"
    assert.equal("/a%20b/c.tar.gz?X-Sign=a%2Fb%20c&b=1&a=2+3", wire.upper(server:last().target))
    download "/c?"
    assert.equal("/c", server:last().target)
  end)

  it("shows the other server neither the token nor the api's own lines", function()
    download "/a"
    local head = server:last().head
    assert.is_nil(head:find("s3cret", 1, true))
    assert.is_nil(head:lower():find("authorization", 1, true))
    assert.is_nil(head:lower():find("x-own", 1, true))
    download("/a", { headers = { ["X-This"] = "goes" } })
    assert.equal("goes", server:last().headers["x-this"])
  end)

  it("works without a token", function()
    local other <close> = particle.new { token = false, base_url = "http://127.0.0.1:1", log = false }
    assert.equal("\31\139\0\255{", (other.libraries:download { url = server.url .. "/a" }))
  end)

  it("shows in the log where it went", function()
    local lines = {}
    local other <close> = particle.new {
      token = "x", base_url = "http://127.0.0.1:1", log = function(line) lines[#lines + 1] = line end,
    }
    other.libraries:download { url = server.url .. "/a?sign=hush" }
    assert.is_truthy(lines[1]:find("GET " .. server.url .. "/a 200", 1, true))
    assert.is_nil(lines[1]:find("hush", 1, true))
  end)

  it("passes through the middleware", function()
    local seen
    api:use(function(request, send)
      seen = request.operation
      return send(request)
    end)
    download "/a"
    assert.equal("libraries.download", seen)
  end)

  it("follows no redirect, and shows no query in errors", function()
    server:close()
    server = raw.new(raw.replying(302, { Location = "http://127.0.0.1:1/x" }, ""))
    local body, err = download "/a?signature=hush"
    assert.is_nil(body)
    assert.equal("protocol", err.kind)
    assert.is_nil((tostring(err) .. err.url):find("hush", 1, true))
  end)

  it("leaves no connection behind", function()
    download "/a"
    raw.wait(function() return server:count() == 0 end)
    assert.equal(0, server:count())
  end)

  it("refuses what is no address", function()
    for pattern, url in pairs {
      ["must be a complete address"] = "/files/a", ["complete address "] = "",
      ["must begin with https"] = "ftp://a/b",
      ["user name or password"] = "https://a:b@c/d", ["character that must"] = server.url .. "/a b",
      ["has a part that is empty"] = server.url .. "//b", ['part that is "%."'] = server.url .. "/%2e%2E/x",
      ["percent%-encoded"] = server.url .. "/a?b c", ["has no path"] = server.url,
      ["no path"] = server.url .. "?a",
      ["zero byte"] = server.url .. "/a%00",
    } do
      local function misused() api.libraries:download { url = url } end
      assert.error_matches(misused, "libraries.download: url .*" .. pattern)
    end
    assert.error_matches(function() api.libraries:download {} end, "libraries.download: url must be a string")
    assert.error_matches(function() api.libraries:download { url = 5 } end, "libraries.download: url must be")
    assert.equal(0, #server.requests)
  end)
end)
