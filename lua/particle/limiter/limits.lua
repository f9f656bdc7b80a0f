-- Which limits there are, and under which of them a request falls. What the cloud has published; it counts by
-- the address that requests come from.

local limits = {}

-- Requests do not all travel equally fast: what left at the end of one window may arrive with what left at
-- the beginning of the next. So windows are a little longer here than there.
local MARGIN = 1.01

--- What an api keeps to by itself.
---@type table<string, { [1]: integer, [2]: number }>  how many, in how many seconds
limits.PUBLISHED = {
  requests = { 10000, 300 },
  token_requests = { 100, 300 },
  account_requests = { 100, 300 },
  stream_openings = { 100, 300 },
  serial_numbers = { 50, 3600 },
}

--- Event streams at once.
limits.STREAMS = 100

---@class particle.Limit
---@field key string      under which a store counts
---@field count integer   so many ...
---@field window number   ... in any so many seconds
---@field name string     of the option
---@field per number      seconds, as they are told of

-- Of the requests that are counted apart: by the second part of the path, and what follows it.
local APART = {
  ["access_tokens"] = { GET = "account_requests", DELETE = "account_requests" },
  ["users"] = { POST = "account_requests" },
  ["user"] = { DELETE = "account_requests" },
  ["user/password-reset"] = { POST = "account_requests", PUT = "account_requests" },
  ["serial_numbers"] = { GET = "serial_numbers" },
}

local function parts_of(path)
  if type(path) == "table" then return path[1], path[2], path[3] end
  return path:match("^/([^/?]*)/?([^/?]*)/?([^/?]*)")
end

-- The name of the limit besides that of all requests, and whether it has a counter of its own: the stream of
-- everybody's events has.
local function group_of(request)
  local first, second, third = parts_of(request.path)
  if request.events then return "stream_openings", second == "events" end
  if first == "oauth" then return second == "token" and "token_requests" or nil end
  local methods = APART[second]
  if second == "user" and third ~= nil and third ~= "" then methods = APART["user/" .. third] end
  return methods and methods[request.method]
end

---@class particle.Limits
---@field private lists table<string, particle.Limit[]>
local Limits = {}
Limits.__index = Limits

---All that the request is counted under.
---@param request table
---@return particle.Limit[]
function Limits:of(request)
  local group, apart = group_of(request)
  return self.lists[apart and group .. " of all" or group or "requests"]
end

-- Adds the limit of that name, if there is one.
local function add(list, address, name, key, given)
  local rule = given[name]
  if rule == false then return end
  local count, per = limits.PUBLISHED[name][1], limits.PUBLISHED[name][2]
  if type(rule) == "number" then count = rule end
  if type(rule) == "table" then count, per = rule[1], rule[2] end
  list[#list + 1] = {
    key = address .. " " .. key, count = count, window = per * MARGIN, name = name, per = per,
  }
end

---@param address string  of the cloud
---@param given table     what differs from what is published: a number, `{ number, seconds }`, or false
---@return particle.Limits
function limits.new(address, given)
  local lists = {}
  local function list(key, name)
    lists[key] = {}
    add(lists[key], address, name, key, given)
    if name ~= "requests" then add(lists[key], address, "requests", "requests", given) end
  end
  for name in pairs(limits.PUBLISHED) do list(name, name) end
  list("stream_openings of all", "stream_openings")
  return setmetatable({ lists = lists }, Limits)
end

return limits
