local asking = require("spec.simulator.asking")
local events = require("particle.simulator.events")
local listening = require("spec.simulator.listening")

describe("events", function()
  local cloud, ask

  before_each(function()
    local clock = asking.clock(1435900500)
    cloud, ask = asking.cloud { devices = { { name = "lamp", product_id = 42 } }, clock = clock }
  end)

  local function publish(how, path)
    local status, text = ask("POST", path or "/v1/devices/events", how)
    return { status, text }
  end

  it("are published, in a form or in JSON", function()
    assert.same({ 200, '{"ok":true}' },
      publish { form = { name = "door", data = "open", private = "true", ttl = "30" } })
    assert.same({ 200, '{"ok":true}' },
      publish { json = '{"name":"door","data":"open","private":true,"ttl":30}' })
    local event = {
      name = "door", data = "open", private = true, ttl = 30, published_at = "2015-07-03T05:15:00.000Z",
      user = "user@example.com",
    }
    assert.same({ event, event }, cloud.events:list())
  end)

  it("need a name only", function()
    assert.equal(200, publish({ form = { name = "door" } })[1])
    assert.same({ {
      name = "door", private = false, ttl = 60, published_at = "2015-07-03T05:15:00.000Z",
        user = "user@example.com",
    } }, cloud.events:list())
    for _, how in ipairs { {}, { form = { name = "" } }, { json = '{"name":null}' } } do
      assert.same({ 400, '{"ok":false,"error":"name must be the name of an event"}' }, publish(how))
    end
    assert.equal(400, publish({ form = { name = "x", ttl = "long" } })[1])
  end)

  it("are published to a product", function()
    assert.equal(200, publish({ form = { name = "door" } }, "/v1/products/42/events")[1])
    assert.equal(404, publish({ form = { name = "door" } }, "/v1/products/43/events")[1])
    assert.equal(1, #cloud.events:list())
    assert.equal(42, cloud.events:list()[1].product)
  end)

  it("reach the streams that are open", function()
    local stream = listening.open(cloud, "/v1/devices/events")
    publish { form = { name = "door", data = "open" } }
    publish { form = { name = "door" } }
    publish { json = '{"name":"door","data":null}' }
    publish { json = '{"name":"door","data":""}' }
    publish { json = '{"name":"door","data":7}' }
    assert.equal("door=open door=null door=null door= door=7", stream:heard())
  end)

  it("have a name that a stream can carry", function()
    for _, name in ipairs { "a\nb", "a\rb", "a\0b", "\n" } do
      assert.equal(400, publish({ form = { name = name } })[1])
      assert.is_false(events.is_name(name))
    end
    assert.is_false(events.is_name(""))
    assert.is_false(events.is_name(nil))
    for _, name in ipairs { "a", "a b", ": x", "a/b_c-d", "\u{E9}" } do
      assert.is_true(events.is_name(name))
    end
  end)

  it("are a device's, with its owner and product", function()
    local lamp = cloud.devices:first(function() return true end)
    events.publish_from(cloud, lamp, { name = "door", data = "open", ttl = 5 })
    events.report(cloud, lamp, "spark/status", "online")
    lamp.owner, lamp.product = nil, nil
    events.publish_from(cloud, lamp, { name = "door" })
    local time = "2015-07-03T05:15:00.000Z"
    assert.same({
      { name = "door", data = "open", private = false, ttl = 5, published_at = time, coreid = lamp.id,
        user = "user@example.com", product = 42 },
      { name = "spark/status", data = "online", private = true, ttl = 60, published_at = time,
        coreid = lamp.id, user = "user@example.com", product = 42 },
      { name = "door", private = false, ttl = 60, published_at = time, coreid = lamp.id },
    }, cloud.events:list())
  end)

  it("are kept, the last thousand", function()
    for i = 1, events.LIMIT + 1 do events.publish(cloud, { name = "e" .. i }) end
    assert.equal(events.LIMIT, #cloud.events:list())
    assert.equal("e2", cloud.events:list()[1].name)
  end)
end)
