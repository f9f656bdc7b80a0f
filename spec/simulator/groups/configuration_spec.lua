local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"
local PRODUCT, DEVICE = "/v1/products/42/config", "/v1/products/42/config/" .. ID
local SCHEMA = "application/schema+json"
local READ = { headers = { accept = SCHEMA } }

describe("configuration", function()
  local cloud, call, lamp

  before_each(function()
    cloud, call = asking.api { devices = { { name = "lamp", id = ID, product_id = 42 } } }
    lamp = cloud.devices:by_identifier(ID)
  end)

  local function put_schema(path, text) return call("PUT", path, nil, { body = text, type = SCHEMA }) end

  it("of a product is set and read", function()
    assert.same({ configuration = {} }, select(2, call("GET", PRODUCT)))
    assert.same({ 200, {} }, { table.unpack({ call("PUT", PRODUCT, { location = { radius = 5 } }) }, 1, 2) })
    assert.same({ configuration = { location = { radius = 5 } } }, select(2, call("GET", PRODUCT)))
    assert.equal(404, (call("GET", "/v1/products/43/config")))
  end)

  it("of a device waits while it is offline", function()
    call("PUT", DEVICE, { a = { b = 1 } })
    lamp.online = false
    assert.equal(202, (call("PUT", DEVICE, { a = { b = 2 } })))
    assert.same({ current = { a = { b = 1 } }, pending = { a = { b = 2 } } },
      select(2, call("GET", DEVICE)).configuration)
    lamp.online = true
    assert.same({ current = { a = { b = 2 } }, pending = {} }, select(2, call("GET", DEVICE)).configuration)
    assert.equal(403, (call("GET", PRODUCT .. "/nix")))
  end)

  for _, path in ipairs { PRODUCT, DEVICE } do
    it("has a schema at " .. path:gsub(ID, "{device}"), function()
      assert.same({}, select(2, call("GET", path, nil, READ)).properties)
      local text = '{"type":"object","properties":{"a":{"type":"object",'
        .. '"properties":{"b":{"type":"integer","maximum":9}}}}}'
      local status, schema = put_schema(path, text)
      assert.same({ 200, 9 }, { status, schema.properties.a.properties.b.maximum })
      assert.same(schema, select(2, call("GET", path, nil, READ)))
      assert.same({ 400, "device_rejected_configuration" }, (function()
        local refused, told = call("PUT", path, { a = { b = 10 } })
        return { refused, told.error }
      end)())
      assert.equal(400, (call("PUT", path, { a = { b = "x" } })))
      assert.equal(200, (call("PUT", path, { a = { b = 9 } })))
      assert.equal(204, (call("DELETE", path, nil, { type = SCHEMA })))
      assert.same({}, select(2, call("GET", path, nil, READ)).properties)
      assert.equal(200, (call("PUT", path, { a = { b = 10 } })))
    end)
  end

  it("refuses schemas that are none", function()
    local status, told = put_schema(PRODUCT, '{"properties":{"a":{"type":"colour"},"b":5}}')
    assert.same({ 422, "Invalid Schema", 2 }, { status, told.message, #told.violations })
    local paths = { told.violations[1].dataPath, told.violations[2].dataPath }
    table.sort(paths)
    assert.same({ ".properties.a.type", ".properties.b" }, paths)
  end)
end)
