-- The rockspecs list every C and Lua file of the tree, and nothing else. Run from the checkout; names what
-- differs.

local ROCKSPECS = { "particle-scm-1.rockspec", "particle-simulator-scm-1.rockspec" }

local function tree()
  local files = {}
  for line in io.popen("find csrc lua -name '*.c' -o -name '*.lua'"):lines() do files[line] = true end
  return files
end

local function module_name(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/", "."))
end

-- file -> the rockspec that lists it
local function listed(complain)
  local files = {}
  for _, name in ipairs(ROCKSPECS) do
    local rockspec = {}
    assert(loadfile(name, "t", rockspec))()
    local build = rockspec.build
    local function add(path)
      if files[path] then complain(("%s: %s is listed twice"):format(name, path)) end
      files[path] = name
    end
    local modules = build.install.lua
    for module, path in pairs(modules) do
      if path:find("^build/") then goto made end
      if module ~= module_name(path) then complain(("%s: %s is not %s"):format(name, path, module)) end
      add(path)
      ::made::
    end
    for _, path in pairs(build.install.bin or {}) do add(path) end
    for path in (build.build_variables.CORE_SOURCES or build.build_variables.HTTPD_SOURCES):gmatch("%S+") do
      add(path)
    end
  end
  return files
end

local complaints = {}
local function complain(text) complaints[#complaints + 1] = text end

local files, specs = tree(), listed(complain)
for path in pairs(files) do
  local of_simulator = path:find("/simulator[/.]")
  local expected = ROCKSPECS[of_simulator and 2 or 1]
  if specs[path] ~= expected then complain(("%s: %s is missing"):format(expected, path)) end
end
for path, name in pairs(specs) do
  if not files[path] then complain(("%s: there is no %s"):format(name, path)) end
end

table.sort(complaints)
for _, text in ipairs(complaints) do print(text) end
if #complaints > 0 then os.exit(1) end
print("rockspecs: every file is listed")
