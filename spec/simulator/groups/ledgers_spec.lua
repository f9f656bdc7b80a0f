local asking = require("spec.simulator.asking")

local ID = "e00fce680000000000000001"

for _, root in ipairs { "/v1", "/v1/orgs/acme" } do
  describe("ledgers below " .. root, function()
    local PATH = root .. "/ledgers"
    local call, state

    before_each(function()
      local clock
      clock, state = asking.clock(1000000000)
      call = select(2, asking.api { devices = { { name = "lamp", id = ID, product_id = 42 } },
        orgs = { acme = { 42 } }, clock = clock })
    end)

    local function create(name, scope)
      return call("POST", PATH,
        { ledger = { name = name, scope = scope or "Device", direction = "Downstream" } })
    end

    it("are created, listed, read, changed and archived", function()
      local status, made = create("l")
      assert.same({ 201, "l", "Device", "Downstream", "" }, { status, made.ledger.name, made.ledger.scope,
        made.ledger.direction, made.ledger.description })
      create("m", "Owner")
      local _, list = call("GET", PATH .. "?scope=Device")
      assert.same({ ledgers = { made.ledger },
        meta = { page = 1, per_page = 100, total_pages = 1, total = 1 } }, list)
      assert.same(made, select(2, call("GET", PATH .. "/l")))
      assert.equal("d", select(2,
        call("PUT", PATH .. "/l", { ledger = { description = "d" } })).ledger.description)
      assert.equal(204, (call("DELETE", PATH .. "/l")))
      assert.equal("2001-09-09T01:46:40.000Z", select(2, call("GET", PATH .. "/l")).ledger.archived_at)
      assert.equal("l", select(2, call("GET", PATH .. "?archived=true")).ledgers[1].name)
      assert.equal("m", select(2, call("GET", PATH .. "?archived=false")).ledgers[1].name)
      assert.equal(404, (call("GET", PATH .. "/nix")))
    end)

    it("have instances with versions", function()
      create("l")
      local instances = PATH .. "/l/instances"
      local one = instances .. "/" .. ID
      assert.equal(404, (call("GET", one)))
      local status, made = call("PUT", one, { instance = { data = { a = 1, b = { c = true } } } })
      assert.same({ 201, { type = "Device", value = ID, name = "lamp" }, { a = 1, b = { c = true } }, 22 },
        { status, made.instance.scope, made.instance.data, made.instance.size_bytes })
      state.now = state.now + 10
      status, made = call("PUT", one .. "?set_mode=Merge", { instance = { data = { a = 2 } } })
      assert.same({ 200, { a = 2, b = { c = true } } }, { status, made.instance.data })
      state.now = state.now + 10
      call("PUT", one, { instance = { data = { z = 1 } } })
      assert.same({ z = 1 }, select(2, call("GET", one)).instance.data)
      local _, versions = call("GET", one .. "/versions")
      assert.same({ 2, { a = 2, b = { c = true } }, false },
        { #versions.versions, versions.versions[1].data, versions.meta.has_more })
      local _, window = call("GET", one .. "/versions?replaced_before=2001-09-09T01:46:55Z")
      assert.same({ 1, 1 }, { #window.versions, window.versions[1].data.a })
      local _, old = call("GET", one .. "/versions/" .. versions.versions[2].version)
      assert.same(versions.versions[2], old.instance)
      assert.equal(404, (call("GET", one .. "/versions/nix")))
      assert.equal(1, select(2, call("GET", instances)).meta.total)
      assert.equal(204, (call("DELETE", one)))
      assert.equal(404, (call("DELETE", one)))
    end)

    it("refuse what does not fit", function()
      assert.equal(400, (create("Name")))
      assert.equal(400, (create(("x"):rep(33))))
      assert.equal(400, (create("l", "World")))
      create("l")
      assert.equal(400, (create("l")))
      assert.equal(400, (call("PUT", PATH .. "/l", { ledger = {} })))
      local one = PATH .. "/l/instances/" .. ID
      assert.equal(400, (call("PUT", one, { data = { a = 1 } })))
      assert.equal(400, (call("PUT", one .. "?set_mode=x", { instance = { data = {} } })))
      assert.equal(400, (call("PUT", one, { instance = { data = { a = ("x"):rep(16384) } } })))
    end)
  end)
end
