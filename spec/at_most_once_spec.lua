-- A call that is not idempotent reaches the cloud at most once, whatever becomes of a kept connection;
-- one that is may be sent again, and then to the right address.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local support = require("spec.support")

local FIRST = { method = "GET", path = { "v1", "first" }, query = { n = 1 }, idempotent = true }

-- Every way to send something that must not be done twice.
local function once_only()
  return {
    ["POST with a form"] = { method = "POST", path = { "v1", "call" }, form = { arg = "on" } },
    ["POST with JSON"] = { method = "POST", path = { "v1", "call" }, json = { arg = "on" } },
    ["POST with bytes"] = { method = "POST", path = { "v1", "call" }, body = ("x"):rep(300000) },
    ["POST without a body"] = { method = "POST", path = { "v1", "call" } },
    ["POST with an empty form"] = { method = "POST", path = { "v1", "call" }, form = {} },
    ["POST with an empty text"] = { method = "POST", path = { "v1", "call" }, body = "" },
    ["PUT with a form"] = { method = "PUT", path = { "v1", "call" }, form = { arg = "on" } },
    ["PUT without a body"] = { method = "PUT", path = { "v1", "call" } },
    ["PATCH with JSON"] = { method = "PATCH", path = { "v1", "call" }, json = { a = 1 } },
    ["PATCH without a body"] = { method = "PATCH", path = { "v1", "call" } },
    ["DELETE without a body"] = { method = "DELETE", path = { "v1", "call" } },
    ["DELETE with a form"] = { method = "DELETE", path = { "v1", "call" }, form = { arg = "on" } },
    ["GET that changes something"] = { method = "GET", path = { "v1", "call" } },
    ["multipart from bytes"] = { method = "POST", path = { "v1", "call" },
      multipart = { { name = "file", data = "bytes", filename = "a.bin" } } },
    ["multipart with an empty part"] = { method = "PUT", path = { "v1", "call" },
      multipart = { { name = "file", data = "", filename = "a.bin" } } },
  }
end

---Calls on a connection that answered before, and then on whatever comes.
local function call_on_kept(script, request)
  local server <close> = raw.new(raw.after(1, script), raw.json("true"))
  local api = server:api()
  assert.is_true(raw.call(api, FIRST))
  local executed = server.executed
  local value, err = raw.call(api, request)
  return value, err, server.executed - executed, server
end

-- Ends a connection after reading so much of the next request.
local deaths = {
  ["executes it and closes"] = function(c) c:request() end,
  ["executes it and resets"] = function(c)
    c:request()
    c:reset()
  end,
  ["executes it and answers half a head"] = function(c)
    c:request()
    c:send("HTTP/1.1 200 OK\r\nConte")
  end,
  ["reads its head and closes"] = function(c) c:head() end,
  ["reads its head and resets"] = function(c)
    c:head()
    c:reset()
  end,
  ["closes before reading"] = function(c)
    while #c.buffer == 0 and not c.ended do c:fill() end
  end,
  ["resets before reading"] = function(c)
    while #c.buffer == 0 and not c.ended do c:fill() end
    c:reset()
  end,
  ["closes in between"] = function() end,
  ["resets in between"] = function(c) c:reset() end,
}

