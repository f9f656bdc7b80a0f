local core = require("particle.core")
local support = require("spec.support")

local read, write, remove = core.read_private, core.write_private, core.remove_private

describe("a private file", function()
  local folder, path

  local function shell(command)
    assert(os.execute(command:gsub("@", support.quote(path))))
  end

  local function look(what)
    return support.run({ "stat", "-c", what, path }).stdout:match("^(.-)\n$")
  end

  local function refused(problem)
    local before = support.read(path)
    for _, act in ipairs { read, remove, function() return write(path, "new") end } do
      local result, message = act(path)
      assert.is_nil(result)
      assert.are.equal(path .. " " .. problem, message)
    end
    assert.are.equal(before, support.read(path))
  end

  before_each(function()
    folder = support.folder()
    path = folder.path .. "/f"
  end)

  after_each(function() folder:remove() end)

  it("can be read and written by its owner alone, whatever the umask", function()
    for _, mask in ipairs { "000", "777" } do
      local code = "assert(require('particle.core').write_private(arg[1], 'x'))"
      local program = folder:write("write.lua", code)
      local script = 'umask "$0"; lua5.4 "$@"'
      assert.are.equal(0, support.run({ "sh", "-c", script, mask, program, path }).status)
      assert.are.equal("600", look("%a"))
      assert.is_true(remove(path))
    end
  end)

  it("gives back any bytes, and is replaced as a whole", function()
    for _, text in ipairs { "", "a", "\0\r\n\xFF", ("x"):rep(65536) } do
      local before = look("%i")
      assert.is_true(write(path, text))
      assert.are.equal(text, read(path))
      assert.are_not.equal(before, look("%i"))
    end
    local result, problem = write(path, ("x"):rep(65537))
    assert.is_nil(result)
    assert.are.equal(path .. " would be larger than 64 KiB", problem)
    assert.are.equal(65536, #read(path))
  end)

  it("that is not there is no problem, and can be removed", function()
    assert.are.same({ n = 0 }, table.pack(read(path)))
    assert.are.same({ n = 0 }, table.pack(read(folder.path .. "/no/such/f")))
    assert.is_true(remove(path))
    local result, problem = write(folder.path .. "/no/f", "x")
    assert.is_nil(result)
    assert.matches("lies in a folder that does not exist", problem, 1, true)
  end)

  it("is refused where others can read or write it", function()
    assert.is_true(write(path, "text"))
    for _, mode in ipairs { "640", "604", "620", "602", "610" } do
      shell("chmod " .. mode .. " @")
      refused("can be read or written by others (chmod 600 would cure that)")
    end
  end)

  it("is refused when it is a symbolic link, a folder or a pipe", function()
    folder:write("other", "text")
    shell("ln -s other @")
    refused("is a symbolic link")
    shell("rm @ && ln -s nowhere @")
    refused("is a symbolic link")
    shell("rm @ && mkdir @")
    refused("is not a file")
    shell("rmdir @ && mkfifo -m 600 @")
    for _, act in ipairs { read, remove } do
      assert.are.same({ nil, path .. " is not a file" }, { act(path) })
    end
  end)

  it("is refused when it is too large", function()
    shell("head -c 65537 /dev/zero > @ && chmod 600 @")
    refused("is larger than 64 KiB")
  end)

  it("is refused in a folder in which others can write, but for /tmp and its like", function()
    assert.is_true(write(path, "text"))
    for _, mode in ipairs { "777", "770", "702" } do
      assert(os.execute("chmod " .. mode .. " " .. support.quote(folder.path)))
      refused("lies in a folder in which others can write")
    end
    assert(os.execute("chmod 1777 " .. support.quote(folder.path)))
    assert.are.equal("text", read(path))
  end)

  it("may lie behind a link to its folder", function()
    folder:write("real/x", "")
    assert(os.execute("chmod 700 " .. support.quote(folder.path .. "/real")))
    assert(os.execute("ln -s real " .. support.quote(folder.path .. "/link")))
    assert.is_true(write(folder.path .. "/link/f", "text"))
    assert.are.equal("text", read(folder.path .. "/real/f"))
  end)

  it("leaves nothing open and nothing beside it", function()
    local raw = require("spec.support.raw_server")
    local before = raw.descriptors()
    for _ = 1, 20 do
      write(path, "text")
      read(path)
      write(folder.path .. "/no/f", "x")
      read(folder.path)
    end
    assert.are.equal(before, raw.descriptors())
    assert.are.equal("f\n", support.run({ "ls", "-A", folder.path }).stdout)
  end)

  it("is named by its path", function()
    for _, bad in ipairs { "", "/", "a/", "a\0b", ("x"):rep(201) } do
      assert.error_matches(function() read(bad) end, "the path must end in the name of a file")
    end
    assert.has_error(function() read({}) end)
  end)
end)
