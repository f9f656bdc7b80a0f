-- Looking at a device again and again.

local check = require("particle.check")
local core = require("particle.core")
local options = require("particle.options")
local rules = require("particle.rules")
local scheduler = require("particle.scheduler")

local watch = {}

-- Waiting for a device ------------------------------------------------------------------------------

local FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2 -- seconds between pings; doubles in between

-- What may pass by itself.
local PASSING = { network = true, timeout = true, server = true, rate_limited = true, device_offline = true }

local function too_late(device, timeout, last)
  local why = last and (" (last: %s)"):format(last.message) or ""
  return nil, core.error {
    kind = "timeout",
    message = ("%s was not online within %g s%s"):format(device.name or device.id, timeout, why),
    method = "PUT", url = device:url("ping"), retryable = true, attempts = last and last.attempts or 1,
    delivered = true, elapsed = timeout,
  }
end

-- The options of one ping: it must not outlast the whole wait, which has pauses of its own.
local function within(opts, left)
  local limited = {}
  for name, value in pairs(opts or {}) do limited[name] = value end
  limited.deadline = math.min(limited.deadline or left, left)
  if limited.retry == nil then limited.retry = false end
  return limited
end

--- See `device:wait_until_online`.
---@param device particle.Device
---@param timeout? number
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function watch.until_online(device, timeout, opts)
  timeout = timeout or core.state(core.device_api(device)).deadline
  if not rules.SECONDS.fits(timeout) then
    check.fail("wait_until_online", "the timeout", rules.SECONDS.expected, timeout)
  end
  if opts ~= nil then options.check_call(opts, "wait_until_online") end
  local limit, pause = core.now() + timeout, FIRST_PAUSE
  local last
  while true do
    local left = limit - core.now()
    if left <= 0 then return too_late(device, timeout, last) end
    local online, err = device:ping(within(opts, left))
    if online then return true end
    if err and not PASSING[err.kind] then return nil, err end
    last = err
    pause = math.max(pause, err and err.retry_after or 0)
    scheduler.sleep(math.max(math.min(pause, limit - core.now()), 0))
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

-- Following a variable ------------------------------------------------------------------------------

local HOW = {
  every = rules.SECONDS,
  change = rules.rule("true, false or a number", function(value)
    return type(value) == "boolean" or type(value) == "number" and value >= 0
  end),
  on_error = rules.FUNCTION,
}

local function is_news(value, last, change)
  if last == nil or not change then return true end
  if type(change) == "number" and type(value) == "number" and type(last) == "number" then
    return value ~= last and math.abs(value - last) >= change
  end
  return value ~= last
end

-- Splits what the caller gave into our part and the options of each read.
local function split(how)
  local opts = {}
  for name, value in pairs(how) do
    if not HOW[name] then opts[name] = value end
  end
  return next(opts) and opts
end

--- See `device:watch`.
---@param device particle.Device
---@param variable string
---@param how? table
---@return fun(): any
function watch.values(device, variable, how)
  how = how or {}
  options.apply({ method = "GET" }, how, "watch", HOW) -- so that misuse raises here, not at the first read
  local opts, every = split(how), how.every or 1
  local due, last

  local function wait()
    local now = core.now()
    if due and due > now then scheduler.sleep(due - now) end
    due = math.max(due or now, now - every) + every -- keeps the beat, but makes up for no more than one read
  end

  return function()
    while true do
      wait()
      local value, err = device:read(variable, opts)
      if value == nil then
        if not how.on_error then error(err, 0) end
        if how.on_error(err) == false then return nil end
      elseif is_news(value, last, how.change) then
        last = value
        return value
      end
    end
  end
end

return watch
