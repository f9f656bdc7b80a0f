-- Reads the annotations of one Lua file, in the form that the language server LuaLS knows and in the way this
-- library writes them: a text first, then the tags; a line without a tag goes on with the one above it.

local annotations = {}

---@class doc.Item
---@field name string?
---@field optional boolean?
---@field type string
---@field text string       "" where there is none

---@class doc.Class
---@field name string
---@field parent string?
---@field text string
---@field fields doc.Item[]  without the private ones
---@field where string

---@class doc.Alias
---@field name string
---@field type string
---@field text string
---@field where string

---@class doc.Entry
---@field owner string       the class or module that it belongs to; "" when it belongs to none
---@field name string
---@field method boolean     whether it is called on a value
---@field is_function boolean
---@field written string[]?  the parameters in the source, without `self`; nil where they cannot be seen
---@field params doc.Item[]
---@field returns doc.Item[]
---@field generics table<string, string>  name -> what it must be
---@field type string?       of a value
---@field text string
---@field where string       path and line

-- Types ---------------------------------------------------------------------------------------------

local type_end

-- What a function type returns: types with commas between them. A name with a colon is the next parameter of
-- the function around it.
local function returns_end(text, at)
  local from = text:match("^:%s*()", at)
  if not from then return at end
  repeat
    at = type_end(text, from)
    from = text:match("^,%s*()", at)
  until not from or text:find("^[%w_]+%??:", from) or text:find("^%.%.%.", from)
  return at
end

local PRIMARIES = { "^%b()()", "^%b{}()", '^"[^"]*"()', "^[%w_.]+%b<>()", "^[%w_.]+%*?()" }

local function primary_end(text, at)
  local after = text:match("^fun%b()()", at)
  if after then return returns_end(text, after) end
  for _, pattern in ipairs(PRIMARIES) do
    after = text:match(pattern, at)
    if after then return after end
  end
  error("no type: " .. text:sub(at), 0)
end

-- The index behind the type that begins at `at`.
function type_end(text, at)
  repeat
    at = primary_end(text, at)
    repeat
      local suffix = text:match("^%?()", at) or text:match("^%[%]()", at)
      at = suffix or at
    until not suffix
    local more = text:match("^%s*|%s*()", at)
    at = more or at
  until not more
  return at
end

local function trim(text) return text:match("^%s*(.-)%s*$") end

---Splits a type from the text behind it.
---@param text string
---@return string type
---@return string rest  with the spaces before it
function annotations.split_type(text)
  local after = type_end(text, 1)
  return text:sub(1, after - 1), text:sub(after)
end

