local support = require("spec.support")
local tar = require("particle.simulator.tar")

describe("tar", function()
  it("gives the files of an archive", function()
    local folder <close> = support.folder()
    local contents = { ["library.properties"] = "name=x\n", ["src/a.cpp"] = ("x"):rep(1000),
      ["src/empty.h"] = "" }
    for name, text in pairs(contents) do folder:write(name, text) end
    local archive = support.run({ "tar", "-C", folder.path, "-cf", "-", "library.properties",
      "src" }).stdout
    assert.same(contents, tar.files(archive))
  end)

  it("gives what is there of anything else", function()
    assert.same({}, tar.files(""))
    assert.same({}, tar.files("x"))
    assert.same({}, tar.files(("\0"):rep(2000)))
    assert.equal("table", type(tar.files(("x"):rep(2000))))
  end)
end)
