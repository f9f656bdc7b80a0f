-- The prompt of `make repl`: reads Lua, runs it, shows values without secrets.
-- `repl.loop` knows neither terminal nor cloud; `repl.main` brings them.

local core = require("particle.core")
local inspect = require("particle.inspect")

local repl = {}

local USAGE = [[
usage: repl [--account | --simulator]
  --account    `api` is your own account; a token must be found
  --simulator  `api` is the simulated cloud, even when a token is found
Without either, `api` is your account when a token is found, else the simulated cloud.]]

local HISTORY = "~/.particle_lua_history"
local CLOUD_WAIT = { deadline = 3 } -- how long completion may wait for the cloud

-- Lua makes no tail call while such a variable is there: what is raised can name the line that was typed.
local NO_TAIL_CALL = "local no_tail_call <close> = nil; "

-- The function of an expression or a statement | nil, problem, incomplete.
local function compile(text, env)
  local chunk, problem = load(NO_TAIL_CALL .. "return " .. text, "=stdin", "t", env)
  if chunk then return chunk end
  local incomplete = problem:find("<eof>$") ~= nil
  chunk, problem = load(NO_TAIL_CALL .. text, "=stdin", "t", env)
  if chunk then return chunk end
  return nil, problem, incomplete or problem:find("<eof>$") ~= nil
end

local function shown_error(err)
  if type(err) == "string" then
    if err:find("interrupted!$") then return "interrupted" end
    return inspect.clean(err)
  end
  return inspect(err)
end

local function shown_results(results)
  if results[1] == nil and core.type(results[2]) == "error" then
    return "error: " .. shown_error(results[2])
  end
  local texts, separator = {}, "\t"
  for i = 1, results.n do
    texts[i] = inspect(results[i])
    if texts[i]:find("\n", 1, true) then separator = "\n" end
  end
  return table.concat(texts, separator)
end

-- One chunk, over several lines if need be: text | nil at the end of the input.
local function read_chunk(read, env)
  local text = read("> ")
  if not text then return nil end
  while true do
    local chunk, problem, incomplete = compile(text, env)
    if chunk or not incomplete then return text, chunk, problem end
    local line = read(">> ")
    if not line then return text, nil, problem end
    text = text .. "\n" .. line
  end
end

local LEAVING = { exit = true, quit = true, ["exit()"] = true, ["quit()"] = true }

---@class particle.repl_options
---@field read fun(prompt: string): string?   the next line, nil at the end
---@field write fun(text: string)
---@field env table                           the globals of what is typed
---@field call? fun(fn: function): boolean, ... default `pcall`

--- Reads, runs and shows until the input ends or `exit` is typed. Expressions show their values, `nil, err`
--- and what is raised show the error; the first value stays in the global `_`.
---@param options particle.repl_options
function repl.loop(options)
  local read, write, env, call = options.read, options.write, options.env, options.call or pcall
  while true do
    local text, chunk, problem = read_chunk(read, env)
    if not text or LEAVING[text:match("^%s*(.-)%s*$")] then return end
    if not chunk then
      write(inspect.clean(problem) .. "\n")
    else
      local results = table.pack(call(chunk))
      local fine = table.remove(results, 1)
      results.n = results.n - 1
      if not fine then
        write("error: " .. shown_error(results[1]) .. "\n")
      elseif results.n > 0 then
        env._ = results[1]
        write(shown_results(results) .. "\n")
      end
    end
  end
end

-- A line with a secret in it is not worth a place in a file.
local function is_memorable(line)
  local lower = line:lower()
  for _, word in ipairs { "token", "password", "secret", "otp" } do
    if lower:find(word, 1, true) then return false end
  end
  return line:find("%S") ~= nil
end

