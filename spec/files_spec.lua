local files = require("particle.files")
local support = require("spec.support")

describe("files", function()
  it("are lists of paths or bytes", function()
    for _, list in ipairs {
      { { path = "a.bin" } }, { { data = "", name = "a" } },
      { { data = "x" }, { path = "b", type = "text/plain" } },
    } do assert.is_true(files.LIST.fits(list)) end
    for _, list in ipairs {
      {}, "a.bin", { "a.bin" }, { {} }, { { path = "a", data = "b" } }, { { name = "a" } }, { { path = 1 } },
      { { path = "a", nmae = "b" } }, { path = "a" },
    } do assert.is_falsy(files.LIST.fits(list)) end
  end)

  it("become parts with names of their own", function()
    assert.are.same({
      { name = "file", path = "/x/a.cpp", filename = "a.cpp", type = "application/octet-stream" },
      { name = "file2", path = "/x/b.h", filename = "src/b.h", type = "text/plain" },
      { name = "file3", data = "c", filename = "file3", type = "application/octet-stream" },
    }, files.parts { { path = "/x/a.cpp" }, { path = "/x/b.h", name = "src/b.h", type = "text/plain" },
      { data = "c" } })
    assert.equal("firmware.bin", files.parts({ { data = "x" } }, "firmware.bin")[1].filename)
  end)

  it("may be unreadable", function()
    local folder <close> = support.folder()
    local path = folder:write("a", "text")
    assert.is_nil(files.problem(path))
    assert.is_truthy(files.problem(path .. "x"):find("cannot read .*No such file"))
    assert.is_truthy(files.problem(folder.path):find("cannot read .*: not a regular file$"))
    assert.is_nil(files.problem_of { { path = path }, { data = "x" } })
    assert.is_truthy(files.problem_of { { data = "x" }, { path = folder.path } })
    assert.is_nil(files.problem_of { 1, { path = 2 } })
  end)

  it("are not waited for where they are pipes", function()
    local folder <close> = support.folder()
    local pipe = folder.path .. "/pipe"
    assert(os.execute(("mkfifo '%s'"):format(pipe)))
    assert.equal(("cannot read %s: not a regular file"):format(pipe), files.problem(pipe))
  end)
end)
