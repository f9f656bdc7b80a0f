-- Draws a small live chart in the terminal: of the numbers that a device publishes, or of one of its
-- variables. Where the output is no terminal it prints a line for each value.
-- Usage: eval "$(make -s env)"; lua5.4 examples/chart.lua [--count N] [--event NAME] [DEVICE]
--    or: lua5.4 examples/chart.lua [--count N] [--every SECONDS] --variable NAME [DEVICE]
-- Ctrl-C ends it, or N values. With PARTICLE_ACCESS_TOKEN set, DEVICE (a name or an id) is one of yours; else
-- it is a simulated one, by default `greenhouse`, which publishes its `temperature`.

local particle = require("particle")
local inspect = require("particle.inspect")

local USAGE = [[
usage: lua5.4 examples/chart.lua [--count N] [--event NAME] [DEVICE]
       lua5.4 examples/chart.lua [--count N] [--every SECONDS] --variable NAME [DEVICE]
With PARTICLE_ACCESS_TOKEN set, DEVICE must be given.]]

local HEIGHT = 8 -- lines
local LABEL = 10 -- columns of the numbers on the left, with a space

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local OPTIONS = { count = true, every = true, event = true, variable = true }

local function parse(arguments)
  local options, i = {}, 1
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)")
    if OPTIONS[name] then
      options[name] = arguments[i + 1] or fail(2, USAGE)
      i = i + 2
    elseif name or options.device then
      fail(2, USAGE)
    else
      options.device = arguments[i]
      i = i + 1
    end
  end
  if options.event and options.variable then fail(2, USAGE) end
  options.count = math.tointeger(tonumber(options.count or math.maxinteger)) or fail(2, USAGE)
  options.every = tonumber(options.every or 1) or fail(2, USAGE)
  return options
end

local function connect()
  local token = os.getenv("PARTICLE_ACCESS_TOKEN")
  if token and token ~= "" then return particle.new() end
  local fleet = require("particle.fleet")
  local sim = require("particle.simulator").new { devices = fleet.new() }
  fleet.animate(sim)
  return sim:client(), "greenhouse"
end

-- Where the values come from: each is a function that waits for the next one --------------------------

local function published(device, name)
  local stream, err = device:subscribe(name)
  if not stream then fail(1, "no chart of " .. name .. ": " .. err) end
  return function()
    local event, problem = stream:next()
    if not event then fail(1, "the stream has ended: " .. problem) end
    return event.data or ""
  end
end

-- A read that fails later on leaves a hole in the chart; one that fails at once is a mistake.
local function read(device, name, every)
  local is_first = true
  return function()
    if not is_first then particle.sleep(every) end
    local value, err = device:read(name)
    if value == nil and is_first then fail(1, "no chart of " .. name .. ": " .. err) end
    is_first = false
    if value == nil then return "(" .. err.kind .. ")" end
    return value
  end
end

-- Values ----------------------------------------------------------------------------------------------

-- What can be drawn of a value; nil: nothing.
local function number_of(value)
  if type(value) == "boolean" then return value and 1 or 0 end
  local number = tonumber(value)
  if number and number == number and math.abs(number) < math.huge then return number end
end

local function text_of(value)
  if type(value) == "table" then return inspect(value) end
  return (inspect.clean(tostring(value)):gsub("[\n\t]", " "))
end

-- The terminal ----------------------------------------------------------------------------------------

local is_terminal = os.execute("[ -t 1 ]") and os.getenv("TERM") ~= "dumb"

local asked_at, width

-- Columns; the terminal may be resized, so it is asked once a second.
local function columns()
  local fixed = math.tointeger(tonumber(os.getenv("COLUMNS")))
  if fixed then return math.max(fixed, LABEL + 10) end
  if asked_at ~= os.time() then
    local pipe <close> = assert(io.popen("stty size </dev/tty 2>/dev/null"))
    width = math.tointeger(tonumber((pipe:read("a"):match("^%d+ ([1-9]%d*)"))))
    asked_at = os.time()
  end
  return math.max(width or 80, LABEL + 10)
