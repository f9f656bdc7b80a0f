-- Builds and runs spec/support/host.c.

local support = require("spec.support")

local host = {}

---Compiles the program into a folder.
---@param folder support.Folder
---@return string path
function host.build(folder)
  local path = folder.path .. "/host"
  local flags = "-std=c11 -D_GNU_SOURCE -g -rdynamic -pthread"
  if support.sanitized then flags = flags .. " -fsanitize=address,undefined" end
  local command = 'gcc %s spec/support/host.c -o "$0" $(pkg-config --cflags --libs lua5.4) -ldl'
  local result = support.run { "sh", "-c", command:format(flags), path }
  assert(result.status == 0, result.stderr)
  return path
end

---Runs a script in so many Lua states at once.
---@param path string of the program
---@param script string Lua code; gets the state's number, returns a function called until it returns true
---@param states integer
---@param options support.Options
---@return support.Result
function host.run(path, script, states, options)
  local folder <close> = support.folder()
  return support.run({ path, folder:write("script.lua", script), states }, options)
end

return host
