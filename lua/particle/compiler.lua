-- Calls that compile: the time they may take, and what the compiler says, made readable.

local compiler = {}

local LONGEST = 120 -- seconds that the cloud compiles
local MOST_LINES, LONGEST_LINE = 10, 200
local DEEPEST = 4

--- Gives the request the time that compiling takes, unless somebody said how long it may.
---@param state table  of an api
---@param request table
function compiler.allow(state, request)
  local given = state.options
  request.timeout = request.timeout or not given.timeout and LONGEST + 10 or nil
  request.deadline = request.deadline or not given.deadline and LONGEST + 60 or nil
end

-- No escape sequence of a terminal, and no half of a character.
local function clean(line)
  line = line:gsub("%c", " "):gsub("%s+$", "")
  if #line <= LONGEST_LINE then return line end
  local to = LONGEST_LINE
  while to > 0 and line:find("^[\128-\191]", to + 1) do to = to - 1 end
  return line:sub(1, to) .. "..."
end

local function add_lines(text, lines)
  for line in text:gmatch("[^\r\n]+") do
    if line:find("%S") then lines[#lines + 1] = clean(line) end
  end
end

-- The texts of `errors`; an older form has such a reply inside.
local function gather(errors, lines, depth)
  for _, item in ipairs(type(errors) == "table" and errors or {}) do
    if type(item) == "string" then
      add_lines(item, lines)
    elseif type(item) == "table" and depth < DEEPEST then
      gather(item.errors, lines, depth + 1)
    end
  end
end

local function is_error(line)
  return line:find("error:", 1, true) or line:find("undefined reference", 1, true)
    or line:find("multiple definition", 1, true)
end

-- What else the compiler says is of no use where it names its errors.
local function choose(lines)
  local chosen = {}
  for _, line in ipairs(lines) do
    if is_error(line) then chosen[#chosen + 1] = line end
  end
  return chosen[1] and chosen or lines
end

local function output_of(body)
  if type(body.output) == "string" then return clean(body.output) end
  local inner = type(body.errors) == "table" and body.errors[1]
  if type(inner) == "table" and type(inner.output) == "string" then return clean(inner.output) end
end

--- Puts what the compiler said into the message, line by line, if that is why the call failed. All of it
--- stays in `err.body`.
---@param err particle.Error
function compiler.explain(err)
  local body = err.body
  local output = type(body) == "table" and output_of(body)
  if not output then return end
  local lines = {}
  gather(body.errors, lines, 1)
  local chosen = choose(lines)
  local shown = { output, table.unpack(chosen, 1, MOST_LINES) }
  if #chosen > MOST_LINES then
    shown[#shown + 1] = ("... and %d more lines, see err.body"):format(#chosen - MOST_LINES)
  end
  err.message = table.concat(shown, "\n")
end

return compiler
