local asking = require("spec.simulator.asking")
local core = require("particle.core")

local FREE, OTHERS = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"

describe("claiming", function()
  local cloud, ask

  before_each(function()
    cloud, ask = asking.cloud { users = {
      { username = "joe", password = "p", devices = {
        { name = "mine" }, { name = "free", id = FREE, claimed = false },
        { name = "off", online = false, claimed = false },
      } },
      { username = "pete", password = "p", devices = { { name = "his", id = OTHERS } } },
    } }
  end)

  local function claim(how)
    local status, text = ask("POST", "/v1/devices", how)
    return { status, text }
  end

  it("makes a device one's own", function()
    assert.equal(403, (ask("GET", "/v1/devices/free")))
    local user = cloud.accounts.list[1]
    local expected = { 200, ('{"ok":true,"user_id":"%s","id":"%s","connected":true}'):format(user.id, FREE) }
    assert.same(expected, claim { form = { id = FREE } })
    assert.equal(200, (ask("GET", "/v1/devices/free")))
    assert.same(expected, claim { json = ('{"id":"%s"}'):format(FREE:upper()) })
  end)

  it("is refused", function()
    assert.same({ 404, '{"ok":false,"errors":["device does not exist"]}' },
      claim { form = { id = "cccccccccccccccccccccccc" } })
    local off = cloud.devices:first(function(device) return device.name == "off" end)
    assert.same({ 404, [=[{"ok":false,"errors":[["Core isn't online",404]]}]=] },
      claim { form = { id = off.id } })
    assert.same({ 403, '{"errors":["That belongs to someone else."]}' }, claim { form = { id = OTHERS } })
    for _, how in ipairs { {}, { form = { id = "" } }, { json = '{"id":5}' } } do
      assert.same({ 400, '{"ok":false,"errors":["arg.deviceID is empty"]}' }, claim(how))
    end
  end)

  it("asks for a transfer", function()
    for _, how in ipairs {
      { form = { id = OTHERS, request_transfer = "true" } },
      { json = ('{"id":"%s","request_transfer":true}'):format(OTHERS) },
    } do
      local reply = claim(how)
      assert.equal(200, reply[1])
      assert.equal(24, #core.decode(reply[2]).transfer_id)
    end
    assert.equal(403, claim({ form = { id = OTHERS, request_transfer = "false" } })[1])
    assert.equal("pete", cloud.devices:by_identifier(OTHERS).owner.username)
  end)

  it("gives codes, each its own", function()
    local mine = cloud.devices:first(function(device) return device.name == "mine" end)
    local status, text = ask("POST", "/v1/device_claims", { form = { dummy = "1" } })
    local reply = core.decode(text)
    assert.equal(200, status)
    assert.truthy(text:find('^{"claim_code":"'))
    assert.equal(63, #reply.claim_code)
    assert.truthy(reply.claim_code:find("^[%w+/]+$"))
    assert.same({ mine.id }, reply.device_ids)
    assert.not_equal(reply.claim_code, core.decode(select(2, ask("POST", "/v1/device_claims"))).claim_code)
  end)
end)
