-- For specs: a cloud in which something of everything exists, and a fitting request for each operation of
-- the cloud's documentation.

local asking = require("spec.simulator.asking")
local core = require("particle.core")

local ID, OTHER = "0123456789abcdef01234567", "e00fce680000000000000001"
local FREE, FAR = "e00fce680000000000000002", "e00fce680000000000000003"

local function upload(...)
  local body, content_type = asking.multipart { ... }
  return { body = body, type = content_type }
end

local function json(text) return { json = text } end
local function form(fields) return { form = fields } end
local function schema(text)
  return { body = text, type = "application/schema+json", headers = { accept = "application/schema+json" } }
end

local CLIENT = { client_id = "particle", client_secret = "particle" }
local function grant(fields)
  for name, value in pairs(CLIENT) do fields[name] = fields[name] or value end
  return { form = fields, token = false }
end

-- A library in a gzip that is stored, not compressed.
local function archive(name, version)
  local data = ("name=%s\nversion=%s\n"):format(name, version)
  local head = "library.properties" .. ("\0"):rep(82) .. ("0"):rep(24) .. ("%011o\0"):format(#data)
  head = head .. ("\0"):rep(156 - #head) .. "0" .. ("\0"):rep(512 - 157)
  local tar = head .. data .. ("\0"):rep(512 - #data) .. ("\0"):rep(1024)
  return "\x1F\x8B\8\0\0\0\0\0\0\3\1" .. string.pack("<I2I2", #tar, ~#tar & 0xFFFF) .. tar .. ("\0"):rep(8)
end

local HOOK = '"event":"e","name":"n","integration_type":'

-- What the requests carry, by operation; functions get the placeholders' values.
local BODIES = {
  ["clients.create"] = json '{"name":"app","type":"installed"}',
  ["clients.update"] = json '{"name":"other"}',
  ["configuration.get_device_schema"] = { headers = { accept = "application/schema+json" } },
  ["configuration.get_product_schema"] = { headers = { accept = "application/schema+json" } },
  ["configuration.set_device"] = json '{"m":{"k":1}}',
  ["configuration.set_product"] = json '{"m":{"k":1}}',
  ["configuration.set_device_schema"] = schema '{"type":"object","properties":{}}',
  ["configuration.set_product_schema"] = schema '{"type":"object","properties":{}}',
  ["configuration.delete_device_schema"] = schema "{}",
  ["configuration.delete_product_schema"] = schema "{}",
  ["customers.create"] = grant { grant_type = "client_credentials", email = "new@example.com" },
  ["customers.create_implicit"] = { token = false,
    json = '{"client_id":"particle","email":"new@example.com","password":"p","response_type":"token"}' },
  ["customers.create_with_token"] = json '{"email":"new@example.com"}',
  ["customers.update_password"] = json '{"password":"x"}',
  ["devices.call_function"] = json '{"arg":"on"}',
  ["devices.change_product"] = json '{"product_id":42}',
  ["devices.claim"] = json(('{"id":"%s"}'):format(FREE)),
  ["devices.force_updates"] = json '{"firmware_updates_forced":true}',
  ["devices.import"] = json(('{"ids":["%s"]}'):format(FREE)),
  ["devices.lock_firmware"] = json '{"desired_firmware_version":2}',
  ["devices.mark_development"] = json '{"development":true}',
  ["devices.patch_document"] = json '{"action":"upsert","path":["features"],"value":{"a":1}}',
  ["devices.rename"] = json '{"name":"x"}',
  ["devices.set_esim_country"] = json '{"country":"DE"}',
  ["devices.set_notes"] = json '{"notes":"x"}',
  ["devices.signal"] = json '{"signal":"1"}',
  ["devices.unlock_firmware"] = json '{"desired_firmware_version":null}',
  ["devices.unprotect"] = json '{"action":"prepare"}',
  ["devices.update"] = json '{"name":"x"}',
  ["env_vars.set"] = json '{"value":"1"}',
  ["env_vars.start_rollout"] = json '{"when":"Immediate"}',
  ["env_vars.update"] = json '{"ops":[{"op":"Set","key":"A","value":"1"}]}',
  ["events.publish"] = json '{"name":"e","data":"d"}',
  ["firmware.compile"] = upload({ "file", "void loop() {}", "a.ino" }, { "platform_id", "32" }),
  ["firmware.flash"] = upload { "file", "void loop() {}", "a.ino" },
  ["firmware.flash_binary"] = upload { "file", "\1\2", "a.bin" },
  ["firmware.flash_known_app"] = form { app = "tinker" },
  ["groups.assign"] = json '{"groups":["g"]}',
  ["groups.batch_assign"] =
    json(('{"action":"groups","devices":["%s"],"metadata":{"add":["g"]}}'):format(ID)),
  ["groups.create"] = json '{"name":"new"}',
  ["groups.update"] = json '{"color":"#ffffff"}',
  ["integrations.create"] = json("{" .. HOOK .. '"GoogleMaps","api_key":"k"}'),
  ["integrations.create_azure_iot_hub"] = json("{" .. HOOK
    .. '"AzureIotHub","hub_name":"h","policy_name":"p","policy_key":"k"}'),
  ["integrations.create_google_maps"] = json("{" .. HOOK .. '"GoogleMaps","api_key":"k"}'),
  ["integrations.create_google_pubsub"] = json("{" .. HOOK .. '"GoogleCloudPubSub","topic":"t"}'),
  ["integrations.create_legacy_webhook"] = json '{"event":"e","url":"https://example.com"}',
  ["integrations.create_webhook"] = json("{" .. HOOK .. '"Webhook","url":"https://example.com"}'),
  ["integrations.update"] = json '{"event":"f","url":"https://example.com"}',
  ["integrations.test"] = json '{"data":"x"}',
  ["ledgers.create"] = json '{"ledger":{"name":"new","scope":"Owner","direction":"Downstream"}}',
  ["ledgers.set_instance"] = json '{"instance":{"data":{"a":1}}}',
  ["ledgers.update"] = json '{"ledger":{"description":"d"}}',
  ["legacy.create_network"] = json '{"name":"n","device_id":"lamp"}',
  ["legacy.update_network"] = json '{"action":"add-device","device_id":"lamp"}',
  ["libraries.publish"] = json '{"visibility":"public"}',
  ["libraries.upload"] = upload { "file", archive("new", "1.0.0"), "archive.tar.gz" },
  ["logic.create"] = json '{"logic_function":{"name":"n","source":{"type":"JavaScript","code":""}}}',
  ["logic.execute"] = json '{"source":{"type":"JavaScript","code":""},"event":{}}',
  ["logic.update"] = json '{"logic_function":{"name":"m"}}',
  ["mfa.confirm"] = function(at) return json(('{"mfa_token":"%s","otp":"123456"}'):format(at.enrolment)) end,
  ["mfa.disable"] = json '{"current_password":"password"}',
  ["oauth.client_credentials"] = grant { grant_type = "client_credentials" },
  ["oauth.customer_token"] = function(at)
    return grant { grant_type = "client_credentials", scope = "customer=joe@example.com",
      client_id = at.product_client, client_secret = at.product_secret }
  end,
  ["oauth.login"] = grant { grant_type = "password", username = "user@example.com", password = "password" },
  ["oauth.refresh_token"] = function(at)
    return grant { grant_type = "refresh_token", refresh_token = at.refresh_token }
  end,
  ["oauth.send_otp"] = function(at)
    return grant { grant_type = "urn:custom:mfa-otp", mfa_token = at.challenge, otp = "123456" }
  end,
  ["product_firmware.release"] = json '{"version":2,"product_default":true}',
  ["product_firmware.update"] = json '{"title":"x"}',
  ["product_firmware.upload"] = upload({ "file", "\1", "firmware.bin" }, { "version", "9" },
    { "title", "t" }),
  ["products.create"] = json '{"product":{"name":"p","platform_id":32}}',
  ["products.create_registration_code"] = json(('{"device_id":"%s"}'):format(ID)),
  ["provisioning.provision_device"] = json '{"product_id":42}',
  ["provisioning.send_public_key"] = json(('{"deviceID":"%s","publicKey":"PEM"}'):format(ID)),
  ["quarantine.approve"] = json(('{"id":"%s"}'):format(FREE)),
  ["quarantine.deny"] = json '{"deny":true}',
  ["secrets.create"] = json '{"secret":{"name":"NEW","value":"v"}}',
  ["secrets.set"] = json '{"secret":{"value":"v"}}',
  ["service_agreements.create_usage_report"] =
    json '{"report_type":"devices","date_period_start":"2026-01-01","date_period_end":"2026-01-31"}',
  ["sims.activate"] = json '{"action":"activate"}',
  ["sims.deactivate"] = json '{"action":"deactivate"}',
  ["sims.import"] = json '{"sims":["8934076500002589174"]}',
  ["sims.reactivate"] = json '{"action":"reactivate"}',
  ["sims.set_data_limit"] = json '{"mb_limit":5}',
  ["team.create_api_user"] = json '{"friendly_name":"bot","scopes":["devices:list"]}',
  ["team.invite"] = json '{"username":"ann@example.com","role":"Developer"}',
  ["team.patch_scim_user"] = json '{"Operations":[{"op":"replace","value":{"active":false}}]}',
  ["team.update"] = json '{"scopes":["devices:get"]}',
  ["tokens.list"] = { basic = { "user@example.com", "password" } },
  ["user.change_password"] = json '{"password":"x","current_password":"password"}',
  ["user.change_username"] = json '{"username":"x@example.com","current_password":"password"}',
  ["user.create"] = json '{"username":"x@example.com","password":"p"}',
  ["user.delete"] = json '{"password":"password"}',
  ["user.request_password_reset"] = json '{"username":"user@example.com"}',
  ["user.reset_password"] = function(at) return json(('{"token":"%s","password":"x"}'):format(at.reset)) end,
  ["user.update"] = json '{"account_info":{"first_name":"Joe"}}',
  ["user.verify"] = function(at) return json(('{"token":"%s"}'):format(at.verify)) end,
}

local QUERIES = {
  ["firmware.system_upgrade"] = "?platform_id=32&current_system_firmware_version=5.9.0",
  ["groups.impact"] = "?action=edit_groups_for_firmware&firmware_version=2&product_default=true",
  ["legacy.pricing_impact"] = "?action=create&plan=cellular", ["search.org"] = "?text=lamp",
  ["search.sandbox"] = "?text=lamp",
}

-- A cloud in which something of everything exists, and the placeholders' values.
local function new_cloud(options)
  options.products = { { name = "Street", id = 42, slug = "street", devices = {
    { name = "lamp", id = ID, variables = { temperature = 21.5 },
      functions = { led = function() return 1 end } },
    { name = "tracker", id = OTHER, platform_id = 26 },
  } }, { name = "Org", id = 43, devices = { { name = "far", id = FAR } } } }
  options.devices = { { name = "free", id = FREE, claimed = false } }
  options.users = options.users or {
    { username = "user@example.com", password = "password" },
      { username = "ann@example.com", password = "p" },
  }
  options.orgs = { acme = { 42, 43 } }
  local cloud, ask = asking.cloud(options)
  return cloud, ask
end

-- Makes what a path names; the answer's value at the path of keys.
local function maker(ask)
  return function(method, target, how, ...)
    local status, text = ask(method, target, how)
    assert(status < 300, ("%s %s: %d %s"):format(method, target, status, text))
    local value = text ~= "" and core.decode(text) or nil
    for _, key in ipairs { ... } do value = value[key] end
    return value
  end
end

-- The values of placeholders that differ between the account's, a product's and an organization's things.
local function fill(cloud, make, root)
  local product = "/v1/products/42"
  local at = { product = "42", org = "acme", device = ID, variable = "temperature", ["function"] = "led",
    function_name = "led",
    prefix = "e",
    group = "g", version = "2", key = "A", name = "S", ledger = "l", scope_value = ID,
      email = "joe@example.com",
    document = "d", library = "lib" }
  make("POST", product .. "/groups", json '{"name":"g"}')
  make("POST", product .. "/firmware",
    upload({ "file", "\1", "firmware.bin" }, { "version", "2" }, { "title", "t" }))
  make("POST", product .. "/customers", json '{"email":"joe@example.com"}')
  make("PATCH", product .. "/devices/" .. ID .. "/docs/d", BODIES["devices.patch_document"])
  make("POST", "/v1/diagnostics/" .. ID .. "/update")
  make("POST", "/v1/libraries", upload { "file", archive("lib", "1.0.0"), "archive.tar.gz" })
  at.network = make("POST", "/v1/networks", BODIES["legacy.create_network"], "id")
  at.binary = make("POST", "/v1/binaries", BODIES["firmware.compile"], "binary_id")
  at.serial_number = make("GET", "/v1/devices/" .. ID, nil, "serial_number")
  at.iccid = make("GET", "/v1/devices/" .. OTHER, nil, "iccid")
  at.enrolment = make("GET", "/v1/user/mfa-enable", nil, "mfa_token")
  at.token = make("POST", "/oauth/token", BODIES["oauth.login"], "access_token")
  at.refresh_token = make("POST", "/oauth/token", BODIES["oauth.login"], "refresh_token")
  local client = make("POST", product .. "/clients", json '{"name":"p","type":"installed"}', "client")
  at.product_client, at.product_secret = client.id, client.secret
  local ids = require("particle.simulator.ids")
  at.reset, at.verify = ids.of("reset user@example.com", 40), ids.of("verify user@example.com", 40)
  local team = root == "/v1" and product or root
  at.username = make("POST", team .. "/team", BODIES["team.create_api_user"], "created", "username")
  at.user = at.username
  local own = root ~= product and root or "/v1"
  make("POST", own .. "/ledgers", json '{"ledger":{"name":"l","scope":"Device","direction":"Downstream"}}')
  for i = 1, 2 do
    make("PUT", own .. "/ledgers/l/instances/" .. ID, json(('{"instance":{"data":{"a":%d}}}'):format(i)))
  end
  at.ledger_version = make("GET", own .. "/ledgers/l/instances/" .. ID .. "/versions", nil, "versions", 1,
    "version")
  make("PUT", own .. "/secrets/S", BODIES["secrets.set"])
  for _, path in ipairs { root .. "/env", "/v1/env/" .. ID } do
    make("PATCH", path, BODIES["env_vars.update"])
  end
  at.integration = make("POST", root .. "/integrations", BODIES["integrations.create_webhook"], "id")
  at.webhook, at.client = at.integration, root ~= "/v1/orgs/acme"
    and make("POST", root .. "/clients", BODIES["clients.create"], "client", "id")
  at.logic_function = make("POST", own .. "/logic/functions", json [[{"logic_function":{"name":"n",
    "source":{"type":"JavaScript","code":""},"logic_triggers":[{"type":"Event","event_name":"loc"}]}}]],
    "logic_function", "id")
  cloud.devices:by_identifier(ID).owner = cloud.accounts.list[1]
  require("particle.simulator.events").publish_from(cloud, cloud.devices:by_identifier(ID),
    { name = "loc", data = '{"loc":{"lat":1,"lon":2}}' })
  local scheduler = require("particle.scheduler")
  local function runs()
    return make("GET", own .. "/logic/functions/" .. at.logic_function .. "/runs", nil, "logic_runs")
  end
  scheduler.wait(function() return runs()[1] end)
  at.run = runs()[1].id
  local agreements = root ~= product and root or "/v1"
  local account = agreements == "/v1" and "/v1/user" or agreements
  at.agreement = make("GET", account .. "/service_agreements", nil, "data", 1, "id")
  at.report = make("POST", ("%s/service_agreements/%d/usage_reports"):format(account, at.agreement),
    BODIES["service_agreements.create_usage_report"], "data", "id")
  return at
end

local function root_of(path)
  if path:find("^/v1/orgs/{org}") then return "/v1/orgs/acme" end
  return path:find("^/v1/products/{product}") and "/v1/products/42" or "/v1"
end

-- What the simulator's own state makes different from "exists".
local PREPARE = {
  ["oauth.send_otp"] = function(cloud, make, at)
    cloud.accounts.list[1].mfa = "123456"
    at.challenge = core.decode(select(2, make("POST", "/oauth/token", BODIES["oauth.login"]))).mfa_token
  end,
}

local function target_of(id, path, at)
  if path == "{url}" then return "/v1/libraries/lib/versions/1.0.0/archive" end
  if id == "ledgers.get_version" then at.version = at.ledger_version end
  if id == "firmware.device_os_version" then at.version = "6.3.0" end
  local filled = path:gsub("{(.-)}", function(name)
    local value = at[name]
    assert(value, "no value for " .. name)
    return core.escape(tostring(value))
  end)
  return filled .. (QUERIES[id] or "")
end

local prepared = {}

---A request for an operation, in a new cloud in which all that it names exists.
---@param id string    of the operation
---@param path string  one of its templates
---@param options? particle.simulator.Options
---@return { cloud: particle.simulator.Cloud, ask: function, target: string, how: table?, at: table }
function prepared.prepare(id, path, options)
  local cloud, ask = new_cloud(options or {})
  local at = fill(cloud, maker(ask), root_of(path))
  if PREPARE[id] then PREPARE[id](cloud, ask, at) end
  local how = BODIES[id]
  if type(how) == "function" then how = how(at) end
  return { cloud = cloud, ask = ask, target = target_of(id, path, at), how = how, at = at }
end

return prepared
