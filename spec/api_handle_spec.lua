-- The userdata api: what it is made from, its token and state, and its end.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local support = require("spec.support")

local GET = { method = "GET", path = { "v1", "x" } }
local NOWHERE = "http://127.0.0.1:1"

local function hang(c)
  c:request()
  c:hang()
end

local function new(options)
  local config = { base_url = NOWHERE }
  for name, value in pairs(options or {}) do config[name] = value end
  return core.api(config)
end

describe("an api", function()
  it("has a type, a text and a table of its own", function()
    local api = core.api { base_url = "https://api.particle.io/" }
    assert.equal("api", core.type(api))
    assert.equal("particle.api (https://api.particle.io)", tostring(api))
    local state = core.state(api)
    state.x = 1
    assert.equal(state, core.state(api))
    assert.not_equal(state, core.state(new()))
    assert.is_false(core.closed(api))
  end)

  it("needs a table", function()
    for _, value in ipairs { "http://127.0.0.1", 5, true } do
      assert.has_error(function() core.api(value) end)
    end
    assert.has_error(function() core.api() end)
  end)

  it("has times and sizes within bounds", function()
    for _, name in ipairs { "timeout", "connect_timeout", "deadline" } do
      for _, value in ipairs { 0, -1, 1e7, 0 / 0, math.huge, "5", true, {} } do
        local ok, message = pcall(new, { [name] = value })
        assert.is_false(ok)
        assert.truthy(message:find("^" .. name .. " must be a number from "), message)
      end
    end
    for _, name in ipairs { "max_body", "max_connections" } do
      for _, value in ipairs { 0, -1, 1e16, 0 / 0, "5", {} } do
        assert.is_false((pcall(new, { [name] = value })))
      end
    end
    new { timeout = 0.001, connect_timeout = 1e6, deadline = 1, max_body = 1, max_connections = 1 }
  end)

  it("has texts that are texts", function()
    for _, name in ipairs { "proxy", "ca_file", "ca_path", "user_agent" } do
      for _, value in ipairs { 5, true, {} } do
        local message = ("%s must be a string, got %s"):format(name, type(value))
        assert.has_error(function() new { [name] = value } end, message)
      end
      assert.has_error(function() new { [name] = "a\0b" } end, name .. " holds a NUL byte")
    end
    assert.has_error(function() new { proxy = core.secret("a\0b") } end, "proxy holds a NUL byte")
  end)

  it("has no lines smuggled in by its user agent or proxy", function()
    for _, name in ipairs { "proxy", "user_agent" } do
      for _, value in ipairs { "a\r\nX-Evil: 1", "a\nb", "\1", "a\127" } do
        assert.has_error(function() new { [name] = value } end, name .. " holds a control character")
      end
    end
  end)

  it("finds methods and computed fields in the tables of the module", function()
    local api = new()
    core.api_methods.spec_method = function(self, x) return self, x end
    core.api_getters.spec_field = function(self) return core.state(self).seen end
    core.state(api).seen = "yes"
    assert.same({ api, 5 }, { api:spec_method(5) })
    assert.equal("yes", api.spec_field)
    assert.is_nil(api.spec_nothing)
    assert.is_nil(api[1])
    core.api_methods.spec_method, core.api_getters.spec_field = nil, nil
    assert.is_nil(api.spec_method)
    assert.has_error(function() api.x = 1 end)
  end)
end)