describe("a call that is not idempotent, on a kept connection", function()
  for death, script in pairs(deaths) do
    for name, request in pairs(once_only()) do
      it(("whose server %s: %s"):format(death, name), function()
        local value, err, executed = call_on_kept(script, request)
        assert.is_true(executed <= 1, "executed " .. executed .. " times")
        if value == nil then
          assert.equal("network", err.kind)
          assert.is_false(err.delivered == false and executed > 0)
          assert.is_not_true(err.delivered)
          assert.equal(err.delivered == false, err.retryable)
        else
          assert.equal(1, executed)
        end
      end)
    end
  end

  it("says \"maybe\" when the server executed it and died", function()
    for _, death in ipairs { "executes it and closes", "executes it and resets" } do
      for name, request in pairs(once_only()) do
        local server <close> = raw.new(deaths[death], raw.json("true"))
        local value, err = raw.call(server:api(), request)
        assert.is_nil(value)
        assert.same({ "network", "maybe", false }, { err.kind, err.delivered, err.retryable }, name)
        assert.equal(1, server.executed)
      end
    end
  end)

  it("says so too on a kept connection, where there is a body", function()
    for _, name in ipairs { "POST with a form", "POST with JSON", "PUT with a form", "multipart from bytes",
      "DELETE with a form" } do
      local value, err, executed, server = call_on_kept(deaths["executes it and closes"], once_only()[name])
      assert.is_nil(value)
      assert.same({ "network", "maybe", 1, 2 }, { err.kind, err.delivered, executed, #server.requests }, name)
    end
  end)

  it("is not sent again after an idempotent one with a body on the same handle", function()
    for name, request in pairs(once_only()) do
      local server <close> = raw.new(raw.after(1, deaths["executes it and closes"]), raw.json("true"))
      local api = server:api()
      assert.is_true(raw.call(api, { method = "PUT", path = { "v1", "same" }, form = { a = 1 },
        idempotent = true }))
      raw.call(api, request)
      assert.equal(2, server.executed, name)
    end
  end)

  it("is not sent again with a file", function()
    local folder <close> = support.folder()
    local path = folder:write("firmware.bin", ("x"):rep(100000))
    for death, script in pairs(deaths) do
      local value, err, executed = call_on_kept(script, { method = "PUT", path = { "v1", "flash" },
        multipart = { { name = "file", path = path } } })
      assert.is_true(executed <= 1, death)
      assert.is_true(value ~= nil or err.delivered ~= true, death)
    end
  end)

  it("ends with \"maybe\" on a reset while a large body is on its way", function()
    local server <close> = raw.new(raw.after(1, function(c)
      c:head()
      c:read(1000)
      c:reset()
    end), raw.json("true"))
    local api = server:api()
    raw.call(api, FIRST)
    local value, err = raw.call(api, { method = "POST", path = { "v1", "call" }, body = ("x"):rep(20000000) })
    assert.is_nil(value)
    assert.same({ "network", "maybe", 1 }, { err.kind, err.delivered, server.executed })
  end)
end)

describe("an idempotent call, on a kept connection that died", function()
  local requests = {
    ["a GET"] = { method = "GET", path = { "v1", "second" }, query = { n = 2 }, idempotent = true },
    ["a GET without a query"] = { method = "GET", path = { "v1", "second" }, idempotent = true },
    ["a HEAD"] = { method = "HEAD", path = { "v1", "second" }, idempotent = true },
    ["a PUT"] = { method = "PUT", path = { "v1", "second" }, query = { n = 2 }, form = { a = "b" },
      idempotent = true },
    ["a DELETE"] = { method = "DELETE", path = { "v1", "second" }, idempotent = true },
  }
  for name, request in pairs(requests) do
    it("is sent again, unchanged: " .. name, function()
      local value, _, _, server = call_on_kept(deaths["executes it and closes"], request)
      assert.is_true(value)
      local second, third = server.requests[2], server.requests[3]
      assert.same({ 1, 2 }, { second.connection, third.connection })
      assert.equal(request.method, third.method)
      assert.equal("/v1/second" .. (request.query and "?n=2" or ""), third.target)
      assert.equal(second.head, third.head)
      assert.equal(request.form and "a=b" or "", third.body)
    end)
  end

  it("finds its address with every handle and after every re-sending", function()
    local function twice(c)
      for _ = 1, 2 do
        if not c:request() then return end
        c:json("true")
      end
      c:request()
    end
    local server <close> = raw.new(twice)
    local api = server:api { max_connections = 2 }
    local expected = {}
    for i = 1, 12 do
      local target = ("/v1/%d?n=%d"):format(i, i)
      local request = { method = "GET", path = { "v1", i }, query = { n = i }, idempotent = true }
      local other = { method = "GET", path = { "v1", "other" }, idempotent = true }
      local pending = core.submit(api, other)
      assert.is_true(raw.call(api, request))
      assert.is_true(raw.take(pending))
      expected[target] = true
    end
    for _, request in ipairs(server.requests) do
      assert.is_true(expected[request.target] or request.target == "/v1/other", request.target)
    end
  end)

  it("fails when the new connection fails too", function()
    local server <close> = raw.new(raw.after(1, deaths["executes it and closes"]),
      deaths["executes it and closes"])
    local api = server:api()
    raw.call(api, FIRST)
    local value, err = raw.call(api, FIRST)
    assert.is_nil(value)
    assert.same({ "network", "maybe", true }, { err.kind, err.delivered, err.retryable })
    assert.equal(3, server.executed)
  end)
end)
