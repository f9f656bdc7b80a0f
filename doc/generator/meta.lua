-- What an editor with the language server LuaLS wants to know: the public annotations alone, one file for
-- each module.

local operations = require("doc.generator.operations")

local meta = {}

local function variable_of(owner) return (owner:gsub("%.", "_")) end

local function add_text(lines, text)
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = "---" .. line end
end

local function item_name(item) return item.name .. (item.optional and "?" or "") end

local function add_class(self, lines, name)
  local class = self.types[name] or { text = "", name = name }
  add_text(lines, class.text)
  lines[#lines + 1] = "---@class " .. name .. (class.parent and ": " .. class.parent or "")
  for _, field in ipairs(self:fields_of(class)) do
    add_text(lines, field.text)
    lines[#lines + 1] = ("---@field %s %s"):format(item_name(field), field.type)
  end
  if name ~= "particle.Api" then return end
  for _, line in ipairs(operations.fields()) do lines[#lines + 1] = line end
end

local function add_alias(lines, alias)
  add_text(lines, alias.text)
  lines[#lines + 1] = ("---@alias %s %s"):format(alias.name, alias.type)
end

local function add_function(lines, entry)
  local names = {}
  for name, kind in pairs(entry.generics) do lines[#lines + 1] = ("---@generic %s: %s"):format(name, kind) end
  for i, item in ipairs(entry.params) do
    names[i] = item.name
    lines[#lines + 1] = ("---@param %s %s %s"):format(item_name(item), item.type, item.text):gsub("%s+$", "")
  end
  for _, item in ipairs(entry.returns) do
    local text = item.text ~= "" and " # " .. item.text or ""
    lines[#lines + 1] = ("---@return %s %s%s"):format(item.type, item.name or "", text):gsub("%s+$", "")
  end
  local mark = entry.method and ":" or "."
  lines[#lines + 1] = ("function %s%s%s(%s) end"):format(
    variable_of(entry.owner), mark, entry.name, table.concat(names, ", "))
end

local function add_entry(lines, entry)
  add_text(lines, entry.text)
  if entry.is_function then
    add_function(lines, entry)
  else
    lines[#lines + 1] = "---@type " .. entry.type
    lines[#lines + 1] = ("%s.%s = nil"):format(variable_of(entry.owner), entry.name)
  end
  lines[#lines + 1] = ""
end

local function add_owner(self, lines, name)
  local known = self.types[name]
  if known and not known.fields then
    add_alias(lines, known)
    lines[#lines + 1] = ""
    return
  end
  add_class(self, lines, name)
  local entries = self:of(name)
  if #entries > 0 then lines[#lines + 1] = ("local %s = {}"):format(variable_of(name)) end
  lines[#lines + 1] = ""
  for _, entry in ipairs(entries) do
    local is_group = entry.from_field and entry.name == "devices"
    if not is_group then add_entry(lines, entry) end
  end
end

-- The module that a page is about; the front door's for the values that it leads to.
local function module_of(page)
  local first = page.owners[1]
  return first:find("^particle%.%l[%l.]*$") and first or "particle"
end

---The files, by their paths.
---@param self doc.Surface
---@return table<string, string>
function meta.files(self)
  local lines_of, texts = {}, {}
  for _, page in ipairs(self.pages) do
    local module = module_of(page)
    lines_of[module] = lines_of[module] or { "---@meta " .. module, "" }
    for _, names in ipairs { page.owners, page.types } do
      for _, name in ipairs(names) do add_owner(self, lines_of[module], name) end
    end
  end
  for module, lines in pairs(lines_of) do
    lines[#lines + 1] = "return " .. variable_of(module)
    texts[module:gsub("%.", "/") .. ".lua"] = table.concat(lines, "\n") .. "\n"
  end
  return texts
end

return meta
