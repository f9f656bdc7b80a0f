-- Decompression of uploaded libraries: gzip (RFC 1952) and what is inside it (RFC 1951).

local inflate = {}

-- Bits ------------------------------------------------------------------------------------------------

local Bits = {}
Bits.__index = Bits

function Bits:need(count)
  while self.count < count do
    local byte = self.text:byte(self.at)
    if not byte then error("the data ends too soon", 0) end
    self.bits, self.count, self.at = self.bits | byte << self.count, self.count + 8, self.at + 1
  end
end

function Bits:take(count)
  self:need(count)
  local value = self.bits & ((1 << count) - 1)
  self.bits, self.count = self.bits >> count, self.count - count
  return value
end

function Bits:align()
  self.at = self.at - self.count // 8
  self.bits, self.count = 0, 0
end

-- Huffman codes ---------------------------------------------------------------------------------------

local LONGEST = 15

-- A table from 2^length + code to symbol, of the canonical code with these lengths (from 0 on).
local function code_of(lengths, count)
  local per_length, next_code, code = {}, {}, 0
  for i = 0, LONGEST do per_length[i] = 0 end
  for i = 0, count - 1 do per_length[lengths[i]] = per_length[lengths[i]] + 1 end
  per_length[0] = 0
  for i = 1, LONGEST do
    code = (code + per_length[i - 1]) << 1
    next_code[i] = code
  end
  local symbols = {}
  for i = 0, count - 1 do
    local length = lengths[i]
    if length > 0 then
      symbols[(1 << length) + next_code[length]] = i
      next_code[length] = next_code[length] + 1
    end
  end
  return symbols
end

local function symbol(bits, code)
  local path = 1
  for _ = 1, LONGEST do
    path = path << 1 | bits:take(1)
    if code[path] then return code[path] end
  end
  error("a code is none", 0)
end

local function fixed_codes()
  local lengths, distances = {}, {}
  for i = 0, 287 do lengths[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8 end
  for i = 0, 29 do distances[i] = 5 end
  return code_of(lengths, 288), code_of(distances, 30)
end

local ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

-- Repetitions of a length: where from, how many bits say how often, and the least.
local REPEATS = { [16] = { 2, 3 }, [17] = { 3, 3 }, [18] = { 7, 11 } }

local function dynamic_codes(bits)
  local literals, distances, count = bits:take(5) + 257, bits:take(5) + 1, bits:take(4) + 4
  local lengths = {}
  for i = 1, #ORDER do lengths[ORDER[i]] = i <= count and bits:take(3) or 0 end
  local code, all, at = code_of(lengths, 19), {}, 0
  while at < literals + distances do
    local value = symbol(bits, code)
    local times = REPEATS[value]
    if times then
      local length = value == 16 and all[at - 1] or 0
      for _ = 1, bits:take(times[1]) + times[2] do all[at], at = length, at + 1 end
    else
      all[at], at = value, at + 1
    end
  end
  return code_of(all, literals),
    code_of(table.move(all, literals, literals + distances - 1, 0, {}), distances)
end

-- Blocks ----------------------------------------------------------------------------------------------

local LENGTH_BASE, LENGTH_BITS, DISTANCE_BASE, DISTANCE_BITS = {}, {}, {}, {}
do
  local base = 3
  for i = 0, 27 do
    LENGTH_BITS[i] = i < 8 and 0 or i // 4 - 1
    LENGTH_BASE[i], base = base, base + (1 << LENGTH_BITS[i])
  end
  LENGTH_BASE[28], LENGTH_BITS[28] = 258, 0
  base = 1
  for i = 0, 29 do
    DISTANCE_BITS[i] = i < 4 and 0 or i // 2 - 1
    DISTANCE_BASE[i], base = base, base + (1 << DISTANCE_BITS[i])
  end
end

local function copy(out, from, length)
  if from < 1 then error("a distance is too long", 0) end
  for i = from, from + length - 1 do out[#out + 1] = out[i] end
end

local function check_room(out, most)
  if #out > most then error("it is too large", 0) end
end

local function read_codes(bits, out, most, literals, distances)
  while true do
    local value = symbol(bits, literals)
    if value == 256 then return end
    if value < 256 then
      out[#out + 1] = value
    else
      local i = value - 257
      local length = LENGTH_BASE[i] + bits:take(LENGTH_BITS[i])
      local j = symbol(bits, distances)
      copy(out, #out + 1 - DISTANCE_BASE[j] - bits:take(DISTANCE_BITS[j]), length)
    end
    check_room(out, most)
  end
end

local function read_stored(bits, out, most)
  bits:align()
  local length = bits:take(16)
  bits:take(16)
  for _ = 1, length do out[#out + 1] = bits:take(8) end
  check_room(out, most)
end

local READERS = {
  [0] = read_stored,
  function(bits, out, most) read_codes(bits, out, most, fixed_codes()) end,
  function(bits, out, most) read_codes(bits, out, most, dynamic_codes(bits)) end,
}

local STRING_LIMIT = 4096 -- values that string.char takes at once

local function to_string(bytes)
  local pieces = {}
  for i = 1, #bytes, STRING_LIMIT do
    pieces[#pieces + 1] = string.char(table.unpack(bytes, i, math.min(i + STRING_LIMIT - 1, #bytes)))
  end
  return table.concat(pieces)
end

local function read_blocks(text, at, most)
  local bits, out = setmetatable({ text = text, at = at, bits = 0, count = 0 }, Bits), {}
  repeat
    local is_last = bits:take(1) == 1
    local read = READERS[bits:take(2)] or error("a block is of no known type", 0)
    read(bits, out, most)
  until is_last
  return to_string(out)
end

-- The head of gzip ------------------------------------------------------------------------------------

local function skip_head(text)
  if text:sub(1, 3) ~= "\x1F\x8B\8" or #text < 18 then error("it is not gzip", 0) end
  local flags, at = text:byte(4), 11
  if flags & 4 ~= 0 then at = at + 2 + string.unpack("<I2", text, at) end
  for _, flag in ipairs { 8, 16 } do
    if flags & flag ~= 0 then at = (text:find("\0", at, true) or error("the head ends too soon", 0)) + 1 end
  end
  return flags & 2 ~= 0 and at + 2 or at
end

--- Decompresses.
---@param text string
---@param most integer  bytes that it may become
---@return string?
---@return string? problem
function inflate.gzip(text, most)
  local ok, result = pcall(function() return read_blocks(text, skip_head(text), most) end)
  if ok then return result end
  return nil, tostring(result)
end

return inflate
