-- Values as readable text, for the prompt and for programs: sorted, bounded, without secrets.

local core = require("particle.core")

local SECRET = "<secret>"
-- A key that is one of these, or ends in one of them, names a secret.
local SECRET_ENDINGS = {
  "token", "password", "secret", "otp", "authorization", "auth", "api_key", "apikey", "cookie",
}

local DEFAULTS = { depth = 8, items = 100, string = 1000, width = 80, total = 2000 }

local RESERVED = {}
for word in ([[and break do else elseif end false for function global goto if in local nil not or repeat
  return then true until while]]):gmatch("%a+") do RESERVED[word] = true end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function hex_escape(text)
  return (text:gsub(".", function(byte) return ("\\x%02X"):format(byte:byte()) end))
end

-- Bytes that a terminal would obey or could not show: controls, C1 controls, invalid UTF-8.
local function escape_bytes(text, controls)
  text = text:gsub(controls, function(byte) return ESCAPES[byte] or hex_escape(byte) end)
  local pieces, from = {}, 1
  while true do
    local length, bad = utf8.len(text, from)
    if length then break end
    pieces[#pieces + 1] = text:sub(from, bad - 1)
    pieces[#pieces + 1] = hex_escape(text:sub(bad, bad))
    from = bad + 1
    if from > #text then break end
  end
  pieces[#pieces + 1] = text:sub(from)
  return (table.concat(pieces):gsub("\xC2[\x80-\x9F]", hex_escape))
end

--- Text made safe for a terminal: line breaks and tabs stay, other control characters are escaped.
---@param text string
---@return string
local function clean(text)
  return escape_bytes(text, "[\0-\8\11-\31\127]")
end

local function shown_string(text, limit)
  local rest = ""
  if #text > limit then
    local cut = limit
    while cut > 0 and limit - cut < 3 and (text:byte(cut + 1) & 0xC0) == 0x80 do cut = cut - 1 end
    rest = (" ... (%d more bytes)"):format(#text - cut)
    text = text:sub(1, cut)
  end
  return '"' .. escape_bytes(text, '[%c"\\]') .. '"' .. rest
end

local function shown_object(value)
  local fine, text = pcall(tostring, value)
  return fine and clean(text) or "<" .. type(value) .. " whose __tostring failed>"
end

local function is_secret(key, value)
  if type(key) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then return false end
  key = key:lower():gsub("-", "_")
  for _, ending in ipairs(SECRET_ENDINGS) do
    if key:sub(-#ending) == ending then return true end
  end
  return false
end

local TYPE_ORDER = { number = 1, string = 2, boolean = 3 }

local function key_before(a, b)
  local order_a, order_b = TYPE_ORDER[type(a)] or 4, TYPE_ORDER[type(b)] or 4
  if order_a ~= order_b then return order_a < order_b end
  if order_a <= 2 then return a < b end
  return tostring(a) < tostring(b)
end

-- The length of the array part, then the other keys in order.
local function keys_of(value)
  local length = 0
  while rawget(value, length + 1) ~= nil do length = length + 1 end
  local keys = {}
  for key in next, value do
    local in_array = math.type(key) == "integer" and key >= 1 and key <= length
    if not in_array then keys[#keys + 1] = key end
  end
  table.sort(keys, key_before)
  return length, keys
end

local show

local function shown_key(key, state)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not RESERVED[key] then return key end
  return "[" .. (type(key) == "table" and "<table>" or show(key, state, 0)) .. "]"
end

local function entries_of(value, state, depth)
  local length, keys = keys_of(value)
  local count = length + #keys
  local entries = {}
  for i = 1, count do
    if i > state.items or state.left <= 0 then
      entries[#entries + 1] = ("... (%d more)"):format(count - i + 1)
      break
    end
    state.left = state.left - 1
    if i <= length then
      entries[i] = show(rawget(value, i), state, depth + 1)
    else
      local key = keys[i - length]
      local item = rawget(value, key)
      local text = is_secret(key, item) and SECRET or show(item, state, depth + 1)
      entries[i] = shown_key(key, state) .. " = " .. text
    end
  end
  return entries
end

local function layout(entries, state, depth)
  local length, single = 4, true
  for _, entry in ipairs(entries) do
    length = length + #entry + 2
    single = single and not entry:find("\n", 1, true)
  end
  if single and length + 2 * depth <= state.width then return "{ " .. table.concat(entries, ", ") .. " }" end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(entries, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

local function has_tostring(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and metatable.__tostring ~= nil
end

local function show_table(value, state, depth)
  if has_tostring(value) then return shown_object(value) end
  if state.open[value] then return "<cycle>" end
  if next(value) == nil then return "{}" end
  if depth >= state.depth then return "{ ... }" end
  state.open[value] = true
  local text = layout(entries_of(value, state, depth), state, depth)
  state.open[value] = nil
  return text
end

function show(value, state, depth)
  local kind = type(value)
  if kind == "string" then return shown_string(value, state.string) end
  if kind == "table" then return show_table(value, state, depth) end
  if kind == "userdata" and value == core.null then return "null" end
  if kind == "userdata" then return shown_object(value) end
  if kind == "function" or kind == "thread" then return "<" .. kind .. ">" end
  return tostring(value)
end

---@class particle.inspect_options
---@field depth integer?   tables inside tables before `{ ... }` (8)
---@field items integer?   entries of one table (100)
---@field string integer?  bytes of one text (1000)
---@field width integer?   columns; a table that fits is written on one line (80)
---@field total integer?   entries of all tables together (2000)

--- A value as text: keys sorted, the array part first; cycles, long texts and long tables are cut with a
--- note; values under keys that name a secret show as `<secret>`; control characters are escaped.
---@param value any
---@param options? particle.inspect_options
---@return string
local function inspect(_, value, options)
  local state = { open = {} }
  for name, default in pairs(DEFAULTS) do state[name] = options and options[name] or default end
  state.left = state.total
  return show(value, state, 0)
end

return setmetatable({ clean = clean }, { __call = inspect })
