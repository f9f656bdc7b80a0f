local core = require("particle.core")
local options = require("particle.options")

local function message(...)
  local fine, problem = pcall(...)
  assert(not fine, "nothing was raised")
  return problem
end

describe("options of an api", function()
  it("may be a token alone, or nothing", function()
    assert.are.same({ token = "abc" }, options.for_api("abc"))
    assert.are.same({}, options.for_api(nil))
    local secret = core.secret("abc")
    assert.are.equal(secret, options.for_api(secret).token)
  end)

  it("are copied, so that the caller's table is left alone", function()
    local given = { timeout = 3 }
    local taken = options.for_api(given)
    taken.timeout = 4
    assert.are.equal(3, given.timeout)
  end)

  local fitting = {
    token = { "abc", false, function() end, core.secret("x") },
    token_in = { "header", "query", "body" },
    base_url = { "https://api.particle.io" },
    product = { 42, "my-product" },
    timeout = { 1, 0.5 }, connect_timeout = { 1 }, deadline = { 3600 },
    retry = { false, {} }, rate_limit = { true, false, {} },
    max_connections = { 1 }, max_body = { 1024 },
    http2 = { true }, verify = { false }, allow_http = { true }, retain_login = { true },
    proxy = { "http://127.0.0.1:1" }, ca_file = { "x" }, ca_path = { "x" }, user_agent = { "x" },
    headers = { {}, { ["X-Count"] = 1, ["X-Name"] = "y" } },
    loop = { {} }, log = { print, io.stderr, false },
  }

  for name, values in pairs(fitting) do
    it("take " .. name, function()
      for _, value in ipairs(values) do assert.are.equal(value, options.for_api({ [name] = value })[name]) end
    end)
  end

  local unfit = {
    token = { 7, true, {} }, token_in = { "cookie", 1 }, base_url = { 7 }, product = { "", "..", 0, 1.5, {} },
    timeout = { "40", 0, -1, 0 / 0, 1 / 0, {} }, connect_timeout = { true }, deadline = { 0 },
    retry = { true, "no" }, rate_limit = { 5 }, max_connections = { 0, 1.5, "16" }, max_body = { -1 },
    http2 = { 1 }, verify = { "yes" }, allow_http = { 0 }, retain_login = { 1 }, proxy = { false },
    ca_file = { 1 }, ca_path = { 1 }, user_agent = { {} }, headers = { "x", { 1 }, { a = {} } },
    loop = { "cqueues" }, log = { 7, "x" },
  }

  for name, values in pairs(unfit) do
    it("refuse a wrong " .. name .. ", saying what was expected and what came", function()
      for _, value in ipairs(values) do
        assert.matches(("particle.new: option %s must be .+, got .+"):format(name),
          message(options.for_api, { [name] = value }))
      end
    end)
  end

  it("know the right spelling of a wrong name", function()
    assert.matches('unknown option "timeuot"; did you mean "timeout"%?',
      message(options.for_api, { timeuot = 1 }))
    assert.matches('unknown option "colour"$', message(options.for_api, { colour = 1 }))
    assert.matches("options have names, got the number 1 as a key", message(options.for_api, { "abc" }))
  end)

  it("show no token in a message", function()
    assert.not_matches("s3cret", message(options.for_api, { timeout = "s3cret", token = "s3cret" }))
    assert.not_matches("s3cret", message(options.for_api, { base_url = 1, token = "s3cret" }))
  end)

  it("are a table", function()
    assert.matches("must be a table of options or a token, got the number 7", message(options.for_api, 7))
  end)
end)

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
    local more = { every = options.SECONDS }
    local request = { method = "GET" }
    options.apply(request, { every = 2, timeout = 1 }, "watch", more)
    assert.are.same({ method = "GET", timeout = 1 }, request)
    assert.matches("option every must be", message(options.apply, request, { every = 0 }, "watch", more))
    assert.matches('did you mean "every"', message(options.apply, request, { evry = 1 }, "watch", more))
  end)
end)
