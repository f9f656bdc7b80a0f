-- For specs of the simulator: a cloud without a network, and questions to it.

local clouds = require("particle.simulator.cloud")
local core = require("particle.core")
local options = require("particle.simulator.options")

local asking = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local bits = text:gsub(".", function(char)
    local byte, digits = char:byte(), ""
    for i = 7, 0, -1 do digits = digits .. (byte >> i & 1) end
    return digits
  end)
  bits = bits .. ("0"):rep(-#bits % 6)
  local encoded = bits:gsub("......", function(sextet)
    local i = tonumber(sextet, 2) + 1
    return ALPHABET:sub(i, i)
  end)
  return encoded .. ("="):rep(-#encoded % 4)
end

local function urlencode(fields)
  local pairs_of_it = {}
  for name, value in pairs(fields) do
    local encoded = value:gsub("[^%w]", function(char) return ("%%%02X"):format(char:byte()) end)
    pairs_of_it[#pairs_of_it + 1] = name .. "=" .. encoded
  end
  table.sort(pairs_of_it)
  return table.concat(pairs_of_it, "&")
end

---An upload's body and content type, from a list of { name, data, filename? }.
---@param parts table[]
---@return string body
---@return string content_type
function asking.multipart(parts)
  local lines = {}
  for _, part in ipairs(parts) do
    local filename = part[3] and ('; filename="%s"'):format(part[3]) or ""
    lines[#lines + 1] = "--cut"
    lines[#lines + 1] = ('Content-Disposition: form-data; name="%s"%s\r\n'):format(part[1], filename)
    lines[#lines + 1] = part[2]
  end
  lines[#lines + 1] = "--cut--\r\n"
  return table.concat(lines, "\r\n"), "multipart/form-data; boundary=cut"
end

---A request as the server library hands it out.
---@param method string
---@param target string  path and query
---@param how? { token: string?, basic: string[]?, form: table?, json: string?, body: string?, type: string?,
---  headers: table? }
---@return table raw
function asking.raw(method, target, how)
  how = how or {}
  local path, query = target:match("^([^?]*)%??(.*)$")
  local raw = { method = method, path = path, query = query, headers = {}, body = how.body or "" }
  for name, value in pairs(how.headers or {}) do raw.headers[name] = value end
  if how.type then raw.headers["content-type"] = how.type end
  if how.token then raw.headers.authorization = "Bearer " .. how.token end
  if how.basic then raw.headers.authorization = "Basic " .. base64(how.basic[1] .. ":" .. how.basic[2]) end
  if how.form then
    raw.body, raw.headers["content-type"] = urlencode(how.form), "application/x-www-form-urlencoded"
  elseif how.json then
    raw.body, raw.headers["content-type"] = how.json, "application/json; charset=utf-8"
  end
  return raw
end

---A cloud, with `ask(method, target, how)` -> status, text; it brings the first user's token unless `how` has
---credentials of its own or says `token = false`.
---@param given? particle.simulator.Options
---@return particle.simulator.Cloud
---@return fun(method: string, target: string, how?: table): integer, string, table ask
function asking.cloud(given)
  local cloud = clouds.new(options.check(given))
  local function ask(method, target, how)
    local raw = asking.raw(method, target, how)
    local has_own = how and (how.token ~= nil or how.basic or how.headers and how.headers.authorization)
    if not has_own then raw.headers.authorization = "Bearer " .. cloud.accounts.list[1].token end
    local reply = cloud:handle(raw)
    return reply.status, reply.text, reply.headers
  end
  return cloud, ask
end

---A cloud, with `call(method, target, body, how)` -> status, decoded reply (text where it is none): a body
---that is a table goes as JSON.
---@param given? particle.simulator.Options
---@return particle.simulator.Cloud
---@return fun(method: string, target: string, body?: table|string, how?: table): integer, any, table call
function asking.api(given)
  local cloud, ask = asking.cloud(given)
  local function call(method, target, body, how)
    local with_body = {}
    for name, value in pairs(how or {}) do with_body[name] = value end
    if type(body) == "table" then with_body.json = core.encode(body) else with_body.json = body end
    local status, text, headers = ask(method, target, with_body)
    return status, core.decode(text, true) or text, headers
  end
  return cloud, call
end

---A clock that stands still until it is moved.
---@param seconds? number
---@return table clock  callable as the option is; `clock.now` may be set
function asking.clock(seconds)
  local state = { now = seconds or 1000000000 }
  return function() return state.now end, state
end

return asking
