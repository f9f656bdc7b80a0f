-- How the core reads the fields of a request table.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

describe("the fields of a request", function()
  local server, api

  before_each(function()
    server = raw.new(raw.json("true"))
    api = server:api()
  end)

  after_each(function()
    core.close(api)
    server:close()
  end)

  it("may come from a metatable", function()
    local asked = {}
    local fields = { method = "PUT", path = { "v1", "x" }, form = { a = 1 }, headers = { ["X-Y"] = "z" } }
    local request = setmetatable({}, { __index = function(_, name)
      asked[name] = true
      return fields[name]
    end })
    assert.is_true(raw.call(api, request))
    local sent = server:last()
    assert.equal("PUT", sent.method)
    assert.equal("/v1/x", sent.path)
    assert.equal("a=1", sent.body)
    assert.equal("z", sent.headers["x-y"])
    for _, name in ipairs { "timeout", "deadline", "query", "json", "save_to", "raw", "response", "nulls" } do
      assert.is_true(asked[name])
    end
  end)

  it("may raise: then nothing is sent", function()
    for _, bad in ipairs { "method", "path", "timeout", "body", "auth", "only" } do
      local request = setmetatable({ method = "GET", path = { "v1" } }, { __index = function(_, name)
        if name == bad then error("no " .. bad, 0) end
      end })
      request[bad] = nil
      assert.has_error(function() core.submit(api, request) end, "no " .. bad)
    end
    core.poller():step(0)
    raw.pump()
    assert.equal(0, #server.requests)
  end)

  it("may close the api: then nothing is sent", function()
    local request = setmetatable({ method = "GET", path = { "v1" } }, { __index = function(_, name)
      if name == "save_to" then core.close(api) end
    end })
    assert.has_error(function() core.submit(api, request) end, "the api is closed")
    raw.pump()
    assert.equal(0, #server.requests)
  end)
end)
