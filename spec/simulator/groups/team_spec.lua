local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"

for _, root in ipairs { "/v1/products/42", "/v1/orgs/acme" } do
  describe("the team of " .. root, function()
    local PATH = root .. "/team"
    local cloud, call

    before_each(function()
      cloud, call = asking.api {
        users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
        products = { { name = "Lamp", id = 42, devices = { { name = "a", id = ID } } } },
          orgs = { acme = { 42 } },
      }
    end)

    local function as(user) return { token = cloud.accounts:find(user).token } end

    it("takes people in, changes them and lets them go", function()
      local function names()
        local list = {}
        for i, member in ipairs(select(2, call("GET", PATH)).team) do list[i] = member.username end
        return table.concat(list, " ")
      end
      local before = names()
      assert.equal(404, (call("GET", PATH, nil, as "ann")))
      local status, told = call("POST", PATH, { username = "ann", role = "Developer" })
      assert.same({ 200, true, "ann" }, { status, told.ok, told.invited.username })
      assert.equal((before .. " ann"):gsub("^ ", ""), names())
      assert.equal(200, (call("GET", PATH, nil, as "ann")))
      assert.equal(200, (call("PUT", PATH .. "/ann", { role = "Support" })))
      local team = select(2, call("GET", PATH)).team
      assert.equal("Support", team[#team].role.name)
      assert.same({ ok = true }, select(2, call("DELETE", PATH .. "/ann")))
      assert.equal(404, (call("DELETE", PATH .. "/ann")))
      assert.equal(404, (call("GET", PATH, nil, as "ann")))
    end)

    it("refuses what does not fit", function()
      assert.equal(404, (call("POST", PATH, { username = "nobody", role = "Developer" })))
      assert.equal(400, (call("POST", PATH, { username = "ann", role = "King" })))
      call("POST", PATH, { username = "ann", role = "Developer" })
      assert.equal(400, (call("POST", PATH, { username = "ann", role = "Developer" })))
      assert.equal(400, (call("PUT", PATH .. "/ann", {})))
      assert.equal(400, (call("PUT", PATH .. "/ann/token")))
    end)

    it("has API users, whose tokens allow what their scopes say", function()
      local _, made = call("POST", PATH,
        { friendly_name = "My bot", scopes = { "devices:list", "teams.users:list" } })
      local token, username = made.created.tokens[1].token, made.created.username
      assert.truthy(username:find("^my%-bot%+%x+@api%.particle%.io$"))
      local list = "/v1/products/42/devices"
      local expected = root == "/v1/products/42" and 200
        or 404 -- an organization's bot is in no product's team
      assert.equal(expected, (call("GET", list, nil, { token = token })))
      assert.equal(200, (call("GET", PATH, nil, { token = token })))
      assert.same({ 403, "insufficient_scope" }, (function()
        local status, told = call("GET", root .. "/integrations", nil, { token = token })
        return { status, told.error }
      end)())
      assert.same({ 400, { error = "unauthorized",
        error_description = "API users are not allowed to call this endpoint" } },
        { table.unpack({ call("GET", "/v1/user", nil, { token = token }) }, 1, 2) })
      local _, updated = call("PUT", PATH .. "/" .. username, { scopes = { "integrations:list" } })
      local second = updated.updated.tokens[1].token
      assert.equal(401, (call("GET", PATH, nil, { token = token })))
      assert.equal(200, (call("GET", root .. "/integrations", nil, { token = second })))
      local third = select(2, call("PUT", PATH .. "/" .. username .. "/token")).updated.tokens[1].token
      assert.equal(401, (call("GET", root .. "/integrations", nil, { token = second })))
      assert.equal(200, (call("GET", root .. "/integrations", nil, { token = third })))
      call("DELETE", PATH .. "/" .. username)
      assert.equal(401, (call("GET", root .. "/integrations", nil, { token = third })))
    end)
  end)
end

describe("SCIM", function()
  it("tells of a member and takes one out of work", function()
    local _, call = asking.api { devices = { { name = "a", product_id = 42 } }, orgs = { acme = { 42 } },
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } } }
    call("POST", "/v1/orgs/acme/team", { username = "ann", role = "Developer" })
    local path = "/v1/orgs/acme/team/provision/Users/ann"
    local status, user = call("GET", path)
    assert.same({ 200, "ann", true }, { status, user.userName, user.active })
    assert.is_false(select(2,
      call("PATCH", path, { Operations = { { op = "replace", value = { active = false } } } })).active)
    assert.is_false(select(2, call("GET", path)).active)
    assert.equal(400, (call("PATCH", path, {})))
    assert.equal(404, (call("GET", "/v1/orgs/acme/team/provision/Users/nix")))
  end)
end)
