-- What is tortured. The host calls this file in each state with a scenario's name, the fake cloud's port,
-- one where connections are refused, and quiet(f, ...), inside which no allocation fails. It returns the
-- functions run, judge and again; without a name, the list of names.

local scenario, port, refused_port, quiet = ...

-- lua-cjson leaks when an allocation fails inside it: there, none does.
local cjson = quiet(require, "cjson")

local function quiet_instance(...)
  local instance = cjson.new(...)
  local decode = instance.decode
  instance.decode = function(text) return quiet(decode, text) end
  return instance
end

package.loaded.cjson = setmetatable({
  new = function(...) return quiet(quiet_instance, ...) end,
}, { __index = cjson })

local URL = "http://127.0.0.1:" .. port
local TOKEN = "0123456789abcdef0123456789abcdef01234567"
local VALUE = 21.531 -- of the variable

local particle, core, scheduler
local api -- the scenario's own, which must be usable afterwards
local failures = {} -- errors that the scenario did not expect

local function load()
  particle = require("particle")
  core, scheduler = require("particle.core"), require("particle.scheduler")
  for _, name in ipairs {
    "list", "login", "provider", "flash", "watch", "log", "suggest", "token", "stream", "loop",
    "map", "run", "generator", "progress",
  } do
    require("particle." .. name)
  end
  if scenario == "simulator" then require("particle.simulator") end
end

local function open(options)
  options = options or {}
  options.base_url = options.base_url or URL
  if options.token == nil then options.token = TOKEN end
  options.timeout = 5
  if options.retry == nil then options.retry = false end -- what failed is to be seen
  return particle.new(options)
end

