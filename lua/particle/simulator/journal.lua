-- What was asked, for `sim:requests()`: without secrets, and no more than the last thousand.

local core = require("particle.core")
local ring = require("particle.simulator.ring")

local LIMIT = 1000
local HIDDEN = "<secret>"

local SECRET_NAMES = {
  access_token = true, refresh_token = true, mfa_token = true, token = true, password = true,
  current_password = true, client_secret = true, otp = true, secret = true,
  auth = true, mobile_secret = true, api_key = true, policy_key = true,
}
local SECRET_HEADERS = { authorization = true, cookie = true, ["proxy-authorization"] = true }

-- Longer texts are left out: a thousand uploads are not kept in memory.
local LONGEST = 4096

---@class particle.simulator.Entry
---@field method string               of the HTTP request
---@field path string                 raw, secret parts hidden
---@field route string?               the template that it matched, such as "/v1/devices/{device}"
---@field query table<string, string>
---@field fields table<string, any>   of the body, whatever its format; null is `particle.null`
---@field headers table<string, string>  lowercase names; credentials hidden
---@field body_length integer         bytes
---@field time number                 Unix seconds, by the simulator's clock
---@field user string?                whose token it bore
---@field status integer?             nil while it is not answered, and of a fault that sends none
---@field handled boolean             whether its handler ran: false for one that was refused before
---@field fault string?               the kind of the fault that struck it

---@class particle.simulator.Journal
---@field private entries particle.simulator.Ring
local Journal = {}
Journal.__index = Journal

local function hide_tokens(text)
  if #text > LONGEST then return ("<%d bytes>"):format(#text) end
  if #text < 40 then return text end
  return (text:gsub("%f[%x]" .. ("%x"):rep(40) .. "%f[%X]", HIDDEN))
end

local function redacted(value)
  if type(value) == "string" then return hide_tokens(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = SECRET_NAMES[name] and item ~= core.null and HIDDEN or redacted(item)
  end
  return copy
end

local function shown_path(request, route, template)
  if not route or not route.secret then return hide_tokens(request.path) end
  local i = 0
  return (template:gsub("[^/]+", function(part)
    i = i + 1
    local name = part:match("^{(.*)}$")
    if not name then return part end
    return route.secret[name] and HIDDEN or core.escape(request.parts[i])
  end))
end

local function shown_headers(headers)
  local shown = {}
  for name, text in pairs(headers) do
    local scheme = SECRET_HEADERS[name] and (text:match("^%a+ ") or "")
    shown[name] = scheme and scheme .. HIDDEN or hide_tokens(text)
  end
  return shown
end

--- Notes a request down; who asked and the status are filled in later.
---@param request particle.simulator.Request
---@param route particle.simulator.Route?
---@param template string?
---@param body_length integer
---@param time number
---@return particle.simulator.Entry
function Journal:add(request, route, template, body_length, time)
  local entry = {
    method = request.method, path = shown_path(request, route, template), route = template,
    query = redacted(request.query), fields = redacted(request.fields),
    headers = shown_headers(request.headers), body_length = body_length, time = time,
    handled = false,
  }
  self.entries:add(entry)
  return entry
end

---@return particle.simulator.Entry[]  oldest first
function Journal:list() return self.entries:list() end

local journal = {}

---@return particle.simulator.Journal
function journal.new()
  return setmetatable({ entries = ring.new(LIMIT) }, Journal)
end

return journal
