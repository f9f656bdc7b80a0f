-- Groups of operations: what an api has, what is loaded for it, and slips of the pen.

local core = require("particle.core")
local group = require("particle.group")
local particle = require("particle")
local support = require("spec.support")

describe("a group of operations", function()
  local api

  before_each(function() api = particle.new { token = "x", base_url = "http://127.0.0.1:1" } end)

  after_each(function() api:close() end)

  it("is loaded when it is first asked for", function()
    local result = support.run { "lua5.4", "-e", [[
      local particle = require "particle"
      local function loaded()
        local names = {}
        for name in pairs(package.loaded) do
          if name:find("^particle%.operations") or name == "particle.group" then names[#names + 1] = name end
        end
        table.sort(names)
        return table.concat(names, " ")
      end
      local api = particle.new { token = "x", base_url = "http://127.0.0.1:1" }
      api:device("lamp"):read("x", { retry = false })
      print(loaded())
      local sims = api.sims
      print(loaded())
    ]] }
    assert.equal("", result.stderr)
    assert.equal("\nparticle.group particle.operations particle.operations.sims\n", result.stdout)
  end)

  it("is the same each time, and belongs to its api", function()
    local other <close> = particle.new { token = "x", base_url = "http://127.0.0.1:1" }
    assert.equal(api.sims, api.sims)
    assert.not_equal(api.sims, other.sims)
    assert.equal("particle.group (sims)", tostring(api.sims))
    assert.equal("sims", group.name(api.sims))
    for _, value in ipairs { {}, setmetatable({}, { group = "sims" }), "sims", 5, api } do
      assert.is_nil(group.name(value))
    end
  end)

  it("keeps its api alive", function()
    local devices = particle.new({ token = "x", base_url = "http://127.0.0.1:1" }).devices
    collectgarbage()
    local _, err = devices:list({}, { retry = false })
    assert.equal("network", err.kind)
  end)

  it("is not there once the api is closed, and cannot be used", function()
    local sims = api.sims
    api:close()
    assert.error_matches(function() return api.sims end, "the api is closed")
    assert.error_matches(function() sims:list() end, "the api is closed")
    assert.error_matches(function() sims:each {} end, "the api is closed")
  end)

  it("knows the right spelling", function()
    assert.error_matches(function() return api.sms end, "an api has no sms; did you mean api.sims%?")
    assert.error_matches(function() return api.env_var end, "did you mean api.env_vars%?")
    assert.error_matches(function() return api.sims.lst end,
      "api.sims has no operation lst; did you mean api.sims:list%(%.%.%.%)%?")
    assert.error_matches(function() return api.sims.nothing_like_it end, "has no operation nothing_like_it$")
    assert.error_matches(function() return api.sims[1] end, "api.sims has no operation 1$")
  end)

  it("tells dots from colons, at the caller's line", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, problem = pcall(function() api.sims.list { product = 1 } end)
    assert.equal(("spec/group_spec.lua:%d: sims.list: call it with a colon, api.sims:list(...), "
      .. "on a group of an api (got a table)"):format(line), problem)
    assert.error_matches(function() api.sims.list() end, "call it with a colon.*got nil")
    assert.error_matches(function() api.sims.each {} end, "call it with a colon, api.sims:each")
    assert.error_matches(function() api.sims.list(api.team, {}) end, "call it with a colon")
    assert.error_matches(function() api.devices { online = true } end,
      "devices: call it with a colon, api:devices%(%.%.%.%), on an api %(got a table%)")
    assert.error_matches(function() api.devices() end, "devices: call it with a colon.*got nil")
    assert.error_matches(function() api:sims {} end, "sims is a group of operations.*api.sims:activate{...}")
  end)

  it("takes a table of arguments, and options", function()
    assert.error_matches(function() api.sims:get "8934" end, "arguments must be a table, got a string")
    assert.error_matches(function() api.devices:get(api:device "x") end, "must be a table, got a device")
    assert.error_matches(function() api.orgs:list({}, { timout = 1 }) end, 'unknown option "timout"')
    assert.error_matches(function() api.orgs:list({}, { token_in = "body" }) end, "orgs.list: token_in")
  end)

  it("says which of its lists each goes through", function()
    assert.error_matches(function() api.ledgers:each {} end,
      "ledgers.each: say which list: list, list_instances, list_versions")
    assert.error_matches(function() api.ledgers:each("list_instance", {}) end,
      'ledgers.each: there is no list list_instance; did you mean "list_instances"')
    assert.error_matches(function() api.ledgers:each("get", {}) end, "ledgers.each: get is no list")
    assert.error_matches(function() api.quarantine:each {} end, "nothing of this group is a list")
    assert.error_matches(function() api.sims:each { perpage = 1 } end, 'unknown argument "perpage"')
    assert.error_matches(function() api.sims:each(5) end, "sims.list: the arguments must be a table")
    assert.error_matches(function() api.groups:each {} end, "groups.list: product is missing")
    assert.is_function(api.locations:each { product = 1 }) -- fleet is a list, but has no pages
  end)

  it("has no operation that a name of Lua's hides", function()
    assert.is_nil(core.api_methods.devices)
    for name in pairs(core.api_methods) do
      assert.is_nil(require("particle.operations").GROUPS[name], name)
    end
    for name in pairs(require("particle.operations").GROUPS) do
      for operation in pairs(require("particle.operations").rows(name)) do
        assert.not_equal("each", operation)
        assert.is_function(load(("return function(api) api.%s:%s() end"):format(name, operation)))
      end
    end
  end)
end)
