local flash = require("particle.flash")
local simulator = require("particle.simulator")
local support = require("spec.support")

describe("flash", function()
  local sim, api, lamp, folder

  before_each(function()
    folder = support.folder()
    sim = simulator.new { devices = { { name = "lamp" }, { name = "cellar", online = false } } }
    api = sim:client()
    lamp = api:device("lamp")
  end)

  after_each(function()
    api:close()
    sim:close()
    folder:remove()
  end)

  it("sends a file's bytes", function()
    local bytes = ("\0\1\2\255"):rep(50000)
    assert.is_true(lamp:flash { binary = folder:write("my.bin", bytes) })
    assert.are.equal(bytes, sim:device("lamp").firmware)
  end)

  it("sends bytes that are not in a file", function()
    assert.is_true(lamp:flash { data = "abc" })
    assert.are.equal("abc", sim:device("lamp").firmware)
  end)

  it("names the file", function()
    local function name_of(firmware) return flash.request(firmware).multipart[1].filename end
    assert.are.equal("my.bin", name_of { binary = "/some/where/my.bin" })
    assert.are.equal("my.bin", name_of { binary = "my.bin" })
    assert.are.equal("other.bin", name_of { binary = "my.bin", filename = "other.bin" })
    assert.are.equal("firmware.bin", name_of { data = "x" })
  end)

  it("fails, with nothing sent, where the file cannot be read", function()
    for _, path in ipairs { folder.path .. "/missing.bin", folder.path } do
      local done, err = lamp:flash { binary = path }
      assert.is_nil(done)
      assert.are.equal("cancelled", err.kind)
      assert.matches("^cannot read " .. path:gsub("%p", "%%%0") .. ": ", err.message)
      assert.is_false(err.delivered)
    end
    assert.are.same({}, sim:requests())
  end)

  it("fails on a device that is offline", function()
    local done, err = api:device("cellar"):flash { data = "abc" }
    assert.is_nil(done)
    assert.are.equal("device_offline", err.kind)
    assert.are.equal("maybe", err.delivered)
  end)

  it("refuses what is neither file nor bytes, or both", function()
    assert.error_matches(function() lamp:flash() end, "flash: the options must be a table, got nil")
    assert.error_matches(function() lamp:flash("my.bin") end, "got a string")
    assert.error_matches(function() lamp:flash {} end,
      "give either binary %(a file's path%) or data %(its bytes%)")
    assert.error_matches(function() lamp:flash { binary = "x", data = "y" } end, "give either")
    assert.error_matches(function() lamp:flash { file = "x" } end, 'unknown option "file"')
    assert.error_matches(function() lamp:flash { binary = 5 } end, "option binary must be a string")
  end)
end)
