local asking = require("spec.simulator.asking")
local core = require("particle.core")

local ID = "0123456789abcdef01234567"

-- A cloud with one device, how to ask it, the device, and what was reported.
local function simulate(device)
  local reports = {}
  device.name, device.id, device.product_id = "lamp", ID, 42
  local clock, state = asking.clock(1435900500)
  local cloud, ask = asking.cloud {
    devices = { device, { name = "off", online = false, variables = { t = 1 }, functions = { f = print } } },
    clock = clock, on_error = function(message) reports[#reports + 1] = message end,
  }
  return ask, cloud.devices:by_identifier(ID), reports, state
end

describe("a variable", function()
  it("is read with the cloud's reply", function()
    local ask, _, _, clock = simulate { variables = { temperature = 21.5 } }
    clock.now = clock.now + 1.5
    local expected = '{"cmd":"VarReturn","name":"temperature","result":21.5,"coreInfo":{"last_app":"",'
      .. '"last_heard":"2015-07-03T05:15:01.500Z","connected":true,'
      .. '"last_handshake_at":"2015-07-03T05:15:00.000Z","deviceID":"0123456789abcdef01234567"}}'
    for _, path in ipairs { "/v1/devices/lamp/", "/v1/devices/" .. ID .. "/",
      "/v1/products/42/devices/" .. ID .. "/" } do
      local status, text = ask("GET", path .. "temperature")
      assert.same({ 200, expected }, { status, text })
    end
  end)

  it("has the type of its value", function()
    local ask = simulate { variables = {
      i = 7, d = 21.5, whole = 3.0, s = 'a "b"\n', t = true, f = false, n = core.null, big = math.maxinteger,
    } }
    local EXPECTED = {
      i = "7", d = "21.5", whole = "3", s = [["a \"b\"\n"]], t = "true", f = "false", n = "null",
      big = "9223372036854775807",
    }
    for name, expected in pairs(EXPECTED) do
      local status, text = ask("GET", "/v1/devices/lamp/" .. name)
      assert.equal(200, status)
      assert.equal(expected, text:match('"result":(.*),"coreInfo"'))
      status, text = ask("GET", "/v1/devices/lamp/" .. name .. "?format=raw")
      assert.same({ 200, expected }, { status, text })
    end
  end)

  it("is computed when it is a function", function()
    local count = 0
    local callable = setmetatable({}, { __call = function() return "called" end })
    local ask, device = simulate { variables = {
      count = function()
        count = count + 1
        return count
      end,
      callable = callable,
    } }
    assert.equal("1", select(2, ask("GET", "/v1/devices/lamp/count?format=raw")))
    assert.equal("2", select(2, ask("GET", "/v1/devices/lamp/count?format=raw")))
    assert.equal('"called"', select(2, ask("GET", "/v1/devices/lamp/callable?format=raw")))
    assert.equal("int32", device.types.count)
  end)

  it("may have any name", function()
    local ask = simulate { variables = { ["a/b c%"] = 1, ["ü"] = 2 } }
    assert.equal(200, (ask("GET", "/v1/devices/lamp/a%2Fb%20c%25")))
    assert.equal(200, (ask("GET", "/v1/devices/lamp/%C3%BC")))
  end)

  it("that is unknown is named in the reply", function()
    local ask = simulate {}
    local status, text = ask("GET", "/v1/devices/lamp/n%22x")
    assert.same({ 404, [[{"ok":false,"error":"Unknown Variable: n\"x"}]] }, { status, text })
  end)

  it("of an offline device times out, known or not", function()
    local ask = simulate {}
    for _, name in ipairs { "t", "x" } do
      local status, text = ask("GET", "/v1/devices/off/" .. name)
      assert.same({ 408, '{"ok":false,"error":"timed out"}' }, { status, text })
    end
  end)

  it("times out when its device goes offline meanwhile", function()
    local ask, device
    ask, device = simulate { variables = { t = function()
      device.online = false
      return 1
    end } }
    assert.equal(408, (ask("GET", "/v1/devices/lamp/t")))
  end)

  it("whose function raises is an error of the cloud, and reported", function()
    local ask, _, reports = simulate { variables = { t = function() error("broken", 0) end } }
    local status, text = ask("GET", "/v1/devices/lamp/t")
    assert.same({ 500, '{"ok":false,"error":"broken"}' }, { status, text })
    assert.equal(1, #reports)
    assert.truthy(reports[1]:find("^particle.simulator: variable t of lamp: broken\nstack traceback:"))
  end)

  it("that is no variable's value is refused, and reported", function()
    local values = { { nil, "nil" }, { {}, "table" }, { print, "function" } }
    for _, case in ipairs(values) do
      local ask, _, reports = simulate { variables = { t = function() return case[1] end } }
      local status, text = ask("GET", "/v1/devices/lamp/t")
      local problem = "variable t of lamp must be a number, a string or a boolean, got " .. case[2]
      assert.same({ 500, ('{"ok":false,"error":"%s"}'):format(problem) }, { status, text })
      assert.same({ "particle.simulator: " .. problem }, reports)
    end
  end)
end)

describe("a function", function()
  local argument
  local function remember(arg)
    argument = arg
    return 1
  end

  before_each(function() argument = nil end)

  it("is called with the cloud's reply", function()
    local ask = simulate { functions = { led = remember } }
    for _, path in ipairs { "/v1/devices/lamp/", "/v1/devices/" .. ID .. "/",
      "/v1/products/42/devices/" .. ID .. "/" } do
      local status, text = ask("POST", path .. "led", { form = { arg = "on" } })
      assert.same({ 200, ('{"id":"%s","name":"lamp","connected":true,"return_value":1}'):format(ID) },
        { status, text })
      assert.equal("on", argument)
    end
  end)

  local ARGUMENTS = {
    { { form = { args = "x" } }, "x" }, { { form = { params = "x" } }, "x" }, { { form = { arg = "" } }, "" },
    { { form = { arg = "ü +&=%\0\xFF" } }, "ü +&=%\0\xFF" }, { { form = { other = "x" } }, "" }, { {}, "" },
    { { json = '{"arg":"x"}' }, "x" }, { { json = '{"args":"x"}' }, "x" },
      { { json = '{"params":"x"}' }, "x" },
    { { json = '{"arg":5}' }, "5" }, { { json = '{"arg":true}' }, "true" }, { { json = '{"arg":null}' }, "" },
    { { json = '{"arg":[1,"a"]}' }, '[1,"a"]' }, { { json = "{}" }, "" }, { { json = "" }, "" },
  }
  for _, case in ipairs(ARGUMENTS) do
    it(("takes an argument (%s)"):format(case[1].json or next(case[1].form or { none = 1 })), function()
      local ask = simulate { functions = { led = remember } }
      assert.equal(200, (ask("POST", "/v1/devices/lamp/led", case[1])))
      assert.equal(case[2], argument)
    end)
  end

  it("gives the bare integer in the raw format", function()
    local ask = simulate { functions = { led = function() return -5 end } }
    for _, how in ipairs { { form = { format = "raw" } }, { json = '{"format":"raw"}' } } do
      assert.equal("-5", select(2, ask("POST", "/v1/devices/lamp/led", how)))
    end
    assert.equal("-5", select(2, ask("POST", "/v1/devices/lamp/led?format=raw")))
  end)

  it("returns an integer, as in C", function()
    local result
    local ask, _, reports = simulate { functions = { f = function() return result end } }
    local function returned(value)
      result = value
      return (select(2, ask("POST", "/v1/devices/lamp/f", { form = { format = "raw" } })))
    end
    assert.equal("-2147483648", returned(-2147483648))
    assert.equal("43", returned(43.0))
    assert.equal("21", returned(21.9))
    assert.equal("-21", returned(-21.9))
    assert.equal("0", returned(nil))
    assert.same({}, reports)
  end)

  it("that returns something else is refused, and reported", function()
    local values = { { "1", "string" }, { true, "boolean" }, { {}, "table" }, { 1 / 0, "float" },
      { 0 / 0, "float" } }
    for _, case in ipairs(values) do
      local ask, _, reports = simulate { functions = { f = function() return case[1] end } }
      local status, text = ask("POST", "/v1/devices/lamp/f")
      local problem = "function f of lamp must return an integer, got " .. case[2]
      assert.same({ 500, ('{"ok":false,"error":"%s"}'):format(problem) }, { status, text })
      assert.same({ "particle.simulator: " .. problem }, reports)
    end
  end)

  it("that raises is an error of the cloud, and reported; the next call is fine", function()
    local ask, _, reports = simulate { functions = {
      f = function(arg) return arg == "" and error({ code = 1 }) or 1 end,
    } }
    local status, text = ask("POST", "/v1/devices/lamp/f")
    assert.equal(500, status)
    assert.truthy(text:find('^{"ok":false,"error":"table: 0x'))
    assert.truthy(reports[1]:find("^particle.simulator: function f of lamp: table: 0x"))
    assert.equal(200, (ask("POST", "/v1/devices/lamp/f", { form = { arg = "x" } })))
  end)

  it("that is unknown is named in the reply", function()
    local ask = simulate {}
    local status, text = ask("POST", "/v1/devices/lamp/fly")
    assert.same({ 404, '{"ok":false,"error":"Function fly not found"}' }, { status, text })
  end)

  it("of an offline device times out and is not called", function()
    local ask = simulate {}
    for _, name in ipairs { "f", "x" } do
      local status, text = ask("POST", "/v1/devices/off/" .. name)
      assert.same({ 408, '{"ok":false,"error":"Timed out."}' }, { status, text })
    end
  end)

  it("ran, but times out, when its device goes offline meanwhile", function()
    local ask, device
    local ran = 0
    ask, device = simulate { functions = { f = function()
      device.online, ran = false, ran + 1
      return 1
    end } }
    assert.equal(408, (ask("POST", "/v1/devices/lamp/f")))
    assert.equal(1, ran)
  end)
end)

describe("ping", function()
  it("tells whether a device is online", function()
    local ask = simulate {}
    for path, expected in pairs {
      ["/v1/devices/lamp/ping"] = '{"online":true,"ok":true}',
      ["/v1/devices/off/ping"] = '{"online":false,"ok":true}',
      ["/v1/products/42/devices/" .. ID .. "/ping"] = '{"online":true,"ok":true}',
    } do
      local status, text = ask("PUT", path)
      assert.same({ 200, expected }, { status, text })
    end
    assert.equal(403, (ask("PUT", "/v1/devices/nix/ping")))
  end)

  it("is heard", function()
    local ask, device, _, clock = simulate {}
    clock.now = clock.now + 60
    ask("PUT", "/v1/devices/lamp/ping")
    assert.equal(clock.now, device.last_heard)
  end)
end)
