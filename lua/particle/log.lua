-- The log: one line per attempt, without query, headers, bodies or tokens.

local core = require("particle.core")
local failure = require("particle.failure")
local rules = require("particle.rules")

local log = {}

local SECRET = "<secret>"

-- A path given as text may hold a token in the one place where the cloud has one in a path.
local function shown_text(path)
  path = path:gsub("[?#].*$", ""):gsub("%c", "?")
  return (path:gsub("(/access_tokens/)([^/]+)", function(before, part)
    if part ~= "current" then return before .. SECRET end
  end))
end

local function shown_url(base_url, request)
  local path = request.path
  if type(path) == "string" then path = shown_text(path) end
  return failure.url(request.origin or base_url, path, request.secret_path)
end

local function outcome(value, second)
  if value ~= nil then return type(second) == "nil" and "ok" or tostring(second.status) end
  if core.type(second) ~= "error" then return "failed" end
  return (second.status and second.status .. " " or "") .. tostring(second.kind)
end

--- A middleware for the attempt level that tells `sink` of every attempt:
--- `GET https://api.particle.io/v1/devices 200 41.3 ms`; a failure with its kind, a repeated one with its
--- number. A sink that raises disturbs no call: `warn` hears of it.
---@param sink fun(line: string)  from `log.sink_from_option`
---@param base_url? string        put before the path
---@param now? fun(): number      seconds; default the core's monotonic clock
---@return fun(request: table, send: function): any, any
function log.middleware(sink, base_url, now)
  base_url = (base_url or ""):gsub("/+$", "")
  now = now or core.now
  return function(request, send)
    local wanted = request.response
    request.response = true -- for its status
    local start = now()
    local value, second = send(request)
    local elapsed = (now() - start) * 1000
    request.response = wanted
    local line = ("%s %s %s %.1f ms"):format(request.method or "GET", shown_url(base_url, request),
      outcome(value, second), elapsed)
    if (request.attempt or 1) > 1 then line = ("%s (attempt %d)"):format(line, request.attempt) end
    local fine, problem = pcall(sink, line)
    if not fine then warn("particle: the log's sink failed: ", tostring(problem)) end
    if value ~= nil and not wanted then return value end
    return value, second
  end
end

local function writer(target)
  return function(line)
    local done, problem = target:write(line, "\n")
    if not done and problem then error(problem, 0) end
  end
end

local function is_writable(value)
  local fine, write = pcall(function() return value.write end)
  return fine and write ~= nil
end

--- The sink of the option `log`: a function that takes a line, or anything with a method `write`; `false` for
--- none.
--- Without the option PARTICLE_LOG decides: set, not empty and not "0" means standard error.
---@param value any
---@param getenv? fun(name: string): string?
---@return (fun(line: string))? sink
---@return string? problem  what was expected, when the value is neither
function log.sink_from_option(value, getenv)
  if value == nil then
    local wanted = (getenv or os.getenv)("PARTICLE_LOG")
    if wanted and wanted ~= "" and wanted ~= "0" then return writer(io.stderr) end
    return nil
  end
  if value == false then return nil end
  if rules.is_callable(value) then return value end
  if type(value) ~= "string" and is_writable(value) then return writer(value) end
  return nil, "log: a function or a file expected, got " .. type(value)
end

return log
