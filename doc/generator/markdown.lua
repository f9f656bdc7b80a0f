-- The pages of the reference, as Markdown.

local surface = require("doc.generator.surface")

local markdown = {}

---@class doc.Text
---@field name string   of its files, without an ending
---@field title string
---@field text string

local HOW_TO_READ = [[
# Reference

Every public function, method, option and field, as the sources describe them.

%s

## How to read it

* `name?` may be left out, `type?` may be nil. A value in brackets at the end of a text, like (40), is the
  default.
* Misuse raises: wrong types, unknown names, closed handles. What the world does comes back as `nil` and an
  error: the first result is nil exactly when the call failed.
* *Cloud operation* names the operation of the Particle Cloud that a verb performs.
* Times are in seconds.
]]

-- Pieces --------------------------------------------------------------------------------------------

local function code(text) return "`" .. text .. "`" end

-- In a table a bar ends the cell, even inside of code.
local function cell(text) return (text:gsub("\n", " "):gsub("|", "\\|")) end

local function row(...)
  local cells = { ... }
  for i, text in ipairs(cells) do cells[i] = cell(text) end
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function item_name(item) return item.name .. (item.optional and "?" or "") end

---What a heading is found by, as GitHub makes it.
---@param heading string
---@return string
function markdown.anchor(heading)
  return (heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-"))
end

local function fields_heading(receiver) return "Fields of " .. receiver end

local function items_table(head, items, generics)
  local lines = { row(head, "type", ""), "|---|---|---|" }
  for _, item in ipairs(items) do
    local kind = generics and generics[item.type] or item.type
    lines[#lines + 1] = row(code(item_name(item)), code(kind), item.text)
  end
  return table.concat(lines, "\n")
end

---The operations of the cloud that a description names in brackets, and the description without them.
---@param text string
---@return string text
---@return string[] operations
function markdown.operations(text)
  local operations = {}
  local rest = text:gsub("%s*%((`%l[%l_]*%.%l[%l_]*`[%w ]*)%)", function(operation)
    operations[#operations + 1] = operation
    return ""
  end)
  return rest, operations
end

local function first_sentence(text)
  local line = markdown.operations(text):gsub("\n", " ")
  return line:match("^(.-%.)%s") or line
end

local function signature(title, entry)
  if not entry.is_function then return title end
  local names = {}
  for i, item in ipairs(entry.params) do names[i] = item_name(item) end
  return title .. "(" .. table.concat(names, ", ") .. ")"
end

-- One function --------------------------------------------------------------------------------------

local function result_line(kind, item)
  local name = item.name and " *" .. item.name .. "*" or ""
  local text = item.text ~= "" and ": " .. item.text or ""
  return "* " .. code(kind) .. name .. text
end

-- The results; a last one that is an error says how the call fails.
local function results(entry)
  local shown, failure = {}, nil
  for i, item in ipairs(entry.returns) do
    if item.type == "particle.Error?" and i > 1 then failure = item
    elseif item.type ~= "nil" then shown[#shown + 1] = item end
  end
  local lines = {}
  for _, item in ipairs(shown) do
    local kind = entry.generics[item.type] or item.type
    if failure then kind = kind:gsub("%?$", "") end
    lines[#lines + 1] = result_line(kind, item)
  end
  if failure then
    local text = failure.text ~= "" and " " .. failure.text or ""
    lines[#lines + 1] = "* or `nil` and a `particle.Error`" .. text
  end
  return lines
end

local function entry_text(self, entry)
  local title = self:title(entry)
  local text, operations = markdown.operations(entry.text)
  local parts = { "### " .. title, "```\n" .. signature(title, entry) .. "\n```", text }
  if #operations > 0 then parts[#parts + 1] = "*Cloud operation*: " .. table.concat(operations, ", ") end
  if entry.type and not entry.is_function then parts[#parts + 1] = "Type: " .. code(entry.type) end
  if #entry.params > 0 then parts[#parts + 1] = items_table("parameter", entry.params, entry.generics) end
  local lines = results(entry)
  if #lines > 0 then
    parts[#parts + 1] = "**Returns**"
    parts[#parts + 1] = table.concat(lines, "\n")
  end
  return table.concat(parts, "\n\n")
end

-- One page ------------------------------------------------------------------------------------------

local function overview(self, owners)
  local lines = { "| | |", "|---|---|" }
  for _, owner in ipairs(owners) do
    for _, entry in ipairs(self:of(owner)) do
      local title = self:title(entry)
      local link = ("[%s](#%s)"):format(code(signature(title, entry)), markdown.anchor(title))
      lines[#lines + 1] = row(link, first_sentence(entry.text))
    end
  end
  return #lines > 2 and table.concat(lines, "\n") or nil
end

local function owner_parts(self, owner, parts)
  local shown = surface.RECEIVERS[owner] or owner
  local class = self.types[owner]
  local fields = class and self:fields_of(class) or {}
  if #fields > 0 then
    parts[#parts + 1] = "## " .. fields_heading(shown)
    parts[#parts + 1] = items_table("field", fields)
  end
  local entries = self:of(owner)
  if #entries == 0 then return end
  parts[#parts + 1] = ("## %s of %s"):format(entries[1].method and "Methods" or "Functions", shown)
  for _, entry in ipairs(entries) do parts[#parts + 1] = entry_text(self, entry) end
end

local function type_text(self, name)
  local known = self.types[name]
  local parts = { "### " .. name, known.text ~= "" and known.text or nil }
  if known.parent then
    parts[#parts + 1] = ("Everything of %s, and:"):format(code(known.parent))
  end
  if known.fields then
    parts[#parts + 1] = items_table("field", self:fields_of(known))
  else
    parts[#parts + 1] = code(known.type)
  end
  return table.concat(parts, "\n\n")
end

-- What is no value with methods of its own is shown among the types.
local function is_type(self, name) return #self:of(name) == 0 and not surface.RECEIVERS[name] end

local function page_text(self, page)
  local parts, types = { "# " .. page.title, page.intro }, {}
  parts[#parts + 1] = overview(self, page.owners)
  for _, names in ipairs { page.owners, page.types } do
    for _, name in ipairs(names) do
      if is_type(self, name) then types[#types + 1] = name else owner_parts(self, name, parts) end
    end
  end
  if #types > 0 then parts[#parts + 1] = "## Types" end
  for _, name in ipairs(types) do parts[#parts + 1] = type_text(self, name) end
  return table.concat(parts, "\n\n") .. "\n"
end

---All pages, the one that lists the others first.
---@param self doc.Surface
---@return doc.Text[]
function markdown.pages(self)
  local list = { "| | |", "|---|---|" }
  local pages = {}
  for i, page in ipairs(self.pages) do
    list[#list + 1] = row(("[%s](%s.md)"):format(page.title, page.name), page.intro)
    pages[i + 1] = { name = page.name, title = page.title, text = page_text(self, page) }
  end
  pages[1] = { name = "index", title = "Reference", text = HOW_TO_READ:format(table.concat(list, "\n")) }
  return pages
end

-- Fields of values, such as `err.kind`.
local function add_fields(self, targets)
  for name, receiver in pairs(surface.RECEIVERS) do
    local page = self.page_of[name]
    for _, field in ipairs(page and self:fields_of(self.types[name]) or {}) do
      local anchor = markdown.anchor(fields_heading(receiver))
      targets[receiver .. "." .. field.name] = page.name .. ".md#" .. anchor
    end
  end
end

---Where names are explained: `api:publish`, `err.kind`, `particle.Options` -> page and heading.
---@param self doc.Surface
---@return table<string, string>  such as "api.md#apipublish"
function markdown.targets(self)
  local targets = {}
  for _, page in ipairs(self.pages) do
    for _, names in ipairs { page.owners, page.types } do
      for _, name in ipairs(names) do
        local anchor = is_type(self, name) and "#" .. markdown.anchor(name) or ""
        targets[name] = page.name .. ".md" .. anchor
      end
    end
  end
  for owner, entry in self:each() do
    local title = self:title(entry)
    targets[title] = self.page_of[owner].name .. ".md#" .. markdown.anchor(title)
  end
  add_fields(self, targets)
  return targets
end

return markdown
