local teams = require("particle.simulator.team")

describe("a team", function()
  local JOE, ANN = { username = "joe" }, { username = "ann" }

  it("has members, who come and go", function()
    local team = teams.new { JOE }
    assert.is_true(team:has(JOE))
    assert.is_false(team:has(ANN))
    local bot = team:add(ANN, { friendly_name = "bot", scopes = {} })
    assert.is_nil(bot.role)
    assert.same({ bot, 2 }, { team:find("ann") })
    assert.equal("Administrator", team:find("joe").role)
    team:remove("joe")
    team:remove("nobody")
    assert.same({ bot }, team.members)
  end)
end)
