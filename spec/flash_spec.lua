local flash = require("particle.flash")
local simulator = require("particle.simulator")
local support = require("spec.support")

describe("flash", function()
  local sim, api, lamp, folder

  before_each(function()
    folder = support.folder()
    sim = simulator.new {
      devices = { { name = "lamp" }, { name = "cellar", online = false } },
      products = { { id = 42, name = "Lamps", devices = { { name = "sold" } } } },
    }
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
    assert.are.equal("app.zip", name_of { bundle = "target/app.zip" })
    assert.are.equal("APP.ZIP", name_of { bundle = "APP.ZIP" })
    assert.are.equal("app.zip", name_of { bundle = "target/app" })
  end)

  it("sends a bundle", function()
    assert.is_true(lamp:flash { bundle = folder:write("app.zip", "PK\3\4 and assets") })
    assert.are.equal("PK\3\4 and assets", sim:device("lamp").firmware)
  end)

  it("sends a known program, which has no product", function()
    assert.is_true(lamp:flash { app = "tinker" })
    assert.are.equal("tinker", sim:device("lamp").app)
    local sold = api:device("sold", { product = 42 })
    assert.is_true(sold:flash { app = "tinker" })
    assert.are.equal("tinker", sim:device("sold").app)
    assert.is_true(sold:flash { data = "abc" })
    assert.matches("/v1/products/42/devices/%x+$", sim:requests()[#sim:requests()].path)
  end)

  it("sends sources under their names in the project", function()
    local names
    api:use(function(request, send)
      names = {}
      for i, part in ipairs(request.multipart) do
        names[i] = part.filename or part.name .. "=" .. part.data
      end
      return send(request)
    end)
    assert.is_true(lamp:flash {
      sources = {
        { path = folder:write("main.ino", "void setup() {}"), name = "src/main.ino" },
        { data = "name=lamp", name = "project.properties" },
      },
      build_target_version = "6.3.0",
    })
    assert.are.equal("src/main.ino project.properties build_target_version=6.3.0", table.concat(names, " "))
  end)

  it("tells what the compiler said", function()
    local source = { data = "\n#error not like this", name = "src/main.ino" }
    local done, err = lamp:flash { sources = { source } }
    assert.is_nil(done)
    assert.are.equal("bad_request", err.kind)
    assert.are.equal("build didn't produce binary\nsrc/main.ino:2:2: error: #error not like this",
      err.message)
    assert.is_nil(sim:device("lamp").firmware)
  end)

  it("tells how far the upload is", function()
    local heard = {}
    local function on_progress(done, total) heard[#heard + 1] = done .. " of " .. total end
    assert.is_true(lamp:flash { data = ("x"):rep(1000), on_progress = on_progress })
    assert.matches("^(%d+) of %1$", heard[#heard])
  end)

  it("fails, with nothing sent, where the file cannot be read", function()
    for _, path in ipairs { folder.path .. "/missing.bin", folder.path } do
      for _, firmware in ipairs { { binary = path }, { bundle = path }, { sources = { path } } } do
        local done, err = lamp:flash(firmware)
        assert.is_nil(done)
        assert.are.equal("cancelled", err.kind)
        assert.matches("^cannot read " .. path:gsub("%p", "%%%0") .. ": ", err.message)
        assert.is_false(err.delivered)
      end
    end
    assert.are.same({}, sim:requests())
  end)

  it("fails on a device that is offline", function()
    local cellar = api:device("cellar")
    local sources = { { data = "", name = "a.ino" } }
    for _, firmware in ipairs { { data = "abc" }, { app = "tinker" }, { sources = sources } } do
      local done, err = cellar:flash(firmware)
      assert.is_nil(done)
      assert.are.equal("device_offline", err.kind)
      assert.are.equal("maybe", err.delivered)
    end
  end)

  it("refuses what cannot be meant", function()
    for pattern, firmware in pairs {
      ["give binary %(a file's path%), data %(its bytes%), bundle, sources or app"] = {},
      ["binary and data exclude each other"] = { binary = "x", data = "y" },
      ["sources and app exclude each other"] = { app = "x", sources = { "y" } },
      ['unknown option "file"'] = { file = "x" },
      ["option binary must be a string"] = { binary = 5 },
      ["option sources must be a list of paths"] = { sources = "main.ino" },
      ["filename does not go with bundle"] = { bundle = "a.zip", filename = "b.zip" },
      ["build_target_version does not go with app"] = { app = "x", build_target_version = "6.3.0" },
      ["option wait must be true or a positive number"] = { data = "x", wait = 0 },
      ["on_status is told with wait only"] = { data = "x", on_status = print },
      ["option on_status must be a function"] = { data = "x", wait = 1, on_status = 1 },
      ["on_progress is for uploads"] = { app = "tinker", on_progress = print },
      ['two files are called "a.h"'] = { sources = { "/x/a.h", "/y/a.h" } },
    } do
      assert.error_matches(function() lamp:flash(firmware) end, "flash: " .. pattern)
    end
    assert.error_matches(function() lamp:flash() end, "flash: the options must be a table, got nil")
    assert.error_matches(function() lamp:flash("my.bin") end, "got a string")
    assert.error_matches(function() lamp:flash({ data = "x" }, { wait = 1 }) end,
      'flash: unknown option "wait"')
    assert.are.same({}, sim:requests())
    api:close()
    assert.error_matches(function() lamp:flash { data = "x" } end, "the api is closed")
  end)
end)
