local asking = require("spec.simulator.asking")

for _, root in ipairs { "/v1", "/v1/orgs/acme" } do
  describe("secrets below " .. root, function()
    local PATH = root .. "/secrets"
    local call

    before_each(function()
      call = select(2, asking.api { devices = { { name = "lamp", product_id = 42 } },
        orgs = { acme = { 42 } } })
    end)

    it("are created, listed, read, set and deleted, and never tell their value", function()
      local status, made = call("POST", PATH, { secret = { name = "KEY", value = "s3cret" } })
      assert.same({ 201, "KEY", "user@example.com" }, { status, made.secret.name, made.secret.created_by })
      assert.same({ secrets = { made.secret } }, select(2, call("GET", PATH)))
      assert.same(made, select(2, call("GET", PATH .. "/KEY")))
      local told = select(2, call("PUT", PATH .. "/KEY", { secret = { value = "other" } }))
      assert.equal("KEY", told.secret.name)
      assert.equal(200, (call("PUT", PATH .. "/NEW", { secret = { value = "other" } })))
      assert.is_nil(told.secret.value)
      assert.equal(204, (call("DELETE", PATH .. "/KEY")))
      assert.same({ 404, { ok = false, error = "not found" } },
        { table.unpack({ call("GET", PATH .. "/KEY") }, 1, 2) })
    end)

    it("cannot be deleted while they are used", function()
      call("PUT", PATH .. "/KEY", { secret = { value = "v" } })
      local _, hook = call("POST", root .. "/integrations",
        { integration_type = "Webhook", event = "e", name = "h",
        url = "https://example.com", headers = { Authorization = "Bearer {{{KEY}}}" } })
      local _, told = call("GET", PATH .. "/KEY")
      local id = root == "/v1" and "id" or "org_integration_id"
      assert.same({ { name = "h", [id] = hook.id } }, told.secret.integrations)
      assert.same({ 400, { ok = false, error =
        "This secret cannot be deleted as it is being used by integrations or Logic Functions." } },
        { table.unpack({ call("DELETE", PATH .. "/KEY") }, 1, 2) })
      call("DELETE", root .. "/integrations/" .. hook.id)
      assert.equal(204, (call("DELETE", PATH .. "/KEY")))
    end)

    it("refuse what does not fit", function()
      assert.equal(400, (call("PUT", PATH .. "/key", { secret = { value = "v" } })))
      assert.equal(400, (call("PUT", PATH .. "/KEY", { value = "v" })))
      call("PUT", PATH .. "/KEY", { secret = { value = "v" } })
      assert.same({ ok = false, error = "Failed to create secret: Name already in use" },
        select(2, call("POST", PATH, { secret = { name = "KEY", value = "v" } })))
    end)
  end)
end
