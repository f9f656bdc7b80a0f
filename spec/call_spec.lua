-- A call under way as Lua holds it: submit, done, id, take, cancel, and letting go.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local support = require("spec.support")

local GET = { method = "GET", path = { "v1", "x" } }

local function hang(c)
  c:request()
  c:hang()
end

describe("a call", function()
  it("is done when its result is there, which is taken once", function()
    local server <close> = raw.new(raw.json("[1]"))
    local transfer = core.submit(server:api(), GET)
    assert.is_false(transfer:done())
    assert.equal("integer", math.type(transfer:id()))
    assert.has_error(function() transfer:take() end, "take: the call is not done, or was taken before")
    raw.wait(function() return transfer:done() end)
    assert.is_true(transfer:done())
    assert.same({ 1 }, (transfer:take()))
    assert.is_true(transfer:done())
    assert.has_error(function() transfer:take() end, "take: the call is not done, or was taken before")
    assert.is_nil(transfer:id())
    transfer:cancel()
    assert.is_true(transfer:done())
  end)

  it("is cancelled at once", function()
    local server <close> = raw.new(hang)
    local transfer = core.submit(server:api(), GET)
    raw.wait(function() return server.executed == 1 end)
    transfer:cancel()
    assert.is_true(transfer:done())
    local value, err = transfer:take()
    assert.is_nil(value)
    assert.same({ "cancelled", "maybe", false }, { err.kind, err.delivered, err.retryable })
    raw.wait(function() return server:count() == 0 end)
  end)

  it("that was cancelled before it was sent was not delivered", function()
    local port, close = raw.deaf()
    local api = core.api { base_url = "http://127.0.0.1:" .. port, max_connections = 1 }
    local running, queued = core.submit(api, GET), core.submit(api, GET)
    for _, transfer in ipairs { queued, running } do
      transfer:cancel()
      transfer:cancel()
      local _, err = transfer:take()
      assert.same({ "cancelled", false, false }, { err.kind, err.delivered, err.retryable })
    end
    close()
  end)

  it("may be cancelled because a deadline of the caller's is over", function()
    local server <close> = raw.new(hang)
    local transfer = core.submit(server:api(), GET)
    transfer:cancel("deadline")
    local _, err = transfer:take()
    assert.same({ "timeout", false }, { err.kind, err.retryable })
    assert.has_error(function() transfer:cancel("whim") end)
  end)

  it("that is done stays as it is when cancelled", function()
    local server <close> = raw.new(raw.json("[1]"))
    local transfer = core.submit(server:api(), GET)
    raw.wait(function() return transfer:done() end)
    transfer:cancel()
    assert.same({ 1 }, (transfer:take()))
  end)

  it("ends when nobody holds it any more", function()
    local server <close> = raw.new(hang)
    local api = server:api { max_connections = 1 }
    local transfer = core.submit(api, GET)
    raw.wait(function() return server.executed == 1 or transfer:done() end)
    transfer = nil
    collectgarbage()
    collectgarbage()
    raw.wait(function() return server:count() == 0 end)
    core.close(api)
  end)

  it("ends with the block of a to-be-closed variable", function()
    local server <close> = raw.new(hang, raw.json("[2]"))
    local api = server:api { max_connections = 1 }
    do
      local transfer <close> = core.submit(api, GET)
      raw.wait(function() return server.executed == 1 end)
      assert.is_false(transfer:done())
    end
    raw.wait(function() return server:count() == 0 end)
    assert.same({ 2 }, (raw.call(api, GET)))
  end)

  it("keeps its api alive", function()
    local server <close> = raw.new(raw.json("[3]"))
    local transfer = core.submit(server:api(), GET)
    collectgarbage()
    collectgarbage()
    assert.same({ 3 }, (raw.take(transfer)))
  end)

  it("does not read the request's table any more", function()
    local server <close> = raw.new(raw.json("true"))
    local request = { method = "POST", path = { "v1", "first" }, form = { a = "b" }, headers = { A = "b" } }
    local api = server:api { max_connections = 1 }
    local first, second = core.submit(api, request), core.submit(api, request)
    request.path[2], request.form.a, request.headers.A, request.method = "other", "c", "c", "PUT"
    collectgarbage()
    raw.take(first)
    raw.take(second)
    for _, got in ipairs(server.requests) do
      assert.same({ "POST", "/v1/first", "a=b", "b" }, { got.method, got.target, got.body, got.headers.a })
    end
  end)

  it("is not sent when the api is closed while its request is read", function()
    local server <close> = raw.new(raw.json("true"))
    local fields = { method = "POST", path = { "v1", 1 }, query = { a = 1.5 }, headers = { A = 2.5 } }
    for _, name in ipairs { "raw", "method", "path", "timeout", "query", "form", "auth", "headers" } do
      local api = server:api()
      core.set_token(api, "s3cret-token")
      local request = setmetatable({}, { __index = function(_, field)
        if field == name then core.close(api) end
        return fields[field]
      end })
      assert.has_error(function() core.submit(api, request) end, "the api is closed")
    end
    assert.equal(0, server.accepted)
  end)

  it("has no other methods, and is no other value", function()
    local server <close> = raw.new(raw.json("1"))
    local transfer = core.submit(server:api(), GET)
    assert.is_nil(transfer.nothing)
    assert.is_nil(core.type(transfer))
    for _, name in ipairs { "done", "id", "take", "cancel" } do
      assert.has_error(function() transfer[name]() end)
      assert.has_error(function() transfer[name](io.stdout) end)
    end
    raw.take(transfer)
  end)
end)

describe("Ctrl-C", function()
  it("interrupts a wait; the api is usable afterwards", function()
    local server <close> = raw.new(hang, raw.json('"still here"'))
    local script = ([[
      local core = require("particle.core")
      local poller = core.poller()
      local api = core.api { base_url = %q }
      local function call()
        local transfer <close> = core.submit(api, { method = "GET", path = "/v1/x" })
        while not transfer:done() do poller:step() end
        return transfer:take()
      end
      io.stdout:setvbuf("no")
      print("waiting")
      local ok, message = pcall(call)
      print(ok, message)
      print(call())
    ]]):format(server.url)
    local process <close> = support.start({ "lua5.4", "-e", script }, { step = raw.pump })
    process:expect("waiting")
    -- The one place where it sleeps after the request was sent is the poller's wait.
    raw.wait(function()
      local state = server.executed == 1 and support.read(("/proc/%d/stat"):format(process.pid))
      return state and state:match("%) (%a) ") == "S"
    end)
    process:kill("INT")
    local result = process:wait()
    assert.equal("", result.stderr)
    assert.equal(0, result.status)
    assert.truthy(result.stdout:find("false\t[^\n]*interrupted!\nstill here\n$"), result.stdout)
  end)
end)
