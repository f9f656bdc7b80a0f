local asking = require("spec.simulator.asking")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local resource = require("particle.simulator.resource")
local router = require("particle.simulator.router")

describe("a resource", function()
  local THING = {
    kind = "things", paths = { "/v1/things", "/v1/products/{product}/things" }, param = "thing",
      key = "number",
    key_of = requests.integer, one = "thing", many = "things", page_size = 2,
    missing = errors.failed(404, "Thing not found"), fields = { { "number", "integer", required = true },
      { "color", "text" } },
    view = function(thing) return reply.pick(thing, { "number", "color" }) end,
    verbs = {
      list = { filter = function(thing, query) return not query.color or query.color == thing.color end },
      create = { run = function(thing)
        if thing.number < 0 then return errors.bad_field("number", "positive") end
      end },
      get = {}, update = {}, delete = { status = 200 },
    },
  }
  local cloud, all

  before_each(function()
    cloud = asking.cloud { devices = { { name = "lamp", product_id = 42 } } }
    all = router.new()
    all:add(resource.routes(THING))
  end)

  local function ask(method, target, json)
    local request = requests.parse(asking.raw(method, target, json and { json = json }))
    local route
    route, request.params = all:find(method, request.parts)
    request.user = cloud.accounts.list[1]
    local answer = route[3](cloud, request)
    return answer.status, answer.text
  end

  local function check(status, text, ...)
    assert.same({ status, text }, { ... })
  end

  it("is created, listed, read, changed and deleted", function()
    check(201, '{"thing":{"number":5,"color":"red"}}',
      ask("POST", "/v1/things", '{"thing":{"number":5,"color":"red"}}'))
    check(200, '{"things":[{"number":5,"color":"red"}],'
      .. '"meta":{"page":1,"per_page":2,"total_pages":1,"total":1}}',
      ask("GET", "/v1/things"))
    check(200, '{"thing":{"number":5,"color":"red"}}',
      ask("GET", "/v1/things/5"))
    assert.equal(404, (ask("PUT", "/v1/things/6", '{"thing":{"number":6}}')))
    check(200, '{"thing":{"number":6,"color":"red"}}',
      ask("PUT", "/v1/things/5", '{"thing":{"number":6}}'))
    check(404, '{"ok":false,"error":"Thing not found"}',
      ask("GET", "/v1/things/5"))
    check(200, '{"ok":true}',
      ask("DELETE", "/v1/things/6"))
    check(404, '{"ok":false,"error":"Thing not found"}',
      ask("DELETE", "/v1/things/6"))
  end)

  it("is its owner's", function()
    ask("POST", "/v1/things", '{"thing":{"number":5}}')
    assert.equal(404, (ask("GET", "/v1/products/42/things/5")))
    check(404, '{"ok":false,"error":"Product not found."}',
      ask("GET", "/v1/products/43/things/5"))
  end)

  it("refuses what does not fit", function()
    check(400, '{"ok":false,"error":"number is required"}',
      ask("POST", "/v1/things", "{}"))
    check(400, '{"ok":false,"error":"number must be positive"}',
      ask("POST", "/v1/things", '{"thing":{"number":-1}}'))
    ask("POST", "/v1/things", '{"thing":{"number":1}}')
    ask("POST", "/v1/things", '{"thing":{"number":2}}')
    check(400, '{"ok":false,"error":"number is already in use"}',
      ask("POST", "/v1/things", '{"thing":{"number":1}}'))
    check(400, '{"ok":false,"error":"number is already in use"}',
      ask("PUT", "/v1/things/1", '{"thing":{"number":2}}'))
    check(400, '{"ok":false,"error":"no field that can be changed"}',
      ask("PUT", "/v1/things/1", '{"thing":{"x":2}}'))
  end)

  it("comes in pages, and filtered", function()
    for i = 1, 5 do
      ask("POST", "/v1/things", ('{"thing":{"number":%d,"color":"%s"}}'):format(i, i % 2 == 0 and "b" or "a"))
    end
    check(200, '{"things":[{"number":5,"color":"a"}],'
      .. '"meta":{"page":3,"per_page":2,"total_pages":3,"total":5}}',
      ask("GET", "/v1/things?page=3"))
    check(200, '{"things":[{"number":4,"color":"b"}],'
      .. '"meta":{"page":2,"per_page":1,"total_pages":2,"total":2}}',
      ask("GET", "/v1/things?color=b&per_page=1&page=2"))
  end)
end)
