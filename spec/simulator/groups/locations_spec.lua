local asking = require("spec.simulator.asking")
local events = require("particle.simulator.events")

local A, B, C = "e00fce680000000000000001", "e00fce680000000000000002", "e00fce680000000000000003"
local PATH = "/v1/products/42/"

describe("locations", function()
  local cloud, call, state

  before_each(function()
    local clock
    clock, state = asking.clock(1000000000)
    cloud, call = asking.api { products = { { name = "T", id = 42, devices = {
      { name = "alpha", id = A }, { name = "beta", id = B }, { name = "still", id = C },
    } } }, clock = clock }
    for i = 0, 2 do
      state.now = 1000000000 + i * 60
      events.publish_from(cloud, cloud.devices:by_identifier(A),
        { name = "loc", data = ('{"loc":{"lat":%d,"lon":8,"hd":90}}'):format(50 + i) })
    end
    events.publish_from(cloud, cloud.devices:by_identifier(B),
      { name = "loc", data = '{"loc":{"lat":10,"lon":20}}' })
    events.publish_from(cloud, cloud.devices:by_identifier(B), { name = "loc", data = "nonsense" })
  end)

  local function names(query)
    local list = {}
    for i, place in ipairs(select(2, call("GET", PATH .. "locations?" .. query)).locations) do
      list[i] = place.device_name
    end
    return table.concat(list, " ")
  end

  it("are the last ones known, in pages", function()
    local _, told = call("GET", PATH .. "locations")
    assert.same({ A, "Point", { 8, 52 }, { "2001-09-09T01:48:40.000Z" } }, { told.locations[1].device_id,
      told.locations[1].geometry.type, told.locations[1].geometry.coordinates, told.locations[1].timestamps })
    assert.same({ page = 1, per_page = 20, total_pages = 1, devices_found = 2 }, told.meta)
    assert.equal("beta", names("per_page=1&page=2"))
    assert.equal(2, #select(2, call("GET", PATH .. "fleet_locations")).locations)
  end)

  it("are filtered", function()
    assert.equal("beta", names("device_name=be"))
    assert.equal("alpha", names("device_id=" .. A))
    assert.equal("beta", names("rect_bl=0,0&rect_tr=20,30"))
    cloud.devices:by_identifier(B).groups = { "g" }
    assert.equal("beta", names("groups=g"))
    assert.equal("beta", names("groups[]=g&groups[]=h"))
  end)

  it("of a device are its way, if dates are given", function()
    local _, told = call("GET",
      PATH .. "locations/" .. A .. "?date_range=2001-09-09T00:00:00Z,2001-09-09T01:48:00Z")
    assert.same({ "LineString", { { 8, 50 }, { 8, 51 } }, 90 }, { told.location.geometry.type,
      told.location.geometry.coordinates, told.location.properties[1].hd })
    assert.equal("Point", select(2, call("GET", PATH .. "locations/" .. A)).location.geometry.type)
    assert.equal(404, (call("GET", PATH .. "locations/" .. C)))
    assert.equal(403, (call("GET", PATH .. "locations/nix")))
    assert.equal(400, (call("GET", PATH .. "locations?date_range=x")))
    assert.equal(400, (call("GET", PATH .. "locations?rect_bl=1,2")))
  end)
end)
