local simulator = require("particle.simulator")
local support = require("spec.support")

local FLEET = [[
  return {
    devices = {
      {
        name = "porch-lamp",
        variables = { temperature = 7, label = "warm" },
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

  -- The command of a shell, as a program that gives it a terminal.
  local function in_terminal(command)
    return { "script", "--quiet", "--return", "--command", command, "/dev/null" }
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

  for _, name in ipairs { "cqueues", "luv" } do
    describe("loop_" .. name, function()
      it("reads, calls and follows events while a clock ticks", function()
        assert.are.equal("door\t1\noven\t180\nevent\tmeal\tready\nthe clock ticked meanwhile\n",
          output_of("loop_" .. name .. ".lua"))
      end)
    end)
  end

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
        "\n  door +opened +%S+Z\n  temperature +24%.5 +%S+Z\n  lights +out +%S+Z\n",
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

  -- An account whose cloud is in the test's own hands; `start` starts an example for it.
  local function new_cloud(options)
    options = options or {}
    options.devices = {
      { name = "porch-lamp" }, { name = "cellar" },
    }
    local sim = simulator.new(options)
    local function step() sim:step(0.01) end
    local function start(arguments, env)
      local own = { PARTICLE_ACCESS_TOKEN = sim.token, PARTICLE_API_ENDPOINT = sim.url }
      for name, value in pairs(env or {}) do own[name] = value end
      local process = support.start(arguments, { env = own, step = step })
      support.wait_until(function() return process:status() or #sim:streams() == 1 end,
        { step = step, what = "a stream" })
      return process
    end
    return sim, start
  end

  -- Those that follow events begin alike, and end alike.
  for name, arguments in pairs {
    follow = {}, chart = { "porch-lamp" }, store_events = { ":memory:" },
  } do
    describe(name, function()
      local file = name .. ".lua"

      local function assert_fails(env, pattern, ...)
        local result = run(file, env, ...)
        assert.are.equal(1, result.status)
        assert.are.equal("", result.stdout)
        assert.is_truthy(result.stderr:find("^[^\n]+: " .. pattern .. "[^\n]+\n$"), result.stderr)
        assert.is_nil(result.stderr:find(env.PARTICLE_ACCESS_TOKEN, 1, true))
      end

      it("says in one line that a token is not accepted", function()
        with_account(function(env)
          env.PARTICLE_ACCESS_TOKEN = ("0"):rep(40)
          assert_fails(env, "unauthorized: ", table.unpack(arguments))
        end)
      end)

      it("says in one line that nobody is at the address", function()
        assert_fails({
          PARTICLE_ACCESS_TOKEN = "s3cret",
          PARTICLE_API_ENDPOINT = "http://127.0.0.1:" .. support.free_port(),
        }, "network: ", table.unpack(arguments))
      end)

      it("ends with Ctrl-C", function()
        local process <close> = support.start { "lua5.4", "examples/" .. file }
        process:expect("\n")
        process:kill("INT")
        local result = process:wait()
        assert.are.equal("", result.stderr)
        assert.are.equal(0, result.status)
      end)

      it("explains its arguments", function()
        for _, wrong in ipairs { { "--colour" }, { "--count" }, { "--count", "x" }, { "a", "b" } } do
          local result = run(file, {}, table.unpack(wrong))
          assert.are.equal(2, result.status)
          assert.is_truthy(result.stderr:find("^usage: "), result.stderr)
        end
      end)

      it("ends when the stream is refused for good", function()
        local sim, start = new_cloud()
        local process <close> = start { "lua5.4", "examples/" .. file, table.unpack(arguments) }
        sim:refuse { status = 403, times = math.huge }
        sim:cut()
        local result = process:wait()
        assert.are.equal(1, result.status)
        assert.is_truthy(result.stderr:find("^the stream has ended: forbidden: [^\n]+\n$"), result.stderr)
      end)
    end)
  end

  describe("follow", function()
    it("shows the simulated devices' events, and how the stream survives", function()
      local text = output_of("follow.lua", {}, "--count", "12")
      assert_lines({
        "^%-%- following all devices",
        "\n%d%d:%d%d:%d%d  greenhouse  temperature  %d+%.%d\n",
        "\n%d%d:%d%d:%d%d  kitchen%-lamp  motion  %(no data%)\n",
        "\n%-%- [^\n]+; attempt 1 in %d%.%d s\n%-%- connected again\n",
        "\n%-%- events from %d%d:%d%d:%d%d to %d%d:%d%d:%d%d may be missing\n%d",
      }, text)
      assert.are.equal(12, select(2, text:gsub("\n%d", "")))
      assert.is_nil(text:find("\27", 1, true))
    end)

    it("follows one device of the account, by prefix", function()
      local sim, start = new_cloud()
      local process <close> = start { "lua5.4", "examples/follow.lua", "--count", "2", "--prefix", "d",
        "porch-lamp" }
      sim:device("cellar"):publish("door", "1")
      sim:device("porch-lamp"):publish("window", "2")
      sim:device("porch-lamp"):publish("door", "3")
      sim:device("porch-lamp"):publish("dusk", "\27[31m\n")
      local lines = process:wait().stdout:gsub("\n%d+:%d+:%d+", "\n")
      assert.are.equal("-- following porch-lamp; the times are UTC\n"
        .. "  porch-lamp  door  3\n  porch-lamp  dusk  \\x1B[31m\\n\n", lines)
    end)
  end)

  describe("chart", function()
    -- Runs it in a terminal of 50 columns.
    local function start_in_terminal(start, command, options)
      command = "stty cols 50; exec lua5.4 examples/chart.lua " .. command
      return start(in_terminal(command), options)
    end

    local function frames_of(text)
      local frames, frame = {}, nil
      for line in text:gmatch("([^\n]*)\r\n") do
        local rest = line:match("^\27%[9A\r(.*)$") or line:match("^\r(.*)$")
        if rest then
          frame = {}
          frames[#frames + 1] = frame
        end
        frame[#frame + 1] = (rest or line):match("^(.*)\27%[K$")
      end
      return frames
    end

    it("prints lines where there is no terminal", function()
      local text = output_of("chart.lua", {}, "--count", "3")
      assert.are.equal(3, select(2, text:gsub("[%d-]+T[%d:]+Z  greenhouse temperature  %d+%.%d\n", "")))
      assert.is_nil(text:find("\27", 1, true))
    end)

    it("reads a variable, and shows texts and failures too", function()
      with_account(function(env)
        local function values(variable)
          return (output_of("chart.lua", env, "--count", "2", "--every", "0", "--variable", variable,
            "porch-lamp"):gsub("%S+Z  ", ""))
        end
        assert.are.equal(("porch-lamp temperature  7\n"):rep(2), values("temperature"))
        assert.are.equal(("porch-lamp label  warm\n"):rep(2), values("label"))
        local result = run("chart.lua", env, "--variable", "x", "porch-lamp")
        assert.are.equal(1, result.status)
        assert.is_truthy(result.stderr:find("^no chart of x: not_found: "), result.stderr)
        assert.are.equal(2, run("chart.lua", env).status)
      end)
    end)

    it("draws in place what fits into the terminal", function()
      local sim, start = new_cloud()
      local process <close> = start_in_terminal(start, "--count 64 --event t porch-lamp", { LC_ALL = "C" })
      for i = 1, 60 do sim:device("porch-lamp"):publish("t", tostring(i)) end
      for _, data in ipairs { "offline", "nan", "60", ("wide "):rep(20) } do
        sim:device("porch-lamp"):publish("t", data)
      end
      local frames = frames_of(process:wait().stdout)
      assert.are.equal(64, #frames)
      for _, frame in ipairs(frames) do
        assert.are.equal(9, #frame)
        for _, line in ipairs(frame) do assert.is_true(#line <= 49, line) end
      end
      assert.are.equal("porch-lamp t  60", frames[63][1])
      assert.are.equal("       60 ", frames[63][2]:sub(1, 10))
      assert.are.equal("       25 .", frames[63][9]:sub(1, 11)) -- 39 columns: 25 to 60, two holes, 60
      assert.are.equal("##--#", frames[63][9]:sub(-5))
      assert.are.equal("## " .. " #", frames[63][2]:gsub("[.:|]", "#"):sub(-5))
      assert.is_truthy(frames[64][1]:find("^porch%-lamp t  wide wide [wide ]+$"))
    end)

    it("draws blocks where the terminal has them, and a constant at half height", function()
      local sim, start = new_cloud()
      local process <close> = start_in_terminal(start, "--count 2 --event t porch-lamp",
        { LC_ALL = "C.UTF-8" })
      for _, data in ipairs { "5", "on" } do sim:device("porch-lamp"):publish("t", data) end
      local frame = frames_of(process:wait().stdout)[2]
      assert.are.same({ "            ", "        5 ▁ ", "          █ " }, { frame[4], frame[5], frame[6] })
      assert.are.equal("          █·", frame[9])
    end)

    it("takes COLUMNS before what the terminal says", function()
      local sim, start = new_cloud()
      local process <close> = start_in_terminal(start, "--count 40 --event t porch-lamp",
        { LC_ALL = "C", COLUMNS = 30 })
      for i = 1, 40 do sim:device("porch-lamp"):publish("t", tostring(i)) end
      local frames = frames_of(process:wait().stdout)
      assert.are.equal(29, #frames[40][9])
    end)

    it("leaves the terminal alone when Ctrl-C is pressed in it", function()
      local folder <close> = support.folder()
      local pipe = folder.path .. "/input"
      assert(os.execute("mkfifo " .. support.quote(pipe)))
      local terminal = "exec script --quiet --return --command 'exec lua5.4 examples/chart.lua' /dev/null"
      local process <close> = support.start { "sh", "-c", terminal .. ' <"$1"', "sh", pipe }
      local input <close> = assert(io.open(pipe, "w"))
      process:expect("\27%[9A")
      input:write("\3")
      input:flush()
      local result = process:wait()
      assert.are.equal(0, result.status, "ended by signal " .. tostring(result.signal))
      assert.is_truthy(result.stdout:find("\27%[K\r\n%^?C?$"), result.stdout)
      assert.is_nil(result.stdout:find("\27%[%?"))
    end)
  end)

  describe("fleet", function()
    it("prints lines of progress, and sums up", function()
      local text = output_of("fleet.lua", {}, "--size", "50", "--limit", "20")
      assert.are.equal("5 of 50\n", text:match("^[^\n]+\n"))
      assert_lines({
        "\n50 of 50\n49 numbers: 15 to 24, 19%.59 on average\n1 device_offline: sensor%-050\n$",
      }, text)
    end)

    it("draws a bar in a terminal", function()
      local command = "exec lua5.4 examples/fleet.lua --size 4"
      local text = support.run(in_terminal(command)).stdout
      assert_lines({ "\r%[##########%.+%] 1/4\r", "\r%[#+%] 4/4\r\n4 numbers: 16 to 19" }, text)
    end)

    it("gives up at the deadline", function()
      local text = output_of("fleet.lua", {}, "--size", "5", "--limit", "1", "--deadline", "0.001", "x")
      assert.are.equal("5 timeout: sensor-001, sensor-002, sensor-003 and 2 more\n", text)
    end)

    it("reads the account's devices with a token", function()
      with_account(function(env)
        assert_lines({ "\n1 numbers: 7 to 7, 7%.00 on average\n1 device_offline: cellar\n$" },
          output_of("fleet.lua", env))
        assert.are.equal(2, run("fleet.lua", env, "--limit", "0").status)
      end)
    end)
  end)

  describe("flash", function()
    it("tells how a simulated device takes made-up firmware", function()
      assert_lines({
        "^uploaded 160%d%d%d%d bytes\nupdate started\nupdate success\nkitchen%-lamp is flashed\n$",
      }, output_of("flash.lua"))
    end)

    it("draws a bar in a terminal", function()
      local command = "exec lua5.4 examples/flash.lua"
      local text = support.run(in_terminal(command)).stdout
      assert_lines({ "\r%[#+%] 100 %%\r\n", "kitchen%-lamp is flashed\r\n$" }, text)
    end)

    it("flashes sources, a binary and a bundle, and shows what the compiler says", function()
      local folder <close> = support.folder()
      local source = folder:write("main.ino", "void setup() {}")
      assert_lines({ "garage%-door is flashed\n$" }, output_of("flash.lua", {}, "garage-door", source))
      for _, name in ipairs { "a.bin", "a.zip" } do
        assert_lines({ "is flashed\n$" },
          output_of("flash.lua", {}, "--wait", "60", "garage-door", folder:write(name, "bytes")))
      end
      local result = run("flash.lua", {}, "garage-door", folder:write("bad.ino", "#error no"))
      assert.are.equal(1, result.status)
      assert.are.equal("garage-door was not flashed: build didn't produce binary\n"
        .. "bad.ino:1:2: error: #error no\n", result.stderr)
    end)

    it("wants a device together with files", function()
      for _, arguments in ipairs { { "lamp" }, { "--wait" }, { "--wait", "0" }, { "--x" } } do
        assert.are.equal(2, run("flash.lua", {}, table.unpack(arguments)).status)
      end
    end)
  end)

  describe("daemon", function()
    it("tends the devices for a while", function()
      local text = output_of("daemon.lua", {}, "--seconds", "0.3", "--every", "0.05")
      assert_lines({ "^%S+Z  started\n", "Z  moisture 60 %%: watered, now 75 %%\n",
        "Z  ended: %d+ readings, 2 waterings, %d+ closings\n$" }, text)
    end)

    it("acts on events, and ends cleanly at Ctrl-C", function()
      local process <close> = support.start { "lua5.4", "examples/daemon.lua" }
      process:expect("the door was opened: closed it\n")
      process:kill("INT")
      local result = process:wait()
      assert.are.equal("", result.stderr)
      assert.are.equal(0, result.status)
      assert_lines({ "Z  ended: 1 readings, 1 waterings, %d+ closings\n$" }, result.stdout)
    end)

    it("ends with the error of what it cannot do without", function()
      local result = run("daemon.lua", {
        PARTICLE_ACCESS_TOKEN = "x", PARTICLE_API_ENDPOINT = "http://127.0.0.1:" .. support.free_port(),
      })
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^network: "), result.stderr)
      assert_lines({ "Z  ended: 0 readings, 0 waterings, 0 closings\n$" }, result.stdout)
    end)
  end)

  describe("store_events", function()
    local folder, path

    before_each(function()
      folder = support.folder()
      path = folder.path .. "/events.sqlite"
    end)

    after_each(function() folder:remove() end)

    local function query(statement)
      local environment = require("luasql.sqlite3").sqlite3()
      local db = assert(environment:connect(path))
      local cursor, list = assert(db:execute(statement)), {}
      local row = type(cursor) == "userdata" and cursor:fetch({}, "n")
      while row do
        list[#list + 1] = row
        row = cursor:fetch({}, "n")
      end
      db:close()
      environment:close()
      return list
    end

    it("sums up what the simulated devices published, and what is missing", function()
      local text = output_of("store_events.lua", {}, "--count", "12")
      assert_lines({
        "\nEVENT +DEVICE +COUNT +FIRST +LAST +AVERAGE\ntemperature +%x+ +%d+ +%S+Z +%S+Z +2%d%.?%d*\n",
        "\ndoor +%x+ +%d+ +%S+Z +%S+Z +%-\n", "\n1 gap%(s%), %d+%.%d s in all: connection lost\n$",
      }, text)
      local sum = 0 -- which of them came before the loss is a matter of time
      for count in text:gmatch("\n%a+ +%x+ +(%d+) ") do sum = sum + count end
      assert.are.equal(12, sum)
    end)

    it("stores each event once, whatever is in it", function()
      local sim, start = new_cloud { clock = function() return 1764043200 end }
      local process <close> = start { "lua5.4", "examples/store_events.lua", "--count", "5", "--device",
        "porch-lamp", path }
      local lamp = sim:device("porch-lamp")
      lamp:publish("it's", "'); DROP TABLE events; --?\0é")
      for _ = 1, 2 do lamp:publish("twice", "2.5") end
      for _ = 1, 2 do lamp:publish("none") end
      local result = process:wait()
      assert.are.equal("", result.stderr)
      assert_lines({ "\ntwice +" .. lamp.id .. " +1 +%S+ +%S+ +2%.5\n" }, result.stdout)
      assert.are.same({
        { "it's", "'); DROP TABLE events; --?\0é", lamp.id }, { "twice", "2.5", lamp.id },
        { "none", nil, lamp.id },
      }, query("SELECT name, data, coreid FROM events ORDER BY id"))
    end)

    it("notes that it was not running, once", function()
      assert.is_nil(output_of("store_events.lua", {}, "--count", "1", path):find("gap", 1, true))
      query("UPDATE events SET received_at = received_at - 100")
      assert_lines({ "\n1 gap%(s%), 1%d%d%.%d s in all: not running\n$" },
        output_of("store_events.lua", {}, "--count", "1", path))
      assert.are.equal("not running", query("SELECT reason FROM gaps")[1][1])
    end)

    it("says what is wrong with the file, or missing", function()
      local result = run("store_events.lua", {}, folder.path .. "/no/such.sqlite")
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^cannot open [^\n]+\n$"), result.stderr)
      result = run("store_events.lua", {}, folder:write("text", ("no database "):rep(100)))
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^cannot use [^\n]+\n$"), result.stderr)
      with_account(function(env) assert.are.equal(2, run("store_events.lua", env).status) end)
      local without = 'package.preload["luasql.sqlite3"] = error'
      result = support.run { "lua5.4", "-e", without, "examples/store_events.lua" }
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("^needs LuaSQL [^\n]+lua%-sql%-sqlite3\n$"), result.stderr)
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
