local Cloud = require("spec.support.cloud")
local core = require("particle.core")

local function record(number, fields)
  local made = { id = ("%024x"):format(number), name = "device-" .. number, online = number % 2 == 0 }
  for name, value in pairs(fields or {}) do made[name] = value end
  return made
end

local function names(handles)
  local list = {}
  for i, handle in ipairs(handles) do list[i] = handle.name end
  return list
end

local function argument(request, name)
  return request.query:match("%f[%w_]" .. name .. "=([^&]*)")
end

describe("the devices of the account", function()
  local records, cloud, api

  before_each(function()
    records = { record(1), record(2, { platform_id = 32 }), record(3) }
    cloud = Cloud.new(function() return 200, core.array(records) end)
    api = cloud:client()
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("are handles with their records, by one request", function()
    local handles = assert(api:devices())
    assert.are.same({ "device-1", "device-2", "device-3" }, names(handles))
    assert.are.equal("device", core.type(handles[1]))
    assert.are.equal(records[2].id, handles[2].id)
    assert.is_true(handles[2].online)
    assert.are.equal(32, handles[2].platform_id)
    assert.are.equal("GET /v1/devices", cloud:last())
    assert.are.equal(1, #cloud.requests)
  end)

  it("may be none", function()
    records = {}
    assert.are.same({}, api:devices())
  end)

  it("are filtered by name, state and platform", function()
    assert.are.same({ "device-2" }, names(assert(api:devices { online = true })))
    assert.are.same({ "device-1", "device-3" }, names(assert(api:devices { online = false })))
    assert.are.same({ "device-3" }, names(assert(api:devices { name = "device-3" })))
    assert.are.same({ "device-2" }, names(assert(api:devices { platform_id = 32 })))
    assert.are.same({}, names(assert(api:devices { platform_id = 32, online = false })))
  end)

  it("understand the old name of online", function()
    records = { { id = records[1].id, connected = true } }
    assert.are.equal(1, #assert(api:devices { online = true }))
  end)

  it("take no filter that only a product has, nor an unknown one", function()
    for name, value in pairs {
      groups = "a", device_id = "1", device_name = "x", serial_number = "y", sort_attr = "deviceName",
      sort_dir = "asc", quarantined = true,
    } do
      assert.error_matches(function() api:devices { [name] = value } end,
        "the filter " .. name .. " needs a product")
    end
    assert.error_matches(function() api:devices { onlin = true } end, 'did you mean "online"')
    assert.error_matches(function() api:devices { online = "yes" } end, "option online must be true or false")
    assert.error_matches(function() api:devices("lamp") end, "must be a table")
    assert.are.equal(0, #cloud.requests)
  end)

  it("take the options of a call", function()
    assert(api:devices(nil, { headers = { ["X-A"] = "b" } }))
    assert.are.equal("b", cloud.requests[1].headers["x-a"])
  end)

  for name, reply in pairs {
    ["an object"] = { ok = true }, ["a list of texts"] = { "a" }, ["a number"] = "7",
    ["records without ids"] = { { name = "x" } },
  } do
    it("are a protocol error when the reply is " .. name, function()
      records = nil
      cloud.answer = function() return 200, reply end
      local handles, err = api:devices()
      assert.is_nil(handles)
      assert.are.equal("protocol", err.kind)
      assert.are.equal("GET", err.method)
      assert.are.equal(cloud.url .. "/v1/devices", err.url)
    end)
  end
end)

describe("the devices of a product", function()
  local cloud, api, total

  -- As the cloud pages: `total` devices, and `meta.total_pages`.
  before_each(function()
    total = 250
    cloud = Cloud.new(function(request)
      local page, size = tonumber(argument(request, "page")), tonumber(argument(request, "per_page"))
      local devices = core.array {}
      for i = (page - 1) * size + 1, math.min(page * size, total) do devices[#devices + 1] = record(i) end
      return 200, {
        devices = devices, customers = core.array {}, meta = { total_pages = math.ceil(total / size) },
      }
    end)
    api = cloud:client { product = 42 }
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("come from all pages", function()
    local handles = assert(api:devices())
    assert.are.equal(250, #handles)
    assert.are.equal("device-250", handles[250].name)
    assert.are.equal(42, handles[250].product)
    assert.are.equal(3, #cloud.requests)
    assert.are.equal("/v1/products/42/devices", cloud.requests[1].path)
  end)

  it("may be none", function()
    total = 0
    assert.are.same({}, api:devices())
    assert.are.equal(1, #cloud.requests)
  end)

  it("are listed once each, though one moved to a later page meanwhile", function()
    cloud.answer = function(request)
      local first = argument(request, "page") == "1"
      return 200, { devices = { record(1), record(first and 2 or 3) }, meta = { total_pages = 2 } }
    end
    assert.are.same({ "device-1", "device-2", "device-3" }, names(assert(api:devices())))
  end)

  it("end where the cloud does not say how many pages there are", function()
    cloud.answer = function() return 200, { devices = { record(1) } } end
    assert.are.equal(1, #assert(api:devices()))
    assert.are.equal(1, #cloud.requests)
  end)

  it("end at an empty page, whatever the cloud says", function()
    cloud.answer = function() return 200, { devices = core.array {}, meta = { total_pages = 1000000 } } end
    assert.are.equal(0, #assert(api:devices()))
    assert.are.equal(1, #cloud.requests)
  end)

  it("are filtered by the cloud and here", function()
    cloud.answer = function()
      return 200, { devices = { record(1), record(2) }, meta = { total_pages = 1 } }
    end
    local handles = assert(api:devices {
      device_id = "00", serial_number = "S", groups = { "a", "b" }, sort_attr = "deviceName",
      sort_dir = "asc", quarantined = false, online = true,
    })
    assert.are.same({ "device-2" }, names(handles))
    local request = cloud.requests[1]
    for name, value in pairs {
      deviceId = "00", serialNumber = "s", groups = "a%2cb", sortAttr = "devicename", sortDir = "asc",
      quarantined = "false",
    } do assert.are.equal(value, argument(request, name):lower()) end
    assert.is_nil(argument(request, "online"))
    assert(api:devices { name = "device-2" })
    assert.are.equal("device-2", argument(cloud.requests[2], "deviceName"))
  end)

  it("end with the deadline, however many pages there are", function()
    total = math.maxinteger
    local handles, err = api:devices({}, { deadline = 0.3 })
    assert.is_nil(handles)
    assert.are.same({ "timeout", "no result within the deadline of 0.3 s" }, { err.kind, err.message })
    assert.is_true(#cloud.requests > 1)
  end)

  it("fail as a whole when a page fails", function()
    local answer = cloud.answer
    cloud.answer = function(request)
      if argument(request, "page") == "2" then return 500, { error = "oh dear" } end
      return answer(request)
    end
    local handles, err = api:devices()
    assert.is_nil(handles)
    assert.are.equal("server", err.kind)
  end)

  it("are a protocol error when a page is none", function()
    cloud.answer = function() return 200, { meta = {} } end
    local handles, err = api:devices()
    assert.is_nil(handles)
    assert.are.equal("protocol", err.kind)
  end)

  it("can be another product's, or the account's", function()
    assert(api:devices { product = "my-product" })
    assert.are.equal("/v1/products/my-product/devices", cloud.requests[1].path)
    cloud.answer = function() return 200, core.array {} end
    assert(api:devices { product = false })
    assert.are.equal("GET /v1/devices", cloud:last())
    assert.error_matches(function() api:devices { product = "" } end, "option product must be")
  end)
end)

describe("a name in a product", function()
  local cloud, api, found

  before_each(function()
    found = { record(7, { name = "lamp" }), record(8, { name = "lamp-2" }) }
    cloud = Cloud.new(function(request)
      if request.query ~= "" then return 200, { devices = core.array(found), meta = { total_pages = 1 } } end
      return 200, { result = 1, online = true }
    end)
    api = cloud:client()
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  it("is looked up once, exactly, and remembered", function()
    local lamp = api:device("lamp", { product = 42 })
    assert.are.equal(0, #cloud.requests)
    assert(lamp:read("x"))
    assert(lamp:ping())
    assert.are.equal(3, #cloud.requests)
    assert.are.equal("lamp", argument(cloud.requests[1], "deviceName"))
    assert.are.equal("GET /v1/products/42/devices/" .. found[1].id .. "/x",
      (cloud.requests[2].method .. " " .. cloud.requests[2].path))
    assert.are.equal(found[1].id, lamp.id)
    assert.are.equal("lamp", lamp.name)
    assert.are.equal(42, lamp.product)
  end)

  it("that is not there is not_found; one that several have is bad_request", function()
    found = { record(8, { name = "lamp-2" }) }
    local value, err = api:device("lamp", { product = 42 }):read("x")
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("product 42 has no device named lamp", err.message)
    found = { record(1, { name = "lamp" }), record(2, { name = "lamp" }) }
    value, err = api:device("lamp", { product = 42 }):call("f")
    assert.is_nil(value)
    assert.are.equal("bad_request", err.kind)
    assert.are.equal("product 42 has 2 devices named lamp: use an id", err.message)
    assert.is_false(err.delivered)
  end)

  it("is not looked up when it is an id", function()
    assert(api:device(found[1].id, { product = 42 }):read("x"))
    assert.are.equal(1, #cloud.requests)
  end)

  it("hands on the failure of the look-up", function()
    cloud.answer = function() return 403, { error = "Permission Denied", info = "no" } end
    local value, err = api:device("lamp", { product = 42 }):info()
    assert.is_nil(value)
    assert.are.equal("forbidden", err.kind)
  end)
end)
