local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local particle = require("particle")
local simulator = require("particle.simulator")

local ID = "0123456789abcdef01234567"

describe("a device", function()
  local sim, api, lamp, called

  before_each(function()
    called = {}
    sim = simulator.new {
      devices = {
        {
          name = "kitchen lamp", id = ID, platform_id = 32, notes = "by the door",
          variables = {
            temperature = 21.5, count = 7, text = "", open = false, ["odd name"] = "fine",
            null = function() return particle.null end,
          },
          functions = {
            led = function(argument)
              called[#called + 1] = argument
              return argument == "on" and 1 or -1
            end,
            ["odd name"] = function() return 5 end,
          },
        },
        { name = "cellar", online = false, variables = { x = 1 }, functions = { f = function() end } },
      },
    }
    api = sim:client()
    lamp = api:device("kitchen lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function last() return sim:requests()[#sim:requests()] end

  it("is a handle: making one sends nothing", function()
    assert.are.equal("device", particle.type(lamp))
    assert.are.equal("kitchen lamp", lamp.name)
    assert.is_nil(lamp.id)
    assert.is_nil(lamp.online)
    assert.is_nil(lamp.record)
    assert.are.equal(ID, api:device(ID:upper()).id)
    assert.are.same({}, sim:requests())
  end)

  describe("read", function()
    it("gives the variable's value, and nothing else", function()
      assert.are.same({ 21.5, n = 1 }, table.pack(lamp:read("temperature")))
      assert.are.equal("integer", math.type(lamp:read("count")))
      assert.are.equal("", lamp:read("text"))
      assert.is_false(lamp:read("open"))
      assert.are.equal("fine", lamp:read("odd name"))
      assert.are.equal(particle.null, lamp:read("null"))
      assert.are.equal(particle.null, lamp:read("null", { nulls = true }))
    end)

    it("fails with an error object", function()
      local value, err = lamp:read("nothing")
      assert.is_nil(value)
      assert.are.equal("not_found", err.kind)
      value, err = api:device("cellar"):read("x")
      assert.is_nil(value)
      assert.are.equal("device_offline", err.kind)
      value, err = api:device("attic"):read("x")
      assert.is_nil(value)
      assert.are.equal("forbidden", err.kind)
    end)

    it("refuses names that would reach something else, and sends nothing", function()
      for problem, name in pairs {
        ["is empty"] = "", ['is "%." or "%.%."'] = "..", ["means something else"] = "events",
        ["zero byte"] = "a\0", ["longer than 2048"] = ("n"):rep(10000),
      } do assert.error_matches(function() lamp:read(name) end, "read: the variable's name .*" .. problem) end
      assert.error_matches(function() lamp:read() end, "the variable's name must be a string, got nil")
      assert.error_matches(function() lamp:read(7) end,
        "the variable's name must be a string, got the number 7")
      assert.are.same({}, sim:requests())
    end)

    it("asks by GET, and may be repeated", function()
      assert(lamp:read("count"))
      assert.are.equal("GET", last().method)
      assert.are.equal("/v1/devices/kitchen%20lamp/count", last().path)
    end)
  end)

  describe("call", function()
    it("gives the function's result, and nothing else", function()
      assert.are.same({ 1, n = 1 }, table.pack(lamp:call("led", "on")))
      assert.are.equal(-1, lamp:call("led", "off"))
      assert.are.equal(5, lamp:call("odd name"))
      assert.are.equal("integer", math.type(lamp:call("led", "on")))
    end)

    it("sends the argument's bytes as a form", function()
      for _, argument in ipairs { "", "a&b=c d", "ü\xff\0\n", ("x"):rep(5000) } do
        assert(lamp:call("led", argument))
      end
      assert(lamp:call("led"))
      assert(lamp:call("led", 5))
      assert(lamp:call("led", 5.0))
      assert(lamp:call("led", 0.5))
      assert.are.same({ "", "a&b=c d", "ü\xff\0\n", ("x"):rep(5000), "", "5", "5", "0.5" }, called)
      assert.are.equal("POST", last().method)
      assert.are.equal("application/x-www-form-urlencoded", last().headers["content-type"])
    end)

    it("or as JSON", function()
      assert(lamp:call("led", "on", { format = "json" }))
      assert.are.equal("application/json", last().headers["content-type"])
      assert.are.same({ "on" }, called)
    end)

    it("refuses arguments that are neither text nor number", function()
      for _, argument in ipairs { true, {}, print } do
        assert.error_matches(function() lamp:call("led", argument) end,
          "call: the argument must be a string or a number, got ")
      end
      assert.error_matches(function() lamp:call("") end, "the function's name is empty")
      assert.are.same({}, sim:requests())
    end)

    it("fails with an error object that says whether it may have run", function()
      local value, err = lamp:call("nothing")
      assert.is_nil(value)
      assert.are.equal("not_found", err.kind)
      assert.is_true(err.delivered)
      value, err = api:device("cellar"):call("f")
      assert.is_nil(value)
      assert.are.equal("device_offline", err.kind)
      assert.are.equal("maybe", err.delivered)
    end)
  end)

  it("tells its record", function()
    local record = assert(lamp:info())
    assert.are.equal(ID, record.id)
    assert.are.equal(record, lamp.record)
    assert.are.equal(32, lamp.platform_id)
    assert.are.equal("by the door", lamp.notes)
    assert.is_true(lamp.online)
    sim:device(ID).online = false
    assert.is_true(lamp.online)
    assert.is_false(assert(lamp:info()).online)
    assert.is_false(lamp.online)
  end)

  it("answers a ping, or not", function()
    assert.is_true(lamp:ping())
    assert.are.equal("PUT", last().method)
    local cellar = api:device("cellar")
    cellar:info()
    sim:device("cellar").online = true
    assert.is_true(cellar:ping())
    assert.is_true(cellar.online)
    sim:device("cellar").online = false
    assert.is_false(cellar:ping())
    assert.is_false(cellar.online)
  end)

  it("blinks on signal", function()
    assert.is_true(lamp:signal(true))
    assert.is_true(sim:device(ID).signaling)
    assert.is_true(lamp:signal(false))
    assert.is_false(sim:device(ID).signaling)
    assert.error_matches(function() lamp:signal() end, "signal: the argument must be true or false, got nil")
    assert.error_matches(function() lamp:signal("1") end, "got a string")
    local done, err = api:device("cellar"):signal(true)
    assert.is_nil(done)
    assert.are.equal("device_offline", err.kind)
  end)

  it("takes another name, and is then addressed by its id", function()
    assert.is_true(lamp:rename("hall lamp"))
    assert.are.equal("hall lamp", sim:device(ID).name)
    assert.are.equal("hall lamp", lamp.name)
    assert.are.equal(ID, lamp.id)
    assert.are.equal(7, lamp:read("count"))
    assert.are.equal("/v1/devices/" .. ID .. "/count", last().path)
    for _, name in ipairs { "", "..", "events", ("n"):rep(10000) } do
      assert.error_matches(function() lamp:rename(name) end, "rename: the name ")
    end
    assert.error_matches(function() lamp:rename(nil) end, "rename: the name must be a string, got nil")
  end)

  it("keeps notes", function()
    lamp:info()
    assert.is_true(lamp:set_notes("ü & =\n"))
    assert.are.equal("ü & =\n", sim:device(ID).notes)
    assert.are.equal("ü & =\n", lamp.notes)
    assert.is_true(lamp:set_notes(""))
    assert.error_matches(function() lamp:set_notes() end, "set_notes: the text must be a string, got nil")
  end)

  it("is given up and claimed", function()
    lamp:info()
    assert.is_true(lamp:unclaim())
    assert.are.same(1, #assert(api:devices()))
    local value, err = lamp:info()
    assert.is_nil(value)
    assert.are.equal("forbidden", err.kind)
    assert.is_true(lamp:claim())
    assert.are.same(2, #assert(api:devices()))
  end)

  it("is flashed", function()
    assert.is_true(lamp:flash { data = "\0\1binary" })
    assert.are.equal("\0\1binary", sim:device(ID).firmware)
  end)

  it("has an address", function()
    assert.are.equal(sim.url .. "/v1/devices/kitchen%20lamp", lamp:url())
    assert.are.equal(sim.url .. "/v1/devices/kitchen%20lamp/odd%20name", lamp:url("odd name"))
    assert.are.equal(sim.url .. "/v1/products/42/devices/" .. ID .. "/x",
      api:device(ID, { product = 42 }):url("x"))
    assert.error_matches(function() lamp:url("") end, "url: the part is empty")
  end)

  describe("as sugar", function()
    it("calls functions", function()
      assert.are.equal(1, lamp.fn.led("on"))
      assert.are.equal(5, lamp.fn["odd name"]())
      assert.are.equal(1, lamp.fn.led("on", { timeout = 5 }))
    end)

    it("reads variables", function()
      assert.are.equal(21.5, lamp.var.temperature)
      assert.is_false(lamp.var.open)
      assert.are.equal("fine", lamp.var["odd name"])
    end)

    it("raises the error object on failure", function()
      for _, fn in ipairs {
        function() return lamp.var.nothing end, function() return lamp.fn.nothing() end,
      } do
        local fine, err = pcall(fn)
        assert.is_false(fine)
        assert.are.equal("error", particle.type(err))
        assert.are.equal("not_found", err.kind)
      end
    end)

    it("says what is wrong with a colon, and with an assignment", function()
      assert.error_matches(function() lamp.fn:led("on") end, "device%.fn%.led: call it with a dot")
      assert.error_matches(function() lamp.var.temperature = 5 end,
        "device%.var%.temperature cannot be assigned")
      assert.error_matches(function() lamp.fn.led = print end, "device%.fn%.led cannot be assigned")
    end)
  end)

  it("says so when a dot stands for a colon", function()
    for _, verb in ipairs {
      "call", "read", "info", "ping", "signal", "rename", "set_notes", "claim", "unclaim", "flash", "watch",
      "wait_until_online", "url",
    } do
      assert.error_matches(function() lamp[verb]("x") end,
        verb .. ": call it with a colon, device:" .. verb .. "%(%.%.%.%), on a device %(got a string%)")
      assert.error_matches(function() lamp[verb](api, "x") end, "on a device %(got an api%)")
      assert.error_matches(function() lamp[verb](particle.null, "x") end, "on a device %(got null%)")
    end
  end)

  it("takes the options of a call last in every verb", function()
    local opts = { headers = { ["X-Mark"] = "yes" }, timeout = 20, deadline = 30 }
    for i, verb in ipairs {
      function() return lamp:call("led", "on", opts) end, function() return lamp:read("count", opts) end,
      function() return lamp:info(opts) end, function() return lamp:ping(opts) end,
      function() return lamp:signal(true, opts) end, function() return lamp:rename("lamp", opts) end,
      function() return lamp:set_notes("x", opts) end, function() return lamp:flash({ data = "x" }, opts) end,
      function() return lamp:unclaim(opts) end, function() return lamp:claim(opts) end,
      function() return lamp:wait_until_online(5, opts) end,
    } do
      assert(verb())
      assert.are.equal("yes", last().headers["x-mark"], "verb " .. i)
    end
  end)

  it("refuses unknown options with the right spelling", function()
    assert.error_matches(function() lamp:read("count", { timeuot = 1 }) end,
      'read: unknown option "timeuot"; did you mean "timeout"')
    assert.error_matches(function() lamp:call("led", "", { deadline = true }) end,
      "call: option deadline must be")
    assert.error_matches(function() lamp:info({ format = "json" }) end, "info: format = ")
    assert.error_matches(function() lamp:read("count", 5) end,
      "read: the options must be a table, got the number 5")
    assert.are.same({}, sim:requests())
  end)

  it("raises when its api is closed", function()
    api:close()
    for _, verb in ipairs {
      function() lamp:read("x") end, function() lamp:call("x") end, function() lamp:info() end,
      function() lamp:ping() end, function() lamp:signal(true) end, function() lamp:rename("x") end,
      function() lamp:set_notes("x") end, function() lamp:claim() end, function() lamp:unclaim() end,
      function() lamp:flash { data = "x" } end, function() lamp:url() end,
      function() lamp:wait_until_online(1) end, function() lamp:watch("x")() end,
      function() return lamp.var.x end, function() return lamp.fn.x() end,
    } do assert.has_error(verb, "the api is closed") end
  end)

  it("is the same as another handle for the same device", function()
    assert.are.equal(api:device(ID), api:device(ID))
    assert.are_not.equal(api:device(ID), api:device(ID, { product = 42 }))
    assert.are_not.equal(api:device(ID), lamp)
    lamp:read("count")
    assert.are.equal(api:device(ID), lamp)
  end)
end)

describe("a handle by name learns the id", function()
  local REPLIES = {
    read = { result = 1, coreInfo = { deviceID = ID, connected = true } },
    call = { id = ID, name = "lamp", connected = true, return_value = 1 },
    info = { id = ID, name = "lamp" },
    rename = { id = ID, name = "x" },
    set_notes = { id = ID, notes = "x" },
    signal = { id = ID, connected = true, signaling = true },
    flash = { id = ID, status = "Update started" },
  }

  for verb, reply in pairs(REPLIES) do
    it("from " .. verb, function()
      local cloud <close> = Cloud.new(function() return 200, reply end)
      local lamp = cloud:client():device("lamp")
      local arguments = { signal = true, flash = { data = "x" }, info = {} }
      local argument = arguments[verb]
      if argument == nil then argument = "x" end
      assert(lamp[verb](lamp, argument))
      assert.are.equal(ID, lamp.id)
      assert.are.equal(verb == "rename" and "x" or "lamp", lamp.name)
      lamp:ping()
      assert.are.equal("/v1/devices/" .. ID .. "/ping", cloud.requests[2].path)
    end)
  end

  it("but not from a reply that holds none", function()
    local replies = { { ok = true }, { id = "cli", return_value = 1 }, { result = 1 } }
    local cloud <close> = Cloud.new(function(_, number) return 200, replies[number] end)
    local lamp = cloud:client():device("lamp")
    assert(lamp:rename("other"))
    assert(lamp:call("x"))
    assert(lamp:read("x"))
    assert.is_nil(lamp.id)
    assert.are.equal("other", lamp.name)
    assert.are.equal("/v1/devices/other/x", cloud.requests[3].path)
  end)
end)

describe("a reply that is not what the cloud promises", function()
  local reply, cloud, lamp

  before_each(function()
    cloud = Cloud.new(function() return 200, reply end)
    lamp = cloud:client():device(ID)
  end)

  after_each(function() cloud:close() end)

  local function check_protocol(message, value, err)
    assert.is_nil(value)
    assert.are.equal("protocol", err.kind)
    assert.are.equal(message, err.message)
    assert.are.equal("maybe", err.delivered)
    assert.is_false(err.retryable)
    assert.matches("^http://127%.0%.0%.1:%d+/v1/devices/" .. ID, err.url)
    return err
  end

  it("to read is a protocol error with the body kept", function()
    for _, body in ipairs { { name = "x" }, "7", '"text"', "[]", "null" } do
      reply = body
      check_protocol("the reply has no result", lamp:read("x"))
    end
    reply = { name = "x" }
    assert.are.equal("x", select(2, lamp:read("x")).body.name)
  end)

  it("to call is a protocol error", function()
    for _, body in ipairs {
      {}, { return_value = "1" }, { return_value = 1.5 }, "1", { return_value = core.null },
    } do
      reply = body
      check_protocol("the reply has no whole number as return_value", lamp:call("f"))
    end
    reply = ""
    check_protocol("the reply has no whole number as return_value", lamp:call("f"))
  end)

  it("to info and ping is a protocol error", function()
    reply = { name = "x" }
    check_protocol("the reply is no device record", lamp:info())
    assert.is_nil(lamp.record)
    check_protocol("the reply does not say whether the device is online", lamp:ping())
  end)

  it("that says ok: false is a failure", function()
    reply = { ok = false, errors = { "compiler text" }, output = "build didn't produce binary" }
    local done, err = lamp:flash { data = "x" }
    assert.is_nil(done)
    assert.are.equal("bad_request", err.kind)
  end)

  it("may be a table as a result, where nulls in objects are absent unless asked for", function()
    reply = '{"result":{"a":null,"b":[null,{"c":null}]}}'
    assert.are.same({ b = { core.null, {} } }, lamp:read("x"))
    assert.are.same({ a = core.null, b = { core.null, { c = core.null } } }, lamp:read("x", { nulls = true }))
  end)
end)

describe("a reply of which a known device needs one field", function()
  local reply, cloud, api, lamp

  before_each(function()
    reply = { result = 0, return_value = 0, id = ID, coreInfo = { deviceID = ID, connected = true } }
    cloud = Cloud.new(function() return 200, reply end)
    api = cloud:client()
    lamp = api:device(ID)
    assert(lamp:read("x"))
    assert.is_not_nil(lamp.record)
  end)

  after_each(function() cloud:close() end)

  it("is read like any other", function()
    for text, value in pairs {
      ['{"a":[1,{"b":"c"},[],{}],"result":1.5,"z":-2.5e3,"y":null}'] = 1.5,
      [' { "result" : {"ok":false} , "x":true } '] = { ok = false },
      ['{"result":1,"n":{"result":2},"result":3}'] = 3,
      ['{"result":null}'] = core.null,
      ['{"result":{"a":null}}'] = {},
      ['{"\\u0072esult":1}'] = 1,
      ['{"a":"\\"","result":"\\n"}'] = "\n",
    } do
      reply = text
      assert.are.same(value, lamp:read("x"))
    end
    reply = '{"id":"x","return_value":-7,"connected":true}'
    assert.are.equal(-7, lamp:call("f"))
  end)

  it("is refused where it is no JSON, behind the field, too", function()
    for _, rest in ipairs {
      "", ",", ",1", ',"a"', ',"a":}', ',"a":01}', "}}", ',"a":[1,]}', ',"a":tru}', ',"a":"',
    } do
      reply = '{"result":1' .. rest
      local value, err = lamp:read("x")
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
      assert.are.equal(reply, err.body)
    end
  end)

  it("that says ok: false is a failure, with all of it as its body", function()
    reply = { ok = false, result = 1, return_value = 1, errors = { "why" } }
    local value, err = lamp:read("x")
    assert.is_nil(value)
    assert.are.equal("bad_request", err.kind)
    assert.are.same(reply, err.body)
  end)

  it("is whole in an error", function()
    reply = { name = "x", id = ID }
    assert.are.same(reply, select(2, lamp:read("x")).body)
    assert.are.same(reply, select(2, lamp:call("f")).body)
  end)

  it("is whole for middleware", function()
    local seen
    api:use(function(request, send)
      seen = send(request)
      return seen
    end)
    assert.are.equal(0, lamp:read("x"))
    assert.are.same(ID, seen.coreInfo.deviceID)
  end)
end)

describe("a device of a product", function()
  it("is asked for on the product's paths", function()
    local cloud <close> = Cloud.new(function()
      return 200, { id = ID, result = 1, return_value = 1, online = true }
    end)
    local lamp = cloud:client({ product = "my-product" }):device(ID)
    local expected = {
      { "GET", "/x", lamp.read, "x" }, { "POST", "/f", lamp.call, "f" }, { "GET", "", lamp.info },
      { "PUT", "/ping", lamp.ping }, { "PUT", "", lamp.rename, "y" }, { "PUT", "", lamp.set_notes, "y" },
      { "PUT", "", lamp.signal, true }, { "PUT", "", lamp.flash, { data = "x" } },
      { "DELETE", "/owner", lamp.unclaim },
    }
    for _, row in ipairs(expected) do
      assert(row[3](lamp, row[4]))
      local request = cloud.requests[#cloud.requests]
      assert.are.equal(row[1], request.method)
      assert.are.equal("/v1/products/my-product/devices/" .. ID .. row[2], request.path)
    end
    assert.are.equal("my-product", lamp.product)
  end)
end)
