-- Where a token comes from when the program gives none, and to which address it may go.
-- A token found here belongs to one address and is withheld from every other.

local later = require("particle.later")

local token = {}

local profile = later.module("particle.profile")

token.DEFAULT_BASE_URL = require("particle.address").CLOUD

local MAX_LENGTH = 4096
local MIN_SECONDS_LEFT = 300
local DEFAULT_PORTS = { http = "80", https = "443" }

--- An address in the form in which two are compared: scheme and host in lower case, no default port,
--- no trailing slash.
---@param url any
---@return string? normal  nil when it is no http(s) address, or has user info, a query or a fragment
function token.normalise(url)
  if type(url) ~= "string" or url:find("[%c%s?#]") then return nil end
  local scheme, authority, path = url:match("^(%a+)://([^/]+)(.*)$")
  scheme = scheme and scheme:lower()
  if not DEFAULT_PORTS[scheme] or authority:find("@", 1, true) then return nil end
  local host, port = authority:match("^(.-):(%d*)$")
  if not host or (host:find("[", 1, true) and not host:find("]", 1, true)) then host, port = authority, "" end
  if host == "" then return nil end
  port = port:gsub("^0+", "")
  if port == DEFAULT_PORTS[scheme] then port = "" end
  return scheme .. "://" .. host:lower() .. (port ~= "" and ":" .. port or "") .. path:gsub("/+$", "")
end

-- What is wrong with the text as a token, or nil.
local function flaw(text)
  if text:find("%c") then return "contains control characters" end
  if text:find("%s") then return "contains spaces" end
  if text:find("[\x80-\xFF]") then return "contains bytes outside ASCII" end
  if #text > MAX_LENGTH then return ("is longer than %d bytes"):format(MAX_LENGTH) end
end

local function variable(getenv, name)
  local text = getenv(name)
  text = text and text:match("^%s*(.-)%s*$")
  if text ~= "" then return text end
end

local function withheld(source, base_url, wanted)
  return ("the token of %s belongs to %s and was withheld from %s"):format(source, base_url, wanted)
end

local function time_left(seconds)
  if seconds <= 0 then return "has expired" end
  return "expires in less than five minutes"
end

-- found | nil, reason, final: `final` keeps a broken variable from being passed over for another account's
-- token.
local function from_environment(getenv, wanted)
  local text = variable(getenv, "PARTICLE_ACCESS_TOKEN")
  if not text then return nil end
  local problem = flaw(text)
  if problem then return nil, "PARTICLE_ACCESS_TOKEN " .. problem, true end
  local base_url = variable(getenv, "PARTICLE_API_ENDPOINT") or token.DEFAULT_BASE_URL
  local normal = token.normalise(base_url)
  if not normal then return nil, "PARTICLE_API_ENDPOINT is not an http(s) address", true end
  if wanted and wanted ~= normal then return nil, withheld("PARTICLE_ACCESS_TOKEN", normal, wanted) end
  return { token = text, base_url = base_url, source = "PARTICLE_ACCESS_TOKEN" }
end

local function from_profile(getenv, wanted, clock)
  local found, problem = profile.load(getenv)
  if not found then return nil, problem end
  if not found.token then return nil, ("the Particle CLI is logged out (%s)"):format(found.path) end
  problem = flaw(found.token)
  if problem then return nil, ("%s: access_token %s"):format(found.path, problem) end
  local base_url = found.base_url or token.DEFAULT_BASE_URL
  local normal = token.normalise(base_url)
  if not normal then return nil, found.path .. ": apiUrl is not an http(s) address" end
  if wanted and wanted ~= normal then return nil, withheld(found.path, normal, wanted) end
  local left = found.expires_at and found.expires_at - clock()
  if left and left < MIN_SECONDS_LEFT then
    return nil, ("the token of %s %s"):format(found.path, time_left(left))
  end
  return { token = found.token, base_url = base_url, source = found.path, expires_at = found.expires_at }
end

---@class particle.found_token
---@field token string
---@field base_url string      the only address it may be sent to
---@field source string        "PARTICLE_ACCESS_TOKEN", or the path of the CLI's settings file
---@field expires_at number?   Unix seconds

--- Looks for a token: PARTICLE_ACCESS_TOKEN (for PARTICLE_API_ENDPOINT, else the default address), then the
--- Particle CLI's current profile (for its `apiUrl`, else the default address). Without `base_url` the
--- address wanted is PARTICLE_API_ENDPOINT when that is set.
---@param getenv? fun(name: string): string?  default `os.getenv`
---@param base_url? string                    the address the program talks to, when it gave one
---@param clock? fun(): number                Unix seconds; default `os.time`
---@return particle.found_token? found
---@return string? reason                     why there is none; holds no token
function token.find(getenv, base_url, clock)
  getenv, clock = getenv or os.getenv, clock or os.time
  local wanted = base_url or variable(getenv, "PARTICLE_API_ENDPOINT")
  wanted = wanted and (token.normalise(wanted) or "an unusable address")
  local found, reason, final = from_environment(getenv, wanted)
  if found or final then return found, reason end
  local second
  found, second = from_profile(getenv, wanted, clock)
  if found then return found end
  if reason and second then return nil, reason .. "; " .. second end
  return nil, reason or second or "no token was given or found"
end

--- The message of the error (kind `unauthorized`) of a call that has no token to send: what was found amiss,
--- then the ways to give one.
---@param reason? string  from `token.find`
---@return string message
function token.explain(reason)
  return (reason or "no token was given or found")
    .. ". Give one with particle.new { token = ... }, or set PARTICLE_ACCESS_TOKEN,"
    .. " or log in with the Particle CLI (particle login), or call api:login { ... }"
end

return token