-- An outcome that is not the expected one is kept for judge(); a wrong value is wrong in any case.
local function expect(expected, value, err)
  if value == nil then
    failures[#failures + 1] = err
  elseif expected ~= nil and value ~= expected then
    error("WRONG value")
  end
  return value
end

local function expect_error(kind, value, err)
  if value ~= nil then error("WRONG: a success") end
  if err.kind ~= kind then failures[#failures + 1] = err end
end

local function submit(path, more)
  local request = { method = "GET", path = path, idempotent = true }
  for name, value in pairs(more or {}) do request[name] = value end
  return core.submit(api, request)
end

local function await(transfer)
  scheduler.await(transfer)
  return transfer:take()
end

-- Scenarios -----------------------------------------------------------------------------------------

local scenarios, names = {}, {}

local function add(name, run)
  scenarios[name] = run
  names[#names + 1] = name
end

add("open", load)

add("new", function()
  api = open {
    headers = { ["X-One"] = "1" }, user_agent = "torture", max_connections = 2, token_in = "query",
  }
end)

add("read", function()
  api = open()
  local lamp = api:device("lamp")
  expect(VALUE, lamp:read("temperature"))
  expect(VALUE, lamp:read("temperature")) -- on the kept connection, by the id that was learnt
end)

add("call", function()
  api = open()
  local lamp = api:device("lamp")
  expect(1, lamp:call("led", "on"))
  expect(1, lamp:call("led", "off", { headers = { ["X-One"] = 1 } }))
end)

add("direct", function()
  api = open()
  local lamp = core.device(api, "0123456789abcdef01234567", nil, { id = "0123456789abcdef01234567" })
  expect(1, lamp:call("led", "on"))
  expect(1, lamp:call("led", 5))
  expect(VALUE, lamp:read("temperature"))
end)

add("list", function()
  api = open { base_url = URL .. "/few" }
  local devices = expect(nil, api:devices { online = false })
  if devices and (#devices ~= 2 or devices[1].name ~= "lamp" or tostring(devices[2]) == "") then
    error("WRONG list")
  end
end)

add("device", function()
  api = open()
  local lamp = api:device("lamp")
  expect(nil, lamp:info())
  expect(true, lamp:rename("lamp"))
  expect(true, lamp:set_notes("a note"))
  expect(nil, lamp:url("x"))
end)

add("json", function()
  api = open()
  local body = {
    list = particle.array {}, deep = { { 1, 2.5, "text", true, particle.null } }, key = core.secret("x"),
  }
  expect(nil, api:request { method = "POST", path = { "v1", "a b" }, json = body })
end)

add("form", function()
  api = open { token_in = "body" }
  local form = { a = "1", b = { c = 2, d = { "x", "y" } }, key = core.secret("x") }
  expect(nil, api:request { method = "PUT", path = "/v1/any", query = { q = { 1, 2 } }, form = form })
end)

add("body", function()
  api = open { headers = { Authorization = "Bearer another" } }
  local reply = expect(nil, api:request {
    method = "POST", path = "/v1/any", body = ("x"):rep(1000), headers = { A = "b" }, raw = true,
  })
  if reply and type(reply) ~= "string" then error("WRONG reply") end
end)

add("multipart", function()
  api = open()
  local parts = {
    { name = "file", path = "spec/torture/rules.mk", filename = "x.bin", type = "text/plain" },
    { name = "data", data = ("y"):rep(100) },
  }
  expect(nil, api:request { method = "POST", path = "/v1/any", multipart = parts })
  expect_error("network", api:request { method = "POST", path = "/v1/errors/close", multipart = parts })
end)

add("saved", function()
  api = open()
  expect(true, api:request({ path = "/v1/any", raw = true }, {
    save_to = "build/torture/saved", on_progress = function() end,
  }))
end)

add("response", function()
  api = open()
  local value, response = api:request { path = "/v1/devices/lamp", query = { page = 1 } }
  local known = expect(nil, value, response) and response.headers["Content-Type"]
  if known and known ~= "application/json; charset=utf-8" then error("WRONG header") end
end)

local ERRORS = {
  ["1"] = "unauthorized", ["3"] = "not_found", ["4"] = "device_offline", ["5"] = "device_offline",
  ["6"] = "forbidden", ["7"] = "bad_request", html = "server", ok = "bad_request", json = "protocol",
  redirect = "protocol", stream = "protocol", close = "network",
}

add("errors", function()
  api = open()
  for name, kind in pairs(ERRORS) do
    local value, err = api:request { path = { "v1", "errors", name } }
    expect_error(kind, value, err)
    if tostring(err) == "" or "x" .. err == "" then error("WRONG text") end
  end
end)

add("refused", function()
  local own = open { base_url = "http://127.0.0.1:" .. refused_port }
  expect_error("network", own:device("lamp"):read("temperature"))
end)

add("died", function()
  api = open()
  expect(VALUE, api:device("lamp"):read("temperature"))
  local value, err = api:request { method = "POST", path = "/v1/errors/close", form = { arg = "on" } }
  expect_error("network", value, err)
end)

add("login", function()
  api = open { token = false }
  expect(nil, api:login { username = "me", password = "secret", expires_in = 60 })
  expect(nil, api:login { refresh_token = "0123", client_auth = "body" })
end)

add("mfa", function()
  local own = open { token = false, base_url = URL .. "/mfa" }
  expect_error("mfa_required", own:login { username = "me", password = "secret" })
end)

add("token", function()
  local asked = 0
  api = open { token = function()
    asked = asked + 1
    return TOKEN
  end }
  expect(VALUE, api:device("lamp"):read("temperature"))
  core.set_token(api, core.secret("another"))
  core.set_token(api, nil)
  expect(VALUE, api:device("lamp"):read("temperature"))
end)

add("middleware", function()
  local lines = {}
  api = open { log = function(line) lines[#lines + 1] = line end }
  api:use(function(request, send) return send(request) end)
  expect(VALUE, api:device("lamp"):read("temperature"))
end)

add("queue", function()
  api = open { max_connections = 1 }
  local calls = {}
  for i = 1, 3 do calls[i] = submit("/v1/devices/lamp/temperature") end
  calls[2]:cancel()
  expect(nil, await(calls[1]))
  expect_error("cancelled", await(calls[2]))
  expect(nil, await(calls[3]))
end)

add("tasks", function()
  api = open()
  local tasks = {}
  for i = 1, 2 do
    tasks[i] = scheduler.spawn(function() return api:device("lamp"):read("temperature") end)
  end
  for _, task in ipairs(tasks) do expect(VALUE, task:wait()) end
end)

-- The smallest event loop: its coroutines wait in calls, and a task is answered by it.
local function new_loop()
  local may_run, now = {}, nil -- coroutine -> whether; the one that runs
  local self = { adapter = {
    start = function() end,
    stop = function() end,
    current = function() return now == coroutine.running() and now or nil end,
    suspend = coroutine.yield,
    resume = function(co) may_run[co] = true end,
    adopt = function(values, answer)
      if values[1] ~= "ask" then return nil end
      answer(values[2])
      return function() end
    end,
  } }

  function self.begin(fn) may_run[coroutine.create(fn)] = true end

  local function run(co)
    may_run[co], now = false, co
    local fine, problem = coroutine.resume(co)
    now = nil
    if coroutine.status(co) == "dead" then may_run[co] = nil end
    if not fine then error(problem, 0) end
  end

  function self.run()
    local turns = 0
    while next(may_run) do
      local co = next(may_run)
      for other, may in pairs(may_run) do co = may and other or co end
      if may_run[co] then run(co) else scheduler.step(0.01) end
      turns = turns + 1
      if turns > 1000 then error("WRONG: a coroutine waits for ever") end
    end
  end

  return self
end

add("loop", function()
  local loop = new_loop()
  api = open { loop = loop.adapter }
  for _ = 1, 2 do
    loop.begin(function()
      expect(VALUE, api:device("lamp"):read("temperature"))
      particle.sleep(0.001)
    end)
  end
  loop.begin(function()
    local task = particle.spawn(function() return coroutine.yield("ask", VALUE) end)
    expect(VALUE, task:wait())
  end)
  loop.run()
end)

add("cancelled tasks", function()
  api = open { max_connections = 1 }
  particle.run(function()
    local tasks, closed = {}, 0
    for i = 1, 3 do
      tasks[i] = particle.spawn(function()
        local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end }) -- luacheck: ignore
        if i == 3 then return api:device("lamp"):read("temperature") end
        return api:request { path = "/v1/errors/silence" }
      end)
    end
    particle.sleep(0.002)
    for i = 1, 2 do tasks[i]:cancel() end
    expect(VALUE, tasks[3]:wait())
    if closed ~= 3 then error("WRONG ends") end
  end)
end)

add("run", function()
  api = open()
  local task
  local value = particle.run(function()
    local read = particle.wrap(function() return api:device("lamp"):read("temperature") end)
    task = particle.spawn(read)
    return 7
  end)
  if value ~= 7 then error("WRONG result") end
  expect(VALUE, task:wait())
end)

add("map", function()
  api = open { max_connections = 2 }
  local lamp, told = api:device("lamp"), 0
  local function read() return lamp:read("temperature") end
  local results, errors = particle.map({ 1, 2, 3, 4 }, read, {
    limit = 2, on_progress = function(done) told = done end,
  })
  for i = 1, 4 do expect(VALUE, results[i], errors[i]) end
  if told ~= 4 or results.n ~= 4 or errors.n ~= 4 then error("WRONG counts") end
end)

add("map with a deadline", function()
  api = open()
  local given = 0
  local results, errors = particle.map(function()
    given = given + 1
    return given <= 3 and given or nil
  end, function() return api:request { path = "/v1/errors/silence" } end, { deadline = 0.005 })
  if not results then error(errors, 0) end
  for i = 1, errors.n do expect_error("timeout", nil, errors[i]) end
end)

add("close", function()
  local own = open { max_connections = 1 }
  local request = { method = "POST", path = "/v1/errors/silence", form = { arg = "on" } }
  local running, queued = core.submit(own, request), core.submit(own, request)
  core.poller():step(0)
  own:close()
  expect_error("closed", running:take())
  expect_error("closed", queued:take())
end)

add("drop", function()
  api = open()
  submit("/v1/errors/silence")
  submit({ "v1", "errors", "silence" }, { method = "POST", form = { arg = "on" }, idempotent = false })
  core.poller():step(0)
  collectgarbage()
end)

add("deadline", function()
  api = open()
  expect_error("timeout", api:request({ path = "/v1/errors/silence" }, { deadline = 0.005 }))
end)

add("sse", function()
  load()
  local parser <close> = particle.sse.parser(200)
  local found = 0
  local pieces = { "id: 1\nevent: e\nda", "ta: a\ndata: b\r\n\r", "\ndata: " .. ("x"):rep(100) .. "\n\n" }
  for _, piece in ipairs(pieces) do
    local fed, err = parser:feed(piece)
    if not fed then error(err) end
    for event in parser.next, parser do
      found = found + 1
      if event.id ~= "1" then error("WRONG event") end
    end
  end
  if found ~= 2 then error("WRONG events") end
  parser:feed((":"):rep(201))
  expect_error("too_large", parser:next())
end)

local QUICKLY = { base = 0.001, cap = 0.001 } -- back after a loss

-- Memory that runs out may cost a connection, and with it events: then there is a gap, and a state says why.
add("stream", function()
  api = open()
  local states, gaps = {}, 0
  local stream, err = api:subscribe { retry = QUICKLY, on_state = function(state, info)
    states[#states + 1] = state
    if info.error then failures[#failures + 1] = info.error.message:find("memory") and info.error or nil end
  end }
  if not expect(nil, stream, err) then return end
  for _ = 1, 5 do
    local event = expect(nil, stream:next(5))
    if not event then return end
    if event.name:sub(1, 4) ~= "door" or type(event.data) ~= "string" then error("WRONG event") end
    gaps = gaps + (event.gap and 1 or 0)
  end
  if gaps < 2 or #states < 4 then error("WRONG states") end
  stream:close()
  expect_error("closed", stream:next())
end)

add("subscribe", function()
  api = open { max_connections = 1 }
  local lamp = api:device("lamp")
  local one <close> = expect(nil, lamp:subscribe("door", { retry = false }))
  local opts = { wait = false, retry = QUICKLY, headers = { ["X-One"] = "1" } }
  local two = expect(nil, api:subscribe(nil, opts))
  if not one or not two then return end
  expect(VALUE, lamp:read("temperature"))
  for _ = 1, 2 do
    local found = expect(nil, particle.select({ one, two }, 5))
    if found then expect(nil, found:next(0)) end
  end
  local event = one:next()
  if event and event.data ~= "open" and event.data ~= 'a "b"' then error("WRONG data") end
  local left, problem = pcall(function()
    for found in two:each() do
      if found.data == 'a "b"' then break end
    end
  end)
  if not left and core.type(problem) ~= "error" then error(problem, 0) end
end)

add("stream refused", function()
  api = open()
  expect_error("protocol", api:subscribe(nil, { product = 1 }))
  local own = open { base_url = "http://127.0.0.1:" .. refused_port }
  expect_error("network", own:subscribe())
end)

add("stream dropped", function()
  api = open()
  api:subscribe(nil, { retry = QUICKLY })
  api:subscribe(nil, { retry = QUICKLY, wait = false })
  core.poller():step(0)
  collectgarbage()
end)

local function simulate(timeout)
  local sim = require("particle.simulator").new {
    devices = {
      { name = "lamp", variables = { temperature = VALUE }, functions = { led = function() return 1 end } },
    },
  }
  local lamp = sim:client({ timeout = timeout }):device("lamp")
  expect(VALUE, lamp:read("temperature"))
  expect(1, lamp:call("led", "on"))
  sim:close()
end

-- A handler of the simulator that finds no memory may leave its call without an answer.
add("simulator", function() simulate(0.1) end)

if scenario == nil then return names end

-- What the host calls -------------------------------------------------------------------------------

if scenario ~= "open" then load() end

local function raise_failures()
  for _, err in ipairs(failures) do error("failed: " .. tostring(err), 0) end
end

-- The outcome: an error that was raised, or those that were returned. There is none unless memory ran out.
local function judge(message, ran_out)
  if message ~= nil and not (ran_out and tostring(message):find("memory")) then
    error("raised: " .. tostring(message), 0)
  end
  local may_be_left = scenario == "loop" -- by a loop that an error has ended
  if not may_be_left and require("particle.tasks").under_way() then error("tasks are left", 0) end
  if not ran_out then raise_failures() end
end

-- One more call, with the same api where there is one, and with another.
local function again()
  failures = {}
  if scenario == "open" then load() end
  if scenario == "simulator" then simulate(5) end
  if api and scenario ~= "list" then expect(VALUE, api:device("lamp"):read("temperature")) end
  expect(1, open():device("lamp"):call("led"))
  raise_failures()
end

return scenarios[scenario], judge, again
