-- What is public, read from the annotations in lua/: the functions, their types and, page by page, the order
-- in which the reference shows them.

local annotations = require("doc.generator.annotations")

local surface = {}

---@class doc.Page
---@field name string        of its files
---@field title string
---@field owners string[]    modules and classes that the page is about, in order
---@field intro string

-- A type that none of these names goes to the first page that mentions it.
surface.PAGES = {
  { name = "particle", title = "particle", owners = { "particle" },
    intro = 'The front door: `local particle = require "particle"`.' },
  { name = "api", title = "api", owners = { "particle.Api" },
    intro = "The cloud, seen by one account: what `particle.new` returns. Its groups of operations, such as "
      .. "`api.sims`, have pages of their own." },
  { name = "device", title = "device", owners = { "particle.Device" },
    intro = "A handle for one device: what `api:device` and `api:devices` return." },
  { name = "stream", title = "stream", owners = {
    "particle.Stream", "particle.Event", "particle.Subscription", "particle.SubscribeOptions",
  }, intro = "Events as they are published: what `api:subscribe` and `device:subscribe` return." },
  { name = "ledger", title = "ledger", owners = { "particle.Ledger" },
    intro = "The data that one device, product or owner has in a ledger: what `api:ledger` returns." },
  { name = "error", title = "error", owners = { "particle.Error", "particle.Kind" },
    intro = "What comes second when a call fails. The first result is nil exactly then." },
  { name = "file", title = "file", owners = { "particle.File" },
    intro = "What operations upload: `files` is a list of such." },
  { name = "task", title = "task", owners = { "particle.Task" },
    intro = "Something that goes on while others wait." },
  { name = "token_store", title = "token store", owners = { "particle.TokenStore" },
    intro = "Where tokens are kept: what `particle.token_store` returns, or a table of your own." },
  { name = "sse", title = "particle.sse", owners = { "particle.sse", "particle.sse.Parser" },
    intro = "Event streams of any server." },
  { name = "simulator", title = "particle.simulator", owners = {
    "particle.simulator", "particle.Simulator", "particle.simulator.LiveDevice", "particle.simulator.Options",
  }, intro = 'A simulated cloud in the same program: `require "particle.simulator"`.' },
}

-- What a value of the class is called where its methods are shown.
surface.RECEIVERS = {
  ["particle.Api"] = "api", ["particle.Device"] = "device", ["particle.Stream"] = "stream",
  ["particle.Error"] = "err", ["particle.Task"] = "task", ["particle.sse.Parser"] = "parser",
  ["particle.Poller"] = "particle.poller",
  ["particle.TokenStore"] = "store", ["particle.Ledger"] = "ledger",
  ["particle.Simulator"] = "sim", ["particle.simulator.LiveDevice"] = "live",
  ["particle.simulator.Fault"] = "fault",
}

-- Reading -------------------------------------------------------------------------------------------

