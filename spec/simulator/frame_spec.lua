local frame = require("particle.simulator.frame")

describe("frame", function()
  local function event(fields)
    local made = { name = "door", data = "open", private = false, ttl = 60, coreid = "0123",
      published_at = "2015-07-03T05:15:00.000Z" }
    for name, value in pairs(fields or {}) do made[name] = value end
    return made
  end

  it("opens a stream with a comment, and keeps it alive with an empty line", function()
    assert.equal(":ok\n\n", frame.OPENING)
    assert.equal("\n", frame.KEEP_ALIVE)
  end)

  it("of an event has its name, and the rest as one line of JSON", function()
    assert.equal("event: door\n"
      .. 'data: {"data":"open","ttl":60,"published_at":"2015-07-03T05:15:00.000Z","coreid":"0123"}\n\n',
      frame.event(event()))
  end)

  it("escapes line breaks", function()
    assert.equal([[event: door
data: {"data":"a\nb\r\n\"c\"","ttl":0,"published_at":"2015-07-03T05:15:00.000Z","coreid":"0123"}]] .. "\n\n",
      frame.event(event { data = 'a\nb\r\n"c"', ttl = 0 }))
  end)

  it("has null for no data, and no device for what came through the API", function()
    local bare = event()
    bare.data, bare.coreid = nil, nil
    assert.equal("event: door\n"
      .. 'data: {"data":null,"ttl":60,"published_at":"2015-07-03T05:15:00.000Z","coreid":"api"}\n\n',
      frame.event(bare))
  end)

  it("has a data URL for what is no text", function()
    local function data(bytes) return frame.event(event { data = bytes }):match('{"data":"([^"]*)"') end
    assert.equal("h\u{E9}", data("h\u{E9}"))
    assert.equal("", data(""))
    local url = "data:application/octet-stream;base64,"
    assert.equal(url .. "/w==", data("\xFF"))
    assert.equal(url .. "//4=", data("\xFF\xFE"))
    assert.equal(url .. "//4A", data("\xFF\xFE\0"))
    assert.equal(url .. "//5hYmM+", data("\xFF\xFEabc>"))
  end)

  it("of a product's event tells more", function()
    local tail = '"published_at":"2015-07-03T05:15:00.000Z","coreid":"0123","userid":"%s","version":1,'
      .. '"public":%s,"productID":42}\n\n'
    assert.equal('event: door\ndata: {"data":"open","ttl":60,' .. tail:format("u1", "true"),
      frame.product_event(event { product = 42 }, { id = "u1" }))
    assert.equal('event: door\ndata: {"data":"open","ttl":60,' .. tail:format("", "false"),
      frame.product_event(event { product = 42, private = true }))
    local bare = event { product = 42 }
    bare.coreid = nil
    assert.truthy(frame.product_event(bare):find('"coreid":"api","userid":"","version":0,', 1, true))
  end)
end)
