local Cloud = require("spec.support.cloud")
local address = require("particle.address")
local core = require("particle.core")
local countdown = require("particle.countdown")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")

local ID, OTHER = "0123456789abcdef01234567", "0123456789abcdef01234568"

describe("address", function()
  local sim, api

  before_each(function()
    sim = assert(simulator.new {
      devices = {
        { name = "lamp", id = ID, product_id = 42 }, { name = "door", id = OTHER, product_id = 42 },
      },
    })
    api = sim:client { log = false }
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function lookups()
    local n = 0
    for _, entry in ipairs(sim:requests()) do
      if entry.route == "/v1/products/{product}/devices" then n = n + 1 end
    end
    return n
  end

  local function find(device)
    local state = core.state(core.device_api(device))
    return address.id(device, core.device_product(device), countdown.new(state))
  end

  it("tells ids from names", function()
    for _, id in ipairs { ID, ID:upper(), ("f"):rep(24) } do assert.is_true(address.is_id(id)) end
    for _, name in ipairs { "", "lamp", ID .. "0", ID:sub(2), ID:sub(2) .. "g", ID:sub(2) .. "\n" } do
      assert.is_false(address.is_id(name))
    end
  end)

  it("is that of the account's device, by id or name, without a request", function()
    assert.are.same({ "v1", "devices", ID }, address.of_device(api:device(ID)))
    assert.are.same({ "v1", "devices", "lamp", "events" }, address.of_device(api:device("lamp"), "events"))
    assert.are.same({}, sim:requests())
  end)

  it("is that of a product's device", function()
    local device = api:device(ID, { product = 42 })
    assert.are.same({ "v1", "products", 42, "devices", ID, "events" }, address.of_device(device, "events"))
    device = api:device(ID, { product = "my-slug" })
    assert.are.same({ "v1", "products", "my-slug", "devices", ID }, address.of_device(device))
    assert.are.same({}, sim:requests())
  end)

  it("of a product's device is looked up by its name, once", function()
    local device = api:device("lamp", { product = 42 })
    assert.are.same({ "v1", "products", 42, "devices", "lamp", "ping" }, address.known(device, "ping"))
    assert.is_nil(address.of_device(device, "ping"))
    assert.is_true(address.is_unknown(device))
    assert.are.equal(0, lookups())
    for _ = 1, 3 do assert.are.equal(ID, find(device)) end
    assert.is_false(address.is_unknown(device))
    assert.are.same({ "v1", "products", 42, "devices", ID, "ping" }, address.of_device(device, "ping"))
    assert.are.equal(1, lookups())
    assert.are.same({ "v1", "products", 42, "devices", ID, "ping" }, address.known(device, "ping"))
    assert.are.equal(ID, device.id)
    assert.are.equal("lamp", device.name)
  end)

  it("gives a list of its own each time", function()
    local device = api:device("lamp")
    local one = address.of_device(device, "events")
    one[#one + 1] = "door"
    assert.are.same({ "v1", "devices", "lamp", "events" }, address.of_device(device, "events"))
  end)

  it("of a device that the product does not have is an error", function()
    local device = api:device("nobody", { product = 42 })
    local id, err = find(device)
    assert.is_nil(id)
    assert.are.equal("not_found", err.kind)
    assert.matches("product 42 has no device named nobody", err.message, 1, true)
    assert.are.same({ "v1", "products", 42, "devices", "nobody" }, address.known(device))
  end)

  it("is asked for again after a lookup that failed", function()
    local cloud <close> = Cloud.new(function(_, number)
      if number == 1 then return 503, {} end
      return 200, { devices = { { id = ID, name = "lamp" } } }
    end)
    local device = cloud:client { log = false, retry = false }:device("lamp", { product = 42 })
    local id, err = find(device)
    assert.is_nil(id)
    assert.are.equal("server", err.kind)
    assert.are.equal(ID, find(device))
  end)

  it("of a device that the cloud gives no proper id is an error", function()
    local cloud <close> = Cloud.new(function() return 200, { devices = { { id = "x", name = "lamp" } } } end)
    local device = cloud:client { log = false }:device("lamp", { product = 42 })
    local id, err = find(device)
    assert.is_nil(id)
    assert.are.same({ "protocol", "the device that was found has no id" }, { err.kind, err.message })
    assert.are.equal("protocol", select(2, device:read("x")).kind)
    assert.are.equal(2, #cloud.requests)
  end)

  describe("of a device that is looked up first", function()
    local cloud, device, deadlines, slow

    before_each(function()
      deadlines, slow = {}, nil
      cloud = Cloud.new(function(request)
        if slow and slow(request) then scheduler.sleep(3600) end
        if request.path == "/v1/products/42/devices" then
          return 200, { devices = { { id = ID, name = "lamp" } } }
        end
        return 200, { id = ID, result = 1, return_value = 1, online = true, ok = true }
      end)
      api:close()
      api = cloud:client { log = false, retry = false, deadline = 100 }
      api:use(function(request, send)
        deadlines[#deadlines + 1] = request.deadline or 100
        scheduler.sleep(0.01)
        return send(request)
      end)
      device = api:device("lamp", { product = 42 })
    end)

    after_each(function() cloud:close() end)

    local CALLS = {
      read = function(opts) return device:read("x", opts) end,
      call = function(opts) return device:call("f", nil, opts) end,
      info = function(opts) return device:info(opts) end,
      ping = function(opts) return device:ping(opts) end,
      rename = function(opts) return device:rename("door", opts) end,
      flash = function(opts) return device:flash({ data = "x" }, opts) end,
      ["flash of an app"] = function(opts) return device:flash({ app = "tinker" }, opts) end,
      ["an operation"] = function(opts) return api.devices:get({ device = device }, opts) end,
      ["a stream"] = function(opts) return device:subscribe(nil, opts) end,
      ["the operation of a stream"] = function(opts)
        return api.events:stream_device({ device = device, product = 42 }, opts)
      end,
      ["a ledger"] = function(opts) return api:ledger("l", device):get(opts) end,
    }

    for name, call in pairs(CALLS) do
      it("is in time for " .. name .. " within the one deadline", function()
        call { deadline = 50 }
        assert.are.equal(2, #deadlines)
        assert.are.equal(50, deadlines[1])
        assert.is_true(deadlines[2] <= 50 - 0.01 and deadlines[2] > 1)
        call { deadline = 50 }
        assert.are.equal(50, deadlines[3])
        device, deadlines = api:device("lamp", { product = 42 }), {}
        call()
        assert.are.equal(100, deadlines[1])
        assert.is_true(deadlines[2] <= 100 - 0.01 and deadlines[2] > 50)
      end)
    end

    it("leaves an error that tells of the whole deadline, whoever was slow", function()
      for _, what in ipairs { "/f$", "/devices$" } do
        slow = function(request) return request.path:find(what) end
        local value, err = device:call("f", nil, { deadline = 0.25 })
        assert.is_nil(value)
        assert.are.equal("no result within the deadline of 0.25 s", err.message)
        device = api:device("lamp", { product = 42 })
      end
    end)

    it("was not called where it was not found, whatever became of the look-up", function()
      local function refuse(status)
        cloud.answer = function() return status, {} end
        local value, err = device:call("f")
        assert.is_nil(value)
        assert.are.same({ 1, false }, { err.attempts, err.delivered })
        value, err = api:ledger("l", device):set { a = 1 }
        assert.are.same({ nil, false }, { value, err.delivered })
        value, err = api:ledger("l", api:device("lamp")):set { a = 1 }
        assert.are.same({ nil, false }, { value, err.delivered })
        value, err = api.devices:rename { device = device, product = 42, name = "x" }
        assert.are.same({ nil, false }, { value, err.delivered })
      end
      for _, status in ipairs { 404, 429, 503 } do refuse(status) end
      cloud.answer = function() return 200, { devices = { { id = "x", name = "lamp" } } } end
      local _, err = device:call("f")
      assert.are.same({ "protocol", false }, { err.kind, err.delivered })
    end)

    it("ends a call with its api, also where that was closed just when the look-up was done", function()
      for name, call in pairs(CALLS) do
        api = cloud:client { log = false, retry = false }
        device = api:device("lamp", { product = 42 })
        api:use(function(request, send)
          local reply, err = send(request)
          api:close()
          return reply, err
        end)
        local value, err = call()
        assert.is_nil(value)
        assert.are.same({ "closed", false }, { err.kind, err.delivered }, name)
      end
    end)

    it("has the time to compile what is flashed by its name", function()
      local longer = cloud:client { log = false, retry = false }
      longer:use(function(request, send)
        deadlines[#deadlines + 1] = request.deadline or "default"
        return send(request)
      end)
      local sources = { { name = "a.ino", data = "x" } }
      assert.is_true(longer:device("lamp", { product = 42 }):flash { sources = sources })
      assert.are.equal(120, deadlines[1])
      assert.is_true(deadlines[2] > 150 and deadlines[2] < 180, tostring(deadlines[2]))
    end)

    it("raises misuse before anything is sent", function()
      assert.error_matches(function() device:read("x", { tiemout = 1 }) end, 'read: unknown option "tiemout"')
      assert.error_matches(function() device:ping { deadline = "x" } end, "ping: option deadline must be")
      assert.error_matches(function() device:read("x", { retry = { attempts = 0 } }) end,
        "read: retry: option attempts must be")
      assert.error_matches(function() api:ledger("l", device):get { retry = { attempts = 0 } } end,
        "ledger: retry: option attempts must be")
      assert.are.equal(0, #cloud.requests)
    end)
  end)
end)
