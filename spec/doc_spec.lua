local core = require("particle.core")
local snippets = require("spec.support.snippets")
local support = require("spec.support")

-- The poll() fallback has no descriptor, which copas cannot do without.
local function can_run(block)
  return core.poller():pollfd() or not table.concat(block.lines):find('require "copas"', 1, true)
end

local function pages()
  local list = {}
  local pipe <close> = assert(io.popen("ls doc/*.md"))
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

for _, path in ipairs(pages()) do
  describe(path, function()
    local text = support.read(path)

    it("is reached from the README", function()
      assert.is_truthy(support.read("README.md"):find("](" .. path .. ")", 1, true))
    end)

    it("has a title and no line beyond 120 columns outside tables", function()
      assert.is_truthy(text:find("^# %u[^\n]+\n\n"))
      for line in text:gmatch("[^\n]+") do assert.is_true(line:sub(1, 1) == "|" or #line <= 120, line) end
    end)

    for _, block in ipairs(snippets.read(text)) do
      if block.language == "lua" and can_run(block) then
        it("has a snippet at line " .. block.line .. " that does what it says", function()
          snippets.run(block)
        end)
      end
    end
  end)
end
