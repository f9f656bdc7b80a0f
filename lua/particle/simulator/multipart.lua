-- multipart/form-data, as it is uploaded (RFC 7578).

local multipart = {}

---@class particle.simulator.Part
---@field name string
---@field filename? string
---@field type? string
---@field data string

-- The text of a quoted string that opens at `from`, and where it ends. Only `\"` and `\\` are escapes, so
-- that a browser's `C:\x` survives; browsers write a quote as %22.
local function quoted(header, from)
  local at = from + 1
  while true do
    local char = header:match('^["\\]', at)
    if char == '"' then break end
    if char and header:find('^["\\]', at + 1) then at = at + 1 end
    at = at + 1
    if at > #header then return nil, at end
  end
  local text = header:sub(from + 1, at - 1):gsub('\\(["\\])', "%1"):gsub("%%22", '"')
  return text, at + 1
end

-- The value of a header's parameter.
local function parameter(header, wanted)
  local at = header:find(";", 1, true)
  while at do
    local name, from = header:match("^;%s*([%w*-]+)%s*=%s*()", at)
    if not name then return nil end
    local value, after
    if header:sub(from, from) == '"' then
      value, after = quoted(header, from)
    else
      value, after = header:match("^([^;%s]*)()", from)
    end
    if name:lower() == wanted then return value end
    at = header:find(";", after, true)
  end
end

local function parse_head(text)
  local headers = {}
  for line in (text .. "\r\n"):gmatch("(.-)\r\n") do
    local name, value = line:match("^([^:%s]+)%s*:%s*(.-)%s*$")
    if name then headers[name:lower()] = value end
  end
  return headers
end

local function parse_part(head, data)
  local headers = parse_head(head)
  local disposition = headers["content-disposition"] or ""
  local name = parameter(disposition, "name")
  if not name then return nil end
  local filename = parameter(disposition, "filename")
  return { name = name, filename = filename, type = headers["content-type"], data = data }
end

--- The parts of an upload, in order.
---@param content_type string  with its boundary
---@param body string
---@return particle.simulator.Part[]? parts
---@return string? problem
function multipart.parse(content_type, body)
  local boundary = parameter(content_type, "boundary")
  if not boundary then return nil, "the content type names no boundary" end
  local text, delimiter = "\r\n" .. body, "\r\n--" .. boundary
  local _, at = text:find(delimiter, 1, true)
  if not at then return nil, "the boundary does not occur" end
  local parts = {}
  while text:sub(at + 1, at + 2) ~= "--" do
    local head_from = select(2, text:find("^[ \t]*\r\n", at + 1))
    local head_to, data_from = text:find("\r\n\r\n", at + 1, true)
    local data_to, next_at = text:find(delimiter, data_from or at + 1, true)
    if not head_from or not data_from or not data_to then return nil, "a part is incomplete" end
    parts[#parts + 1] = parse_part(text:sub(head_from + 1, head_to - 1), text:sub(data_from + 1, data_to - 1))
    at = next_at
  end
  return parts
end

return multipart
