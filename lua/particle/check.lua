-- Checks of arguments. Each raises a message that names the argument, what was expected and what came, and
-- that points at the caller's line, however many of our own functions lie between.

local core = require("particle.core")

local check = {}

-- Where our files are, as `debug.getinfo` tells of them.
local OURS = debug.getinfo(1, "S").source:match("^(.*[/\\])[^/\\]*$")

local function is_ours(info)
  return info.what == "C" or (OURS ~= nil and info.source:sub(1, #OURS) == OURS)
end

--- Raises the message with the position of the first line outside of these files.
---@param message string
function check.raise(message)
  local level = 2
  local info = debug.getinfo(level, "Sl")
  while info and is_ours(info) do
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  error(info and ("%s:%d: %s"):format(info.short_src, info.currentline, message) or message, 0)
end

--- What a value is, for a message; never the contents of a string, which may be secret.
---@param value any
---@return string
function check.describe(value)
  local kind = core.type(value)
  if kind then return (kind:find("^[aeiou]") and "an " or "a ") .. kind end
  if value == core.null then return "null" end
  if type(value) == "number" then return "the number " .. tostring(value) end
  if value == "" then return "an empty string" end
  if value == nil or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

--- Raises `who: what must be expected, got ...`.
---@param who string
---@param what string
---@param expected string
---@param value any
function check.fail(who, what, expected, value)
  check.raise(("%s: %s must be %s, got %s"):format(who, what, expected, check.describe(value)))
end

--- The receiver of a method: a dot where a colon belongs passes something else.
---@param self any
---@param kind "api"|"device"|"stream"
---@param method string
function check.receiver(self, kind, method)
  if core.type(self) == kind then return end
  check.raise(("%s: call it with a colon, %s:%s(...), on %s (got %s)"):format(
    method, kind, method, (kind == "api" and "an " or "a ") .. kind, check.describe(self)))
end

--- The private table of an api, which must not be closed.
---@param api particle.Api
---@return table state
function check.open(api)
  if core.closed(api) then error("the api is closed", 0) end
  return core.state(api)
end

--- A text that becomes a part of a path.
---@param value any
---@param who string
---@param what string
---@param reserved? string  a word that another operation owns at this place
function check.part(value, who, what, reserved)
  if type(value) ~= "string" then check.fail(who, what, "a string", value) end
  local problem = value == reserved and ("is %q, which means something else to the cloud"):format(value)
    or core.check_part(value)
  if problem then check.raise(("%s: %s %s"):format(who, what, problem)) end
end

return check
