-- Routes: device vitals.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local events = require("particle.simulator.events")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")

local PATHS = access.owned("/diagnostics/{device}", "user", "product")
local MONTH = 30 * 86400

local function below(rest) return access.below(PATHS, rest) end

local function with_device(handle)
  return function(cloud, request)
    local device, refusal = access.device(cloud, request)
    if not device then return refusal end
    return handle(cloud, request, device, cloud.store:of("diagnostics", device.id).list)
  end
end

local function connection(device)
  if device:is_cellular() then
    return reply.object("cellular", reply.object("radio_access_technology", "LTE"))
  end
  return reply.object("signal", reply.object("at", "Wi-Fi", "strength", 90))
end

local function payload(device)
  return reply.object(
    "device", reply.object("network", connection(device),
      "cloud", reply.object("connection", reply.object("status", "connected", "error", 0, "disconnects", 0)),
      "power", reply.object("battery", reply.object("charge", reply.object("err", -210))),
      "system", reply.object("uptime", 60, "memory", reply.object("used", 100000, "total", 160000))),
    "service", reply.object(
      "device", reply.object("status", device.online and "ok" or "offline"),
      "cloud", reply.object("uptime", 60, "publish", reply.object("sent", 0)),
      "coap", reply.object("round_trip", 50)))
end

local function record(vitals, device)
  return reply.object("updated_at", iso.format(vitals.time), "deviceID", device.id, "payload", vitals.payload)
end

-- The device answers at once; an offline one does not.
local function refresh(cloud, _, device, list)
  if device.online then
    list[#list + 1] = { time = cloud.clock(), payload = payload(device) }
    events.report(cloud, device, "spark/device/diagnostics/update", payload(device).text)
  end
  return reply.json(202, reply.object("ok", true))
end

local function last(_, _, device, list)
  local vitals = list[#list]
  if not vitals then return errors.failed(404, "No diagnostics found") end
  return reply.json(200, reply.object("diagnostics", record(vitals, device)))
end

local BAD_DATES = reply.json(400, reply.object("error", "bad_request",
  "description", "start_date and end_date must be ISO8601 formatted"))

local function history(cloud, request, device, list)
  local query = request.query
  local from = query.start_date and iso.parse(query.start_date)
  local to = query.end_date and iso.parse(query.end_date)
  if query.start_date and not from or query.end_date and not to then return BAD_DATES end
  from = math.max(from or 0, cloud.clock() - MONTH)
  local items = {}
  for _, vitals in ipairs(list) do
    if vitals.time >= from and (not to or vitals.time < to) then
      items[#items + 1] = record(vitals, device)
    end
  end
  return reply.json(200, reply.object("diagnostics", reply.array(items)))
end

local function unit(title, name) return reply.object("title", title, "type", "number", "units", name) end

local METADATA = reply.json(200, reply.object("diagnostics_metadata", reply.object(
  "device", reply.object("system", reply.object("uptime", unit("Uptime", "seconds"))),
  "service", reply.object("coap", reply.object("round_trip", unit("Round trip", "milliseconds"))))))

local function metadata() return METADATA end

return {
  { "GET", PATHS, with_device(history), scope = "devices.diagnostics:get" },
  { "GET", below("/last"), with_device(last), scope = "devices.diagnostics:get" },
  { "GET", below("/metadata"), with_device(metadata), scope = "devices.diagnostics.metadata:get" },
  { "POST", below("/update"), with_device(refresh), scope = "devices.diagnostics:update" },
}
