local support = require("spec.support")

-- What snippets find: a simulator with one lamp. `print` says at which line it was called. The environment's
-- token is the simulator's, so that `particle.new()` means what it means to a reader.
local PRELUDE = [[
  local simulator = require("particle.simulator")
  sim = simulator.new {
    users = {
      { username = "joe@example.com", password = "SuperSecret", devices = {
        { name = "kitchen-lamp", variables = { temperature = 21.5, open = false },
          functions = { led = function(arg) return arg == "on" and 1 or 0 end } },
      } },
    },
  }
  api = sim:client()
  lamp = api:device "kitchen-lamp"
  local getenv = os.getenv
  local variables = { PARTICLE_ACCESS_TOKEN = sim.token, PARTICLE_API_ENDPOINT = sim.url }
  function os.getenv(name) return variables[name] or getenv(name) end
  function print(...)
    local texts = table.pack(...)
    for i = 1, texts.n do texts[i] = tostring(texts[i]) end
    io.write(debug.getinfo(2, "l").currentline, ":", table.concat(texts, "\t"), "\n")
  end
  assert(loadfile(arg[1]))()
]]

-- Ports and times differ from run to run.
local function steady(line)
  return line and (line:gsub("127%.0%.0%.1:%d+", "127.0.0.1:PORT"):gsub("%d+%.%d ms$", "TIME ms"))
end

local function read_blocks(text)
  local blocks, block, number = {}, nil, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local language = line:match("^```(.*)$")
    if language and not block then
      block = { language = language, line = number, lines = {} }
    elseif language then
      blocks[#blocks + 1], block = block, nil
    elseif block then
      block.lines[#block.lines + 1] = line
    end
  end
  assert(not block, "a block is not closed")
  return blocks
end

describe("README", function()
  local text = support.read("README.md")
  local blocks = read_blocks(text)

  local function shell_lines(pattern)
    local found = {}
    for _, block in ipairs(blocks) do
      for _, line in ipairs(block.language == "sh" and block.lines or {}) do
        if line:find(pattern) then found[#found + 1] = line end
      end
    end
    return found
  end

  local function find_block(first)
    for _, block in ipairs(blocks) do
      if block.lines[1]:sub(1, #first) == first then return block end
    end
    error("no block begins with " .. first)
  end

  it("has blocks in three languages", function()
    local count = { lua = 0, sh = 0, [""] = 0 }
    for _, block in ipairs(blocks) do
      assert.is_truthy(count[block.language], "line " .. block.line)
      count[block.language] = count[block.language] + 1
    end
    assert.is_true(count.lua >= 10 and count.sh >= 5 and count[""] == 1)
  end)

  for _, block in ipairs(blocks) do
    if block.language == "lua" then
      it("has a snippet at line " .. block.line .. " that does what it says", function()
        local folder <close> = support.folder()
        folder:write("prelude.lua", PRELUDE)
        local snippet = folder:write("snippet.lua", table.concat(block.lines, "\n"))
        local result = support.run { "lua5.4", folder.path .. "/prelude.lua", snippet }
        assert.are.equal("", result.stderr)
        assert.are.equal(0, result.status)
        local printed = {}
        for line, output in result.stdout:gmatch("(%d+):([^\n]*)") do
          printed[math.tointeger(line)] = printed[math.tointeger(line)] or output
        end
        for i, line in ipairs(block.lines) do
          local expected = line:match("%-%-> (.-)%s*$")
          if expected then
            assert.are.equal(steady(expected), steady(printed[i]), "line " .. block.line + i)
          end
        end
      end)
    end
  end

  it("names targets that exist", function()
    local rules = support.read("Makefile")
    local pipe = assert(io.popen("cat spec/*/rules.mk"))
    rules = "\n" .. rules .. pipe:read("a")
    pipe:close()
    local named = {}
    for _, line in ipairs(shell_lines("make")) do
      for target in (" " .. line:gsub("^luarocks .*", "")):gmatch("[ (]make ([%a][%w-]*)") do
        named[target] = true
      end
    end
    for target in text:gmatch("`make ([%a][%w-]*)") do named[target] = true end
    for target in pairs(named) do
      assert.is_truthy(rules:find("\n" .. target .. ":", 1, true), "make " .. target)
    end
    assert.is_true(named.demo and named.test and named.repl and named.install)
  end)

  it("names files that exist", function()
    for path in text:gmatch("%]%(([%w/._-]+)%)") do assert.is_truthy(support.read(path), path) end
    for path in text:gmatch("`(examples/[%w/._-]+)`") do
      assert.is_true(os.execute("test -e " .. support.quote(path)), path)
    end
    local rockspecs = shell_lines("%.rockspec$")
    assert.are.equal(2, #rockspecs)
    for _, line in ipairs(rockspecs) do assert.is_truthy(support.read(line:match("(%S+)$")), line) end
  end)

  it("names Debian packages that the Makefile knows", function()
    local known = support.read(".ci/packages")
    local line = shell_lines("^sudo apt install ")[1]
    for package in line:gsub("^sudo apt install ", ""):gmatch("%S+") do
      assert.is_truthy(known:find(package, 1, true), package)
    end
  end)

  it("has curl lines that particle-simulator answers", function()
    local folder <close> = support.folder()
    local fleet = folder:write("fleet.lua", table.concat(find_block("return {").lines, "\n"))
    local command = shell_lines("^particle%-simulator ")[1]
    local port = support.free_port()
    command = command:gsub("8080", port):gsub("fleet%.lua", support.quote(fleet))
    local process <close> = support.start { "sh", "-c", "exec " .. command }
    process:expect("listening on http://127%.0%.0%.1:" .. port)
    local env = { TOKEN = process:expect("token: (%S+)") }
    local answers = {}
    for i, line in ipairs(shell_lines("^curl ")) do
      line = line:gsub("8080", port):gsub("^curl ", "curl --fail --silent --show-error ")
      local result = support.run({ "sh", "-c", line }, { env = env })
      assert.are.equal("", result.stderr)
      answers[i] = result.stdout
    end
    assert.are.equal(3, #answers)
    assert.is_truthy(answers[1]:find('"name":"kitchen-lamp"', 1, true), answers[1])
    assert.is_truthy(answers[2]:find('"result":21.5', 1, true), answers[2])
    assert.is_truthy(answers[3]:find('"return_value":1', 1, true), answers[3])
  end)

  it("shows a session as the prompt gives it", function()
    local typed, shown = {}, {}
    for _, line in ipairs(find_block("> ").lines) do
      local input = line:match("^> (.*)")
      table.insert(input and typed or shown, input or line)
    end
    local home <close> = support.folder()
    local result = support.run({ "lua5.4", "-e", 'require("particle.repl").main()' },
      { stdin = table.concat(typed, "\n") .. "\n", env = { HOME = home.path } })
    assert.are.equal("", result.stderr)
    assert.are.equal(table.concat(shown, "\n") .. "\n", result.stdout)
  end)

  it("names every kind of error", function()
    local kinds = [[network timeout tls unauthorized forbidden not_found device_offline rate_limited
      bad_request server protocol too_large mfa_required cancelled closed]]
    for kind in kinds:gmatch("%S+") do
      assert.is_truthy(text:find("\n| [`%w_, ]*`" .. kind .. "`"), kind)
    end
  end)
end)
