-- What a client makes of each fault of the simulator: a row for each fault, a column for each kind of call.
-- `observe` lets one call meet one fault; `page` is what the manual shows of it.

local core = require("particle.core")
local fault_kinds = require("particle.simulator.fault_kinds")
local fault_options = require("particle.simulator.fault_options")
local simulator = require("particle.simulator")
local support = require("spec.support")

local faulty = {}

-- Seconds: the client's patience where nothing comes.
faulty.SILENCE = support.sanitized and 1.5 or 0.3

local PATIENCE = 30 -- and where something does

-- Calls -----------------------------------------------------------------------------------------------

-- A stream whose losses are told instead of mended; the event after the fault says that all is well.
local function listen(api, sim, patience, opens)
  local stream <close>, err = api:subscribe(nil, {
    retry = false, idle = patience, timeout = opens and PATIENCE or nil,
  })
  if not stream then return nil, err end
  sim:device("lamp"):publish("done")
  local event
  repeat
    event, err = stream:next(PATIENCE)
  until not event or event.name == "done"
  return event and true, err
end

--- The columns: what is called, with what the simulator knows it by.
faulty.CALLS = {
  { name = "read", route = "GET /v1/devices/{device}/{variable}",
    run = function(api) return api:device("lamp"):read "temperature" end },
  { name = "call", route = "POST /v1/devices/{device}/{function}",
    run = function(api) return api:device("lamp"):call("led", "on") end },
  { name = "list", route = "GET /v1/devices", run = function(api) return api:devices() end },
  { name = "login", route = "POST /oauth/token", run = function(api, sim)
    return api:login { grant = "password", username = sim.username, password = sim.password }
  end },
  { name = "flash", route = "PUT /v1/devices/{device}",
    run = function(api) return api:device("lamp"):flash { data = "firmware" } end },
  { name = "stream", route = "GET /v1/devices/events", run = listen },
}

-- Rows --------------------------------------------------------------------------------------------------

local LOST, SILENT, NONSENSE = "network, maybe", "timeout, maybe", "protocol, maybe"
local PAGE = "The gateway has no answer."

-- What is to come out: `all`, unless a column says otherwise; `after` once the handler has run, unless that
-- makes no difference. `body`: a part of the body that the error keeps. `silent`: the client waits in vain.
local ROWS = {
  { "refuse", {}, all = "network, false" },
  { "silence", {}, all = SILENT, silent = true },
  { "reset", {}, all = LOST },
  { "close", {}, all = LOST },
  { "delay", { delay = 0.01 }, all = "ok" },
  { "delay", { delay = PATIENCE }, all = SILENT, silent = true },
  { "slow_head", {}, all = SILENT, silent = true },
  { "head_only", {}, all = SILENT, silent = true, after = { stream = "timeout, true" } },
  { "reset_body", {}, all = LOST, after = { stream = "network, true" } },
  { "close_body", {}, all = LOST, after = { stream = "network, true" } },
  { "wrong_length", { by = -1 }, all = NONSENSE, body = '{"', after = { stream = "network, true" } },
  { "wrong_length", { by = 9 }, all = SILENT, silent = true,
    after = { stream = "timeout, true" } },
  { "truncated_chunk", {}, all = LOST, after = { stream = "network, true" } },
  { "status", { status = 500, body = "sorry" }, all = "server, maybe", body = "sorry" },
  { "gateway", { status = 502 }, all = "server, maybe", body = PAGE },
  { "gateway", { status = 503 }, all = "server, maybe", body = PAGE },
  { "gateway", { status = 504 }, all = "server, maybe", body = PAGE },
  { "html", {}, all = NONSENSE, body = PAGE },
  { "empty", {}, all = NONSENSE, flash = "ok" },
  { "no_content", {}, all = NONSENSE, flash = "ok" },
  { "rate_limit", { retry_after = 7 }, all = "rate_limited, true", body = "Too many requests", wait = 7 },
  { "rate_limit", { retry_after = "soon" }, all = "rate_limited, true", body = "Too many requests" },
  { "rate_limit", { retry_after = "Wed, 21 Oct 2099 07:28:00 GMT" }, all = "rate_limited, true",
    body = "Too many requests", wait = math.huge },
  { "revoke", {}, all = "unauthorized, true", login = "ok", body = "invalid",
    after = { all = "ok", stream = "network, true" } },
  { "redirect", { status = 301 }, all = NONSENSE },
  { "redirect", { status = 302 }, all = NONSENSE },
  { "redirect", { status = 307 }, all = NONSENSE },
  { "redirect", { status = 308 }, all = NONSENSE },
  { "redirect_loop", { n = "ever" }, all = NONSENSE },
  { "huge", { size = 2 << 20 }, all = "too_large, maybe", stream = "too_large, true" },
  { "gzip", {}, all = NONSENSE },
  { "garbage", {}, all = NONSENSE, body = '{"ok":', stream = "ok" },
  { "deep", {}, all = NONSENSE, body = "[[[[", stream = "ok" },
  { "nul", {}, all = NONSENSE, body = "}\0more", stream = "ok" },
  { "bom", {}, all = NONSENSE, body = "\u{FEFF}", stream = "ok" },
  { "bad_utf8", {}, all = NONSENSE, flash = "ok", stream = "ok" },
  { "split", {}, stream = "ok" },
  { "cr", {}, stream = "ok" },
  { "crlf", {}, stream = "ok" },
  { "comments", {}, stream = "ok" },
  { "flood", {}, stream = "ok" },
  { "nameless", {}, stream = "ok" },
  { "dataless", {}, stream = "ok" },
  { "duplicate_id", {}, stream = "ok" },
  { "retry", {}, stream = "ok" },
  { "clock", { seconds = 60 }, all = "ok" },
  { "clock", { seconds = -3600 }, all = "ok" },
  { "clock", { seconds = 91 * 86400 }, all = "unauthorized, true", login = "ok", body = "expired",
    after = { all = "ok" } },
}

