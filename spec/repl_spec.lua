local check = require("particle.check")
local core = require("particle.core")
local repl = require("particle.repl")
local support = require("spec.support")

describe("repl", function()
  -- What is written for these lines, and the prompts that were shown.
  local function session(lines, env, call)
    local written, prompts, at = {}, {}, 0
    repl.loop {
      read = function(prompt)
        at = at + 1
        prompts[at] = prompt
        return lines[at]
      end,
      write = function(text) written[#written + 1] = text end,
      env = env or setmetatable({}, { __index = _G }),
      call = call,
    }
    return table.concat(written), prompts
  end

  describe("loop", function()
    it("shows the values of an expression", function()
      assert.are.equal('42\n"a"\t{ 1, 2 }\tnil\n', session { "6 * 7", '"a", {1, 2}, nil' })
    end)

    it("runs statements and shows nothing for them", function()
      local env = {}
      assert.are.equal("7\n", session({ "x = 7", "x", "", "-- a comment" }, env))
      assert.are.equal(7, env.x)
    end)

    it("shows nothing for a call without results, and nil for nil", function()
      local env = { nothing = function() end, one = function() return nil end }
      assert.are.equal("nil\n", session({ "nothing()", "one()" }, env))
    end)

    it("keeps the first value in _", function()
      assert.are.equal("5\t1\n6\n", (session({ "5, 1", "_ + 1" }, {})))
    end)

    it("goes on over several lines until the chunk is complete", function()
      local text, prompts = session { "for i = 1, 2 do", "  y = i", "end", "y", "{ 1,", "2 }", "[[a", "b]]" }
      assert.are.equal('2\n{ 1, 2 }\n"a\\nb"\n', text)
      assert.are.same({ "> ", ">> ", ">> ", "> ", "> ", ">> ", "> ", ">> ", "> " }, prompts)
      _G.y = nil
    end)

    it("shows a syntax error and goes on", function()
      assert.are.equal("stdin:1: unexpected symbol near '='\n1\n", (session { "= = 1", "1" }))
    end)

    it("shows what is missing when the input ends inside a chunk", function()
      assert.are.equal("stdin:1: 'end' expected near <eof>\n", (session { "do" }))
    end)

    it("shows what is raised and goes on", function()
      assert.are.equal("error: stdin:1: oops\nerror: { code = 7 }\nerror: nil\n1\n",
        (session { 'error("oops")', "error { code = 7 }", "error()", "1" }))
    end)

    it("names the line that was typed where a call is misuse", function()
      local lines = { 'misuse("a")', 'return misuse("b")', "1,", 'misuse("c")' }
      assert.are.equal("error: stdin:1: a\nerror: stdin:1: b\nerror: stdin:2: c\n",
        (session(lines, { misuse = check.raise })))
    end)

    it("shows a syntax error where a line begins in the middle of an expression", function()
      for _, line in ipairs { "or misuse()", "+ 1", ", 5", "== nil", ".. 'x'" } do
        local shown = session({ line }, { misuse = function() error("it ran") end })
        assert.is_truthy(shown:find("^stdin:1: unexpected symbol near '"), shown)
      end
    end)

    it("shows nil, err as the error", function()
      local err = core.error { kind = "not_found", message = "Function x not found", status = 404 }
      local env = { call = function() return nil, err end, raise = function() error(err) end }
      local expected = "error: " .. tostring(err) .. "\n"
      assert.are.equal(expected .. expected, (session({ "call()", "raise()" }, env)))
      assert.is_truthy(expected:find("Function x not found", 1, true))
    end)

    it("shows no secrets and no control characters", function()
      local env = { record = { access_token = "s3cret" }, bad = function() error("a\27[31mb", 0) end }
      assert.are.equal("{ access_token = <secret> }\nerror: a\\x1B[31mb\n",
        (session({ "record", "bad()" }, env)))
    end)

    it("says when a call was interrupted, and goes on", function()
      local env = { loop = function() error("interrupted!", 0) end }
      assert.are.equal("error: interrupted\n1\n", (session({ "loop()", "1" }, env)))
    end)

    for _, word in ipairs { "exit", "quit", " exit ", "exit()" } do
      it("ends at " .. ("%q"):format(word), function()
        assert.are.equal("1\n", (session { "1", word, "2" }))
      end)
    end

    it("runs what is typed through the given call", function()
      local calls = 0
      assert.are.equal("1\n", (session({ "1" }, {}, function(fn)
        calls = calls + 1
        return pcall(fn)
      end)))
      assert.are.equal(1, calls)
    end)
  end)

  describe("main", function()
    local function run(lines, env, argument)
      local home <close> = support.folder()
      env = env or {}
      env.HOME = home.path
      local main = ("require('particle.repl').main{%s}"):format(argument and ("%q"):format(argument) or "")
      return support.run({ "lua5.4", "-e", main }, { stdin = table.concat(lines, "\n") .. "\n", env = env })
    end

    it("has a client of the simulated cloud ready, and live devices", function()
      local result = run {
        'lamp = api:device "kitchen-lamp"',
        'lamp:read "temperature"',
        'lamp:call("led", "on")',
        'lamp:read "on"',
        'lamp:call "fly"',
        'api:device("attic-sensor"):read "temperature"',
        "#api:devices(), particle.type(api), particle.type(lamp), type(sim)",
      }
      assert.are.equal("", result.stderr)
      local lines = {}
      for line in result.stdout:gmatch("[^\n]+") do lines[#lines + 1] = line end
      assert.are.same({ "21.5", "1", "true" }, table.move(lines, 1, 3, 1, {}))
      assert.is_truthy(lines[4]:find("^error: .*fly"), lines[4])
      assert.is_truthy(lines[5]:find("^error: "), lines[5])
      assert.are.equal('4\t"api"\t"device"\t"table"', lines[6])
      assert.are.equal(0, result.status)
    end)

    it("shows no token", function()
      local result = run { "sim.token == nil", "sim", "api", "api:login { grant = 'password', "
        .. "username = sim.username, password = sim.password }" }
      assert.are.equal("", result.stderr)
      assert.is_nil(result.stdout:find("%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x"), result.stdout)
      assert.is_nil(result.stdout:find("error", 1, true), result.stdout)
    end)

    it("is the account's own where the environment has a token", function()
      local result = run({ "api", "sim" }, {
        PARTICLE_ACCESS_TOKEN = "s3cret", PARTICLE_API_ENDPOINT = "http://127.0.0.1:1",
      })
      assert.is_truthy(result.stdout:find("http://127.0.0.1:1", 1, true), result.stdout)
      assert.is_nil(result.stdout:find("s3cret", 1, true))
    end)

    it("stays with the simulator when told to", function()
      local result = run({ "#api:devices()" }, { PARTICLE_ACCESS_TOKEN = "s3cret" }, "--simulator")
      assert.are.equal("4\n", result.stdout)
    end)

    it("explains what --account needs", function()
      local result = run({}, {}, "--account")
      assert.are.equal(1, result.status)
      assert.is_truthy(result.stderr:find("PARTICLE_ACCESS_TOKEN", 1, true), result.stderr)
    end)

    it("refuses unknown options", function()
      local result = run({}, {}, "--acount")
      assert.are.equal(2, result.status)
      assert.is_truthy(result.stderr:find("usage:", 1, true))
    end)

    local function make_pipe(folder)
      local pipe = folder.path .. "/input"
      assert(os.execute("mkfifo " .. support.quote(pipe)))
      return pipe
    end

    -- A prompt that goes on reading what is written to the pipe.
    local function start_prompt(home, pipe)
      return support.start({ "sh", "-c",
        'exec lua5.4 -e \'io.stdout:setvbuf("no") require("particle.repl").main()\' <"$1"', "sh", pipe },
        { env = { HOME = home.path } })
    end

    local function open_pipe(pipe)
      local input = assert(io.open(pipe, "w"))
      input:setvbuf("no")
      return input
    end

    it("survives Ctrl-C during a call, every time", function()
      local home <close> = support.folder()
      local pipe = make_pipe(home)
      local process <close> = start_prompt(home, pipe)
      local input <close> = open_pipe(pipe)
      for i = 1, 3 do
        input:write(('print("busy %d") while true do end\n'):format(i))
        process:expect("busy " .. i)
        process:kill("INT")
        process:expect(("error: interrupted.*"):rep(i))
      end
      input:write('"alive"\n')
      process:expect('"alive"')
      input:close()
      assert.are.equal(0, process:wait().status)
    end)

    it("follows events until Ctrl-C, which closes the stream", function()
      local home <close> = support.folder()
      local pipe = make_pipe(home)
      local process <close> = start_prompt(home, pipe)
      local input <close> = open_pipe(pipe)
      input:write("s = api:subscribe()\n s.state\n s:next(20).name\n")
      process:expect('^"open"\n"temperature"\n')
      input:write("for event in s:each() do print('event', event.name) end\n")
      process:expect("event\t%a+\n")
      process:kill("INT")
      process:expect("error: interrupted\n")
      input:write("s.state\n api:device('kitchen-lamp'):read('temperature')\n")
      process:expect('\n"closed"\n21.5\n')
      input:close()
      assert.are.equal(0, process:wait().status)
    end)
  end)
end)
