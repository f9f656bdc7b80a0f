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
