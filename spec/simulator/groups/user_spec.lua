local asking = require("spec.simulator.asking")

describe("user", function()
  it("is described", function()
    local _, ask = asking.cloud { users = { {
      username = "joe", password = "p",
      devices = { { name = "a" }, { name = "b", platform_id = 13 }, { name = "c" } },
    } } }
    local status, text = ask("GET", "/v1/user")
    assert.same({ 200, '{"username":"joe","subscription_ids":[],"account_info":{"first_name":"",'
      .. '"last_name":"","business_account":false},"mfa":{"enabled":false},"scim_provisioned":false,'
      .. '"no_password":false,"wifi_device_count":2,"cellular_device_count":1}' }, { status, text })
  end)

  it("may have a second factor", function()
    local _, ask = asking.cloud { users = { { username = "joe", password = "p", mfa = "123456" } } }
    assert.truthy(select(2, ask("GET", "/v1/user")):find('"mfa":{"enabled":true}', 1, true))
  end)
end)
