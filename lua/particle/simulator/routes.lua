-- All routes. The file of a group is loaded when a request first asks for something of its kind, which the
-- first part of the path says that names no account, product or organization.

local router = require("particle.simulator.router")

local DEVICES = {
  "device_records", "device_calls", "device_updates", "claims", "events", "event_streams",
    "groups.device_extras",
  "groups.groups", "groups.legacy", "groups.product_devices",
}
local ACCOUNT = { "groups.user", "groups.orgs", "groups.products", "groups.service_agreements" }
local PRODUCTS = { "groups.products", "claims", "event_streams" }
local FIRMWARE = { "groups.firmware" }

-- By that part of the path: the files under lua/particle/simulator/.
local FILES = {
  access_tokens = { "access_tokens" },
  binaries = FIRMWARE,
  build_targets = FIRMWARE,
  card = { "groups.legacy" },
  clients = { "groups.clients" },
  config = { "groups.configuration" },
  customers = { "groups.customers" },
  ["device-os"] = FIRMWARE,
  device_claims = { "claims" },
  device_orders = PRODUCTS,
  devices = DEVICES,
  diagnostics = { "groups.diagnostics" },
  env = { "groups.env_vars" },
  events = { "events", "event_streams" },
  firmware = { "groups.product_firmware" },
  fleet_locations = { "groups.locations" },
  groups = { "groups.groups" },
  impact = { "groups.groups" },
  integrations = { "groups.integrations" },
  ledgers = { "groups.ledgers" },
  libraries = { "groups.libraries" },
  locations = { "groups.locations" },
  logic = { "groups.logic" },
  metrics = { "groups.metrics" },
  networks = { "groups.legacy" },
  oauth = { "oauth" },
  orgs = ACCOUNT,
  ["pricing-impact"] = { "groups.legacy" },
  products = PRODUCTS,
  provisioning = { "groups.provisioning" },
  registration_code = PRODUCTS,
  search = ACCOUNT,
  secrets = { "groups.secrets" },
  serial_numbers = { "groups.provisioning" },
  service_agreements = ACCOUNT,
  sims = { "groups.sims" },
  system_firmware = FIRMWARE,
  team = { "groups.team" },
  usage_reports = ACCOUNT,
  user = ACCOUNT,
  users = ACCOUNT,
  webhooks = { "groups.integrations" },
}

local routes = { FILES = FILES }

local all = router.new()
local loaded = {}

local function load_file(name)
  if loaded[name] then return end
  local module = require("particle.simulator." .. name)
  all:add(module.routes or module)
  loaded[name] = true
end

local function word_of(parts)
  if parts[1] == "oauth" then return "oauth" end
  if parts[1] ~= "v1" then return nil end
  local has_scope = parts[2] == "products" or parts[2] == "orgs"
  return has_scope and parts[4] or parts[2]
end

---@param method string
---@param parts string[]  of the path, decoded
---@return particle.simulator.Route?
---@return table<string, string>? params
---@return string? template
function routes:find(method, parts)
  for _, name in ipairs(self.FILES[word_of(parts) or false] or {}) do load_file(name) end
  return all:find(method, parts)
end

--- All routes, each as method and template: "GET /v1/devices". All files are loaded for that.
---@return string[]
function routes:list()
  for _, files in pairs(self.FILES) do
    for _, name in ipairs(files) do load_file(name) end
  end
  return all:list()
end

return routes
