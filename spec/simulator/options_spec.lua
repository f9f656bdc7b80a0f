local core = require("particle.core")
local options = require("particle.simulator.options")

local ID = "0123456789ABCDEF01234567"

describe("options of the simulator", function()
  it("may all be left out", function()
    assert.same({ devices = {} }, options.check())
    assert.same({ devices = {} }, options.check {})
  end)

  it("are copied, ids in lower case", function()
    local given = {
      devices = { { name = "lamp", id = ID, variables = { a = 1, n = core.null },
        functions = { f = print } } },
      users = { { username = "joe", password = "p", mfa = "1", devices = { { name = "door" } } } },
      port = 8080, latency = 0.5, strict = true, clock = os.time, token_lifetime = 0, clients = { a = "b" },
      on_error = print, keepalive = false, orgs = { acme = { 42, 43 }, empty = {} },
      faults = { { kind = "reset" } },
      products = { { name = "Lamp", id = 42, slug = "lamp", description = "d", platform_id = 6,
        team = { "joe" },
        devices = { { name = "p1" } } } },
      flash_time = 0.5, compile_time = 1, webhook_delays = { 1, 2 }, logic = print,
    }
    local checked = options.check(given)
    assert.not_equal(given.devices[1], checked.devices[1])
    assert.equal(ID:lower(), checked.devices[1].id)
    checked.devices[1].id = ID
    assert.same(given, checked)
  end)

  it("take values that can be called for functions", function()
    local callable = setmetatable({}, { __call = function() end })
    options.check { devices = { { name = "x", variables = { a = callable }, functions = { f = callable } } } }
    options.check { latency = function() return 0 end }
  end)

  it("may name devices of different users alike", function()
    options.check { users = {
      { username = "joe", password = "p", devices = { { name = "lamp" } } },
      { username = "pete", password = "p", devices = { { name = "lamp" } } },
    } }
  end)

  local USER = { username = "joe", password = "p" }
  local MISUSE = {
    { 5, "the argument must be a table of options, got the number 5" },
    { { device = {} }, 'unknown option "device"; did you mean "devices"?' },
    { { [1] = { name = "x" } }, "unknown option 1" },
    { { devices = "x" }, "option devices must be a list of devices, got a string" },
    { { devices = { lamp = {} } }, "option devices must be a list of devices, got a table" },
    { { devices = { [2] = {} } }, "option devices must be a list of devices, got a table" },
    { { devices = { "lamp" } }, "devices[1] must be a table, got a string" },
    { { devices = { {} } }, "devices[1]: option name is missing" },
    { { devices = { { name = "a" }, { name = "" } } },
      "devices[2]: option name must be a string that is not empty, got an empty string" },
    { { devices = { { name = "a", varables = {} } } },
      'devices[1]: unknown option "varables"; did you mean "variables"?' },
    { { devices = { { name = "a", id = "12" } } },
      "devices[1]: option id must be a string of 24 hex digits, got a string" },
    { { devices = { { name = "a", online = 1 } } },
      "devices[1]: option online must be true or false, got the number 1" },
    { { devices = { { name = "a", variables = { 1 } } } },
      "a name in devices[1]: option variables must be a string that is not empty, got the number 1" },
    { { devices = { { name = "a", variables = { t = {} } } } },
      "devices[1]: option variables.t must be a number, a string, a boolean or a function, got a table" },
    { { devices = { { name = "a", variables = 5 } } },
      "devices[1]: option variables must be a table of names and values, got the number 5" },
    { { devices = { { name = "a", functions = { f = 1 } } } },
      "devices[1]: option functions.f must be a function, got the number 1" },
    { { devices = { { name = "a", platform_id = "13" } } },
      "devices[1]: option platform_id must be a positive integer, got a string" },
    { { devices = { { name = "a" }, { name = "a" } } },
      'devices[2]: the name "a" is taken by another device of the user' },
    { { devices = { { name = "a", id = ID }, { name = "b", id = ID:lower() } } },
      "devices[2]: id 0123456789abcdef01234567 is taken" },
    { { users = {} }, "option users must be a list of users that is not empty, got a table" },
    { { users = { { username = "joe" } } }, "users[1]: option password is missing" },
    { { users = { { username = "joe", password = "p", mfa = 123456 } } },
      "users[1]: option mfa must be a string that is not empty, got the number 123456" },
    { { users = { { user = "joe", password = "p" } } }, 'users[1]: unknown option "user"' },
    { { users = { USER, USER } }, "users[2]: there are two users joe" },
    { { users = { { username = "a", password = "p", devices = { { name = "x", functions = 5 } } } } },
      "users[1].devices[1]: option functions must be a table of names and functions, got the number 5" },
    { { devices = { { name = "a" } },
      users = { { username = "a", password = "p", devices = { { name = "a" } } } } },
      'users[1].devices[1]: the name "a" is taken by another device of the user' },
    { { port = "80" }, "option port must be a port (an integer from 0 to 65535), got a string" },
    { { port = 65536 },
      "option port must be a port (an integer from 0 to 65535), got the number 65536" },
    { { latency = -1 },
      "option latency must be a number of seconds that is not negative, or a function,"
        .. " got the number -1" },
    { { latency = 1 / 0 },
      "option latency must be a number of seconds that is not negative, or a function,"
        .. " got the number inf" },
    { { strict = "yes" }, "option strict must be true or false, got a string" },
    { { clock = 5 }, "option clock must be a function, got the number 5" },
    { { token_lifetime = 1.5 },
      "option token_lifetime must be a number of seconds (an integer; 0: for ever),"
        .. " got the number 1.5" },
    { { clients = { "a" } },
      "a name in option clients must be a string that is not empty, got the number 1" },
    { { clients = { a = 5 } }, "option clients.a must be a string that is not empty, got the number 5" },
    { { keepalive = 0 },
      "option keepalive must be a positive number of seconds, or false, got the number 0" },
    { { keepalive = true }, "option keepalive must be a positive number of seconds, or false, got true" },
    { { orgs = { "acme" } },
      "a name in option orgs must be a string that is not empty, got the number 1" },
    { { orgs = { acme = 42 } }, "option orgs.acme must be a list of product ids, got the number 42" },
    { { orgs = { acme = { "42" } } }, "option orgs.acme must be a list of product ids, got a table" },
    { { products = { {} } }, "products[1]: option name is missing" },
    { { products = { 5 } }, "products[1] must be a table, got the number 5" },
    { { products = { { name = "a", device = {} } } },
      'products[1]: unknown option "device"; did you mean "devices"?' },
    { { products = { { name = "a", id = 1 }, { name = "b", id = 1 } } }, "products[2]: id 1 is taken" },
    { { products = { { name = "a", slug = "x" }, { name = "b", slug = "x" } } },
      "products[2]: slug x is taken" },
    { { products = { { name = "a", slug = "42" } } },
      "products[1]: option slug must be a string that is not empty, with a letter, got a string" },
    { { products = { { name = "a", team = { "pete" } } } }, "products[1]: there is no user pete" },
    { { devices = { { name = "a" } }, products = { { name = "p", devices = { { name = "a" } } } } },
      'products[1].devices[1]: the name "a" is taken by another device of the user' },
    { { flash_time = -1 },
      "option flash_time must be a number of seconds that is not negative, got the number -1" },
    { { webhook_delays = { -1 } },
      "option webhook_delays must be a list of numbers of seconds, got a table" },
    { { on_error = "x" }, "option on_error must be a function, got a string" },
  }
  for _, case in ipairs(MISUSE) do
    it("are refused: " .. case[2], function()
      local ok, message = pcall(options.check, case[1])
      assert.is_false(ok)
      assert.equal("simulator.new: " .. case[2], message:match("^[^:]*options_spec.lua:%d+: (.*)$")
        or message)
    end)
  end
end)
