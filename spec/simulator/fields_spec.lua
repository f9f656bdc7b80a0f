local core = require("particle.core")
local fields = require("particle.simulator.fields")

describe("fields", function()
  local RULES = {
    { "name", "text", required = true, pattern = "^%l+$", expected = "lowercase letters" },
    { "count", "integer" }, { "flag", "boolean" }, { "data", "object" }, { "list", "list" },
      { "tags", "texts" },
    { "note", "string", nullable = true }, { "kind", "text", one_of = { "A", "B" } }, { "any", "any" },
  }

  it("are taken as JSON has them", function()
    local given = { name = "a", count = 1, flag = false, data = { x = 1 }, list = { 1 }, tags = { "t" },
      note = core.null, kind = "B", any = { 1 }, unknown = 1 }
    local values = assert(fields.read(given, RULES))
    given.unknown = nil
    assert.same(given, values)
  end)

  it("are taken as forms have them", function()
    assert.same({ name = "a", count = 5, flag = true, tags = { "t" }, note = "" },
      fields.read({ name = "a", count = "5", flag = "true", tags = "t", note = "" }, RULES))
    assert.is_false(fields.read({ name = "a", flag = "0" }, RULES).flag)
  end)

  local BAD = {
    { {}, "name is required" },
    { { name = "" }, "name must be lowercase letters" },
    { { name = "A" }, "name must be lowercase letters" },
    { { name = core.null }, "name must be lowercase letters" },
    { { name = "a", count = 1.5 }, "count must be an integer" },
    { { name = "a", flag = "yes" }, "flag must be true or false" },
    { { name = "a", data = { 1 } }, "data must be an object" },
    { { name = "a", list = { x = 1 } }, "list must be a list" },
    { { name = "a", tags = { 1 } }, "tags must be a list of strings" },
    { { name = "a", kind = "C" }, "kind must be one of A, B" },
    { "text", "name is required" },
  }
  for _, case in ipairs(BAD) do
    it("are refused: " .. case[2], function()
      local values, refusal = fields.read(case[1], RULES)
      assert.is_nil(values)
      assert.same({ 400, ('{"ok":false,"error":"%s"}'):format(case[2]) }, { refusal.status, refusal.text })
    end)
  end

  it("may all be missing in a change", function()
    assert.same({}, fields.read({}, RULES, true))
  end)
end)
