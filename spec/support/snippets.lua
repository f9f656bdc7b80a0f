-- The Lua snippets of README.md and the guides: each is run as a program of its own, and what follows `-->`
-- on a line must be what that line prints first.

local assert = require("luassert")
local support = require("spec.support")

local snippets = {}

-- What snippets find: a simulator with one lamp. `print` says at which line it was called. The environment's
-- token is the simulator's, so that `particle.new()` means what it means to a reader.
local PRELUDE = [[
  require("spec.support.copas")
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

---@class snippets.Block
---@field language string  as the fence says
---@field line integer     of the fence
---@field lines string[]

---The fenced blocks of a page.
---@param text string
---@return snippets.Block[]
function snippets.read(text)
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

---Runs a Lua snippet, and raises when it prints what it does not say.
---@param block snippets.Block
function snippets.run(block)
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
end

return snippets