end

local locale = os.getenv("LC_ALL") or os.getenv("LC_CTYPE") or os.getenv("LANG") or ""
local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local HOLE = "·"
if not locale:lower():find("utf%-?8") then BLOCKS, HOLE = { ".", ".", ":", ":", "|", "|", "#", "#" }, "-" end

-- The beginning of a text. No character is wider than it has bytes, so they are what is counted.
local function cut(text, most)
  if #text <= most then return text end
  while most > 0 and (text:byte(most + 1) & 0xC0) == 0x80 do most = most - 1 end
  return text:sub(1, most)
end

local function range(values)
  local low, high = math.huge, -math.huge
  for _, value in ipairs(values) do
    local number = number_of(value)
    if number then low, high = math.min(low, number), math.max(high, number) end
  end
  return low, high
end

-- From 1 to HEIGHT * #BLOCKS; 0: a value that cannot be drawn.
local function level(value, low, high)
  local number = number_of(value)
  if not number then return 0 end
  local share = high > low and (number / 2 - low / 2) / (high / 2 - low / 2) or 0.5 -- halves cannot overflow
  return 1 + math.floor(share * (HEIGHT * #BLOCKS - 1) + 0.5)
end

-- One line of the chart; the lowest is row 1.
local function row_text(levels, row)
  local cells = {}
  for i, amount in ipairs(levels) do
    local block = math.min(amount - (row - 1) * #BLOCKS, #BLOCKS)
    cells[i] = block > 0 and BLOCKS[block] or (amount == 0 and row == 1 and HOLE or " ")
  end
  return table.concat(cells)
end

local function lines_of(title, values)
  local room = columns() - 1 -- a full last column would wrap in some terminals
  local shown = table.move(values, math.max(1, #values - (room - LABEL) + 1), #values, 1, {})
  local low, high = range(shown)
  local levels = {}
  for i, value in ipairs(shown) do levels[i] = level(value, low, high) end
  local labels = { [1] = low, [HEIGHT] = high }
  if low == high then labels = { [HEIGHT // 2 + 1] = low } end -- drawn at half height
  if low > high then labels = {} end -- nothing to draw
  local lines = { cut(title .. "  " .. text_of(values[#values]), room) }
  for row = HEIGHT, 1, -1 do
    local label = labels[row] and ("%.5g"):format(labels[row]) or ""
    lines[#lines + 1] = ("%" .. LABEL - 1 .. "s "):format(label) .. row_text(levels, row)
  end
  return lines
end

-- Over what was drawn before. The cursor stays below the chart, so however the program ends the terminal is
-- as it was.
local function draw(lines, is_first)
  local up = is_first and "" or ("\27[%dA"):format(#lines)
  io.write(up, "\r", table.concat(lines, "\27[K\n"), "\27[K\n")
  io.flush()
end

local MOST = 1000 -- values; no terminal is wider

local function main(options)
  local api, default = connect()
  local ref = options.device or default or fail(2, USAGE)
  local device, name = api:device(ref), options.variable or options.event or "temperature"
  local next_value = options.variable and read(device, name, options.every) or published(device, name)
  local title, values = text_of(ref .. " " .. name), {}
  for i = 1, options.count do
    values[#values + 1] = next_value()
    if #values > MOST then table.remove(values, 1) end
    if is_terminal then
      draw(lines_of(title, values), i == 1)
    else
      print(os.date("!%Y-%m-%dT%H:%M:%SZ") .. "  " .. title .. "  " .. text_of(values[#values]))
    end
  end
end

io.stdout:setvbuf(is_terminal and "full" or "line")
local fine, problem = pcall(main, parse(arg))
if not fine and not tostring(problem):find("interrupted!$") then error(problem, 0) end
os.exit(0, true)
