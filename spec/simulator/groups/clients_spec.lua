local asking = require("spec.simulator.asking")

for _, root in ipairs { "/v1", "/v1/products/42" } do
  describe("OAuth clients below " .. root, function()
    local PATH = root .. "/clients"
    local call

    before_each(function() call = select(2, asking.api { devices = { { name = "a", product_id = 42 } } }) end)

    local function login(client)
      return call("POST", "/oauth/token", nil, { token = false, form = { grant_type = "password",
        username = "user@example.com", password = "password", client_id = client.id,
          client_secret = client.secret } })
    end

    it("are created, listed, changed, used and deleted; their secret is told once", function()
      local status, made = call("POST", PATH, { name = "My App", type = "installed" })
      local client = made.client
      assert.same({ 200, true, "My App", 40 }, { status, made.ok, client.name, #client.secret })
      assert.equal(200, (login(client)))
      local _, list = call("GET", PATH)
      assert.same({ client.id }, { list.clients[1].id, list.clients[1].secret })
      assert.equal("Other", select(2, call("PUT", PATH .. "/" .. client.id, { name = "Other" })).client.name)
      assert.same({ 204, "" }, { table.unpack({ call("DELETE", PATH .. "/" .. client.id) }, 1, 2) })
      assert.equal(404, (call("DELETE", PATH .. "/" .. client.id)))
      assert.equal("invalid_client", select(2, login(client)).error)
      assert.same({ ok = true, clients = {} }, select(2, call("GET", PATH)))
    end)

    it("refuse what does not fit", function()
      assert.equal(400, (call("POST", PATH, { name = "x", type = "phone" })))
      assert.equal(400, (call("POST", PATH, { name = "x", type = "web" })))
      assert.equal(200, (call("POST", PATH,
        { name = "x", type = "web", redirect_uri = "http://127.0.0.1/" })))
    end)
  end)
end
