-- The reference against the library: what can be called is described, and what is described can be called.

local annotations = require("doc.generator.annotations")
local core = require("particle.core")
local markdown = require("doc.generator.markdown")
local particle = require("particle")
require("particle.stream")
local simulator = require("particle.simulator")
local support = require("spec.support")
local surface = require("doc.generator.surface")

---The upvalue of that name of a function, or of a function that it uses.
local function find_upvalue(fn, wanted, seen)
  seen = seen or {}
  if seen[fn] then return nil end
  seen[fn] = true
  for i = 1, math.huge do
    local name, value = debug.getupvalue(fn, i)
    if not name then return nil end
    if name == wanted then return value end
    local found = type(value) == "function" and find_upvalue(value, wanted, seen)
    if found then return found end
  end
end

local function sorted(names)
  table.sort(names)
  return table.concat(names, " ")
end

local function keys(values)
  local names = {}
  for name in pairs(values) do
    if type(name) == "string" and not name:find("^__") then names[#names + 1] = name end
  end
  return sorted(names)
end

local function has(names, name) return (" " .. names .. " "):find(" " .. name .. " ", 1, true) end

local function merged(...)
  local all = {}
  for _, methods in ipairs { ... } do
    for name, method in pairs(methods) do all[name] = method end
  end
  return all
end

-- `api:devices()` is a group of operations that can be called.
local DEVICES = { devices = true }

---The values that hold what a user can call, by class or module.
local function owners(sim)
  local parser <close> = particle.sse.parser()
  local task <close> = require("particle.scheduler").spawn(function() end)
  local live = getmetatable(sim:device("lamp"))
  return {
    ["particle.Api"] = merged(core.api_methods, require("particle.verbs.api"), DEVICES),
    ["particle.Device"] = merged(core.device_methods, (require("particle.verbs.device"))),
    ["particle.Stream"] = core.stream_methods,
    ["particle.Task"] = getmetatable(task).__index,
    ["particle.TokenStore"] = getmetatable(particle.token_store("unused")).__index,
    ["particle.Poller"] = particle.poller,
    ["particle.Ledger"] = getmetatable(require("particle.ledger").new(nil, "a", "b")).__index,
    ["particle.sse"] = particle.sse,
    ["particle.sse.Parser"] = getmetatable(parser).__index,
    ["particle.simulator"] = simulator,
    ["particle.Simulator"] = getmetatable(sim).__index,
    ["particle.simulator.LiveDevice"] = find_upvalue(live.__index, "methods"),
  }
end

local function parameters(fn)
  local names, info = {}, debug.getinfo(fn, "u")
  for i = 1, info.nparams do
    local name = debug.getlocal(fn, i)
    if not (i == 1 and (name == "self" or name == "_")) then names[#names + 1] = name end
  end
  if info.isvararg then names[#names + 1] = "..." end
  return table.concat(names, " ")
end

local function described_parameters(entry)
  local names = {}
  for i, item in ipairs(entry.params) do names[i] = item.name end
  return table.concat(names, " ")
end

describe("the reference", function()
  local public, problems = surface.read(surface.sources())
  local sim <close> = simulator.new { devices = { { name = "lamp" } } }
  local values = owners(sim)

  local function described(owner, is_wanted)
    local names = {}
    for _, entry in ipairs(public:of(owner)) do
      if is_wanted(entry) then names[#names + 1] = entry.name end
    end
    return sorted(names)
  end

  local function fields(name)
    local names = {}
    for i, field in ipairs(public:fields_of(public.types[name])) do names[i] = field.name end
    return sorted(names)
  end

  it("misses nothing that is public in the sources", function()
    assert.equal("", table.concat(problems, "\n"))
  end)

  it("describes the functions of every value that a program gets", function()
    for owner, value in pairs(values) do
      local described_ones = described(owner, function(entry) return entry.is_function end)
      assert.equal(keys(value), described_ones, owner)
    end
    local names = described("particle", function() return true end)
    for _, field in ipairs(public:fields_of(public.types.particle)) do names = names .. " " .. field.name end
    local shown = {}
    for name in names:gmatch("%S+") do shown[#shown + 1] = name end
    assert.is_function(particle.sse.parser) -- loaded when first used
    assert.equal(keys(particle), sorted(shown))
  end)

  it("tells functions from values", function()
    for _, entry in ipairs(public:of("particle")) do
      assert.equal(entry.is_function, type(particle[entry.name]) == "function", entry.name)
    end
  end)

  it("names the parameters that the functions have", function()
    values.particle = particle
    for owner, entry in public:each() do
      local fn = values[owner] and values[owner][entry.name]
      if type(fn) == "function" and debug.getinfo(fn, "S").what == "Lua" then
        assert.equal(parameters(fn), described_parameters(entry), public:title(entry))
      end
    end
  end)

  it("knows every option", function()
    local rules = {
      ["particle.Options"] = find_upvalue(require("particle.api_options").read, "API"),
      ["particle.CallOptions"] = find_upvalue(require("particle.options").apply, "CALL"),
      ["particle.Request"] = find_upvalue(require("particle.verbs.api").request, "REQUEST"),
      ["particle.DeviceFilter"] = find_upvalue(require("particle.list").check, "FILTERS"),
      ["particle.Credentials"] = find_upvalue(require("particle.login").login, "CREDENTIALS"),
      ["particle.Backoff"] = require("particle.backoff").RULES,
      ["particle.RetryPolicy"] = require("particle.retry.policy").RULES,
      ["particle.RateLimit"] = require("particle.limiter").RULES,
      ["particle.simulator.Options"] = find_upvalue(simulator.new, "OPTIONS"),
      ["particle.simulator.UserSpec"] = find_upvalue(simulator.new, "USER"),
      ["particle.simulator.DeviceSpec"] = find_upvalue(simulator.new, "DEVICE"),
    }
    for name, known in pairs(rules) do assert.equal(keys(known), fields(name), name) end
    for name in keys(require("particle.stream").OPTIONS):gmatch("%S+") do
      assert.is_truthy(has(fields("particle.SubscribeOptions"), name), name)
    end
  end)

  it("knows the fields of values", function()
    local live = getmetatable(sim:device("lamp"))
    assert.equal("token_expires_at", fields("particle.Api"))
    assert.is_function(core.api_getters.token_expires_at)
    assert.equal(keys(core.stream_getters), fields("particle.Stream"))
    assert.equal(keys(find_upvalue(live.__index, "GETTERS")), fields("particle.simulator.LiveDevice"))
    local _, err = sim:client({ token = false }):device("lamp"):read("x")
    for name in keys(err):gmatch("%S+") do assert.is_truthy(has(fields("particle.Error"), name), name) end
    for name in keys(core.device_getters):gmatch("%S+") do
      assert.is_truthy(has(fields("particle.Device"), name), name)
    end
    for name in fields("particle.Simulator"):gmatch("%S+") do assert.is_truthy(sim[name], name) end
  end)

  it("says which operation of the cloud a verb is", function()
    local named = {}
    for _, entry in public:each() do
      local _, operations = markdown.operations(entry.text)
      for _, operation in ipairs(operations) do named[operation:match("`(.-)`")] = true end
    end
    for _, source in ipairs(surface.sources()) do
      for operation in source[2]:gmatch('operation = "([%l_]+%.[%l_]+)"') do
        assert.is_true(named[operation], operation)
      end
    end
  end)

  describe("of operations", function()
    local catalogue = require("spec.support.catalogue")
    local pages, collection = {}, nil

    setup(function()
      for _, page in ipairs(require("doc.generator.operations").pages(markdown.anchor)) do
        pages[page.name] = page.text
      end
      collection = core.decode(require("doc.generator.postman").collection())
    end)

    -- What stands between a heading and the next.
    local function section(id)
      local group, name = id:match("^(.-)%.(.*)$")
      local text = pages["api." .. group]
      local _, from = text:find(("\n### api.%s:%s\n"):format(group, name), 1, true)
      return from and text:sub(from, (text:find("\n### ", from, true)))
    end

    it("describes all 212, with their paths and arguments", function()
      for _, entry in ipairs(catalogue) do
        local text = assert(section(entry.id), entry.id)
        for _, path in ipairs(entry.paths) do
          assert.is_truthy(text:find(entry.method .. " " .. path .. "\n", 1, true), entry.id .. path)
          for name in path:gmatch("{([%w_]+)}") do
            assert.is_truthy(text:find("\n| `" .. name .. "%??` |"), entry.id .. " " .. name)
          end
        end
        for _, list in ipairs { entry.query or {}, entry.body or {} } do
          for _, field in ipairs(list) do
            local mark = field.required and "` |" or "?` |"
            local shown = text:find("\n| `" .. field[2] .. mark, 1, true) ~= nil
            local is_file = field[3] == "file" and text:find("\n| `files", 1, true) ~= nil
            assert.equal(field.constant == nil, shown or is_file, entry.id .. " " .. field[2])
          end
        end
      end
      assert.equal(212, #catalogue)
    end)

    it("lists every operation on the page of its group, and every group", function()
      for _, entry in ipairs(catalogue) do
        local group, name = entry.id:match("^(.-)%.(.*)$")
        local title = ("api.%s:%s"):format(group, name)
        local link = ("[`%s`](#%s)"):format(title, markdown.anchor(title))
        assert.is_truthy(pages["api." .. group]:find(link, 1, true), entry.id)
        assert.is_truthy(pages.operations:find(("](api.%s.md)"):format(group), 1, true), group)
      end
    end)

    it("has annotations for editors that Lua can read", function()
      local text = require("doc.generator.operations").annotations()
      assert.is_function(load(text))
      for _, entry in ipairs(catalogue) do
        local group, name = entry.id:match("^(.-)%.(.*)$")
        local method = ("\nfunction %s:%s(args, opts) end\n"):format(group, name)
        assert.is_truthy(text:find(method, 1, true), entry.id)
      end
    end)

    it("has an entry for every path in a collection for Postman", function()
      local entries = {}
      for _, folder in ipairs(collection.item) do
        for _, item in ipairs(folder.item) do
          local url = type(item.request.url) == "table" and item.request.url.raw or item.request.url
          local name = folder.name .. "." .. item.name:match("^[%w_]+")
          entries[("%s %s %s"):format(name, item.request.method, url)] = item
        end
      end
      local count = 0
      for _, entry in ipairs(catalogue) do
        for _, path in ipairs(entry.paths) do
          local url = path == "{url}" and "{{url}}" or "{{base_url}}" .. path:gsub("{([%w_]+)}", ":%1")
          local item = entries[("%s %s %s"):format(entry.id, entry.method, url)]
          assert.is_table(item, entry.id .. url)
          local body = item.request.body
          assert.equal(entry.format ~= "none", body ~= nil, entry.id)
          if body and body.raw then assert.is_table(core.decode(body.raw), entry.id) end
          count = count + 1
        end
      end
      assert.equal(335, count)
      assert.equal("base_url", collection.variable[1].key)
    end)
  end)

  it("becomes pages, of which no link leads astray", function()
    local folder <close> = support.folder()
    local result = support.run { "lua5.4", "doc/generator/main.lua", folder.path }
    assert.equal("", result.stderr)
    assert.equal(0, result.status)
    local page = support.read(folder.path .. "/index.html")
    assert.is_truthy(page:find('<a href="reference/device.html#deviceping">device:ping</a>()', 1, true))
    assert.is_truthy(page:find('<a href="events.html">', 1, true))
    assert.is_truthy(support.read(folder.path .. "/reference/api.html"):find('<h3 id="apipublish">', 1, true))
    assert.is_truthy(page:find('<a href="reference/api.sims.html">', 1, true))
    assert.is_table(core.decode(support.read(folder.path .. "/postman_collection.json")))
    for _, path in ipairs { "particle", "particle/sse", "particle/simulator", "particle/operations" } do
      assert.is_function(loadfile(folder.path .. "/luals/" .. path .. ".lua"), path)
    end
  end)
end)

describe("the generator of the reference", function()
  local function complaints(source)
    local _, problems = surface.read { { "lua/particle/init.lua", source } }
    return table.concat(problems, "\n")
  end

  local function complains(source, pattern)
    local all = complaints("local particle = {}\n" .. source .. "\nreturn particle\n")
    assert.is_truthy(all:find(pattern), all)
  end

  it("complains of a function without description", function()
    complains("function particle.f() end", "init.lua:2: particle%.f: has no description")
    complains("---@return integer\nfunction particle.f() end", "particle%.f: has no description")
  end)

  it("complains of parameters that differ", function()
    complains("--- Does.\n---@param a string\nfunction particle.f(a, b) end",
      "parameters are %(a, b%), described are %(a%)")
    complains("--- Does.\n---@param b string\nfunction particle.f(a) end", "are %(a%), described are %(b%)")
  end)

  it("complains of a value without type, and of a type that is nowhere", function()
    complains("--- One.\nparticle.one = 1", "particle%.one: has neither")
    complains("--- Does.\n---@return particle.Nothing\nfunction particle.f() end", "type particle%.Nothing")
  end)

  it("says where an annotation cannot be read", function()
    local fine, problem = pcall(annotations.read, "a.lua", "---@class a\n---@field b\nlocal a = {}\n")
    assert.is_false(fine)
    assert.equal("a.lua:3: no name: b", problem)
  end)

  it("splits types from texts", function()
    for line, expected in pairs {
      ["string text"] = "string",
      ["string|false  text | more"] = "string|false",
      ["(string|integer)?     a"] = "(string|integer)?",
      ['"a b"|"c"  text'] = '"a b"|"c"',
      ["table<string, fun(a: string): integer?>  text"] = "table<string, fun(a: string): integer?>",
      ["fun(api: particle.Api): string?, any  text, more"] = "fun(api: particle.Api): string?, any",
      ["{ a: number, b: string[] }[]  text"] = "{ a: number, b: string[] }[]",
      ["false|fun(line: string)|file*  text"] = "false|fun(line: string)|file*",
      ["any ...  text"] = "any",
    } do
      assert.equal(expected, (annotations.split_type(line)))
    end
  end)

  it("reads the parameters of function types", function()
    local params, returns = annotations.function_type("fun(self, a?: string|fun(b: any): any, ...): x?, y")
    assert.equal("self a ...", described_parameters { params = params })
    assert.is_true(params[2].optional)
    assert.equal("string|fun(b: any): any", params[2].type)
    assert.equal("x? y", returns[1].type .. " " .. returns[2].type)
  end)

  it("reads on where a line has no tag", function()
    local file = annotations.read("lua/m.lua", [[
local m = {}
--- Does something,
--- and more.
---@param a? string  first
---and on
---@return integer count  of them
function m.f(a) end
return m
]])
    local entry = file.entries[1]
    assert.equal("Does something,\nand more.", entry.text)
    assert.equal("first and on", entry.params[1].text)
    assert.equal("count", entry.returns[1].name)
    assert.equal("m", entry.owner)
  end)
end)
