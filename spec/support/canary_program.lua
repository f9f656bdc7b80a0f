-- A program that handles secrets, fails in every way there is, and shows all it can of it: what this writes
-- is searched for canaries by spec/canary_spec.lua. Its argument is a folder of its own.

local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local core = require("particle.core")
local inspect = require("particle.inspect")
local particle = require("particle")
local simulator = require("particle.simulator")

local CANARIES = require("spec.support.canaries")
local folder = arg[1]

warn("@on")

-- Showing ---------------------------------------------------------------------------------------------

-- Every text that can be reached, through metatables and user values too.
local function walk(value, texts, seen)
  local kind = type(value)
  if kind == "string" then texts[#texts + 1] = value end
  if kind ~= "table" and kind ~= "userdata" or seen[value] then return end
  seen[value] = true
  walk(debug.getmetatable(value), texts, seen)
  if kind == "table" then
    for key, item in next, value do
      walk(key, texts, seen)
      walk(item, texts, seen)
    end
    return
  end
  for i = 1, 8 do
    local item = debug.getuservalue(value, i)
    if item ~= nil then walk(item, texts, seen) end
  end
end

local function show(name, value)
  local texts = {}
  walk(value, texts, {})
  print(("[%s]"):format(name))
  print(tostring(value), ("%s"):format(value), inspect(value), inspect { value = value })
  print(table.concat(texts, "\n"))
  if core.type(value) == "error" then print("error of kind " .. value.kind, "" .. value, value .. "") end
end

local traceback = function(problem) return debug.traceback(tostring(problem)) end

local function attempt(name, act)
  local results = table.pack(xpcall(act, traceback))
  for i = 2, results.n do
    local value = results[i]
    if core.type(value) == "error" then value.mfa_token = nil end -- the one exception
    show(name, value)
  end
  if not results[1] then print("raised in " .. name) end
end

-- What is done with secrets ---------------------------------------------------------------------------

local SECRETS = {
  device = function(api) return api:device("lamp"):read("x") end,
  call = function(api) return api:device("lamp"):call("f", "on") end,
  query = function(api) return api:device("lamp"):read("x", { token_in = "query" }) end,
  body = function(api) return api:device("lamp"):call("f", "on", { token_in = "body" }) end,
  stream = function(api)
    local stream <close> = assert(api:subscribe("a", { retry = false }))
    show("a stream", stream)
    return stream:next(5)
  end,
  ["stream in the background"] = function(api)
    local stream <close> = api:subscribe("a", { wait = false, retry = false })
    return stream:next(5)
  end,
  login = function(api)
    return api:login { username = "joe", password = CANARIES.password, otp = CANARIES.otp }
  end,
  ["login of a client"] = function(api)
    return api:login {
      grant = "client_credentials", client_id = "mine", client_secret = CANARIES.client_secret,
    }
  end,
  ["login of a client in the body"] = function(api)
    return api:login {
      grant = "client_credentials", client_id = "mine", client_secret = CANARIES.client_secret,
      client_auth = "body",
    }
  end,
  ["login by refresh token"] = function(api) return api:login { refresh_token = CANARIES.refresh_token } end,
  ["one-time password"] = function(api)
    return api:login { mfa_token = CANARIES.mfa_token, otp = CANARIES.otp }
  end,
  revoke = function(api)
    return api:request { method = "DELETE", path = { "v1", "access_tokens", CANARIES.other_token } }
  end,
  ["revoke, a ready path"] = function(api)
    return api:request { method = "DELETE", path = "/v1/access_tokens/" .. CANARIES.other_token }
  end,
  header = function(api)
    local basic = "Basic " .. CANARIES.basic
    return api:request { path = "/v1/x", headers = { Authorization = basic } }
  end,
  json = function(api)
    return api:request { method = "POST", path = "/v1/x", json = { { value = core.secret(CANARIES.json) } } }
  end,
}

local function message(status, text) return raw.replying(status, nil, text) end

local function echo(status, before)
  return function(connection)
    while true do
      local request = connection:request()
      if not request then return end
      connection:reply(status, nil, (before or "") .. request.head .. request.body)
    end
  end
end

local SERVERS = {
  ["echoes as a bad request"] = echo(400),
  ["echoes as a broken gateway"] = echo(502, "<html>"),
  ["echoes as unauthorized"] = echo(401),
  ["echoes what is no JSON"] = echo(200, "<p>"),
  ["echoes as a redirect"] = echo(302),
  ["is not there"] = function(connection) connection:reset() end,
  ["breaks off"] = raw.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
  ["says nothing"] = function(connection)
    connection:request()
    connection:hang()
  end,
  ["says too much"] = message(200, ("x"):rep(3000)),
  ["asks for a second factor"] = message(403,
    ('{"error":"mfa_required","error_description":"m","mfa_token":"%s"}'):format(CANARIES.mfa_token)),
  ["quotes tokens"] = message(400, ('{"error":"x","access_token":"%s","info":"?access_token=%s"}'):format(
    CANARIES.cloud_token, CANARIES.cloud_token)),
  ["wants less"] = message(429, "{}"),
}

local OPTIONS = {
  plain = {}, ["with headers"] = { headers = { Authorization = "Bearer " .. CANARIES.header } },
}

local function client(server, options)
  local given = {
    base_url = server.url, token = CANARIES.token, max_body = 2000, log = io.stdout,
    retry = false, user_agent = "canary-spec",
  }
  for name, value in pairs(options) do given[name] = value end
  return particle.new(given)
end

local function with_servers()
  for does, script in pairs(SERVERS) do
    local server <close> = raw.new(script)
    for how, options in pairs(OPTIONS) do
      options.timeout = does == "says nothing" and 0.05 or nil
      local api <close> = client(server, options)
      for what, act in pairs(SECRETS) do
        local name = ("%s, %s, of a server that %s"):format(what, how, does)
        attempt(name, function() return act(api) end)
      end
      show("the api", api)
      show("a device", api:device("lamp"))
    end
  end
end

-- Other ways ------------------------------------------------------------------------------------------

local function with_misuse()
  local server <close> = raw.new(echo(400))
  for name, options in pairs {
    token = { token = CANARIES.token .. " x" },
    ["a token with a line break"] = { token = CANARIES.token .. "\n" },
    ["a long token"] = { token = CANARIES.token:rep(500) },
    ["a header"] = { headers = { Authorization = CANARIES.header .. "\r\n" } },
    ["a password in base_url"] = { base_url = ("http://me:%s@127.0.0.1"):format(CANARIES.password) },
    ["a token in base_url"] = { base_url = server.url .. "?access_token=" .. CANARIES.token },
    ["a proxy"] = { proxy = ("http://me:%s\r\n@127.0.0.1"):format(CANARIES.proxy_password) },
    ["an option that is none"] = { tokn = CANARIES.token },
    ["a wrong type"] = { token_in = CANARIES.token }, ["a loop"] = { loop = CANARIES.token },
  } do
    attempt(name, function() return client(server, options) end)
  end
  attempt("a token as address", function() return particle.new { base_url = CANARIES.token } end)
  local api <close> = client(server, {})
  for name, act in pairs {
    ["a password of a wrong type"] = function()
      api:login { username = "j", password = { CANARIES.password } }
    end,
    ["an unknown field"] = function() api:login { username = "j", passwort = CANARIES.password } end,
    ["no username"] = function() api:login { password = CANARIES.password } end,
    ["a bad otp"] = function() api:login { mfa_token = CANARIES.mfa_token } end,
    ["a header of a call"] = function()
      api:device("lamp"):read("x", { headers = { Authorization = CANARIES.header .. "\r\n" } })
    end,
    ["a path"] = function()
      api:request { path = { "v1", "access_tokens", CANARIES.other_token .. "\0" } }
    end,
    ["the wrong call"] = function() api.login { username = "j", password = CANARIES.password } end,
    ["a grant"] = function() api:login { grant = CANARIES.password } end,
  } do
    attempt(name, act)
  end
end

local function with_functions()
  local server <close> = raw.new(echo(401))
  for name, token in pairs {
    raising = function() error("the vault is locked") end,
    refused = function(api) return api:login { username = "joe", password = CANARIES.password } end,
    giving = function() return CANARIES.token end,
    ["giving a bad one"] = function() return CANARIES.token .. " x" end,
  } do
    local api <close> = client(server, { token = token })
    attempt("a token function " .. name, function() return api:device("lamp"):read("x") end)
    show("its api", api)
  end
  local api <close> = client(server, {})
  api:use(function(request, send)
    show("a request in a middleware", request)
    local value, second = send(request)
    show("its result", value)
    show("and the second", second)
    error("a bug in a middleware")
  end)
  for what, act in pairs(SECRETS) do
    attempt(what .. " with a middleware", function() return act(api) end)
  end
end

local function with_proxies()
  local proxy <close> = raw.new(echo(407), echo(502))
  local password = CANARIES.proxy_password
  for name, address in pairs {
    ["that refuses"] = ("http://me:%s@127.0.0.1:%d"):format(password, proxy.port),
    ["that is not there"] = ("http://me:%s@127.0.0.1:%d"):format(password, raw.closed_port()),
    ["of no kind"] = ("nonsense://me:%s@127.0.0.1:1"):format(password),
    ["that is no host"] = ("http://me:%s@:1"):format(password),
    ["without a name"] = ("http://me:%s@nowhere.invalid:1"):format(password),
  } do
    for _, base_url in ipairs { "http://api.invalid", "https://api.invalid" } do
      attempt("a proxy " .. name, function()
        local api <close> = client(proxy, {
          base_url = base_url, allow_http = true, proxy = address, deadline = 1,
        })
        show("an api with a proxy", api)
        return api:device("lamp"):read("x")
      end)
    end
  end
end

local function with_tls()
  local server <close> = raw.new(function(connection)
    connection:fill()
    connection:send("no TLS at all")
  end)
  local api <close> = client(server, { base_url = server.url:gsub("http:", "https:") })
  for what, act in pairs(SECRETS) do
    attempt(what .. " by TLS", function() return act(api) end)
  end
end

local function with_simulator()
  local moment = 1700000000
  local sim <close> = simulator.new {
    clock = function() return moment end, clients = { mine = CANARIES.client_secret },
    users = {
      { username = "joe", password = CANARIES.password, devices = { { name = "lamp" } } },
      { username = "eve", password = CANARIES.password, mfa = CANARIES.otp },
    },
  }
  local store = particle.token_store(folder .. "/token.json")
  local api <close> = particle.new {
    base_url = sim.url, token_store = store, retain_login = true, log = io.stdout, retry = false,
  }
  local function login(more)
    local given = { username = "joe", password = CANARIES.password }
    for name, value in pairs(more) do given[name] = value end
    local record, err = api:login(given)
    if not record then return err end
    local file <close> = assert(io.open(folder .. "/issued", "a"))
    file:write(record.access_token, "\n", record.refresh_token, "\n")
    print(tostring(record), ("%s"):format(record), inspect(record))
  end
  login { client_id = "mine", client_secret = CANARIES.client_secret, expires_in = 60 }
  attempt("a renewal", function()
    moment = moment + 61
    return api:device("lamp"):ping()
  end)
  show("an api that renewed", api)
  show("a store", store)
  for _, more in ipairs {
    { password = CANARIES.other_token }, { username = "eve" }, { username = "eve", otp = CANARIES.json },
    { username = "eve", otp = CANARIES.otp }, { client_id = "mine", client_secret = CANARIES.json },
  } do
    show("a login", login(more))
  end
  attempt("a refused renewal", function()
    moment = moment + 1e9
    core.state(api).retained_login.password = core.secret(CANARIES.other_token)
    return api:device("lamp"):ping()
  end)
  attempt("a store that is wrong", function()
    local file <close> = assert(io.open(folder .. "/token.json", "w"))
    file:write(CANARIES.other_token)
    file:close()
    return particle.new({ base_url = sim.url, token_store = store, retry = false }):devices()
  end)
  show("the requests", sim:requests())
  show("the simulator", tostring(sim))
end

-- Tokens from the environment, and from the CLI's profile.
local function with_found_tokens()
  local server <close> = raw.new(echo(400))
  local getenv = os.getenv
  local variables
  os.getenv = function(name) -- luacheck: ignore
    if variables[name] ~= nil then return variables[name] or nil end
    return getenv(name)
  end
  for name, more in pairs {
    environment = { PARTICLE_ACCESS_TOKEN = CANARIES.environment_token, PARTICLE_API_ENDPOINT = server.url },
    ["bad environment"] = { PARTICLE_ACCESS_TOKEN = CANARIES.environment_token .. " x" },
    ["bad address"] = { PARTICLE_ACCESS_TOKEN = CANARIES.environment_token,
      PARTICLE_API_ENDPOINT = "http://me:" .. CANARIES.password .. "@x" },
    profile = { PARTICLE_ACCESS_TOKEN = false, HOME = folder .. "/home" },
    ["bad profile"] = { PARTICLE_ACCESS_TOKEN = false, HOME = folder .. "/bad" },
    ["withheld"] = { PARTICLE_ACCESS_TOKEN = CANARIES.environment_token,
      PARTICLE_API_ENDPOINT = "http://127.0.0.1:1" },
  } do
    variables = more
    local base_url = more.HOME and server.url or nil
    attempt("a token of the " .. name, function()
      return particle.new({ log = io.stdout, retry = false, base_url = base_url }):device("lamp"):read("x")
    end)
    attempt("a token of the " .. name .. ", elsewhere", function()
      return particle.new({ log = io.stdout, retry = false, base_url = server.url }):device("lamp"):read("x")
    end)
  end
  os.getenv = getenv -- luacheck: ignore
end

local function content(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local environment = content("/proc/self/environ")
local pump <close> = streaming.pump() -- luacheck: ignore pump

for name, part in pairs {
  misuse = with_misuse, servers = with_servers, functions = with_functions, proxies = with_proxies,
  tls = with_tls, simulator = with_simulator, ["found tokens"] = with_found_tokens,
} do
  part()
  print("did " .. name)
end

print((content("/proc/self/cmdline"):gsub("%z", " ")))
assert(environment == content("/proc/self/environ"))

-- At last an error that nobody catches.
local server <close> = raw.new(echo(400))
local _, err = SECRETS.device(client(server, {}))
print("done")
error(err, 0)
