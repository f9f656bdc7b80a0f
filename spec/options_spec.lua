local core = require("particle.core")
local options = require("particle.options")
local rules = require("particle.rules")

local function message(...)
  local fine, problem = pcall(...)
  assert(not fine, "nothing was raised")
  return problem
end

describe("options of a call", function()
  local function applied(opts, request)
    request = request or { method = "GET" }
    options.apply(request, opts, "read")
    return request
  end

  it("go into the request", function()
    assert.are.same({
      method = "GET", timeout = 1, deadline = 2, retry = false, idempotent = false, nulls = true,
      token_in = "query",
      headers = { ["X-A"] = "b" },
    }, applied({
      timeout = 1, deadline = 2, retry = false, idempotent = false, nulls = true, token_in = "query",
      headers = { ["X-A"] = "b" },
    }, { method = "GET", idempotent = true }))
  end)

  it("leave the request alone where they are silent", function()
    assert.are.same({ method = "GET", idempotent = true, timeout = 5 },
      applied({}, { method = "GET", idempotent = true, timeout = 5 }))
  end)

  it("add headers without changing the caller's tables", function()
    local ours, theirs = { ["X-A"] = "1", ["X-B"] = "2" }, { ["X-B"] = "3" }
    local both = applied({ headers = theirs }, { headers = ours }).headers
    assert.are.same({ ["X-A"] = "1", ["X-B"] = "3" }, both)
    assert.are.same({ ["X-A"] = "1", ["X-B"] = "2" }, ours)
    assert.are.same({ ["X-B"] = "3" }, theirs)
  end)

  it("choose form or JSON for the fields of a body", function()
    for _, from in ipairs { "form", "json" } do
      for _, to in ipairs { "form", "json" } do
        local request = applied({ format = to }, { method = "PUT", [from] = { a = 1 } })
        assert.are.same({ method = "PUT", [to] = { a = 1 } }, request)
      end
    end
    assert.matches('format = "json" is for calls that send fields',
      message(options.apply, { method = "GET" }, { format = "json" }, "read"))
  end)

  it("put the token where the cloud takes it, and nowhere else", function()
    local function allowed(place, request)
      local fine, problem = pcall(options.apply, request, { token_in = place }, "x")
      assert(fine or problem:find('token_in = "' .. place .. '" is for', 1, true), problem)
      return fine
    end
    for _, method in ipairs { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD" } do
      assert.is_true(allowed("header", { method = method }))
      assert.are.equal(method == "GET", allowed("query", { method = method }))
      assert.are.equal(method == "POST" or method == "PUT" or method == "DELETE",
        allowed("body", { method = method, form = {} }))
    end
    assert.is_true(allowed("body", { method = "DELETE" }))
    for _, kind in ipairs { "json", "body", "multipart" } do
      assert.is_false(allowed("body", { method = "POST", [kind] = "x" }))
    end
  end)

  it("are refused with the right spelling, the type expected, and what came", function()
    assert.matches('read: unknown option "timeuot"; did you mean "timeout"%?',
      message(options.apply, {}, { timeuot = 1 }, "read"))
    assert.matches("read: option deadline must be a positive number of seconds, got a string",
      message(options.apply, {}, { deadline = "1" }, "read"))
    assert.matches("read: the options must be a table, got the number 5",
      message(options.apply, {}, 5, "read"))
    assert.matches("read: the options must be a table, got an error",
      message(options.apply, {}, core.error { kind = "closed", message = "m" }, "read"))
  end)

  it("may be joined by a verb's own, which are checked and left alone", function()
    local more = { every = rules.SECONDS }
    local request = { method = "GET" }
    options.apply(request, { every = 2, timeout = 1 }, "watch", more)
    assert.are.same({ method = "GET", timeout = 1 }, request)
    assert.matches("option every must be", message(options.apply, request, { every = 0 }, "watch", more))
    assert.matches('did you mean "every"', message(options.apply, request, { evry = 1 }, "watch", more))
  end)
end)
