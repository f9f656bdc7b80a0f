local support = require("spec.support")

describe("support", function()
  it("tests the build that was asked for", function()
    local found = assert(package.searchpath("particle.core", package.cpath))
    assert.truthy(found:find(support.build .. "/lib/particle/core.so", 1, true), found)
  end)

  it("runs a program and gives its output and status", function()
    local result = support.run({ "sh", "-c", "cat; echo \"$A-${HOME-none}\" >&2; pwd; exit 3" },
      { stdin = "it's", env = { A = "b c", HOME = false }, cwd = "/" })
    assert.same({ status = 3, stdout = "it's/\n", stderr = "b c-none\n" }, result)
  end)

  it("gives the signal that ended a program", function()
    local process <close> = support.start({ "sh", "-c", "echo ready; exec sleep 60" })
    process:expect("ready")
    process:kill("INT")
    assert.equal(2, process:wait().signal)
  end)

  it("ends a program that takes too long", function()
    local process <close> = support.start({ "sh", "-c", "echo started; exec sleep 60" }, { timeout = 0.05 })
    assert.has_error(function() process:wait() end)
    assert.has_error(function() process:expect("never") end)
  end)

  it("removes its temporary folders", function()
    local path
    do
      local folder <close> = support.folder()
      path = folder:write("a/b", "text")
      assert.equal("text", support.read(path))
    end
    assert.is_nil(support.read(path))
  end)

  it("finds ports on which nothing listens", function()
    local port = support.free_port()
    assert.not_equal(port, support.free_port())
    assert.equal(7, support.run({ "curl", "-s", "http://127.0.0.1:" .. port, "--noproxy", "*" }).status)
  end)
end)
