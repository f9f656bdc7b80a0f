-- Replies: compact JSON whose keys stand in the order in which they were written.

local core = require("particle.core")

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

---@param status integer
---@param value string|number|boolean|particle.simulator.Json
---@param headers? table<string, string>
---@return particle.simulator.Reply
function reply.json(status, value, headers)
  headers = headers or {}
  headers["Content-Type"] = "application/json; charset=utf-8"
  return { status = status, text = encode(value), headers = headers }
end

return reply