---The Lua files of the library.
---@return { [1]: string, [2]: string }[]  paths and texts
function surface.sources()
  local sources = {}
  local pipe <close> = assert(io.popen("find lua -name '*.lua' | sort"))
  for path in pipe:lines() do
    local file <close> = assert(io.open(path, "rb"))
    sources[#sources + 1] = { path, file:read("a") }
  end
  return sources
end

-- A field that holds a method is shown like the methods that are written in Lua.
local function method_of_field(class, field)
  local params, returns = annotations.function_type(field.type)
  table.remove(params, 1)
  return {
    owner = class.name, name = field.name, method = true, is_function = true, params = params,
    returns = returns, generics = {}, text = field.text, where = class.where, from_field = true,
  }
end

local function is_method(field) return field.type:find("^fun%(self") ~= nil end

---@class doc.Surface
---@field types table<string, doc.Class|doc.Alias>
---@field entries table<string, doc.Entry[]>  by owner, in the order of the source
---@field pages doc.Page[]  each with the `types` that it shows
local Surface = {}
Surface.__index = Surface

local function is_public(entry) return entry.owner ~= "" and not entry.name:find("^__") end

-- One whose methods are in several files is named in each.
function Surface:add_class(class)
  local known = self.types[class.name]
  if not known then
    self.types[class.name] = class
    return
  end
  if known.text == "" then known.text = class.text end
  table.move(class.fields, 1, #class.fields, #known.fields + 1, known.fields)
end

function Surface:add_file(path, text)
  local file = annotations.read(path, text)
  for _, class in ipairs(file.classes) do self:add_class(class) end
  for _, alias in ipairs(file.aliases) do self.types[alias.name] = alias end
  for _, entry in ipairs(file.entries) do
    if is_public(entry) then table.insert(self:of(entry.owner), entry) end
  end
  for _, class in ipairs(file.classes) do
    for _, field in ipairs(class.fields) do
      if is_method(field) then table.insert(self:of(class.name), method_of_field(class, field)) end
    end
  end
end

---The functions and values of a module, or the methods of a class.
---@param owner string
---@return doc.Entry[]
function Surface:of(owner)
  self.entries[owner] = self.entries[owner] or {}
  return self.entries[owner]
end

---The fields of a class that are no methods.
---@param class doc.Class
---@return doc.Item[]
function Surface.fields_of(_, class)
  local fields = {}
  for _, field in ipairs(class.fields or {}) do
    if not is_method(field) then fields[#fields + 1] = field end
  end
  return fields
end

-- Pages ---------------------------------------------------------------------------------------------

-- All types that what belongs to the owner mentions.
function Surface:mentioned(owner)
  local names = {}
  local function add(text)
    for _, name in ipairs(text and annotations.names_in(text) or {}) do names[#names + 1] = name end
  end
  local known = self.types[owner]
  if known then
    add(known.parent)
    if not known.fields then add(known.type) end
    for _, field in ipairs(known.fields or {}) do add(field.type) end
  end
  for _, entry in ipairs(self:of(owner)) do
    add(entry.type)
    for _, item in ipairs(entry.params) do add(item.type) end
    for _, item in ipairs(entry.returns) do add(item.type) end
  end
  return names
end

function Surface:place(page, name, from)
  if self.page_of[name] then return end
  if not self.types[name] then
    table.insert(self.problems, ("%s: mentions the type %s, which is not defined"):format(from, name))
    return
  end
  self.page_of[name] = page
  table.insert(page.types, name)
  for _, other in ipairs(self:mentioned(name)) do self:place(page, other, name) end
end

function Surface:lay_out()
  for i, page in ipairs(surface.PAGES) do
    self.pages[i] = setmetatable({ types = {} }, { __index = page })
    for _, owner in ipairs(page.owners) do
      self.page_of[owner] = self.pages[i]
      if not self.types[owner] and #self:of(owner) == 0 then
        table.insert(self.problems, ("the page %s is about %s, which is not there"):format(page.name, owner))
      end
    end
  end
  for _, page in ipairs(self.pages) do
    for _, owner in ipairs(page.owners) do
      for _, name in ipairs(self:mentioned(owner)) do self:place(page, name, owner) end
    end
  end
end

-- What is missing -----------------------------------------------------------------------------------

local function names_of(items)
  local names = {}
  for i, item in ipairs(items) do names[i] = item.name end
  return table.concat(names, ", ")
end

function Surface:check(entry)
  local function complain(what)
    table.insert(self.problems, ("%s: %s: %s"):format(entry.where, self:title(entry), what))
  end
  if entry.text == "" then complain("has no description") end
  if entry.written and table.concat(entry.written, ", ") ~= names_of(entry.params) then
    complain(("its parameters are (%s), described are (%s)"):format(
      table.concat(entry.written, ", "), names_of(entry.params)))
  end
  if not entry.is_function and not entry.type then complain("has neither @type nor @param and @return") end
end

---Everything that the reference is about, in order.
---@return fun(): string?, doc.Entry?  the owner, and what belongs to it
function Surface:each()
  return coroutine.wrap(function()
    for _, page in ipairs(self.pages) do
      for _, owners in ipairs { page.owners, page.types } do
        for _, owner in ipairs(owners) do
          for _, entry in ipairs(self:of(owner)) do coroutine.yield(owner, entry) end
        end
      end
    end
  end)
end

---How an entry is written where it is used: `particle.new`, `api:publish`.
---@param entry doc.Entry
---@return string
function Surface.title(_, entry)
  local receiver = surface.RECEIVERS[entry.owner] or entry.owner
  return receiver .. (entry.method and ":" or ".") .. entry.name
end

---Reads the sources.
---@param sources { [1]: string, [2]: string }[]
---@return doc.Surface
---@return string[] problems  what is public and not described
function surface.read(sources)
  local self = setmetatable({ types = {}, entries = {}, pages = {}, page_of = {}, problems = {} }, Surface)
  for _, source in ipairs(sources) do self:add_file(source[1], source[2]) end
  self:lay_out()
  for _, entry in self:each() do self:check(entry) end
  return self, self.problems
end

return surface
