local asking = require("spec.simulator.asking")

describe("organizations over HTTP", function()
  local cloud, call

  before_each(function()
    cloud, call = asking.api {
      users = { { username = "joe", password = "p" }, { username = "ann", password = "p" } },
      products = { { name = "Street Light", id = 42, devices = { { name = "light-1", platform_id = 13 } } },
        { name = "Lightning", id = 43, devices = { { name = "flash" } } } },
      devices = { { name = "own light" }, { name = "door" } }, orgs = { acme = { 42 }, other = { 43 } },
    }
  end)

  it("are those of which one is a member", function()
    local _, list = call("GET", "/v1/orgs")
    assert.same({ "acme", "other" }, { list.organizations[1].slug, list.organizations[2].slug })
    local ann = { token = cloud.accounts:find("ann").token }
    assert.same({ organizations = {} }, select(2, call("GET", "/v1/orgs", nil, ann)))
    assert.same({ organization = list.organizations[1] }, select(2, call("GET", "/v1/orgs/acme")))
    assert.same({ organization = list.organizations[1] },
      select(2, call("GET", "/v1/orgs/" .. list.organizations[1].id)))
    assert.equal(404, (call("GET", "/v1/orgs/acme", nil, ann)))
    assert.equal(404, (call("GET", "/v1/orgs/nix")))
  end)

  it("and accounts are searched", function()
    local _, found = call("GET", "/v1/orgs/acme/search?text=LIGHT")
    assert.same({ "light-1", "Street Light" }, { found.devices[1].name, found.products[1].name })
    assert.same({ 1, 1 }, { #found.devices, #found.products })
    local _, mine = call("GET", "/v1/user/search?text=light&type=device")
    assert.same({ 2, nil }, { #mine.devices, mine.products })
    local iccid = cloud.devices:first(function(one) return one.iccid end).iccid
    assert.equal(iccid, select(2, call("GET", "/v1/orgs/acme/search?type=sim&text=" .. iccid)).sims[1]._id)
    assert.equal(400, (call("GET", "/v1/user/search")))
    assert.equal(400, (call("GET", "/v1/user/search?text=a&type=b")))
  end)
end)
