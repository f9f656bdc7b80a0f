local asking = require("spec.simulator.asking")
local core = require("particle.core")

local ID, PATH = "e00fce680000000000000001", "/v1/products/42/customers"

describe("customers over HTTP", function()
  local cloud, call, client

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Lamp", id = 42, devices = { { name = "a", id = ID, claimed = false } } } },
    }
    client = select(2, call("POST", "/v1/products/42/clients", { name = "app", type = "installed" })).client
  end)

  local function post(fields, how)
    how = how or {}
    how.form, how.token = fields, false
    return call("POST", PATH, nil, how)
  end

  local function create(email, how)
    return post({ grant_type = "client_credentials", email = email, client_id = client.id,
      client_secret = client.secret }, how)
  end

  it("are created with a client, listed, changed and deleted", function()
    local status, made = create("kim@example.com")
    assert.same({ 201, "bearer", 7776000 }, { status, made.token_type, made.expires_in })
    create("lee@example.com")
    local kim = { token = made.access_token }
    assert.same({}, select(2, call("GET", "/v1/devices", nil, kim)))
    assert.equal(200, (call("POST", "/v1/devices", { id = ID }, kim)))
    assert.equal("a", select(2, call("GET", "/v1/devices", nil, kim))[1].name)
    local _, list = call("GET", PATH)
    assert.same({ "kim@example.com", { ID }, "lee@example.com", {} }, { list.customers[1].username,
      list.customers[1].devices, list.customers[2].username, list.customers[2].devices })
    assert.equal(42, list.devices[1].product_id)
    assert.equal("lee@example.com",
      select(2, call("GET", PATH .. "?per_page=1&page=2")).customers[1].username)
    assert.equal("kim@example.com", select(2, call("GET", "/v1/products/42/devices")).customers[1].username)
    assert.same({ 200, { ok = true } }, { table.unpack({ call("PUT", PATH .. "/kim@example.com",
      { password = "x" }) }, 1, 2) })
    assert.same({ ok = true }, select(2, call("DELETE", PATH .. "/kim@example.com")))
    assert.equal(404, (call("DELETE", PATH .. "/kim@example.com")))
    assert.equal(401, (call("GET", "/v1/devices", nil, kim)))
    assert.is_nil(cloud.devices:by_identifier(ID).owner)
  end)

  it("cannot do what the team may", function()
    local kim = { token = select(2, create("kim@example.com")).access_token }
    assert.equal(404, (call("GET", PATH, nil, kim)))
    assert.equal(403, (call("GET", "/v1/devices/" .. ID, nil, kim)))
    assert.equal(200, (call("POST", "/v1/products/42/device_claims", {}, kim)))
    assert.equal(404, (call("POST", "/v1/products/42/device_claims", {},
      { token = cloud.accounts:find("ann").token })))
  end)

  it("get tokens by their names", function()
    create("kim@example.com")
    local function token(scope)
      return call("POST", "/oauth/token", nil, { token = false, basic = { client.id, client.secret },
        form = { grant_type = "client_credentials", scope = scope } })
    end
    assert.equal(200, (token("customer=kim@example.com")))
    assert.equal("invalid_scope", select(2, token("customer=nix")).error)
    assert.equal("invalid_scope", select(2, token("x")).error)
    local _, own = token("")
    assert.equal("joe", select(2, call("GET", "/v1/user", nil, { token = own.access_token })).username)
  end)

  it("are created by the team, and by the implicit grant", function()
    assert.equal(201, (call("POST", PATH, { email = "kim@example.com" })))
    assert.equal(404, (call("POST", PATH, { email = "lee@example.com" },
      { token = cloud.accounts:find("ann").token })))
    local status, _, headers = call("POST", PATH,
      { client_id = client.id, email = "max@example.com", password = "p",
      response_type = "token" }, { token = false })
    assert.equal(302, status)
    assert.truthy(headers.Location:find("^#access_token=%x+&token_type=bearer&expires_in=7776000$"))
  end)

  it("refuse what does not fit", function()
    create("kim@example.com")
    assert.equal(400, (create("kim@example.com")))
    assert.equal(400, (create("")))
    assert.equal("invalid_client", select(2, post { grant_type = "client_credentials", email = "x",
      client_id = client.id, client_secret = "wrong" }).error)
    assert.equal(400, (call("POST", PATH, { email = "x" }, { token = false })))
    assert.equal(400, (call("PUT", PATH .. "/kim@example.com", { password = core.null })))
    assert.equal(404, (call("PUT", PATH .. "/nix", { password = "x" })))
  end)
end)
