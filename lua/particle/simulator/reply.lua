-- Replies: compact JSON whose keys stand in the order in which they were written.

local core = require("particle.core")
local sorted = require("particle.sorted")

local reply = {}

--- What a handler gives back.
---@class particle.simulator.Reply
---@field status integer
---@field text string
---@field headers table<string, string>
---@field subscription? particle.simulator.Subscription  what follows the head: an event stream
---@field opened? fun(streams: particle.simulator.Streams, stream: particle.simulator.Stream)  once it is open
---@field recode? fun(bytes: string): string[]  how its bytes are sent: the pieces
---@field bytes? particle.simulator.ByteReply  goes out instead of text and headers

---@class particle.simulator.Json: JSON text that is ready
---@field text string
local Json = {}

local function json(text) return setmetatable({ text = text }, Json) end

reply.null = core.null

-- As the cloud does, what is not UTF-8 becomes U+FFFD.
local function repaired(text)
  local pieces, from = {}, 1
  while true do
    local length, bad = utf8.len(text, from)
    if length then break end
    pieces[#pieces + 1] = text:sub(from, bad - 1) .. "\u{FFFD}"
    from = bad + 1
  end
  return table.concat(pieces) .. text:sub(from)
end

local function is_finite(number) return number == number and number ~= math.huge and number ~= -math.huge end

local function encode(value)
  if getmetatable(value) == Json then return value.text end
  local kind = type(value)
  if kind == "string" then return core.encode(utf8.len(value) and value or repaired(value)) end
  if kind == "boolean" or kind == "number" and is_finite(value) then return core.encode(value) end
  if kind == "number" or value == core.null then return "null" end
  error("no JSON scalar: a " .. kind, 3)
end

--- An object of names and values that take turns; a value of nil leaves its name out.
---@param ... string|number|boolean|particle.simulator.Json|nil
---@return particle.simulator.Json
function reply.object(...)
  local given, members = { ... }, {}
  for i = 1, select("#", ...), 2 do
    local name, value = given[i], given[i + 1]
    if value ~= nil then members[#members + 1] = encode(name) .. ":" .. encode(value) end
  end
  return json("{" .. table.concat(members, ",") .. "}")
end

---@param list (string|number|boolean|particle.simulator.Json)[]
---@return particle.simulator.Json
function reply.array(list)
  local items = {}
  for i, item in ipairs(list) do items[i] = encode(item) end
  return json("[" .. table.concat(items, ",") .. "]")
end

--- Any value that came as JSON, or is to become it; the names in objects are sorted. A list that is empty is
--- one only if `core.array` says so.
---@param value any
---@return any  what `object` and `array` take
function reply.value(value)
  if type(value) ~= "table" or getmetatable(value) == Json then return value end
  if next(value) == nil then return json(core.encode(value)) end
  if value[1] ~= nil then
    local items = {}
    for i, item in ipairs(value) do items[i] = reply.value(item) end
    return reply.array(items)
  end
  local members = {}
  for i, name in ipairs(sorted.names(value)) do
    members[2 * i - 1], members[2 * i] = name, reply.value(value[name])
  end
  return reply.object(table.unpack(members, 1, #members))
end

--- Some members of a table, in this order; those that are nil are left out.
---@param record table
---@param names string[]
---@param ... any  further names and values that take turns
---@return particle.simulator.Json
function reply.pick(record, names, ...)
  local members = {}
  for i, name in ipairs(names) do
    members[2 * i - 1], members[2 * i] = name, reply.value(record[name])
  end
  local more = table.pack(...)
  table.move(more, 1, more.n, 2 * #names + 1, members)
  return reply.object(table.unpack(members, 1, 2 * #names + more.n))
end

---@param status integer
---@param value string|number|boolean|particle.simulator.Json
---@param headers? table<string, string>
---@return particle.simulator.Reply
function reply.json(status, value, headers)
  headers = headers or {}
  headers["Content-Type"] = "application/json; charset=utf-8"
  return { status = status, text = encode(value), headers = headers }
end

--- A reply without a body.
---@param status integer
---@return particle.simulator.Reply
function reply.empty(status) return { status = status, text = "", headers = {} } end

--- A download.
---@param bytes string
---@param filename string
---@return particle.simulator.Reply
function reply.binary(bytes, filename)
  return { status = 200, text = bytes, headers = {
    ["Content-Type"] = "application/binary",
    ["Content-Disposition"] = "attachment; filename=" .. filename,
  } }
end

return reply
