-- Several programs that keep one rate limit together, through Redis: started twice, they send no more
-- requests than one of them may. When Redis is gone each goes on alone and says so.
-- Usage: eval "$(make -s env)"; lua5.4 examples/shared_limit.lua [OPTION]... [HOST:PORT]
--    --limit N: requests in five minutes, of all programs together (10)
--    --count N: requests that this one tries to send (20)
--    --pause SECONDS: between two of them (0)
--    --timeout SECONDS: for an answer of Redis (0.25)
-- HOST:PORT is that of Redis (127.0.0.1:6379). Needs Debian's lua-socket. With PARTICLE_ACCESS_TOKEN set it
-- lists your own devices each time, else those of a simulated cloud. To share one simulated cloud start
-- particle-simulator, and set PARTICLE_API_ENDPOINT and PARTICLE_ACCESS_TOKEN to what it prints.

package.path = (arg[0]:match("^.*/") or "./") .. "?.lua;" .. package.path

local particle = require("particle")

local USAGE = "usage: lua5.4 examples/shared_limit.lua [--limit N] [--count N] [--pause SECONDS]"
  .. " [--timeout SECONDS] [HOST:PORT]"
local NUMBERS = { limit = 10, count = 20, pause = 0, timeout = 0.25 }

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local installed, redis_store = pcall(require, "redis_store")
if not installed then fail(1, "needs LuaSocket: sudo apt install lua-socket") end

local function parse(arguments)
  local options, i = { redis = "127.0.0.1:6379" }, 1
  for name, number in pairs(NUMBERS) do options[name] = number end
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)")
    if NUMBERS[name] then
      local number = tonumber(arguments[i + 1]) or fail(2, USAGE)
      options[name] = math.tointeger(number) or number
      i = i + 2
    elseif name then
      fail(2, USAGE)
    else
      options.redis = arguments[i]
      i = i + 1
    end
  end
  return options
end

local function connect(options)
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new(options) end
  local fleet = require("particle.fleet")
  return require("particle.simulator").new({ devices = fleet.new() }):client(options)
end

local function tell(problem)
  io.stderr:write(problem and "the limit is kept alone: " .. problem or "the limit is shared again", "\n")
end

local options = parse(arg)
local host, port = options.redis:match("^(.+):(%d+)$")
if not host then fail(2, USAGE) end

local api = connect {
  deadline = 10, -- so a request that would wait for minutes is refused
  rate_limit = {
    requests = { options.limit, 300 },
    store = redis_store.new {
      host = host, port = math.tointeger(tonumber(port)), timeout = options.timeout,
    },
    on_store_failure = tell,
  },
}

local sent, refused = 0, 0
for _ = 1, options.count do
  local devices, err = api:devices()
  if devices then
    sent = sent + 1
  elseif err.kind == "rate_limited" then
    refused = refused + 1
    if refused == 1 then print(err.message) end
  else
    fail(1, "the devices cannot be listed: " .. err)
  end
  particle.sleep(options.pause)
end
print(("%d requests sent, %d refused"):format(sent, refused))
