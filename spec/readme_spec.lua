local snippets = require("spec.support.snippets")
local support = require("spec.support")

describe("README", function()
  local text = support.read("README.md")
  local blocks = snippets.read(text)

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
        snippets.run(block)
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
