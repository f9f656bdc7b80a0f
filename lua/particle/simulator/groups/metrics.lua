-- Routes: fleet metrics, counted from what the simulator remembers: its last thousand requests and events.
-- What is zero is left out, as in the cloud.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local form = require("particle.simulator.form")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local DAY, BUCKET, SHORTEST = 86400, 900, 15

-- The window that the query asks for | nil, refusal.
local function window_of(cloud, query)
  local now = cloud.clock()
  local from = query.start_date == nil and now - DAY or iso.parse(query.start_date)
  local to = query.end_date == nil and now or iso.parse(query.end_date)
  if not from or not to then
    return nil, errors.oauth(400, "bad_request", "start_date and end_date must be ISO8601 formatted")
  end
  local size = query.bucket_size == nil and BUCKET or requests.integer(query.bucket_size)
  if not size or size <= SHORTEST then
    return nil, errors.oauth(400, "bad_request", "bucket_size must exceed 15")
  end
  return { from = from, to = to, size = size }
end

local Buckets = {}
Buckets.__index = Buckets

local function buckets(window) return setmetatable({ window = window, counts = {}, starts = {} }, Buckets) end

function Buckets:count(time, key)
  local window = self.window
  if not time or time < window.from or time > window.to then return end
  local start = math.floor(time) // window.size * window.size
  if not self.counts[start] then
    self.counts[start] = { time = iso.format(start) }
    self.starts[#self.starts + 1] = start
  end
  self.counts[start][key] = (self.counts[start][key] or 0) + 1
end

function Buckets:view(names)
  table.sort(self.starts)
  local items = {}
  for i, start in ipairs(self.starts) do
    items[i] = reply.pick(self.counts[start], names)
  end
  return reply.array(items)
end

-- A handler: `fill(buckets, cloud, product)` counts.
local function metric(name, names, fill)
  return function(cloud, request)
    local product, refusal = access.product(cloud, request)
    if not product then return refusal end
    local window
    window, refusal = window_of(cloud, request.query)
    if not window then return refusal end
    local counted = buckets(window)
    fill(counted, cloud, product)
    return reply.json(200, reply.object(name, counted:view(names)))
  end
end

local function count_events(counted, cloud, product)
  for _, event in ipairs(cloud.events:list()) do
    if event.product == product then counted:count(iso.parse(event.published_at), "received") end
  end
end

local function device_of(cloud, entry)
  local parts = form.split_path(entry.path)
  local ref = parts[2] == "products" and parts[5] or parts[3]
  local user = entry.user and cloud.accounts:find(entry.user)
  return user and cloud.devices:of_user(user, ref) or cloud.devices:by_identifier(ref)
end

local function outcome(status)
  if status == 200 then return "success" end
  return status == 408 and "offline" or "failure"
end

-- Counts the requests for something of a device.
local function count_calls(placeholder)
  local routes = {}
  for _, path in ipairs(access.paths(placeholder)) do routes[path] = true end
  return function(counted, cloud, product)
    for _, entry in ipairs(cloud.journal:list()) do
      local device = routes[entry.route] and device_of(cloud, entry)
      if device and device.product == product and entry.status then
        counted:count(entry.time, outcome(entry.status))
      end
    end
  end
end

local function count_hooks(counted, cloud, product)
  for _, hook in ipairs(cloud.store:of("integrations", "product " .. product).list) do
    for _, entry in ipairs(hook.logs) do
      counted:count(iso.parse(entry.time), entry.status and entry.status < 400 and "success" or "failure")
    end
  end
end

local function count_online(counted, cloud, product)
  for _, device in ipairs(cloud.devices:all(function(one) return one.product == product
    and one.online end)) do
    counted:count(device.online and counted.window.to, "count")
  end
end

local CALLS = { "time", "success", "failure", "offline" }
local PATH = "/v1/products/{product}/metrics/"

return {
  { "GET", PATH .. "events", metric("events", { "time", "received" }, count_events) },
  { "GET", PATH .. "functions", metric("functions", CALLS, count_calls("/{function}")) },
  { "GET", PATH .. "variables", metric("variables", CALLS, count_calls("/{variable}")) },
  { "GET", PATH .. "integration",
    metric("integrations", { "time", "success", "failure", "sleep" }, count_hooks) },
  { "GET", PATH .. "online", metric("online", { "time", "count" }, count_online) },
}
