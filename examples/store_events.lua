-- Stores events in an SQLite database, each once, and the times of which some may be missing; ends with a
-- summary. Needs Debian's lua-sql-sqlite3.
-- Usage: eval "$(make -s env)"; lua5.4 examples/store_events.lua [OPTION]... [FILE]
--    --count N: end after so many events; Ctrl-C ends it too
--    --prefix TEXT, --device DEVICE: only those events
-- With PARTICLE_ACCESS_TOKEN set the events are those of your own devices and FILE is needed; else those of
-- simulated ones, by default stored in memory. One FILE is for one subscription.

local particle = require("particle")

local USAGE = [[
usage: lua5.4 examples/store_events.lua [--count N] [--prefix TEXT] [--device DEVICE] [FILE]
With PARTICLE_ACCESS_TOKEN set, FILE must be given.]]

local BREAK_EVERY = 10 -- events: then the simulated network breaks

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local installed, luasql = pcall(require, "luasql.sqlite3")
if not installed then fail(1, "needs LuaSQL for SQLite: sudo apt install lua-sql-sqlite3") end

local function parse(arguments)
  local options, i = {}, 1
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)")
    if name == "count" or name == "prefix" or name == "device" then
      options[name] = arguments[i + 1] or fail(2, USAGE)
      i = i + 2
    elseif name or options.file then
      fail(2, USAGE)
    else
      options.file = arguments[i]
      i = i + 1
    end
  end
  options.count = math.tointeger(tonumber(options.count or math.maxinteger)) or fail(2, USAGE)
  return options
end

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new() end
  local fleet = require("particle.fleet")
  local sim = require("particle.simulator").new { devices = fleet.new() }
  fleet.animate(sim)
  return sim:client(), sim
end

-- The database ------------------------------------------------------------------------------------------

-- The cloud may deliver an event twice: the index keeps the second out. A gap is told once, whoever tells it.
local SCHEMA = {
  [[CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, name TEXT NOT NULL, data TEXT,
    published_at TEXT, coreid TEXT, received_at INTEGER NOT NULL)]],
  [[CREATE UNIQUE INDEX IF NOT EXISTS each_once ON events
    (ifnull(coreid, ''), name, ifnull(published_at, ''), ifnull(data, x''))]],
  [[CREATE TABLE IF NOT EXISTS gaps (from_time REAL NOT NULL, to_time REAL NOT NULL, reason TEXT NOT NULL,
    UNIQUE (from_time, to_time))]],
}

-- A value in SQL. A text is anybody's bytes, zeros and quotes too: as hexadecimal digits it can do no harm.
local function literal(value)
  if value == nil then return "NULL" end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) == "number" then return ("%.17g"):format(value) end
  local digits = tostring(value):gsub(".", function(byte) return ("%02X"):format(byte:byte()) end)
  return "CAST(X'" .. digits .. "' AS TEXT)"
end

-- Runs a statement with its question marks filled in; LuaSQL does not do that for SQLite.
local function execute(db, statement, ...)
  local values, i = { ... }, 0
  return assert(db:execute((statement:gsub("%?", function()
    i = i + 1
    return literal(values[i])
  end))))
end

-- The rows of a query, as lists of texts.
local function rows(db, query)
  local list, cursor = {}, execute(db, query)
  local row = cursor:fetch({}, "n")
  while row do
    list[#list + 1] = row
    row = cursor:fetch({}, "n")
  end
  cursor:close() -- closed already after its last row, which is no error
  return list
end

local function add_gap(db, from, to, reason)
  execute(db, "INSERT OR IGNORE INTO gaps VALUES (?, ?, ?)", from, to, reason)
end

local function open(path)
  local db, problem = luasql.sqlite3():connect(path)
  if not db then fail(1, "cannot open " .. path .. ": " .. problem) end
  for _, statement in ipairs(SCHEMA) do
    local fine, refusal = db:execute(statement)
    if not fine then fail(1, "cannot use " .. path .. ": " .. refusal) end
  end
  return db
end

-- Whatever was published since the last run was not heard.
local function note_pause(db)
  local last = rows(db, "SELECT max(received_at) FROM events")[1][1]
  if last and last < os.time() then add_gap(db, last, os.time(), "not running") end
end

local function store(db, event)
  if event.gap then add_gap(db, event.gap.from, event.gap.to, "connection lost") end
  execute(db, [[INSERT OR IGNORE INTO events (name, data, published_at, coreid, received_at)
    VALUES (?, ?, ?, ?, ?)]], event.name, event.data, event.published_at, event.coreid, os.time())
end

local SUMMARY = [[
  SELECT name, coreid, count(*), min(published_at), max(published_at),
    round(avg(CASE WHEN data GLOB '[0-9]*' OR data GLOB '-[0-9]*' THEN CAST(data AS REAL) END), 2)
  FROM events GROUP BY name, coreid ORDER BY count(*) DESC, name, coreid]]

local function print_summary(db)
  local layout = "%-20s %-24s %6s  %-24s %-24s %s"
  print(layout:format("EVENT", "DEVICE", "COUNT", "FIRST", "LAST", "AVERAGE"))
  for _, row in ipairs(rows(db, SUMMARY)) do
    local shown = {}
    for i = 1, 6 do shown[i] = tostring(row[i] or "-"):gsub("%c", "?") end
    print((layout:format(table.unpack(shown)):gsub("%s+$", "")))
  end
  local gaps = "SELECT reason, count(*), sum(to_time - from_time) FROM gaps GROUP BY reason ORDER BY reason"
  for _, gap in ipairs(rows(db, gaps)) do
    print(("%d gap(s), %.1f s in all: %s"):format(gap[2], gap[3], gap[1]))
  end
end

-- The program -------------------------------------------------------------------------------------------

local function follow(db, options, api, sim)
  local whom = options.device and api:device(options.device) or api
  local stream <close>, err = whom:subscribe(options.prefix)
  if not stream then fail(1, "no events: " .. err) end
  note_pause(db)
  print("storing events; Ctrl-C ends that")
  for i = 1, options.count do
    local event, problem = stream:next()
    if not event then return problem end
    store(db, event)
    if sim and i % BREAK_EVERY == 0 then sim:cut { reset = true } end
  end
end

io.stdout:setvbuf("line")
local options = parse(arg)
local api, sim = connect()
local db = open(options.file or sim and ":memory:" or fail(2, USAGE))
local fine, problem = pcall(follow, db, options, api, sim)
local was_interrupted = not fine and tostring(problem):find("interrupted!$")
if not fine and not was_interrupted then error(problem, 0) end
print_summary(db)
db:close()
if fine and problem then fail(1, "the stream has ended: " .. problem) end
os.exit(0, true)
