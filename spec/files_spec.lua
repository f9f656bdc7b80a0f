local files = require("particle.files")
local support = require("spec.support")

describe("files", function()
  it("are lists of paths or bytes", function()
    for _, list in ipairs {
      { { path = "a.bin" } }, { { data = "", name = "a" } },
      { { data = "x" }, { path = "b", type = "text/plain" } }, { "a.bin", { path = "b" } },
    } do assert.is_true(files.LIST.fits(list)) end
    for _, list in ipairs {
      {}, "a.bin", { "" }, { 1 }, { {} }, { { path = "a", data = "b" } }, { { name = "a" } },
      { { path = 1 } },
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

  it("that are given as paths keep their place in the project", function()
    local function name_of(path) return files.parts({ path })[1].filename end
    assert.equal("src/main.ino", name_of "src/main.ino")
    assert.equal("src/main.ino", name_of "./src/main.ino")
    assert.equal("main.ino", name_of "/home/me/main.ino")
    assert.equal("main.ino", name_of "../app/main.ino")
    assert.equal("main.ino", name_of "lib/../../main.ino")
    assert.equal("a..b/c.h", name_of "a..b/c.h")
    assert.equal("src/c.h", name_of "src\\c.h")
    assert.equal("./src/main.ino", files.parts({ "./src/main.ino" })[1].path)
  end)

  it("must not have one name", function()
    local list = { { path = "a/x.h" }, { path = "b/x.h" } }
    assert.error_matches(function() files.parts(list, nil, "flash") end,
      'flash: two files are called "x.h": give them names')
    list[2].name = "b/x.h"
    assert.equal(2, #files.parts(list))
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
