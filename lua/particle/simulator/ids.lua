-- Identifiers: of devices and users the same in each run, of tokens different in each. `math.random` is left
-- alone, as its sequence is the program's.

local ids = {}

-- FNV-1a, 64 bits.
local function hash(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return h
end

-- Spreads each bit over all of them (the finalizer of SplitMix64).
local function mix(h)
  h = (h ~ (h >> 30)) * 0xbf58476d1ce4e5b9
  h = (h ~ (h >> 27)) * 0x94d049bb133111eb
  return h ~ (h >> 31)
end

local GOLDEN = 0x9e3779b97f4a7c15

local function digits(state, count)
  local pieces = {}
  for i = 1, (count + 15) // 16 do pieces[i] = ("%016x"):format(mix(state + i * GOLDEN)) end
  return table.concat(pieces):sub(1, count)
end

--- Lowercase hex digits that depend on the text alone.
---@param text string
---@param count integer
---@return string
function ids.of(text, count)
  return digits(hash(text), count)
end

local function seed()
  local file = io.open("/dev/urandom", "rb")
  local bytes = file and file:read(8)
  if file then file:close() end
  if bytes and #bytes == 8 then return (string.unpack("i8", bytes)) end
  return hash(tostring({}) .. os.time() .. os.clock())
end

---@class particle.simulator.Random
---@field private state integer
local Random = {}
Random.__index = Random

---@return particle.simulator.Random
function ids.random()
  return setmetatable({ state = seed() }, Random)
end

---@param count integer
---@return string  lowercase hex digits
function Random:hex(count)
  self.state = self.state + GOLDEN * 16
  return digits(self.state, count)
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

---@param count integer
---@return string  base64 characters
function Random:base64(count)
  local text = self:hex(2 * count)
  return (text:gsub("(%x)(%x)", function(a, b)
    local i = (tonumber(a .. b, 16) & 63) + 1
    return BASE64:sub(i, i)
  end))
end

return ids
