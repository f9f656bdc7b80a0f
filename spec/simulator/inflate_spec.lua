local inflate = require("particle.simulator.inflate")
local support = require("spec.support")

local function gzip(text, level)
  local folder <close> = support.folder()
  return support.run({ "gzip", "-c", level or "-6", folder:write("data", text) }).stdout
end

describe("inflate", function()
  local many = {}
  for i = 1, 500 do many[i] = ("%d squared is %d\n"):format(i, i * i) end
  local noise, state = {}, 1
  for i = 1, 5000 do
    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    noise[i] = string.char(state >> 16 & 0xFF)
  end

  local TEXTS = {
    { "nothing", "" }, { "a little", "hello" }, { "a lot of one thing", ("a"):rep(10000) },
    { "text", table.concat(many) }, { "noise", table.concat(noise) },
  }
  for _, case in ipairs(TEXTS) do
    for _, level in ipairs { "-1", "-9" } do
      it(("reads %s, compressed with %s"):format(case[1], level), function()
        assert.is_true(case[2] == inflate.gzip(gzip(case[2], level), 1 << 20))
      end)
    end
  end

  it("reads blocks that are not compressed, and heads with more in them", function()
    local body = "\1\5\0\xFA\xFFhello" .. ("\0"):rep(8)
    assert.equal("hello", inflate.gzip("\x1F\x8B\8\0\0\0\0\0\0\3" .. body, 100))
    assert.equal("hello", inflate.gzip("\x1F\x8B\8\30\0\0\0\0\0\3\2\0xyname\0comment\0hc" .. body, 100))
  end)

  it("refuses what is damaged, anything else, and too much", function()
    local good = gzip(table.concat(many))
    for at = 1, #good - 9, 397 do assert.is_nil(inflate.gzip(good:sub(1, at), 1 << 20)) end
    assert.same({ nil, "it is not gzip" }, { inflate.gzip(("x"):rep(50), 100) })
    assert.same({ nil, "it is too large" }, { inflate.gzip(gzip(("a"):rep(100000)), 1000) })
    for at = 11, #good, 397 do
      local damaged = good:sub(1, at - 1) .. string.char(good:byte(at) ~ 0x55) .. good:sub(at + 1)
      local text, problem = inflate.gzip(damaged, 1 << 20)
      assert.truthy(type(text) == "string" or type(problem) == "string")
    end
  end)
end)
