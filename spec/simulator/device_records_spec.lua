local asking = require("spec.simulator.asking")
local core = require("particle.core")

local ID = "0123456789abcdef01234567"

local function names(devices)
  local list = {}
  for i, device in ipairs(devices) do list[i] = device.name end
  return table.concat(list, " ")
end

describe("device records", function()
  describe("of the account", function()
    local clock, state = asking.clock(1000)
    local cloud, ask

    before_each(function()
      state.now = 1000
      cloud, ask = asking.cloud { clock = clock, users = {
        { username = "joe", password = "p", devices = {
          { name = "b", id = ID, variables = { t = 1 } }, { name = "a" }, { name = "c", online = false },
        } },
        { username = "pete", password = "p" },
      } }
    end)

    it("are one's own, those that shook hands last first", function()
      local function list() return names(core.decode(select(2, ask("GET", "/v1/devices")))) end
      assert.equal("b a c", list())
      cloud.devices:of_user(cloud.accounts:find("joe"), "c"):set_online(true, 2000)
      assert.equal("c b a", list())
    end)

    it("have neither functions nor variables in the list", function()
      local _, text = ask("GET", "/v1/devices")
      local device = core.decode(text)[1]
      assert.is_nil(device.functions)
      assert.is_nil(device.variables)
    end)

    it("may be none", function()
      local status, text = ask("GET", "/v1/devices", { token = cloud.accounts:find("pete").token })
      assert.same({ 200, "[]" }, { status, text })
    end)

    it("are given one by one with functions and variables", function()
      for _, ref in ipairs { ID, "b" } do
        local status, text = ask("GET", "/v1/devices/" .. ref)
        local device = core.decode(text)
        assert.equal(200, status)
        assert.equal(ID, device.id)
        assert.same({}, device.functions)
        assert.same({ t = "int32" }, device.variables)
        assert.is_nil(device.firmware_product_id)
      end
    end)

    it("are gone after unclaiming", function()
      local status, text = ask("DELETE", "/v1/devices/b")
      assert.same({ 200, '{"ok":true}' }, { status, text })
      assert.equal(403, (ask("GET", "/v1/devices/b")))
      assert.equal(403, (ask("DELETE", "/v1/devices/" .. ID)))
      assert.equal("a c", names(core.decode(select(2, ask("GET", "/v1/devices")))))
    end)
  end)

  describe("of a product", function()
    local ask

    before_each(function()
      local devices = { { name = "apart" } }
      for i = 1, 60 do
        devices[i + 1] = { name = ("d%02d"):format(i), id = ("%024x"):format(i), product_id = 42 }
      end
      ask = select(2, asking.cloud { devices = devices })
    end)

    it("stay in it after unclaiming", function()
      local id = ("%024x"):format(1)
      local path = "/v1/products/42/devices/" .. id
      local status, text = ask("DELETE", path .. "/owner")
      assert.same({ 200, '{"ok":true}' }, { status, text })
      assert.equal(403, (ask("GET", "/v1/devices/" .. id)))
      local record = core.decode(select(2, ask("GET", path)), true)
      assert.same({ core.null, core.null }, { record.owner, record.user_id })
      assert.equal(403, (ask("DELETE", "/v1/products/42/devices/" .. ("%024x"):format(99) .. "/owner")))
      assert.equal(404, (ask("DELETE", "/v1/products/43/devices/" .. id .. "/owner")))
    end)

    local function list(query)
      local status, text = ask("GET", "/v1/products/42/devices" .. query)
      assert.equal(200, status)
      return core.decode(text), text
    end

    it("come in pages of 25", function()
      local first, text = list("")
      assert.equal(25, #first.devices)
      assert.equal("d01", first.devices[1].name)
      assert.equal(42, first.devices[1].firmware_product_id)
      assert.truthy(text:find('],"customers":[],'
        .. '"meta":{"page":1,"per_page":25,"total_pages":3,"total":60}}', 1, true))
      assert.equal("d60", list("?page=3").devices[10].name)
      assert.same({}, list("?page=4").devices)
    end)

    it("come in pages as long as asked for, in both spellings", function()
      assert.equal("d11", list("?page=2&per_page=10").devices[1].name)
      assert.equal("d11", list("?page=2&perPage=10").devices[1].name)
      assert.equal(6, list("?per_page=10").meta.total_pages)
      assert.equal(25, #list("?per_page=0&page=x").devices)
    end)

    it("are filtered by parts of name, id and serial number", function()
      assert.equal("d05 d15 d25 d35 d45 d50 d51 d52 d53 d54 d55 d56 d57 d58 d59",
        names(list("?deviceName=5").devices))
      assert.equal("d17", names(list("?deviceId=" .. ("%024x"):format(17)).devices))
      assert.equal("d17", names(list("?serialNumber="
        .. list("?deviceName=17").devices[1].serial_number).devices))
      local none = list("?deviceName=%25d")
      assert.same({}, none.devices)
      assert.equal(1, none.meta.total_pages)
    end)

    it("are sorted", function()
      assert.equal("d60 d59", names(list("?sortAttr=deviceName&per_page=2").devices))
      assert.equal("d01 d02", names(list("?sortAttr=deviceId&sortDir=asc&per_page=2").devices))
    end)

    it("are given one by one", function()
      local status, text = ask("GET", "/v1/products/42/devices/" .. ("%024x"):format(3))
      assert.equal(200, status)
      assert.equal(42, core.decode(text).firmware_product_id)
      assert.same({}, core.decode(text).functions)
      assert.equal(403, (ask("GET", "/v1/products/42/devices/d03")))
    end)

    it("need a product", function()
      local status, text = ask("GET", "/v1/products/43/devices")
      assert.same({ 404, '{"ok":false,"error":"Product not found."}' }, { status, text })
    end)
  end)
end)
