-- What a call of an operation must put on the wire, by the catalogue alone; and readers of what came.

local core = require("particle.core")

local wire = {}

--- A text in which every character matters that paths, queries and forms treat in a way of their own.
wire.ODD = "a b/c%d+e&f?g#h=ü;\"'.."

wire.ID = "0123456789abcdef01234567"

local SAMPLES = {
  string = wire.ODD, number = 42, boolean = false, any = { first = "1", second = { 2 } },
  object = { name = "ü", list = { 1, 2.5, "x" }, inner = { flag = true, null = core.null } },
  array = { "x y", "z,ü" }, null = core.null,
}

--- A value for a field.
function wire.sample(field)
  if field[2] == "signal" then return "1" end
  return SAMPLES[field[3]]
end

--- The placeholders of a path, in order.
---@return string[]
function wire.placeholders(path)
  local names = {}
  for name in path:gmatch("{([%w_]+)}") do names[#names + 1] = name end
  return names
end

---@return string
function wire.escape(text)
  return (text:gsub("[^A-Za-z0-9%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- The path with values in the places of its placeholders.
function wire.path(template, args)
  return (template:gsub("{([%w_]+)}", function(name) return wire.escape(tostring(args[name])) end))
end

--- Releases of libcurl differ in how they write hexadecimal digits.
function wire.upper(text) return (text:gsub("%%%x%x", string.upper)) end

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Names and values of a query or form.
---@return table<string, string>
function wire.pairs_of(text)
  local fields = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=(.*)$")
    assert(name and fields[unescape(name)] == nil, "twice, or no pair: " .. pair)
    fields[unescape(name)] = unescape(value)
  end
  return fields
end

--- How a value is written in a query, a form or a part.
function wire.text(value)
  if type(value) == "table" then return table.concat(value, ",") end
  return tostring(value)
end

--- The parts of a multipart body, by name.
---@return table<string, { data: string, filename: string?, type: string? }>
function wire.parts_of(request)
  local boundary = request.headers["content-type"]:match("^multipart/form%-data; boundary=(.*)$")
  local parts, at = {}, 1
  local mark = "--" .. boundary
  at = select(2, request.body:find(mark, at, true)) + 1
  while request.body:sub(at, at + 1) == "\r\n" do
    local finish, after = request.body:find("\r\n" .. mark, at, true)
    local head, data = request.body:sub(at + 2, finish - 1):match("^(.-)\r\n\r\n(.*)$")
    parts[head:match('; name="([^"]*)"')] = {
      data = data, filename = head:match('filename="([^"]*)"'), type = head:match("Content%-Type: ([^\r]*)"),
    }
    at = after + 1
  end
  return parts
end

return wire
