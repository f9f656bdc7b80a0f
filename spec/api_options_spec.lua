local core = require("particle.core")
local api_options = require("particle.api_options")

local function message(...)
  local fine, problem = pcall(...)
  assert(not fine, "nothing was raised")
  return problem
end

describe("options of an api", function()
  it("may be a token alone, or nothing", function()
    assert.are.same({ token = "abc" }, api_options.read("abc"))
    assert.are.same({}, api_options.read(nil))
    local secret = core.secret("abc")
    assert.are.equal(secret, api_options.read(secret).token)
  end)

  it("are copied, so that the caller's table is left alone", function()
    local given = { timeout = 3 }
    local taken = api_options.read(given)
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
      for _, value in ipairs(values) do
        assert.are.equal(value, api_options.read({ [name] = value })[name])
      end
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
          message(api_options.read, { [name] = value }))
      end
    end)
  end

  it("know the right spelling of a wrong name", function()
    assert.matches('unknown option "timeuot"; did you mean "timeout"%?',
      message(api_options.read, { timeuot = 1 }))
    assert.matches('unknown option "colour"$', message(api_options.read, { colour = 1 }))
    assert.matches("options have names, got the number 1 as a key", message(api_options.read, { "abc" }))
  end)

  it("show no token in a message", function()
    assert.not_matches("s3cret", message(api_options.read, { timeout = "s3cret", token = "s3cret" }))
    assert.not_matches("s3cret", message(api_options.read, { base_url = 1, token = "s3cret" }))
  end)

  it("are a table", function()
    assert.matches("must be a table of options or a token, got the number 7", message(api_options.read, 7))
  end)
end)
