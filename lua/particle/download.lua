-- A file at any address: another server's, so neither the token nor the api's own header lines go there.

local check = require("particle.check")
local core = require("particle.core")

local download = {}

local function misuse(who, problem) check.raise(("%s: url %s"):format(who, problem)) end

-- Origin, path and query.
local function split(who, url)
  if type(url) ~= "string" then check.fail(who, "url", "a string", url) end
  local origin, rest = url:match("^(%a[%w+.-]*://[^/?#]+)([^#]*)")
  if not origin then misuse(who, "must be a complete address such as https://example.com/file.tar.gz") end
  local path, query = rest:match("^([^?]*)%??(.*)$")
  if rest:find("[^!-~]") then misuse(who, "holds a character that must be percent-encoded") end
  return origin, path, query
end

local function check_path(who, path)
  if path == "" then misuse(who, "has no path") end
  for part in path:gmatch("/([^/]*)") do
    local raw = part:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
    local problem = core.check_part(raw)
    if problem then misuse(who, "has a part that " .. problem) end
  end
end

local function config_of(state, origin)
  local config = {}
  for name, value in pairs(state.config) do config[name] = value end
  config.base_url = origin
  return config
end

--- Sends a GET request to the address.
---@param state table
---@param request table  without its path
---@param url string
---@param who string     for messages
---@return string? body
---@return particle.Response|particle.Error
function download.send(state, request, url, who)
  local origin, path, query = split(who, url)
  local base, problem = core.base_url(origin)
  if not base then misuse(who, problem) end
  check_path(who, path)
  local server <close> = core.api(config_of(state, base))
  request.server, request.origin, request.path = server, base, path
  request.query = query ~= "" and query or nil
  return state.send(request)
end

return download