---@class faulty.Row
---@field title string
---@field when "before"|"after"|"" of the handler; "" where there is no choice
---@field spec table           for `sim:fault`
---@field expected table<string, string|false>  by the call's name; false: it is not concerned
---@field silent boolean
---@field body string?
---@field wait number?

local function title(kind, options)
  local names, shown = {}, { "`" .. kind .. "`" }
  for name in pairs(options) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = options[name]
    shown[#shown + 1] = type(value) == "string" and ('%s = "%s"'):format(name, value)
      or ("%s = %s"):format(name, value)
  end
  return table.concat(shown, ", ")
end

local function expectations(row, when)
  local expected = {}
  for _, call in ipairs(faulty.CALLS) do
    local own = when == "after" and row.after or {}
    expected[call.name] = own[call.name] or own.all or row[call.name] or row.all or false
  end
  return expected
end

local function new_row(row, when)
  local spec = { kind = row[1] }
  for name, value in pairs(row[2]) do spec[name] = value end
  if when ~= "" then spec.after = when == "after" end
  return {
    title = title(row[1], row[2]), when = when, spec = spec, expected = expectations(row, when),
    silent = row.silent or false, body = row.body, wait = row.wait,
  }
end

--- Every fault, before and after the handler where both can be.
---@return faulty.Row[]
function faulty.rows()
  local list = {}
  for _, row in ipairs(ROWS) do
    local kind = fault_kinds[row[1]]
    local whens = (kind.server or kind.streams) and { "" } or { "before", "after" }
    for _, when in ipairs(whens) do list[#list + 1] = new_row(row, when) end
  end
  return list
end

--- The kinds of which no row tells.
---@return string[]
function faulty.forgotten()
  local seen, list = {}, {}
  for _, row in ipairs(ROWS) do seen[row[1]] = true end
  for _, kind in ipairs(fault_options.kinds()) do
    if not seen[kind] then list[#list + 1] = kind end
  end
  return list
end

--- The row of a kind with these options as in ROWS.
---@param text string   its title
---@param when string
---@return faulty.Row
function faulty.row(text, when)
  for _, row in ipairs(faulty.rows()) do
    if row.title == text and row.when == when then return row end
  end
  error("there is no row " .. text, 2)
end

-- Observing ---------------------------------------------------------------------------------------------

---@class faulty.Observation
---@field outcome string      "ok", or the error's kind and what it says of the delivery
---@field err particle.Error?
---@field elapsed number
---@field struck integer      how often the fault struck
---@field handled integer     how many requests the simulator's handler got
---@field next any             what a read gives then, by the same api
---@field next_error particle.Error?

local function fleet(counts)
  return { {
    name = "lamp",
    variables = { temperature = function()
      counts.read = counts.read + 1
      return 21.5
    end },
    functions = { led = function()
      counts.call = counts.call + 1
      return 1
    end },
  } }
end

-- What the simulator did: device code counts for itself.
local function count_handled(sim, call, counts)
  if counts[call.name] then return counts[call.name] end
  local count = 0
  for _, entry in ipairs(sim:requests()) do
    local is_it = entry.method .. " " .. (entry.route or "") == call.route
    if is_it and entry.handled then count = count + 1 end
  end
  return count
end

--- Lets a call meet a fault, and then another call none.
---@param row faulty.Row
---@param call table  one of CALLS
---@param warm? boolean  on a connection that was used before
---@return faulty.Observation
function faulty.observe(row, call, warm)
  local counts = { read = 0, call = 0 }
  local sim <close> = assert(simulator.new { devices = fleet(counts) })
  local patience = row.silent and faulty.SILENCE or PATIENCE
  local api <close> = sim:client { timeout = patience, retry = false, max_body = 1 << 20 }
  if warm then assert(api:request { method = "GET", path = { "v1", "user" } }) end
  local fault = sim:fault(row.spec)
  local began = core.now()
  local opens = row.expected.stream == "timeout, true"
  local value, err = call.run(api, sim, patience, opens)
  local elapsed = core.now() - began
  local observed = {
    outcome = value ~= nil and "ok" or ("%s, %s"):format(err.kind, err.delivered), err = err, value = value,
    elapsed = elapsed, struck = fault.hits, handled = count_handled(sim, call, counts),
  }
  fault:remove()
  api:login { grant = "password", username = sim.username, password = sim.password }
  observed.next, observed.next_error = api:device("lamp"):read("temperature", { timeout = PATIENCE })
  return observed
end

-- The manual's page ----------------------------------------------------------------------------------------

local MARK = "<!-- %s: written by FAULTS=write make test SPECS=spec/faults_spec.lua -->"

-- Puts the lines between the marks of that name.
local function replaced(text, name, lines)
  local first, last = MARK:format(name), "<!-- end of " .. name .. " -->"
  local from, after = text:find(first, 1, true)
  local to = text:find(last, 1, true)
  assert(from and to, "the marks of " .. name .. " are missing")
  return text:sub(1, after) .. "\n\n" .. table.concat(lines, "\n") .. "\n\n" .. text:sub(to)
end

local function options_of(kind)
  local names = {}
  for name in pairs(kind.options) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local default = kind.options[name].default
    local shown = type(default) == "string" and ("%q"):format(default) or tostring(default)
    names[i] = ("`%s`%s"):format(name, default ~= nil and " = " .. shown or "")
  end
  return table.concat(names, ", ")
end

local function choice(kind)
  if kind.server or kind.streams then return "" end
  return (kind.after and "after" or "before")
end

local function kind_lines()
  local lines = { "| kind | what happens | options | handler |", "|---|---|---|---|" }
  for _, name in ipairs(fault_options.kinds()) do
    local kind = fault_kinds[name]
    lines[#lines + 1] = ("| `%s` | %s | %s | %s |"):format(name, kind.text, options_of(kind), choice(kind))
  end
  return lines
end

local function outcomes(result)
  local cells = {}
  for i, call in ipairs(faulty.CALLS) do cells[i] = result.outcomes[call.name] or "" end
  return table.concat(cells, " | ")
end

-- One line where it makes no difference to the client whether the handler ran.
local function outcome_lines(results)
  local head, rule = { "fault", "handler" }, "|---|---|"
  for i, call in ipairs(faulty.CALLS) do head[i + 2], rule = call.name, rule .. "---|" end
  local lines = { "| " .. table.concat(head, " | ") .. " |", rule }
  local i = 1
  while results[i] do
    local result, other = results[i], results[i + 1]
    local when = result.row.when
    if other and other.row.title == result.row.title and outcomes(other) == outcomes(result) then
      when, i = "either", i + 1
    end
    lines[#lines + 1] = ("| %s | %s | %s |"):format(result.row.title, when, outcomes(result))
    i = i + 1
  end
  return lines
end

--- The page with its tables as they are to be.
---@param text string  as it is
---@param results { row: faulty.Row, outcomes: table<string, string> }[]
---@return string
function faulty.page(text, results)
  return replaced(replaced(text, "kinds", kind_lines()), "outcomes", outcome_lines(results))
end

return faulty