-- What completion asks the cloud, each once.
local function completion_source(env)
  local names
  local records = setmetatable({}, { __mode = "k" })
  local source = { env = env }
  function source.devices()
    if names then return names end
    local fine, devices = pcall(function() return env.api:devices({}, CLOUD_WAIT) end)
    if not fine or not devices then return {} end
    names = {}
    for _, device in ipairs(devices) do names[#names + 1] = device.name end
    return names
  end
  function source.record(device)
    if not records[device] then
      local fine, record = pcall(function() return device:info(CLOUD_WAIT) end)
      records[device] = fine and record or core.device_record(device)
    end
    return records[device] or {}
  end
  return source
end

-- read, finish | nil where the library is not installed.
local function readline_reader(env)
  local installed, readline = pcall(require, "readline")
  if not installed then return nil end
  local complete = require("particle.complete")
  local source = completion_source(env)
  readline.set_options { histfile = HISTORY, auto_add = false, completion = true }
  readline.set_readline_name("particle")
  readline.set_complete_function(function(text, from, to)
    readline.set_completion_append_character("")
    local fine, list = pcall(complete.candidates, source, text, from, to)
    return fine and list or {}
  end)
  local last
  local function read(prompt)
    local line = readline.readline(prompt)
    if line and line ~= last and is_memorable(line) then readline.add_history(line) end
    last = line
    return line
  end
  return read, readline.save_history
end

local function plain_reader(interactive)
  return function(prompt)
    if interactive then
      io.write(prompt)
      io.flush()
    end
    return io.read("l")
  end
end

local function new_simulator()
  local installed, simulator = pcall(require, "particle.simulator")
  if not installed then return nil end
  local fleet = require("particle.fleet")
  local sim = simulator.new { devices = fleet.new() }
  fleet.animate(sim)
  return sim
end

-- api, where it comes from, whether that is an account | nil, problem
local function choose_api(particle, sim, mode)
  local token = require("particle.token")
  local found, reason
  if mode ~= "--simulator" then found, reason = token.find() end
  if found then
    return particle.new(), ("your account at %s (token of %s)"):format(found.base_url, found.source), true
  end
  if mode == "--account" then return nil, token.explain(reason) end
  if not sim then return nil, "the simulator is not installed, and " .. token.explain(reason) end
  return sim:client(), "a client of the simulated cloud"
end

local BANNER = [[
%s, %s
  api       %s
  sim       %s
  particle  the module
Try   %s
Ctrl-C stops a call or a loop; exit or Ctrl-D leaves.
]]

local TRY_ACCOUNT = "api:devices()"
local TRY_SIMULATOR = [[
lamp = api:device "kitchen-lamp"
      lamp:read "temperature"
      lamp:call("led", "on")
      for event in api:subscribe():each() do print(event.name, event.data) end]]

local function banner(particle, sim, origin, is_account)
  local fleet = "not installed"
  if sim then fleet = "a simulated cloud: kitchen-lamp, greenhouse, garage-door, attic-sensor (offline)" end
  local try = is_account and TRY_ACCOUNT or TRY_SIMULATOR
  return BANNER:format(particle._VERSION, _VERSION, origin, fleet, try)
end

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

--- The prompt on the terminal, with `api`, `sim` and `particle` ready. Ends the process with status 2 for an
--- unknown option and 1 where there is nothing to talk to.
---@param args? string[]  `--account` or `--simulator`
function repl.main(args)
  local mode = args and args[1]
  if mode == "--help" then return print(USAGE) end
  if mode and mode ~= "--account" and mode ~= "--simulator" then fail(2, USAGE) end
  local particle = require("particle")
  local sim = new_simulator()
  local api, origin, is_account = choose_api(particle, sim, mode)
  if not api then fail(1, origin) end
  local env = setmetatable({ api = api, sim = sim, particle = particle }, { __index = _G })
  local interactive = os.execute("[ -t 0 ] && [ -t 1 ]") == true
  local read, finish
  if interactive then
    io.write(banner(particle, sim, origin, is_account))
    read, finish = readline_reader(env)
  end
  local guard <close> = core.interrupts()
  repl.loop {
    read = read or plain_reader(interactive),
    write = function(text) io.write(text) end,
    env = env,
    call = function(fn) return guard:call(fn) end,
  }
  if finish then finish() end
end

return repl
