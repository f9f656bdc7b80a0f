local support = require("spec.support")

local FLEET = [[
  return {
    devices = {
      {
        name = "porch-lamp",
        variables = { temperature = 7 },
        functions = { toggle = function() return 1 end },
      },
      { name = "cellar", online = false },
    },
  }
]]

describe("example", function()
  local function run(name, env, ...)
    return support.run({ "lua5.4", "examples/" .. name, ... }, { env = env })
  end

  local function output_of(...)
    local result = run(...)
    assert.are.equal("", result.stderr)
    assert.are.equal(0, result.status)
    return result.stdout
  end

  -- The account of a newcomer: another process's simulator, known by the environment alone.
  local function with_account(fn)
    local folder <close> = support.folder()
    local process <close> = support.start { "particle-simulator", folder:write("fleet.lua", FLEET) }
    local url = process:expect("listening on (http://127%.0%.0%.1:%d+)")
    local token = process:expect("token: (%S+)")
    fn { PARTICLE_ACCESS_TOKEN = token, PARTICLE_API_ENDPOINT = url }
  end

  local function assert_lines(expected, text)
    for _, pattern in ipairs(expected) do
      assert.is_truthy(text:find(pattern), pattern .. " in:\n" .. text)
    end
  end

  describe("quickstart", function()
    it("reads and calls", function()
      assert.are.equal("temperature\t21.5\nled on\t1\nis it on?\ttrue\npressure\tnot_found\n",
        output_of("quickstart.lua"))
    end)
  end)

  describe("read_all", function()
    it("prints one variable of every simulated device", function()
      assert_lines({
        "^DEVICE +ID +TEMPERATURE\n", "\nkitchen%-lamp +%x+ 21.5\n", "\ngreenhouse +%x+ %d+%.?%d*\n",
        "\nattic%-sensor +%x+ %(device_offline%)\n", "\ngarage%-door +%x+ %(not_found%)\n",
      }, output_of("read_all.lua"))
    end)

    it("takes the variable's name", function()
      assert_lines({ "^DEVICE +ID +OPEN\n", "\ngarage%-door +%x+ false\n" },
        output_of("read_all.lua", {}, "open"))
    end)

    it("reads the account's devices with a token", function()
      with_account(function(env)
        assert_lines({ "\nporch%-lamp +%x+ 7\n", "\ncellar +%x+ %(device_offline%)\n" },
          output_of("read_all.lua", env))
      end)
    end)

    it("says when the devices cannot be listed", function()
      local result = run("read_all.lua", {
        PARTICLE_ACCESS_TOKEN = "x", PARTICLE_API_ENDPOINT = "http://127.0.0.1:" .. support.free_port(),
      })
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^the devices cannot be listed: "), result.stderr)
    end)
  end)

  describe("toggle_lamp", function()
    it("toggles the simulated lamp", function()
      assert.are.equal("kitchen-lamp is on\n", output_of("toggle_lamp.lua"))
    end)

    it("says why it cannot", function()
      local result = run("toggle_lamp.lua", {}, "attic-sensor")
      assert.are.equal(1, result.status)
      assert.are.equal("attic-sensor is offline; is it powered?\n", result.stdout)
      assert.is_truthy(run("toggle_lamp.lua", {}, "greenhouse").stdout:find("^greenhouse was not toggled: "))
    end)

    it("needs a device's name with a token, and toggles that", function()
      with_account(function(env)
        assert.are.equal(2, run("toggle_lamp.lua", env).status)
        assert.are.equal("porch-lamp is on\n", output_of("toggle_lamp.lua", env, "porch-lamp"))
      end)
    end)
  end)

  describe("two_users", function()
    it("refuses the second user", function()
      assert_lines({
        "^joe rings:\t1\n", "\npete rings:\tnil\tforbidden\n", "\nthe bell rang 1 time%(s%)\n$",
      }, output_of("two_users.lua"))
    end)
  end)

  describe("demo", function()
    it("tours the simulated cloud", function()
      assert_lines({
        "^A simulated cloud listens at http://127%.0%.0%.1:%d+%.\n",
        "\n4 devices\n  NAME +ID +PLATFORM +ONLINE\n  attic%-sensor +%x+ +Boron +no\n",
        "\n  kitchen%-lamp +%x+ +P2 +yes\n",
        "\n  DEVICE +VARIABLE +VALUE\n",
        "\n  garage%-door +open +false\n",
        '\n  kitchen%-lamp +led%("on"%) +1\n',
        '\n  greenhouse +water%("5"%) +%d+\n',
        "\n  reading from an offline device +device_offline +",
        "\n  calling a function it lacks +not_found +",
        "PARTICLE_ACCESS_TOKEN=your%-token make demo\n",
      }, output_of("demo.lua"))
    end)

    it("aligns its columns", function()
      local text = output_of("demo.lua")
      local header, first = text:match("\n(  NAME[^\n]+)\n([^\n]+)\n")
      assert.are.equal(header:find("PLATFORM"), first:find("Boron"))
      assert.are.equal(header:find("ONLINE"), first:find("no$"))
    end)

    it("lists and reads the account's devices with a token, and calls nothing", function()
      with_account(function(env)
        local text = output_of("demo.lua", env)
        assert_lines({
          "^Your account at http://127%.0%.0%.1:%d+%.\n", "\n2 devices\n",
          "\n  porch%-lamp +temperature +7\n",
        }, text)
        assert.is_nil(text:find("toggle", 1, true))
        assert.is_nil(text:find(env.PARTICLE_ACCESS_TOKEN, 1, true))
      end)
    end)

    it("takes an empty token for none", function()
      assert_lines({ "^A simulated cloud" }, output_of("demo.lua", { PARTICLE_ACCESS_TOKEN = "" }))
    end)

    it("says that a token is not accepted", function()
      with_account(function(env)
        env.PARTICLE_ACCESS_TOKEN = ("0"):rep(40)
        local result = run("demo.lua", env)
        assert.are.equal(1, result.status)
        assert.is_truthy(result.stderr:find("^The devices cannot be listed: "), result.stderr)
      end)
    end)
  end)

  describe("embed #noasan", function()
    local folder

    -- The command of the file's opening comment, with another output.
    local function command()
      local text = support.read("examples/embed/embed.c")
      local lines = assert(text:match("\n %*   (cc .-)\n %*   build/embed")):gsub("\\\n %* +", "")
      return (lines:gsub("build/embed", support.quote(folder.path .. "/embed"), 1))
    end

    setup(function()
      folder = support.folder()
      local result = support.run({ "sh", "-c", command() }, { timeout = 300 })
      assert.are.equal("", result.stderr)
      assert.are.equal(0, result.status)
    end)

    teardown(function() folder:remove() end)

    -- Without the checkout's C modules: what is linked in must do.
    local function embed(...)
      return support.run({ folder.path .. "/embed", ... }, { env = { LUA_CPATH_5_4 = ";;" } })
    end

    it("runs a script with the modules linked in", function()
      local result = embed("examples/embed/script.lua")
      assert.are.equal("", result.stderr)
      assert.are.equal("host: light on\nhost: light off\nhost: light on\n", result.stdout)
      assert.are.equal(0, result.status)
    end)

    it("shows a script's error, objects too, and ends with status 1", function()
      local script = folder:write("fail.lua", [[
        local sim = require("particle.simulator").new { devices = { { name = "lamp" } } }
        assert(sim:client():device("lamp"):call(arg[1]))
      ]])
      local result = embed(script, "fly")
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^embed: .*fly"), result.stderr)
      assert.are.equal(1, embed("no/such/file.lua").status)
      assert.are.equal(2, embed().status)
    end)
  end)

  it("opens with its purpose and usage, whichever it is", function()
    local pipe = assert(io.popen("find examples -type f"))
    for path in pipe:lines() do
      local text = support.read(path)
      assert.is_truthy(text:find("^%-%- %u") or text:find("^/%* %u"), path)
      assert.is_truthy(text:sub(1, 400):find("Usage: ", 1, true), path)
    end
    pipe:close()
  end)
end)
