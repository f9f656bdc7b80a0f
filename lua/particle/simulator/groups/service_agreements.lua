-- Routes: service agreements of accounts and organizations, and usage reports.

local access = require("particle.simulator.access")
local core = require("particle.core")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local ids = require("particle.simulator.ids")
local iso = require("particle.simulator.iso")
local reply = require("particle.simulator.reply")

local function both(rest) return { "/v1/user" .. rest, "/v1/orgs/{org}" .. rest } end

local WEEK, PERIOD = 7 * 86400, 30 * 86400

local function agreement_id(owner)
  return math.tointeger(tonumber(ids.of("agreement " .. owner.key, 6), 16))
end

-- A handler that is given the owner, whose agreement the path must name.
local function with_owner(handle)
  return function(cloud, request)
    local owner, refusal = access.owner(cloud, request)
    if not owner then return refusal end
    local agreement = request.params.agreement
    if agreement and agreement ~= tostring(agreement_id(owner)) then
      return errors.failed(404, "Service agreement not found")
    end
    return handle(cloud, request, owner)
  end
end

local function count_devices(cloud, owner)
  local org = owner.org and cloud.orgs:find(owner.org)
  local wifi, cellular = 0, 0
  for _, device in ipairs(cloud.devices:all(function(one)
    return org and org.products[one.product or false] or not org and one.owner == owner.user
  end)) do
    if device:is_cellular() then cellular = cellular + 1 else wifi = wifi + 1 end
  end
  return wifi, cellular
end

local function list(cloud, _, owner)
  local now = cloud.clock()
  local function day(seconds) return iso.format(seconds):sub(1, 10) end
  local wifi, cellular = count_devices(cloud, owner)
  local connectivity = reply.object("all", wifi + cellular, "wifi", wifi, "cellular", cellular,
    "asset_tracker", 0)
  local attributes = reply.object("owner_id", owner.org or owner.user.id, "owner_type",
    owner.org and "Org" or "User",
    "name", "Simulated plan", "agreement_type", "self-service", "duration", 1, "state", "active",
    "starts_on", day(now - PERIOD), "ends_on", reply.null, "current_billing_period_start", day(now),
    "current_billing_period_end", day(now + PERIOD), "next_billing_period_start", day(now + PERIOD),
    "current_usage_summary", reply.object("device_limit_reached", false, "connectivity", connectivity),
    "pricing_terms", reply.object("device", reply.object("max", 100)))
  return reply.json(200, reply.object("data", reply.array {
    reply.object("id", agreement_id(owner), "type", "service_agreement", "attributes", attributes),
  }))
end

local function notifications() return reply.json(200, reply.object("data", reply.array {})) end

-- Reports ---------------------------------------------------------------------------------------------

local DATE = "a date such as 2026-01-31"
local REPORT = {
  { "report_type", "text", required = true },
  { "date_period_start", "text", required = true, pattern = "^%d%d%d%d%-%d%d%-%d%d$", expected = DATE },
  { "date_period_end", "text", required = true, pattern = "^%d%d%d%d%-%d%d%-%d%d$", expected = DATE },
  { "devices", "list" }, { "products", "list" },
}

local function report_view(report)
  return reply.object("data", reply.object("id", report.id, "type", "usage_report",
    "attributes", reply.pick(report,
      { "state", "service_agreement_id", "date_period_start", "date_period_end",
      "created_at", "expires_at", "report_type", "report_params", "download_url" })))
end

local function reports_of(cloud, owner) return cloud.store:of("usage_reports", owner.key) end

local function create_report(cloud, request, owner)
  local report, refusal = fields.read(request.fields, REPORT)
  if not report then return refusal end
  report.id, report.state = cloud.store:count("usage report"), "pending"
  report.service_agreement_id, report.created_at = agreement_id(owner), iso.format(cloud.clock())
  report.expires_at, report.download_url = core.null, core.null
  report.report_params = {
    devices = report.devices or core.array {}, products = report.products or core.array {},
    recipient_list = core.array { request.user.username },
  }
  reports_of(cloud, owner):add(tostring(report.id), report)
  return reply.json(202, report_view(report))
end

-- A report is there when it is looked for.
local function get_report(cloud, request, owner)
  local report = reports_of(cloud, owner):get(request.params.report)
  if not report then return errors.failed(404, "Usage report not found") end
  if report.state == "pending" then
    report.state, report.expires_at = "available", iso.format(cloud.clock() + WEEK)
    report.download_url = ("https://example.com/usage-reports/%d.csv"):format(report.id)
  end
  return reply.json(200, report_view(report))
end

local PREFIX = "service_agreements"

return {
  { "GET", both("/service_agreements"), with_owner(list), scope = PREFIX .. ":list" },
  { "GET", both("/service_agreements/{agreement}/notifications"), with_owner(notifications),
    scope = PREFIX .. ".notifications:list" },
  { "POST", both("/service_agreements/{agreement}/usage_reports"), with_owner(create_report),
    scope = PREFIX .. ".usage_reports:create" },
  { "GET", both("/usage_reports/{report}"), with_owner(get_report), scope = PREFIX .. ".usage_reports:get" },
}