describe("an api's token", function()
  it("may be a text, a secret or none", function()
    local server <close> = raw.new(raw.json("1"))
    local api = server:api()
    assert.is_false(core.has_token(api))
    for _, token in ipairs { "abc", core.secret("def") } do
      core.set_token(api, token)
      assert.is_true(core.has_token(api))
      raw.call(api, GET)
    end
    core.set_token(api, nil)
    assert.is_false(core.has_token(api))
    raw.call(api, GET)
    core.set_token(api, ("x"):rep(4096))
    raw.call(api, GET)
    local seen = {}
    for i, request in ipairs(server.requests) do seen[i] = request.headers.authorization or false end
    assert.same({ "Bearer abc", "Bearer def", false, "Bearer " .. ("x"):rep(4096) }, seen)
  end)

  it("is refused when it cannot be one; the old one stays", function()
    local api = new()
    core.set_token(api, "old")
    local space = "token holds a space, a control character or a byte outside ASCII"
    for token, message in pairs {
      [""] = "token is empty", [("x"):rep(4097)] = "token is longer than 4096 bytes",
      ["a b"] = space, ["a\r\nX-Evil: 1"] = space, ["a\0"] = space, ["\t"] = space, ["a\127"] = space,
      ["ü"] = space,
    } do
      assert.has_error(function() core.set_token(api, token) end, message)
      assert.has_error(function() core.set_token(api, core.secret(token)) end, message)
    end
    for _, value in ipairs { 5, true, {} } do assert.has_error(function() core.set_token(api, value) end) end
    assert.is_true(core.has_token(api))
  end)
end)

describe("a closed api", function()
  it("ends running and queued calls with kind closed", function()
    local server <close> = raw.new(hang)
    local api = server:api { max_connections = 2 }
    local transfers = {}
    for i = 1, 5 do transfers[i] = core.submit(api, GET) end
    raw.wait(function() return server.executed == 2 end)
    core.close(api)
    for i, transfer in ipairs(transfers) do
      assert.is_true(transfer:done())
      local value, err = transfer:take()
      assert.is_nil(value)
      assert.same({ "closed", false, "GET" }, { err.kind, err.retryable, err.method })
      assert.equal(server.url .. "/v1/x", err.url)
      if i <= 2 then assert.equal("maybe", err.delivered) else assert.is_false(err.delivered) end
    end
    raw.wait(function() return server:count() == 0 end)
  end)

  it("leaves results that were there already", function()
    local server <close> = raw.new(
      raw.replying(200, { ["X-A"] = "b" }, "[1]"), raw.replying(404, nil, '{"error":"x"}'))
    local api = server:api()
    local first = core.submit(api, { method = "GET", path = "/v1", response = true })
    local second = core.submit(api, GET)
    raw.wait(function() return first:done() and second:done() end)
    core.close(api)
    local value, response = first:take()
    assert.same({ { 1 }, "b" }, { value, response.headers["x-a"] })
    assert.equal("not_found", select(2, second:take()).kind)
  end)

  it("may be closed again, and says so in every function", function()
    local api = new()
    core.close(api)
    core.close(api)
    for _, call in ipairs {
      function() core.submit(api, GET) end,
      function() core.set_token(api, "x") end,
      function() core.set_token(api, nil) end,
      function() core.has_token(api) end,
    } do
      assert.has_error(call, "the api is closed")
    end
    assert.is_true(core.closed(api))
    assert.equal("particle.api (closed)", tostring(api))
    assert.equal("api", core.type(api))
    assert.is_table(core.state(api))
    assert.equal("lamp", core.device_ref(core.device(api, "lamp")))
  end)

  it("is what a to-be-closed variable leaves", function()
    local server <close> = raw.new(hang)
    local transfer
    do
      local api <close> = server:api()
      transfer = core.submit(api, GET)
    end
    assert.equal("closed", select(2, transfer:take()).kind)
  end)

  it("wakes a coroutine that waits for a call", function()
    local server <close> = raw.new(hang)
    local api = server:api()
    local result
    local waiter = coroutine.wrap(function()
      local transfer = core.submit(api, GET)
      while not transfer:done() do
        core.poller():step(0)
        coroutine.yield()
      end
      result = select(2, transfer:take())
    end)
    raw.wait(function()
      waiter()
      return server.executed == 1
    end)
    core.close(api)
    waiter()
    assert.equal("closed", result.kind)
  end)

  it("does not end the calls of others", function()
    local server <close> = raw.new(hang, raw.json("2"))
    local one, other = server:api(), server:api()
    local lost = core.submit(one, GET)
    raw.wait(function() return server.executed == 1 end)
    local kept = core.submit(other, GET)
    core.close(one)
    assert.equal("closed", select(2, lost:take()).kind)
    assert.equal(2, raw.take(kept))
  end)
end)

