local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"

for _, root in ipairs { "/v1", "/v1/products/42" } do
  describe("vitals below " .. root, function()
    local PATH = root .. "/diagnostics/" .. ID
    local cloud, call, state

    before_each(function()
      local clock
      clock, state = asking.clock(1000000000)
      cloud, call = asking.api { devices = { { name = "lamp", id = ID, product_id = 42 } }, clock = clock }
    end)

    it("are asked for, and then there", function()
      assert.equal(404, (call("GET", PATH .. "/last")))
      assert.same({ 202, { ok = true } }, { table.unpack({ call("POST", PATH .. "/update") }, 1, 2) })
      local _, last = call("GET", PATH .. "/last")
      assert.same({ ID, "2001-09-09T01:46:40.000Z", "ok" },
        { last.diagnostics.deviceID, last.diagnostics.updated_at,
        last.diagnostics.payload.service.device.status })
      local list = cloud.events:list()
      assert.equal("spark/device/diagnostics/update", list[#list].name)
      cloud.devices:by_identifier(ID).online = false
      assert.equal(202, (call("POST", PATH .. "/update")))
      assert.equal(1, #select(2, call("GET", PATH)).diagnostics)
    end)

    it("have a history of a month", function()
      for _ = 1, 3 do
        call("POST", PATH .. "/update")
        state.now = state.now + 100
      end
      assert.equal(3, #select(2, call("GET", PATH)).diagnostics)
      assert.equal(1, #select(2, call("GET",
        PATH .. "?start_date=2001-09-09T01:48:00Z&end_date=2001-09-09T01:49:00Z")).diagnostics)
      state.now = state.now + 31 * 86400
      assert.same({}, select(2, call("GET", PATH)).diagnostics)
      assert.same({ 400, { error = "bad_request",
        description = "start_date and end_date must be ISO8601 formatted" } },
        { table.unpack({ call("GET", PATH .. "?start_date=yesterday") }, 1, 2) })
    end)

    it("are explained", function()
      local _, told = call("GET", PATH .. "/metadata")
      assert.equal("table", type(told.diagnostics_metadata.device))
      assert.equal(403, (call("GET", root .. "/diagnostics/nix/last")))
    end)
  end)
end
