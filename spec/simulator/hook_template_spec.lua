local core = require("particle.core")
local template = require("particle.simulator.hook_template")

describe("a webhook's template", function()
  local EVENT = { name = "temp", data = '{"t":21.5,"list":["a",{"b":true}],"PRODUCT_ID":1}', coreid = "c",
    published_at = "now", product = 42 }
  local values = template.values(EVENT, "id")

  local CASES = {
    { "{{PARTICLE_EVENT_NAME}}-{{{PARTICLE_DEVICE_ID}}}", "temp-c" },
    { "{{ t }}", "21.5" }, { "{{list.0}}{{list.1.b}}", "atrue" }, { "{{nix}}{{t.x}}{{list.9}}", "" },
    { "{{PRODUCT_ID}} {{PARTICLE_PUBLISHED_AT}} {{PARTICLE_EVENT_ID}}", "42 now id" },
    { "{{PARTICLE_EVENT_VALUE}}", EVENT.data }, { "100%1 {x} {{}}", "100%1 {x} " },
  }
  for _, case in ipairs(CASES) do
    it("fills in " .. case[1], function() assert.equal(case[2], template.fill(case[1], values)) end)
  end

  it("fills in all texts of a value", function()
    assert.same({ a = "temp", b = { "21.5", 5, true } },
      template.fill_all({ a = "{{PARTICLE_EVENT_NAME}}", b = { "{{t}}", 5, true } }, values))
    assert.is_nil(template.fill_all(nil, values))
  end)

  it("can name the whole event, also one without JSON or data", function()
    local all = core.decode(template.fill("{{{PARTICLE_EVENT_JSON}}}",
      template.values({ name = "e", data = "x" }, "id")))
    assert.same({ event = "e", data = "x", coreid = "api" }, all)
    assert.equal("", template.fill("{{PARTICLE_EVENT_VALUE}}", template.values({ name = "e" }, "id")))
  end)
end)
