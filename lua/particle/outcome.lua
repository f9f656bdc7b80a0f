-- How an update of a device ends: its events tell.

local core = require("particle.core")

local outcome = {}

local STATUS = "spark/flash/status"

local function fail(update, fields)
  fields.method, fields.url, fields.attempts = "PUT", update.url, 1
  fields.delivered, fields.retryable, fields.elapsed = true, false, core.now() - update.since
  return nil, core.error(fields)
end

local function refused(update, event)
  return fail(update, {
    kind = "bad_request", code = event.data, body = event,
    message = "the device reports that the update failed",
  })
end

local MISSED = "; events were missed meanwhile, so it may have ended: ask the device for something that tells"
  .. " its firmware" -- the cloud's record of a device does not say how an update ended

local function too_late(update, seconds)
  return fail(update, {
    kind = "timeout", message = ("the update did not end within %g s (last status: %s)%s"):format(
      seconds, update.status or "none", update.watch.missed and MISSED or ""),
  })
end

local function lost(update, err)
  return fail(update, {
    kind = err.kind, message = "the update has started, but its events ended: " .. err.message,
  })
end

local function status_of(event)
  return event.name == STATUS and type(event.data) == "string" and event.data:match("^%s*(.-)%s*$") or nil
end

-- Others may have begun an update before: what ends before ours began is theirs. With a gap nobody knows.
local function await(stream, update, seconds, on_status)
  local begun, deadline = false, update.since + seconds
  while true do
    local event, err = stream:next(math.max(deadline - core.now(), 0))
    if not event then
      local is_open = err.kind == "timeout" and stream.state ~= "closed"
      if is_open then return too_late(update, seconds) end
      return lost(update, err)
    end
    local status = status_of(event)
    begun = begun or event.gap ~= nil or status == "started"
    if status and begun then
      update.status = status
      if on_status then on_status(status) end
      if status == "success" then return true end
      if status == "failed" then return refused(update, event) end
    end
  end
end

--- Lets `send` start an update, and waits for its end.
---@param device particle.Device
---@param seconds number  from when it has started
---@param on_status? fun(status: string)  hears what the device reports
---@param deadline? number  seconds for subscribing
---@param send fun(): true?, particle.Error?
---@return true?
---@return particle.Error?
function outcome.follow(device, seconds, on_status, deadline, send)
  local watch = { missed = false }
  local stream, err = device:subscribe(STATUS, {
    deadline = deadline,
    on_state = function(state) watch.missed = watch.missed or state == "waiting" end,
  })
  if not stream then
    err.delivered = false
    err.message = "nothing was flashed, as the device's events cannot be followed: " .. err.message
    return nil, err
  end
  local guard <close> = stream -- luacheck: ignore guard
  local started, problem = send()
  local url = not core.closed(core.device_api(device)) and device:url()
  if not started then return nil, problem end
  return await(stream, { url = url, since = core.now(), watch = watch }, seconds, on_status)
end

return outcome