describe("functions of the module that take an api", function()
  it("take nothing else", function()
    for _, name in ipairs { "submit", "set_token", "has_token", "state", "close", "closed", "device" } do
      for _, value in ipairs { 1, "x", {}, io.stdout, core.poller(), core.secret("x") } do
        assert.has_error(function() core[name](value, "x") end)
      end
      assert.has_error(function() core[name]() end)
    end
  end)
end)

-- The order in which things go is that of a Lua state of its own: by hand first, then by lua_close.
describe("the end", function()
  local PRELUDE = [[
    local core = require("particle.core")
    local api = core.api { base_url = %q, max_connections = 1 }
    local poller = core.poller()
    local running = core.submit(api, { method = "POST", path = "/v1/x", form = { a = 1 } })
    local file = { name = "a", data = "b" }
    local queued = core.submit(api, { method = "PUT", path = "/v1/x", multipart = { file } })
    local device = core.device(api, "lamp")
    local function gc(value) debug.getmetatable(value).__gc(value) end
    for _ = 1, 3 do poller:step(0.02) end
  ]]
  local endings = {
    ["in whatever order lua_close chooses"] = "",
    ["with the api first"] = "gc(api) gc(running) gc(queued) gc(poller)",
    ["with the calls first"] = "gc(running) gc(queued) gc(api) gc(poller)",
    ["with the poller first"] = "gc(poller) gc(running) gc(api) gc(queued)",
    ["with the poller, then the api"] = "gc(poller) gc(api) gc(queued) gc(running)",
    ["with everything twice"] = "for _ = 1, 2 do gc(api) gc(poller) gc(queued) gc(running) end",
    ["with the api dropped"] = "api, device = nil collectgarbage() collectgarbage()",
    ["with everything dropped"] = [[
      api, device, running, queued, poller = nil
      collectgarbage()
      collectgarbage()
    ]],
    ["with the calls dropped one by one"] = "queued = nil collectgarbage() running = nil collectgarbage()",
    ["after close"] = "core.close(api)",
    ["after close, results taken"] = "core.close(api) print(running:take()) print(queued:take())",
    ["without lua_close"] = "os.exit(0)",
    ["by os.exit with lua_close"] = "os.exit(0, true)",
    ["by an error"] = "error('deliberate')",
    ["with a finalizer that uses what has gone"] = [[
      setmetatable({}, { __gc = function()
        print(pcall(poller.step, poller, 0))
        print(pcall(running.done, running), pcall(running.take, running), pcall(running.cancel, running))
        print(tostring(api), tostring(device), pcall(core.close, api))
      end })
    ]],
    ["of a state that uses its poller after it went"] = [[
      gc(poller)
      print(pcall(poller.step, poller), pcall(poller.finished, poller))
      print(pcall(core.api, { base_url = "http://a.test" }))
      print(running:done(), queued:done())
      queued:cancel()
      print(queued:take())
      core.close(api)
      print(running:take())
    ]],
  }
  for name, code in pairs(endings) do
    it("comes without harm " .. name, function()
      local server <close> = raw.new(function(c)
        c:request()
        c:hang()
      end)
      local result = support.run({ "lua5.4", "-e", PRELUDE:format(server.url) .. code }, { step = raw.pump })
      local deliberate = name == "by an error"
      assert.equal(deliberate and 1 or 0, result.status, result.stdout .. result.stderr)
      if not deliberate then assert.equal("", result.stderr) end
    end)
  end
end)
