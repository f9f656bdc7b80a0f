local complete = require("particle.complete")
local particle = require("particle")

describe("complete", function()
  local api, asked, source

  -- The completions of a line's last word, as readline would cut it out.
  local function at_end_of(line)
    local from = #line - #line:match("[^%s\"'`@$><=;|&{(]*$") + 1
    return complete.candidates(source, line, from, #line)
  end

  before_each(function()
    asked = {}
    api = particle.new { token = "x", base_url = "http://127.0.0.1:1" }
    source = {
      env = setmetatable({
        api = api, lamp = api:device("kitchen-lamp"), label = "text", list = { first = 1, second = print },
      }, { __index = _G }),
      devices = function()
        asked[#asked + 1] = "devices"
        return { "kitchen-lamp", "garage-door" }
      end,
      record = function()
        asked[#asked + 1] = "record"
        return {
          id = "x", platform_id = 13, functions = { "led", "toggle" },
          variables = { temperature = "double", level = "int32" },
        }
      end,
    }
  end)

  after_each(function() api:close() end)

  it("offers globals and keywords", function()
    assert.are.same({ "label", "lamp" }, at_end_of("la"))
    assert.are.same({ "print(label", "print(lamp" }, complete.candidates(source, "print(la", 1, 8))
    assert.are.same({ "ipairs" }, at_end_of("for _, x in ip"))
    assert.are.same({ "repeat" }, at_end_of("rep"))
    assert.is_true(#at_end_of("") > 20)
    assert.are.same({}, at_end_of("nosuchname"))
    assert.are.same({}, asked)
  end)

  it("offers the fields of tables, and methods after a colon", function()
    assert.are.same({ "list.first", "list.second" }, at_end_of("list."))
    assert.are.same({ "list:second" }, at_end_of("list:"))
    assert.are.same({ "string.rep", "string.reverse" }, at_end_of("x = string.re"))
    assert.are.same({ "label:rep", "label:reverse" }, at_end_of("label:re"))
    assert.are.same({}, at_end_of("missing.x"))
    assert.are.same({}, at_end_of("list.first.x"))
  end)

  it("offers the methods of an api", function()
    assert.are.same({ "api:device", "api:devices" }, at_end_of("api:dev"))
  end)

  it("offers groups of operations, and their operations", function()
    assert.are.same({ "api.sims" }, at_end_of("api.si"))
    assert.are.same({ "api.ledgers", "api.legacy" }, at_end_of("api.le"))
    assert.are.same({ "api.ledgers:list", "api.ledgers:list_instances", "api.ledgers:list_versions" },
      at_end_of("api.ledgers:list"))
    assert.are.same({ "api.sims:each" }, at_end_of("api.sims:e"))
    assert.are.same({}, at_end_of("api.sims."))
    assert.are.same({}, at_end_of("api.simms:"))
    assert.are.same({}, asked)
  end)

  it("offers the methods and fields of a device", function()
    assert.are.same({ "lamp:read" }, at_end_of("lamp:rea"))
    assert.are.same({ "lamp.platform_id" }, at_end_of("lamp.pl"))
    assert.are.same({ "lamp.fn" }, at_end_of("lamp.fn"))
  end)

  it("offers the methods and fields of a stream", function()
    local stream <close> = api:subscribe(nil, { wait = false })
    source.env.events = stream
    assert.are.same({ "events:close", "events:each", "events:next" }, at_end_of("events:"))
    assert.are.same({ "events.state" }, at_end_of("events."))
    assert.are.same({ "api:subscribe" }, at_end_of("api:sub"))
    assert.are.same({ "lamp:subscribe" }, at_end_of("lamp:sub"))
  end)

  it("offers what stands behind fn and var without reading it", function()
    assert.are.same({ "lamp.fn.led", "lamp.fn.toggle" }, at_end_of("lamp.fn."))
    assert.are.same({ "lamp.var.temperature" }, at_end_of("lamp.var.t"))
  end)

  it("offers device names inside quotes", function()
    assert.are.same({ "garage-door", "kitchen-lamp" }, at_end_of('api:device "'))
    assert.are.same({ "kitchen-lamp" }, at_end_of("api:device('kit"))
    assert.are.same({ "garage-door" }, at_end_of('x = api:device "g'))
  end)

  it("offers variables and functions inside quotes", function()
    assert.are.same({ "level", "temperature" }, at_end_of('lamp:read "'))
    assert.are.same({ "toggle" }, at_end_of('lamp:call("t'))
    assert.are.same({}, at_end_of('lamp:rename("t'))
    assert.are.same({}, at_end_of('list:read("t'))
  end)

  it("touches no value that could answer by itself", function()
    local touched
    source.env.proxy = setmetatable({}, { __index = function() touched = true end })
    assert.are.same({}, at_end_of("proxy.a.b"))
    assert.is_nil(touched)
  end)
end)
