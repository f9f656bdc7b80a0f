-- application/x-www-form-urlencoded, and the percent-encoding of a path.

local form = {}

local function byte_of(digits) return string.char(tonumber(digits, 16)) end

--- Percent-decodes; a `%` without two hex digits stays as it is.
---@param text string
---@return string
function form.unescape(text)
  return (text:gsub("%%(%x%x)", byte_of))
end

local function unescape_field(text)
  if not text:find("[%%+]") then return text end
  return form.unescape((text:gsub("%+", " ")))
end

--- The fields of a query or a form. Of a name that comes twice, the last one counts.
---@param text string
---@return table<string, string>
function form.parse(text)
  local fields = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    fields[unescape_field(name)] = unescape_field(value)
  end
  return fields
end

local DEEPEST = 8

-- Where `rest`, such as "[a][]", leads from a table: the table and the key there.
local function walk(holder, key, rest)
  for _ = 1, DEEPEST do
    local name, further = rest:match("^%[([^%[%]]*)%](.*)$")
    if not name then break end
    if type(holder[key]) ~= "table" then holder[key] = {} end
    holder, rest = holder[key], further
    local index = name:match("^%d+$") and tonumber(name)
    key = (name == "" or index and index >= #holder) and #holder + 1 or index and index + 1 or name
  end
  return holder, key
end

--- Sets a field of a body: `a[]`, `a[0]` and `a[b]` are lists and objects, as the official clients write
--- them.
---@param fields table<string, any>
---@param name string
---@param value string
function form.assign(fields, name, value)
  local base, rest = name:match("^([^%[]+)(%[.*%])$")
  if not base then
    fields[name] = value
    return
  end
  local holder, key = walk(fields, base, rest)
  holder[key] = value
end

--- The fields of a form, those with brackets in their names nested.
---@param text string
---@return table<string, any>
function form.parse_nested(text)
  local fields = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    form.assign(fields, unescape_field(name), unescape_field(value))
  end
  return fields
end

--- The decoded parts of a path, split before they are decoded: `%2F` stays inside a part. A slash at the end
--- adds no part, as in the cloud.
---@param path string  raw, beginning with a slash
---@return string[]
function form.split_path(path)
  local parts = {}
  local bare = path:gsub("^/", ""):gsub("/$", "")
  for part in bare:gmatch("[^/]*") do parts[#parts + 1] = form.unescape(part) end
  return parts
end

return form
