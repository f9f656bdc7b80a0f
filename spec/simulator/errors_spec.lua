-- That the texts are the recorded ones is seen on the wire, in command_spec.lua.
local core = require("particle.core")
local errors = require("particle.simulator.errors")

describe("errors", function()
  local MADE = {
    bad_lifetime = { "x" }, mfa_required = { "x" }, variable_unknown = { "x" }, function_unknown = { "x" },
    bad_field = { "x", "y" }, missing_field = { "x" }, taken = { "x" }, oauth = { 400, "x", "y" },
    failed = { 500, "x" }, of_status = { 418 },
  }
  for name, value in pairs(errors) do
    it(name .. " is a reply with an error status and a JSON object", function()
      local made = MADE[name] and value(table.unpack(MADE[name])) or value
      assert.truthy(made.status >= 400 and made.status < 600)
      local body = core.decode(made.text)
      assert.truthy(body.error or body.errors)
      assert.equal("application/json; charset=utf-8", made.headers["Content-Type"])
    end)
  end

  it("have the cloud's words for a status", function()
    assert.equal(errors.token_invalid, errors.of_status(401))
    assert.same({ 418, '{"ok":false,"error":"Refused"}' },
      { errors.of_status(418).status, errors.of_status(418).text })
  end)
end)
