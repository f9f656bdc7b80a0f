-- The operations as a collection for Postman (version 2.1 of its format): a folder for each group, an entry
-- for each path. The variable `base_url` aims it at the cloud or at the simulator.

local operations = require("doc.generator.operations")
local sorted = require("particle.sorted")

local postman = {}

local SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

-- JSON ----------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local encode

local function list_text(list, indent)
  local lines = {}
  for i, item in ipairs(list) do lines[i] = indent .. "  " .. encode(item, indent .. "  ") end
  return "[\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "]"
end

local function object_text(object, indent)
  local lines = {}
  for i, name in ipairs(sorted.names(object)) do
    lines[i] = ("%s  %s: %s"):format(indent, quote(name), encode(object[name], indent .. "  "))
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

-- Values that are not empty tables; lists are tables with a first element.
function encode(value, indent)
  if type(value) == "string" then return quote(value) end
  if type(value) ~= "table" then return tostring(value) end
  return value[1] ~= nil and list_text(value, indent) or object_text(value, indent)
end

-- Requests ------------------------------------------------------------------------------------------

local SAMPLES = {
  string = '""', number = "0", boolean = "false", object = "{}", array = "[]", null = "null", device = '""',
  devices = "[]", switch = '"1"',
}

local function is_file(field) return field[2] and field[2]:find("^files") end

local function is_optional(field) return field.constant == nil and field[2]:find("%?$") ~= nil end

local function wire_name(field) return field.wire or field[1] end

local function pairs_of(fields)
  local list = {}
  for _, field in ipairs(fields) do
    list[#list + 1] = {
      key = is_file(field) and "file" or wire_name(field), value = field.constant or "",
      type = is_file(field) and "file" or "text", disabled = is_optional(field), description = field[3],
    }
  end
  return list
end

-- What must be there; what may be is in the description of the request.
local function sample_body(fields)
  local lines = {}
  if fields[1].whole then return "{}" end
  for _, field in ipairs(fields) do
    if not is_optional(field) then
      local value = field.constant and quote(field.constant) or SAMPLES[field[2]:match("^%l+")]
      lines[#lines + 1] = ("  %s: %s"):format(quote(wire_name(field)), value)
    end
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n}"
end

local function body_of(row)
  if not row.body then return nil end
  if row.format == "form" then return { mode = "urlencoded", urlencoded = pairs_of(row.body) } end
  if row.format == "multipart" then return { mode = "formdata", formdata = pairs_of(row.body) } end
  return { mode = "raw", raw = sample_body(row.body), options = { raw = { language = "json" } } }
end

local function url_of(row, template)
  if template == "{url}" then return "{{url}}" end
  local path, variables = {}, {}
  for part in template:gmatch("[^/]+") do
    local name = part:match("^{(.*)}$")
    if name then variables[#variables + 1] = { key = name, value = "" } end
    path[#path + 1] = name and ":" .. name or part
  end
  return {
    raw = "{{base_url}}/" .. table.concat(path, "/"), host = { "{{base_url}}" }, path = path,
    variable = #variables > 0 and variables or nil, query = row.query and pairs_of(row.query) or nil,
  }
end

local function headers_of(row)
  local list = {}
  for name, text in pairs(row.headers or {}) do list[#list + 1] = { key = name, value = text } end
  if row.body and not row.format and not (row.headers and row.headers["Content-Type"]) then
    list[#list + 1] = { key = "Content-Type", value = "application/json" }
  end
  return #list > 0 and list or nil
end

local function auth_of(row)
  if row.auth == "none" then return { type = "noauth" } end
  if not row.auth then return nil end
  local user = row.auth == "client" and "client_id" or "username"
  local password = row.auth == "client" and "client_secret" or "password"
  return { type = "basic", basic = {
    { key = "username", value = "{{" .. user .. "}}", type = "string" },
    { key = "password", value = "{{" .. password .. "}}", type = "string" },
  } }
end

local function text_of(operation)
  local lines = { operation.row.summary, "" }
  for _, argument in ipairs(operation.arguments) do
    lines[#lines + 1] = ("* `%s%s` (%s): %s"):format(
      argument.name, argument.optional and "?" or "", argument.type, argument.text)
  end
  return table.concat(lines, "\n")
end

-- Apart from the first, an entry's name says what its path has besides.
local function name_of(operation, template)
  local scopes = {}
  for name in template:gmatch("{([%w_]+)}") do
    local in_all = true
    for _, path in ipairs(operation.row.paths) do
      in_all = in_all and path:find("{" .. name .. "}", 1, true)
    end
    if not in_all then scopes[#scopes + 1] = name end
  end
  if #scopes == 0 then return operation.name end
  return ("%s (%s)"):format(operation.name, table.concat(scopes, ", "))
end

local function item_of(operation, template)
  local row = operation.row
  return {
    name = name_of(operation, template),
    request = {
      method = row.method, url = url_of(row, template), header = headers_of(row), body = body_of(row),
      auth = auth_of(row), description = text_of(operation),
    },
  }
end

local function folder_of(group)
  local items = {}
  for _, operation in ipairs(operations.of(group)) do
    for _, template in ipairs(operation.row.paths) do items[#items + 1] = item_of(operation, template) end
  end
  return { name = group, description = operations.title(group), item = items }
end

---The collection, as JSON.
---@return string
function postman.collection()
  local folders = {}
  for i, group in ipairs(operations.groups()) do folders[i] = folder_of(group) end
  return encode({
    info = {
      name = "Particle Device Cloud", schema = SCHEMA,
      description = "Set `base_url` to the cloud's address or to that of particle-simulator, and `token`.",
    },
    auth = { type = "bearer", bearer = { { key = "token", value = "{{token}}", type = "string" } } },
    variable = {
      { key = "base_url", value = "https://api.particle.io" }, { key = "token", value = "" },
      { key = "client_id", value = "particle" }, { key = "client_secret", value = "particle" },
    },
    item = folders,
  }, "") .. "\n"
end

return postman
