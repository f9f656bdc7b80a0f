-- The operations of the cloud as the reference, editors and Postman want to know them, from the rows in
-- lua/particle/operations/.

package.path = "./lua/?.lua;./lua/?/init.lua;" .. package.path

local data = require("particle.operations")
local sorted = require("particle.sorted")

local operations = {}

---@class doc.Argument
---@field name string
---@field optional boolean
---@field type string       as annotations write it
---@field text string
---@field secret boolean?

---@class doc.Operation
---@field group string
---@field name string
---@field row table
---@field arguments doc.Argument[]

local TYPES = {
  string = "string", number = "number", boolean = "boolean", object = "table<string, any>", array = "any[]",
  null = "userdata", device = "particle.Device|string", devices = "(particle.Device|string)[]",
  switch = 'boolean|"1"|"0"', files = "(string|particle.File)[]",
}

local PLACES = {
  product = "integer|string|false", device = "particle.Device|string",
  scope_value = "particle.Device|string|integer",
}

-- The placeholders in the order of the paths, and in how many of them each stands.
local function placeholders(row)
  local order, counts = {}, {}
  for _, path in ipairs(row.paths) do
    for name in path:gmatch("{([%w_]+)}") do
      if not counts[name] then order[#order + 1] = name end
      counts[name] = (counts[name] or 0) + 1
    end
  end
  return order, counts
end

local function field_argument(field)
  local types, mark = field[2]:match("^(.-)(%??)$")
  return {
    name = field[1], optional = mark == "?", text = field[3] or "", secret = field.secret,
    type = types:gsub("%l+", TYPES),
  }
end

local function arguments_of(row)
  local list, known = {}, {}
  local function add(argument)
    if not known[argument.name] then list[#list + 1] = argument end
    known[argument.name] = true
  end
  local order, counts = placeholders(row)
  for _, name in ipairs(order) do
    add {
      name = name, optional = counts[name] < #row.paths, type = PLACES[name] or "string|integer",
      text = data.PLACEHOLDERS[name], secret = row.secret_path and row.secret_path[name],
    }
  end
  if row.auth == "basic" then
    add { name = "username", type = "string", text = "of the account" }
    add { name = "password", type = "string", text = "of the account", secret = true }
  end
  for _, fields in ipairs { row.query or {}, row.body or {} } do
    for _, field in ipairs(fields) do
      if field.constant == nil then add(field_argument(field)) end
    end
  end
  return list
end

---The groups, in order.
---@return string[]
function operations.groups() return sorted.names(data.GROUPS) end

---What a group is about.
---@param group string
---@return string
function operations.title(group) return data.GROUPS[group] end

---The operations of a group, in order.
---@param group string
---@return doc.Operation[]
function operations.of(group)
  local list, rows = {}, data.rows(group)
  for i, name in ipairs(sorted.names(rows)) do
    list[i] = { group = group, name = name, row = rows[name], arguments = arguments_of(rows[name]) }
  end
  return list
end

-- The reference -------------------------------------------------------------------------------------

local function cell(text) return (text:gsub("|", "\\|")) end

local function code(text) return "`" .. text .. "`" end

local function title_of(operation) return ("api.%s:%s"):format(operation.group, operation.name) end

local function signature(operation)
  local names = {}
  for i, argument in ipairs(operation.arguments) do
    names[i] = argument.name .. (argument.optional and "?" or "")
  end
  local lines, line = {}, title_of(operation) .. " {"
  for i, name in ipairs(names) do
    local more = " " .. name .. (i < #names and "," or "")
    if #line + #more > 80 then lines[#lines + 1], line = line, "   " end
    line = line .. more
  end
  lines[#lines + 1] = line .. (#names > 0 and " }" or "}")
  return table.concat(lines, "\n")
end

local function argument_table(list)
  local lines = { "| argument | type | |", "|---|---|---|" }
  for _, argument in ipairs(list) do
    local text = argument.text
    if argument.secret then text = text .. (text ~= "" and "; " or "") .. "a secret" end
    lines[#lines + 1] = ("| %s | %s | %s |"):format(
      code(argument.name .. (argument.optional and "?" or "")), code(cell(argument.type)), cell(text))
  end
  return table.concat(lines, "\n")
end

local function paths_text(row)
  local lines = {}
  for i, path in ipairs(row.paths) do lines[i] = row.method .. " " .. path end
  return "```\n" .. table.concat(lines, "\n") .. "\n```"
end

local AUTHS = {
  none = "No token is sent.",
  client = "An OAuth client asks: the given one, else the default one.",
  basic = "The user name and password are sent, not the token.",
}

local function facts(operation)
  local row = operation.row
  local list = {
    row.idempotent and "Safe to repeat." or "Not safe to repeat: see `err.delivered`.",
    row.auth and AUTHS[row.auth],
    row.list and ("A list: `api.%s:each` goes through its items."):format(operation.group) or nil,
    row.deprecated and "Deprecated." or nil,
  }
  local texts = {}
  for i = 1, 4 do
    if list[i] then texts[#texts + 1] = list[i] end
  end
  return table.concat(texts, " ")
end

-- The shape as code, what is said besides as text.
local function shown_reply(reply)
  local shape, rest = reply:match("^([%[{].*[%]}])(.-)$")
  return shape and code(shape) .. rest or reply
end

local function returned(row)
  if row.stream then return "**Returns** a `particle.Stream`, or `nil` and a `particle.Error`" end
  return "**Returns** body and response, or `nil` and a `particle.Error`. Body: " .. shown_reply(row.reply)
end

local function operation_text(operation)
  local parts = {
    "### " .. title_of(operation), "```\n" .. signature(operation) .. "\n```", operation.row.summary,
    paths_text(operation.row),
  }
  if #operation.arguments > 0 then parts[#parts + 1] = argument_table(operation.arguments) end
  parts[#parts + 1] = returned(operation.row)
  parts[#parts + 1] = facts(operation)
  return table.concat(parts, "\n\n")
end

local function group_text(group, anchor)
  local lines = { "| | |", "|---|---|" }
  local list = operations.of(group)
  for _, operation in ipairs(list) do
    lines[#lines + 1] = ("| [%s](#%s) | %s |"):format(
      code(title_of(operation)), anchor(title_of(operation)), cell(operation.row.summary))
  end
  local parts = {
    "# api." .. group, operations.title(group) .. ". How they are called: [operations](operations.md).",
    table.concat(lines, "\n"), "## Operations",
  }
  for _, operation in ipairs(list) do parts[#parts + 1] = operation_text(operation) end
  return table.concat(parts, "\n\n") .. "\n"
end

local HOW = [[
# operations

Every operation of the cloud is `api.GROUP:NAME(args, opts)`: one table of arguments, then the options of any
call (`particle.CallOptions`). It returns the body of the reply and a `particle.Response`, or `nil` and a
`particle.Error`. Misuse raises: an unknown group, operation or argument, a missing one, a wrong type.

* Only what is set is sent. Nested values travel as they are.
* `product`, `org` and `device` choose among the paths. Without `product` that of the device's handle counts,
  else the api's; `product = false` means none.
* A device is a handle, an id or a name. A product's path takes ids only: there the name is looked up first.
* A secret may be a string or an opaque value; it is shown to no middleware, log or error.

## Lists

`api.GROUP:each(args, opts)` goes through the items of a list; where a group has several lists,
`api.GROUP:each(NAME, args, opts)`. Pages are fetched when their items are due.

```lua
for sim in api.sims:each { product = 42 } do print(sim._id, sim.status) end
```

The error of a page that fails is raised; called again, the iterator asks for that page again.

## Files

`files` is a list of paths or of `particle.File`, of which each has either `path` or `data`. A file that
cannot be read fails with kind `cancelled`, and nothing is sent. What comes as bytes is a string, or with the
option `save_to` goes into a file.

## Groups

%s

`make doc` also writes a collection for Postman, `build/doc/postman_collection.json`: set its variables
`base_url` (the cloud, or the address that `particle-simulator` prints) and `token`.
]]

---The pages of the reference.
---@param anchor fun(heading: string): string
---@return doc.Text[]
function operations.pages(anchor)
  local lines = { "| | |", "|---|---|" }
  local pages = {}
  for i, group in ipairs(operations.groups()) do
    local name = "api." .. group
    lines[#lines + 1] = ("| [%s](%s.md) | %s |"):format(code(name), name, operations.title(group))
    pages[i + 1] = { name = name, title = name, text = group_text(group, anchor) }
  end
  pages[1] = { name = "operations", title = "operations", text = HOW:format(table.concat(lines, "\n")) }
  return pages
end

---Adds where operations are explained.
---@param targets table<string, string>  see `markdown.targets`
---@param anchor fun(heading: string): string
function operations.add_targets(targets, anchor)
  for _, group in ipairs(operations.groups()) do
    targets["api." .. group] = ("api.%s.md"):format(group)
    for _, operation in ipairs(operations.of(group)) do
      local title = title_of(operation)
      targets[title] = ("api.%s.md#%s"):format(group, anchor(title))
    end
  end
end

-- Editors -------------------------------------------------------------------------------------------

local function class_of(group, name)
  return "particle.Operations." .. group .. (name and "." .. name or "")
end

local function add_arguments(lines, operation)
  lines[#lines + 1] = "---@class " .. class_of(operation.group, operation.name)
  for _, argument in ipairs(operation.arguments) do
    lines[#lines + 1] = ("---@field %s%s %s %s"):format(
      argument.name, argument.optional and "?" or "", argument.type, argument.text):gsub("%s+$", "")
  end
  lines[#lines + 1] = ""
end

local function needs_arguments(operation)
  for _, argument in ipairs(operation.arguments) do
    if not argument.optional then return true end
  end
  return false
end

local function add_method(lines, operation)
  lines[#lines + 1] = "---" .. operation.row.summary
  if operation.row.deprecated then lines[#lines + 1] = "---@deprecated" end
  lines[#lines + 1] = ("---@param args%s %s"):format(
    needs_arguments(operation) and "" or "?", class_of(operation.group, operation.name))
  lines[#lines + 1] = "---@param opts? particle.CallOptions"
  if operation.row.stream then
    lines[#lines + 1] = "---@return particle.Stream?"
    lines[#lines + 1] = "---@return particle.Error?"
  else
    lines[#lines + 1] = "---@return any body # nil exactly when it failed"
    lines[#lines + 1] = "---@return particle.Response|particle.Error"
  end
  lines[#lines + 1] = ("function %s:%s(args, opts) end"):format(operation.group, operation.name)
  lines[#lines + 1] = ""
end

local function add_group(lines, group)
  local list = operations.of(group)
  for _, operation in ipairs(list) do add_arguments(lines, operation) end
  lines[#lines + 1] = "---" .. operations.title(group)
  lines[#lines + 1] = "---@class " .. class_of(group)
  if group == "devices" then
    lines[#lines + 1] = "---@overload fun(api: particle.Api, filter?: particle.DeviceFilter, "
      .. "opts?: particle.CallOptions): particle.Device[]?, particle.Error?"
  end
  lines[#lines + 1] = ("local %s = {}"):format(group)
  lines[#lines + 1] = ""
  for _, operation in ipairs(list) do add_method(lines, operation) end
  lines[#lines + 1] = "---The items of a list. Raises the error of a page that fails."
  lines[#lines + 1] = "---@param name string|table? which list, where there are several; else the arguments"
  lines[#lines + 1] = "---@param args? table"
  lines[#lines + 1] = "---@param opts? particle.CallOptions"
  lines[#lines + 1] = "---@return fun(): any"
  lines[#lines + 1] = ("function %s:each(name, args, opts) end"):format(group)
  lines[#lines + 1] = ""
end

---The annotations for editors.
---@return string
function operations.annotations()
  local lines = { "---@meta particle.operations", "" }
  for _, group in ipairs(operations.groups()) do add_group(lines, group) end
  return table.concat(lines, "\n")
end

---The fields that an api has for its groups.
---@return string[]
function operations.fields()
  local lines = {}
  for i, group in ipairs(operations.groups()) do
    lines[i] = ("---@field %s %s"):format(group, class_of(group))
  end
  return lines
end

return operations
