-- Building, installing and the rocks, as a user does them.

local support = require("spec.support")

local FIRST_WORDS = [[
  local simulator = require("particle.simulator")
  local sim = simulator.new { devices = { { name = "lamp", variables = { t = 21 } } } }
  print(sim:client():device("lamp"):read("t"), package.searchpath("particle.core", package.cpath))
]]

---Runs to success, or fails with what the program said.
local function run(arguments, options)
  local result = support.run(arguments, options)
  local said = table.concat(arguments, " ") .. "\n" .. result.stdout .. result.stderr
  assert.equal(0, result.status, said)
  return result.stdout
end

---Lua finds the library under `prefix` only.
local function installed(prefix)
  return {
    LUA_PATH_5_4 = prefix .. "/share/lua/5.4/?.lua;" .. prefix .. "/share/lua/5.4/?/init.lua;;",
    LUA_CPATH_5_4 = prefix .. "/lib/lua/5.4/?.so;;",
  }
end

---Reads a variable through what is installed, and starts its command.
local function try(prefix)
  local environment = installed(prefix)
  assert.equal("21\t" .. prefix .. "/lib/lua/5.4/particle/core.so\n",
    run({ "lua5.4", "-e", FIRST_WORDS }, { env = environment, cwd = "/" }))

  local folder <close> = support.folder()
  local fleet = folder:write("fleet.lua", "return { devices = { { name = 'lamp' } } }")
  local command <close> = support.start({ prefix .. "/bin/particle-simulator", fleet },
    { cwd = "/", env = { LUA_PATH_5_4 = false, LUA_CPATH_5_4 = false } })
  local url = command:expect("listening on (%S+)")
  local token = command:expect("token: (%S+)")
  local header = "Authorization: Bearer " .. token
  local list = run { "curl", "-s", "--noproxy", "*", "-H", header, url .. "/v1/devices" }
  assert.truthy(list:find('"lamp"', 1, true), list)
end

---A copy of what git would hand out, so that nothing in the checkout changes.
local function checkout_copy(folder, name)
  local target = folder.path .. "/" .. name
  run { "mkdir", target }
  run { "sh", "-c", 'cp -R Makefile LICENSE *.rockspec .ci csrc doc lua examples "$1"', "sh", target }
  return target
end

describe("the build", function()
  it("lists every file in a rockspec", function() run { "lua5.4", ".ci/rockspecs.lua" } end)

  it("exports luaopen_ functions alone, and is never unmapped #noasan", function()
    local modules = support.build .. "/lib/particle/"
    run { "sh", ".ci/symbols", modules .. "core.so", "luaopen_particle_core" }
    run { "sh", ".ci/symbols", modules .. "simulator/httpd.so", "luaopen_particle_simulator_httpd" }
  end)

  it("is found from anywhere after eval of make -s env", function()
    local root = run({ "pwd" }):gsub("\n", "")
    local script = [[eval "$(make -s -C "$1" env BUILD="$2")"; command -v particle-simulator; lua5.4 -e "$3"]]
    local output = run({ "sh", "-c", script, "sh", root, support.build:sub(#root + 2), FIRST_WORDS }, {
      cwd = "/",
      env = { LUA_PATH_5_4 = false, LUA_CPATH_5_4 = false },
    })
    local expected = "%s/bin/particle-simulator\n21\t%s/lib/particle/core.so\n"
    assert.equal(expected:format(support.build, support.build), output)
  end)

  it("works in a folder with a space, and after it was moved #noasan", function()
    local folder <close> = support.folder()
    local before, after = checkout_copy(folder, "a folder"), folder.path .. "/another folder"
    run({ "make", "build" }, { cwd = before, timeout = 300 })
    run { "mv", before, after }
    run({ "make", "build" }, { cwd = after, timeout = 300 })
    local script = 'eval "$(make -s env)" && cd / && lua5.4 -e "$1"'
    local output = run({ "sh", "-c", script, "sh", FIRST_WORDS }, { cwd = after })
    assert.equal("21\t" .. after .. "/build/lib/particle/core.so\n", output)

    local prefix = folder.path .. "/usr"
    run({ "make", "install", "PREFIX=" .. prefix }, { cwd = after })
    try(prefix)
    run({ "make", "uninstall", "PREFIX=" .. prefix }, { cwd = after })
    assert.equal("", run { "find", prefix, "-type", "f", "-o", "-name", "particle*" })
  end)
end)

describe("the rocks", function()
  it("are built and installed offline without flags for the compiler, and run #noasan", function()
    local folder <close> = support.folder()
    local copy, tree = checkout_copy(folder, "copy"), folder.path .. "/tree"
    local offline = { http_proxy = "http://127.0.0.1:9", https_proxy = "http://127.0.0.1:9" }
    local function make(rock, ...)
      local rockspec = rock .. "-scm-1.rockspec"
      run({ "luarocks", "--lua-version=5.4", "lint", rockspec }, { cwd = copy })
      run({ "luarocks", "--lua-version=5.4", "make", "--tree", tree, rockspec, ... },
        { cwd = copy, timeout = 300, env = offline })
    end
    -- Debian's lua-cjson is no rock, so LuaRocks would look for one.
    make("particle", "--deps-mode=none")
    make("particle-simulator")
    run { "sh", ".ci/symbols", tree .. "/lib/lua/5.4/particle/core.so", "luaopen_particle_core" }
    local annotations = support.read(tree .. "/share/lua/5.4/particle/annotations.lua")
    assert.is_truthy(annotations:find("function sims:list(args, opts) end", 1, true))
    assert.is_truthy(annotations:find("\n---@class particle.Api\n---@field clients particle.Oper", 1, true))
    try(tree)
  end)
end)
