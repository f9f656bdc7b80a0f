-- A store of rate limits in Redis, for several programs or machines behind one address.
-- Usage: particle.new { rate_limit = { store = require("redis_store").new { host = "...", port = 6379 } } }
-- with this file in a folder of package.path; shared_limit.lua is a program that does so.
--
-- Each method is one script that Redis runs as a whole, by its own clock, so programs whose clocks differ
-- share one count. It needs LuaSocket (Debian's lua-socket), whose sockets block: while it waits for Redis
-- nothing else goes on in the program. So it waits for a quarter of a second only, and when that was in vain
-- it lets Redis alone for some seconds. Meanwhile the library keeps the limits by itself.

local socket = require("socket")

local redis_store = {}

local TIMEOUT = 0.25   -- seconds for one answer
local PAUSE = 5        -- seconds without a new attempt after a failure
local LEASE = 60       -- seconds that the place of a stream is kept for a program that shows no life

-- What Redis runs -------------------------------------------------------------------------------------

-- Times are microseconds. %.0f: Lua 5.1, which Redis has, would round them.
local NOW = [[
  local t = redis.call('TIME')
  local now = t[1] * 1000000 + t[2]
  local function text(number) return string.format('%.0f', number) end
]]

-- KEYS: the limits, a counter. ARGV: patience; for each limit how many, in which time.
local TAKE = NOW .. [[
  local due, which = now, 0
  for i = 1, #KEYS - 1 do
    local count, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', text(now - window))
    local nth = redis.call('ZREVRANGE', KEYS[i], count - 1, count - 1, 'WITHSCORES')[2]
    if nth and nth + window > due then due, which = nth + window, i end
  end
  if due - now > tonumber(ARGV[1]) then return { 0, due - now, which } end
  local place = redis.call('INCR', KEYS[#KEYS])
  for i = 1, #KEYS - 1 do
    redis.call('ZADD', KEYS[i], text(due), place)
    redis.call('PEXPIRE', KEYS[i], text((due - now + ARGV[2 * i + 1]) / 1000 + 1))
  end
  return { 1, due - now, place }
]]

-- KEYS: the limits. ARGV: the place.
local GIVE_BACK = [[
  for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
  return 1
]]

-- KEYS: the places, a counter. ARGV: how many there are, lease.
local ACQUIRE = NOW .. [[
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
  if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
  local holder = redis.call('INCR', KEYS[2])
  redis.call('ZADD', KEYS[1], text(now + ARGV[2]), holder)
  redis.call('PEXPIRE', KEYS[1], text(ARGV[2] / 1000 + 1))
  return holder
]]

-- KEYS: the places. ARGV: holder, lease.
local RENEW = NOW .. [[
  redis.call('ZADD', KEYS[1], text(now + ARGV[2]), ARGV[1])
  return redis.call('PEXPIRE', KEYS[1], text(ARGV[2] / 1000 + 1))
]]

-- KEYS: the places. ARGV: holder.
local RELEASE = "return redis.call('ZREM', KEYS[1], ARGV[1])"

-- Talking to Redis --------------------------------------------------------------------------------------

local function encode(words)
  local parts = { ("*%d\r\n"):format(#words) }
  for i, word in ipairs(words) do
    word = tostring(word)
    parts[i + 1] = ("$%d\r\n%s\r\n"):format(#word, word)
  end
  return table.concat(parts)
end

local read

local function read_list(connection, count)
  local list = {}
  for i = 1, count do
    local value, problem = read(connection)
    if value == nil then return nil, problem end
    list[i] = value
  end
  return list
end

local function read_text(connection, length)
  if length < 0 then return false end
  local text, problem = connection:receive(length + 2)
  return text and text:sub(1, length), problem
end

-- A value; nil and why there is none.
function read(connection)
  local line, problem = connection:receive("*l")
  if not line then return nil, problem end
  local kind, rest = line:sub(1, 1), line:sub(2)
  local number = math.tointeger(tonumber(rest))
  if kind == "-" then return nil, rest end
  if kind == "+" then return rest end
  if kind == ":" and number then return number end
  if kind == "$" and number then return read_text(connection, number) end
  if kind == "*" and number then return read_list(connection, number) end
  return nil, "no Redis: " .. line
end

local function exchange(connection, words)
  local sent, problem = connection:send(encode(words))
  if not sent then return nil, problem end
  return read(connection)
end

-- The store -----------------------------------------------------------------------------------------------

local Store = {}
Store.__index = Store

function Store:connect()
  local connection = assert(socket.tcp())
  connection:settimeout(self.timeout)
  local connected, problem = connection:connect(self.host, self.port)
  if not connected then return nil, problem end
  connection:setoption("tcp-nodelay", true)
  if self.password then
    local answer, refused = exchange(connection, { "AUTH", self.password })
    if not answer then return nil, refused end
  end
  return connection
end

-- An answer of that type. Ctrl-C may have come between a question and its answer: that connection is not
-- used any more.
function Store:ask(wanted, words)
  if socket.gettime() < self.resting_until then return nil, self.problem end
  local connection, problem = self.connection, nil
  self.connection = nil
  if not connection then connection, problem = self:connect() end
  local answer
  if connection then answer, problem = exchange(connection, words) end
  if answer ~= nil and type(answer) ~= wanted then answer, problem = nil, "no Redis: a strange answer" end
  if answer == nil then
    if connection then connection:close() end
    self.problem = ("Redis at %s:%d: %s"):format(self.host, self.port, problem)
    self.resting_until = socket.gettime() + self.pause
    return nil, self.problem
  end
  self.connection = connection
  return answer
end

local function eval(script, keys, arguments)
  local words = { "EVAL", script, #keys }
  table.move(keys, 1, #keys, #words + 1, words)
  table.move(arguments, 1, #arguments, #words + 1, words)
  return words
end

local function microseconds(seconds) return ("%.0f"):format(seconds * 1e6) end

function Store:take(limits, patience)
  local keys, arguments = {}, { microseconds(patience) }
  for i, limit in ipairs(limits) do
    keys[i] = self.prefix .. limit.key
    arguments[2 * i], arguments[2 * i + 1] = limit.count, microseconds(limit.window)
  end
  keys[#keys + 1] = self.prefix .. "counter"
  local answer, problem = self:ask("table", eval(TAKE, keys, arguments))
  if not answer then return nil, problem end
  return answer[1] == 1, answer[2] / 1e6, answer[3]
end

function Store:give_back(limits, place)
  local keys = {}
  for i, limit in ipairs(limits) do keys[i] = self.prefix .. limit.key end
  local answer, problem = self:ask("number", eval(GIVE_BACK, keys, { place }))
  if not answer then return nil, problem end
  return true
end

function Store:acquire(key, count)
  local keys = { self.prefix .. key, self.prefix .. "counter" }
  local holder, problem = self:ask("number", eval(ACQUIRE, keys, { count, microseconds(self.lease) }))
  if not holder then return nil, problem end
  return holder > 0 and holder
end

function Store:renew(key, holder)
  local arguments = { holder, microseconds(self.lease) }
  local answer, problem = self:ask("number", eval(RENEW, { self.prefix .. key }, arguments))
  if not answer then return nil, problem end
  return true
end

function Store:release(key, holder)
  local answer, problem = self:ask("number", eval(RELEASE, { self.prefix .. key }, { holder }))
  if not answer then return nil, problem end
  return true
end

--- A store for `rate_limit = { store = ... }`.
---@param options? { host?: string, port?: integer, password?: string, prefix?: string, timeout?: number,
---pause?: number, lease?: number }  127.0.0.1, 6379, none, "particle:", and seconds as above
---@return particle.LimitStore
function redis_store.new(options)
  options = options or {}
  return setmetatable({
    host = options.host or "127.0.0.1", port = options.port or 6379, password = options.password,
    prefix = options.prefix or "particle:", timeout = options.timeout or TIMEOUT,
    pause = options.pause or PAUSE, lease = options.lease or LEASE, resting_until = 0,
  }, Store)
end

return redis_store