---The names of classes and aliases that a type mentions.
---@param text string
---@return string[]
function annotations.names_in(text)
  local names = {}
  for name in text:gsub('"[^"]*"', ""):gmatch("particle%.[%w_.]+") do names[#names + 1] = name end
  return names
end

---The parameters of a function type, and what it returns.
---@param text string  such as "fun(self, bytes: string): any"
---@return doc.Item[]
---@return doc.Item[]
function annotations.function_type(text)
  local inner, results = text:match("^fun(%b())(.*)$")
  local params, returns = {}, {}
  local at = inner:match("^%(%s*()")
  while at < #inner do
    local name, optional, from = inner:match("^([%w_.]+)(%??):?%s*()", at)
    local kind = "any"
    if inner:find("^[^,)]", from) then
      at = type_end(inner, from)
      kind = inner:sub(from, at - 1)
    else
      at = from
    end
    params[#params + 1] = { name = name, optional = optional == "?", type = kind, text = "" }
    at = inner:match("^%s*,?%s*()", at)
  end
  at = results:match("^:%s*()")
  while at do
    local after = type_end(results, at)
    returns[#returns + 1] = { type = results:sub(at, after - 1), text = "" }
    at = results:match("^,%s*()", after)
  end
  return params, returns
end

-- Blocks --------------------------------------------------------------------------------------------

-- A text, and the tags: { tag, what follows it }.
local function read_block(lines)
  local text, tags = {}, {}
  for _, line in ipairs(lines) do
    local tag, rest = line:match("^%s*@(%l+)%s*(.*)$")
    local last = tags[#tags]
    if tag then
      tags[#tags + 1] = { tag, rest }
    elseif last then
      last[2] = last[2] .. " " .. trim(line)
    else
      text[#text + 1] = trim(line)
    end
  end
  return table.concat(text, "\n"), tags
end

local function named_item(rest)
  local name, optional, from = rest:match("^([%w_.%[%]]+)(%??)%s+()")
  if not name then error("no name: " .. rest, 0) end
  local kind, text = annotations.split_type(rest:sub(from))
  return { name = name, optional = optional == "?", type = kind, text = trim(text) }
end

local function return_item(rest)
  local kind, behind = annotations.split_type(rest)
  local name, text = behind:match("^ ([%w_.]+)%s%s+(.*)$")
  if not name then name, text = behind:match("^ ([%w_.]+)$"), nil end
  return { name = name, type = kind, text = trim(text or name and "" or behind) }
end

local HIDDEN = { private = true, package = true, protected = true }

local function field_item(rest)
  local word, behind = rest:match("^(%l+)%s+(.*)$")
  if HIDDEN[word] and behind:find("^[%w_]+%??%s") then return nil end
  return named_item(rest)
end

local function new_class(rest, text, where)
  local name, parent = rest:match("^([%w_.]+)%s*:?%s*([%w_.]*)")
  return { name = name, parent = parent ~= "" and parent or nil, text = text, fields = {}, where = where }
end

-- What the tags of a function or value say.
local function new_entry(text, tags, where)
  local entry = { text = text, params = {}, returns = {}, generics = {}, where = where }
  for _, pair in ipairs(tags) do
    local tag, rest = pair[1], pair[2]
    if tag == "param" then table.insert(entry.params, named_item(rest)) end
    if tag == "return" then table.insert(entry.returns, return_item(rest)) end
    if tag == "generic" then
      local name, kind = rest:match("^(%w+)%s*:?%s*(.*)$")
      entry.generics[name] = kind
    end
    if tag == "type" then
      local kind, more = annotations.split_type(rest)
      entry.type, entry.more = kind, trim(more)
    end
  end
  if entry.type and entry.type:find("^fun%(") then
    entry.params, entry.returns = annotations.function_type(entry.type)
  end
  entry.is_function = #entry.params + #entry.returns > 0
  return entry
end

-- Files ---------------------------------------------------------------------------------------------

local function words(text)
  local list = {}
  for word in text:gmatch("[%w_.]+") do list[#list + 1] = word end
  return list
end

-- Which variable and name a line defines: a function, or a value.
local function defined(line)
  local variable, mark, name, written = line:match("^%s*function ([%w_]+)([.:])([%w_]+)%((.-)%)")
  if variable then
    local names = words(written)
    local on_value = mark == ":" or names[1] == "self"
    if names[1] == "self" then table.remove(names, 1) end
    return variable, name, { method = on_value, written = names }
  end
  variable, name = line:match("^([%w_]+)%.([%w_]+) = ")
  return variable, name, { method = false }
end

---@class doc.File
---@field classes doc.Class[]
---@field aliases doc.Alias[]
---@field entries doc.Entry[]
---@field package variables table<string, string>  variable -> class or module
local File = {}
File.__index = File

-- A variable stands for a class: that of the annotation above it, or that of a parameter which gets methods.
function File:bind(variable, class)
  if variable and not self.variables[variable] then self.variables[variable] = class end
end

function File:add_types(text, tags, where, line)
  local class
  for _, pair in ipairs(tags) do
    local tag, rest = pair[1], pair[2]
    if tag == "class" then
      class = new_class(rest, text, where)
      table.insert(self.classes, class)
      self:bind(line:match("^local ([%w_]+) ="), class.name)
    elseif tag == "field" and class then
      table.insert(class.fields, field_item(rest))
    elseif tag == "alias" then
      local name, kind = rest:match("^(%S+)%s*(.*)$")
      table.insert(self.aliases, { name = name, type = kind:gsub("^|%s*", ""):gsub("%s*|%s*", "|"),
        text = text, where = where })
    end
  end
end

function File:add_entry(text, tags, where, line)
  local variable, name, facts = defined(line)
  if not variable then return end
  local entry = new_entry(text, tags, where)
  entry.variable, entry.name, entry.method, entry.written = variable, name, facts.method, facts.written
  entry.is_function = entry.is_function or entry.written ~= nil
  for _, item in ipairs(entry.params) do
    if item.type:find("^particle[%w_.]*$") then self:bind(item.name, item.type) end
  end
  table.insert(self.entries, entry)
end

function File:close_block(lines, line, where)
  local text, tags = read_block(lines)
  self:add_types(text, tags, where, line)
  self:add_entry(text, tags, where, line)
end

-- What a module returns belongs to the module.
function File:bind_module(path, source)
  local module = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  local variable = source:match("\nreturn ([%w_]+)%s*$") or source:match("\nreturn setmetatable%(([%w_]+),")
  self:bind(variable, module)
end

---Everything that is defined in a file, whether it is described or not.
---@param path string    as it is to be named, such as "lua/particle/init.lua"
---@param source string
---@return doc.File
function annotations.read(path, source)
  local self = setmetatable({ classes = {}, aliases = {}, entries = {}, variables = {} }, File)
  local block, number = {}, 0
  for line in (source .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    local doc = line:match("^%s*%-%-%-(.*)$")
    if doc then
      block[#block + 1] = doc
    else
      local where = path .. ":" .. number
      local fine, problem = pcall(self.close_block, self, block, line, where)
      if not fine then error(where .. ": " .. problem, 0) end
      block = {}
    end
  end
  self:bind_module(path, source)
  for _, entry in ipairs(self.entries) do entry.owner = self.variables[entry.variable] or "" end
  return self
end

return annotations
