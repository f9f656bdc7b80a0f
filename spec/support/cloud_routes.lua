-- The operations of the cloud, as its documentation has them: id, method, paths, statuses of success, and
-- of the reply what it is ("object", "list", "empty", "binary", "events", "any") and the keys that it has;
-- `scope`: what an API user needs.

return {
  { "clients.create", "POST", {
    "/v1/clients",
    "/v1/products/{product}/clients",
  }, { 200 }, "object", "ok client", scope = "clients:create" },
  { "clients.delete", "DELETE", {
    "/v1/clients/{client}",
    "/v1/products/{product}/clients/{client}",
  }, { 204 }, "empty", scope = "clients:remove" },
  { "clients.list", "GET", {
    "/v1/clients",
    "/v1/products/{product}/clients",
  }, { 200 }, "object", "ok clients", scope = "clients:list" },
  { "clients.update", "PUT", {
    "/v1/clients/{client}",
    "/v1/products/{product}/clients/{client}",
  }, { 200 }, "object", "ok client", scope = "clients:update" },
  { "configuration.delete_device_schema", "DELETE", {
    "/v1/products/{product}/config/{device}",
  }, { 204 }, "empty", scope = "configuration:update" },
  { "configuration.delete_product_schema", "DELETE", { "/v1/products/{product}/config" }, { 204 }, "empty",
    scope = "configuration:update" },
  { "configuration.get_device", "GET", {
    "/v1/products/{product}/config/{device}",
  }, { 200 }, "object", "configuration" },
  { "configuration.get_device_schema", "GET", {
    "/v1/products/{product}/config/{device}",
  }, { 200 }, "object", "$schema properties", scope = "configuration:get" },
  { "configuration.get_product", "GET", {
    "/v1/products/{product}/config",
  }, { 200 }, "object", "configuration" },
  { "configuration.get_product_schema", "GET", {
    "/v1/products/{product}/config",
  }, { 200 }, "object", "$schema properties", scope = "configuration:get" },
  { "configuration.set_device", "PUT", { "/v1/products/{product}/config/{device}" }, { 200, 202 }, "object",
    scope = "configuration:update" },
  { "configuration.set_device_schema", "PUT", { "/v1/products/{product}/config/{device}" }, { 200 }, "any",
    scope = "configuration:update" },
  { "configuration.set_product", "PUT", { "/v1/products/{product}/config" }, { 200, 202 }, "object",
    scope = "configuration:update" },
  { "configuration.set_product_schema", "PUT", { "/v1/products/{product}/config" }, { 200 }, "any",
    scope = "configuration:update" },
  { "customers.create", "POST", {
    "/v1/products/{product}/customers",
  }, { 201 }, "object", "access_token token_type expires_in refresh_token" },
  { "customers.create_implicit", "POST", { "/v1/products/{product}/customers" }, { 201 }, "any" },
  { "customers.create_with_token", "POST", { "/v1/products/{product}/customers" }, { 201 }, "any" },
  { "customers.delete", "DELETE", { "/v1/products/{product}/customers/{email}" }, { 200 }, "object", "ok",
    scope = "customers:remove" },
  { "customers.list", "GET", {
    "/v1/products/{product}/customers",
  }, { 200 }, "object", "customers devices meta", scope = "customers:list" },
  { "customers.update_password", "PUT", {
    "/v1/products/{product}/customers/{email}",
  }, { 200 }, "object", "ok", scope = "customers:update" },
  { "devices.call_function", "POST", {
    "/v1/devices/{device}/{function}",
    "/v1/products/{product}/devices/{device}/{function}",
  }, { 200 }, "object", "id connected return_value", scope = "devices.function:call" },
  { "devices.change_product", "PUT", { "/v1/devices/{device}" }, { 200 }, "any" },
  { "devices.claim", "POST", { "/v1/devices" }, { 200 }, "object", "ok user_id id connected" },
  { "devices.create_claim_code", "POST", {
    "/v1/device_claims",
    "/v1/products/{product}/device_claims",
  }, { 200 }, "object", "claim_code device_ids" },
  { "devices.download_backup", "PUT", { "/v1/devices/{device}/backup_files" }, { 200 }, "binary" },
  { "devices.force_updates", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id firmware_updates_forced", scope = "devices:update" },
  { "devices.get", "GET", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object",
    "id name last_ip_address last_heard last_handshake_at product_id online platform_id cellular "
      .. "notes functions variables status serial_number system_firmware_version", scope = "devices:get" },
  { "devices.get_document", "GET", {
    "/v1/products/{product}/devices/{device}/docs/{document}",
  }, { 200 }, "object", "data" },
  { "devices.get_variable", "GET", {
    "/v1/devices/{device}/{variable}",
    "/v1/products/{product}/devices/{device}/{variable}",
  }, { 200 }, "object", "name result coreInfo", scope = "devices.variable:get" },
  { "devices.import", "POST", {
    "/v1/products/{product}/devices",
  }, { 200 }, "object", "updated updatedDeviceIds existingDeviceIds nonmemberDeviceIds invalidDeviceIds",
    scope = "devices:import" },
  { "devices.list", "GET", { "/v1/devices", "/v1/products/{product}/devices" }, { 200 }, "any",
    scope = "devices:list" },
  { "devices.lock_firmware", "PUT", {
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id desired_firmware_version updated_at", scope = "devices:update" },
  { "devices.mark_development", "PUT", {
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id development updated_at", scope = "devices:update" },
  { "devices.patch_document", "PATCH", {
    "/v1/products/{product}/devices/{device}/docs/{document}",
  }, { 200 }, "any" },
  { "devices.ping", "PUT", {
    "/v1/devices/{device}/ping",
    "/v1/products/{product}/devices/{device}/ping",
  }, { 200 }, "object", "online ok", scope = "devices:ping" },
  { "devices.remove_from_product", "DELETE", {
    "/v1/products/{product}/devices/{device}",
  }, { 204 }, "empty", scope = "devices:remove" },
  { "devices.remove_owner", "DELETE", {
    "/v1/products/{product}/devices/{device}/owner",
  }, { 200 }, "object", "ok", scope = "devices:release" },
  { "devices.rename", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id name updated_at", scope = "devices:update" },
  { "devices.set_esim_country", "PUT", {
    "/v1/products/{product}/devices/{device}/target_profile",
  }, { 200 }, "any" },
  { "devices.set_notes", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id notes updated_at", scope = "devices:update" },
  { "devices.signal", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id connected signaling" },
  { "devices.unclaim", "DELETE", { "/v1/devices/{device}" }, { 200 }, "object", "ok",
    scope = "devices:release" },
  { "devices.unlock_firmware", "PUT", {
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id desired_firmware_version updated_at", scope = "devices:update" },
  { "devices.unprotect", "PUT", {
    "/v1/devices/{device}/unprotect",
    "/v1/products/{product}/devices/{device}/unprotect",
    "/v1/orgs/{org}/devices/{device}/unprotect",
  }, { 200 }, "object", "ok" },
  { "devices.update", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id", scope = "devices:update" },
  { "diagnostics.cellular_status", "GET", {
    "/v1/sims/{iccid}/status",
    "/v1/products/{product}/sims/{iccid}/status",
  }, { 202, 200 }, "object", "ok meta sim_status", scope = "sims.status:get" },
  { "diagnostics.history", "GET", {
    "/v1/diagnostics/{device}",
    "/v1/products/{product}/diagnostics/{device}",
  }, { 200 }, "object", "diagnostics", scope = "devices.diagnostics:get" },
  { "diagnostics.last", "GET", {
    "/v1/diagnostics/{device}/last",
    "/v1/products/{product}/diagnostics/{device}/last",
  }, { 200 }, "object", "diagnostics", scope = "devices.diagnostics:get" },
  { "diagnostics.metadata", "GET", {
    "/v1/diagnostics/{device}/metadata",
    "/v1/products/{product}/diagnostics/{device}/metadata",
  }, { 200 }, "object", "diagnostics_metadata", scope = "devices.diagnostics.metadata:get" },
  { "diagnostics.refresh", "POST", {
    "/v1/diagnostics/{device}/update",
    "/v1/products/{product}/diagnostics/{device}/update",
  }, { 202 }, "object", "ok", scope = "devices.diagnostics:update" },
  { "env_vars.delete", "DELETE", {
    "/v1/env/{key}",
    "/v1/products/{product}/env/{key}",
    "/v1/orgs/{org}/env/{key}",
    "/v1/env/{device}/{key}",
  }, { 200 }, "object", "last_snapshot latest" },
  { "env_vars.list", "GET", {
    "/v1/env",
    "/v1/products/{product}/env",
    "/v1/orgs/{org}/env",
    "/v1/env/{device}",
  }, { 200 }, "object", "last_snapshot latest" },
  { "env_vars.render", "GET", {
    "/v1/env/render",
    "/v1/products/{product}/env/render",
    "/v1/orgs/{org}/env/render",
    "/v1/env/{device}/render",
  }, { 200 }, "object", "env last_updated_at rollout_at rollout_by" },
  { "env_vars.review_rollout", "GET", {
    "/v1/env/rollout",
    "/v1/products/{product}/env/rollout",
    "/v1/orgs/{org}/env/rollout",
    "/v1/env/{device}/rollout",
  }, { 200 }, "object", "from_snapshot" },
  { "env_vars.set", "PUT", {
    "/v1/env/{key}",
    "/v1/products/{product}/env/{key}",
    "/v1/orgs/{org}/env/{key}",
    "/v1/env/{device}/{key}",
  }, { 200 }, "object", "last_snapshot latest" },
  { "env_vars.start_rollout", "POST", {
    "/v1/env/rollout",
    "/v1/products/{product}/env/rollout",
    "/v1/orgs/{org}/env/rollout",
    "/v1/env/{device}/rollout",
  }, { 200 }, "object", "success" },
  { "env_vars.update", "PATCH", {
    "/v1/env",
    "/v1/products/{product}/env",
    "/v1/orgs/{org}/env",
    "/v1/env/{device}",
  }, { 200 }, "object", "last_snapshot latest" },
  { "events.publish", "POST", {
    "/v1/devices/events",
    "/v1/products/{product}/events",
  }, { 200 }, "object", "ok", scope = "events:send" },
  { "events.stream", "GET", { "/v1/events/{prefix}" }, { 200 }, "events" },
  { "events.stream_device", "GET", {
    "/v1/devices/{device}/events",
    "/v1/products/{product}/devices/{device}/events",
    "/v1/devices/{device}/events/{prefix}",
    "/v1/products/{product}/devices/{device}/events/{prefix}",
  }, { 200 }, "events" },
  { "events.stream_mine", "GET", { "/v1/devices/events", "/v1/devices/events/{prefix}" }, { 200 }, "events" },
  { "events.stream_org", "GET", {
    "/v1/orgs/{org}/events",
    "/v1/orgs/{org}/events/{prefix}",
    "/v1/orgs/{org}/devices/{device}/events",
    "/v1/orgs/{org}/products/{product}/events",
  }, { 200 }, "events" },
  { "events.stream_product", "GET", {
    "/v1/products/{product}/events",
    "/v1/products/{product}/events/{prefix}",
  }, { 200 }, "events", scope = "events:get" },
  { "firmware.build_targets", "GET", {
    "/v1/build_targets",
  }, { 200 }, "object", "targets platforms default_versions" },
  { "firmware.compile", "POST", {
    "/v1/binaries",
  }, { 200 }, "object", "ok binary_id binary_url expires_at sizeInfo" },
  { "firmware.device_os_version", "GET", {
    "/v1/device-os/versions/{version}",
  }, { 200 }, "object", "version platform_id" },
  { "firmware.device_os_versions", "GET", { "/v1/device-os/versions" }, { 200 }, "list" },
  { "firmware.download_binary", "GET", { "/v1/binaries/{binary}" }, { 200 }, "binary" },
  { "firmware.flash", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "ok message" },
  { "firmware.flash_binary", "PUT", {
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id status" },
  { "firmware.flash_known_app", "PUT", { "/v1/devices/{device}" }, { 200 }, "object", "id status" },
  { "firmware.system_upgrade", "GET", { "/v1/system_firmware/upgrade" }, { 200 }, "object", "binary_url" },
  { "groups.assign", "PUT", {
    "/v1/products/{product}/devices/{device}",
  }, { 200 }, "object", "id groups updated_at", scope = "devices:update" },
  { "groups.batch_assign", "PUT", { "/v1/products/{product}/devices" }, { 200 }, "object", "ok",
    scope = "devices:update" },
  { "groups.create", "POST", { "/v1/products/{product}/groups" }, { 201 }, "object", "group",
    scope = "groups:create" },
  { "groups.delete", "DELETE", { "/v1/products/{product}/groups/{group}" }, { 204 }, "empty",
    scope = "groups:remove" },
  { "groups.get", "GET", { "/v1/products/{product}/groups/{group}" }, { 200 }, "object", "group",
    scope = "groups:get" },
  { "groups.impact", "GET", { "/v1/products/{product}/impact" }, { 200 }, "object", "devices",
    scope = "groups.impact:get" },
  { "groups.list", "GET", { "/v1/products/{product}/groups" }, { 200 }, "object", "groups",
    scope = "groups:list" },
  { "groups.update", "PUT", { "/v1/products/{product}/groups/{group}" }, { 200 }, "object", "group",
    scope = "groups:update" },
  { "integrations.create", "POST", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 201 }, "object", "id event name created_at integration_type", scope = "integrations:create" },
  { "integrations.create_azure_iot_hub", "POST", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 201 }, "object", "id event name created_at integration_type", scope = "integrations:create" },
  { "integrations.create_google_maps", "POST", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 201 }, "object", "id event name created_at integration_type ok api_key integrationUrl",
    scope = "integrations:create" },
  { "integrations.create_google_pubsub", "POST", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 201 }, "object", "id event name created_at integration_type", scope = "integrations:create" },
  { "integrations.create_legacy_webhook", "POST", {
    "/v1/webhooks",
    "/v1/products/{product}/webhooks",
  }, { 201 }, "object", "ok id event url created_at integration_type noDefaults rejectUnauthorized hookUrl",
    scope = "integrations:create" },
  { "integrations.create_webhook", "POST", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 201 }, "object", "ok id url event name created_at hookUrl", scope = "integrations:create" },
  { "integrations.delete", "DELETE", {
    "/v1/integrations/{integration}",
    "/v1/products/{product}/integrations/{integration}",
    "/v1/orgs/{org}/integrations/{integration}",
  }, { 204 }, "empty", scope = "integrations:remove" },
  { "integrations.delete_webhook", "DELETE", {
    "/v1/webhooks/{webhook}",
    "/v1/products/{product}/webhooks/{webhook}",
  }, { 204 }, "empty" },
  { "integrations.get", "GET", {
    "/v1/integrations/{integration}",
    "/v1/products/{product}/integrations/{integration}",
    "/v1/orgs/{org}/integrations/{integration}",
  }, { 200 }, "object", "integration", scope = "integrations:get" },
  { "integrations.get_webhook", "GET", {
    "/v1/webhooks/{webhook}",
    "/v1/products/{product}/webhooks/{webhook}",
  }, { 200 }, "object", "webhook" },
  { "integrations.list", "GET", {
    "/v1/integrations",
    "/v1/products/{product}/integrations",
    "/v1/orgs/{org}/integrations",
  }, { 200 }, "list", scope = "integrations:list" },
  { "integrations.list_webhooks", "GET", {
    "/v1/webhooks",
    "/v1/products/{product}/webhooks",
  }, { 200 }, "list", scope = "integrations:list" },
  { "integrations.test", "POST", {
    "/v1/integrations/{integration}/test",
    "/v1/products/{product}/integrations/{integration}/test",
    "/v1/orgs/{org}/integrations/{integration}/test",
  }, { 200 }, "object", "pass data", scope = "integrations:test" },
  { "integrations.update", "PUT", {
    "/v1/integrations/{integration}",
    "/v1/products/{product}/integrations/{integration}",
    "/v1/orgs/{org}/integrations/{integration}",
  }, { 200 }, "object", "integration", scope = "integrations:update" },
  { "ledgers.archive", "DELETE", {
    "/v1/ledgers/{ledger}",
    "/v1/orgs/{org}/ledgers/{ledger}",
  }, { 204 }, "empty" },
  { "ledgers.create", "POST", { "/v1/ledgers", "/v1/orgs/{org}/ledgers" }, { 201 }, "object", "ledger" },
  { "ledgers.delete_instance", "DELETE", {
    "/v1/ledgers/{ledger}/instances/{scope_value}",
    "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
  }, { 204 }, "empty" },
  { "ledgers.get", "GET", {
    "/v1/ledgers/{ledger}",
    "/v1/orgs/{org}/ledgers/{ledger}",
  }, { 200 }, "object", "ledger" },
  { "ledgers.get_instance", "GET", {
    "/v1/ledgers/{ledger}/instances/{scope_value}",
    "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
  }, { 200 }, "object", "instance" },
  { "ledgers.get_version", "GET", {
    "/v1/ledgers/{ledger}/instances/{scope_value}/versions/{version}",
    "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}/versions/{version}",
  }, { 200 }, "object", "instance" },
  { "ledgers.list", "GET", { "/v1/ledgers", "/v1/orgs/{org}/ledgers" }, { 200 }, "object", "ledgers meta",
    scope = "ledgers:list" },
  { "ledgers.list_instances", "GET", {
    "/v1/ledgers/{ledger}/instances",
    "/v1/orgs/{org}/ledgers/{ledger}/instances",
  }, { 200 }, "object", "instances meta" },
  { "ledgers.list_versions", "GET", {
    "/v1/ledgers/{ledger}/instances/{scope_value}/versions",
    "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}/versions",
  }, { 200 }, "object", "versions meta" },
  { "ledgers.set_instance", "PUT", {
    "/v1/ledgers/{ledger}/instances/{scope_value}",
    "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
  }, { 201, 200 }, "object", "instance" },
  { "ledgers.update", "PUT", {
    "/v1/ledgers/{ledger}",
    "/v1/orgs/{org}/ledgers/{ledger}",
  }, { 201, 200 }, "object", "ledger" },
  { "legacy.create_network", "POST", { "/v1/networks" }, { 200 }, "any" },
  { "legacy.delete_network", "DELETE", { "/v1/networks/{network}" }, { 200 }, "object", "ok" },
  { "legacy.get_network", "GET", { "/v1/networks/{network}" }, { 200 }, "any" },
  { "legacy.leave_network", "DELETE", { "/v1/devices/{device}/network" }, { 200 }, "object", "ok" },
  { "legacy.list_network_devices", "GET", { "/v1/networks/{network}/devices" }, { 200 }, "list" },
  { "legacy.list_networks", "GET", { "/v1/networks" }, { 200 }, "list" },
  { "legacy.payment_card", "GET", { "/v1/card" }, { 200 }, "object", "card" },
  { "legacy.pricing_impact", "GET", { "/v1/pricing-impact" }, { 200 }, "any" },
  { "legacy.update_network", "PUT", { "/v1/networks/{network}" }, { 200 }, "any" },
  { "libraries.delete", "DELETE", { "/v1/libraries/{library}" }, { 200 }, "object", "ok" },
  { "libraries.download", "GET", { "{url}" }, { 200 }, "binary" },
  { "libraries.get", "GET", { "/v1/libraries/{library}" }, { 200 }, "object", "data" },
  { "libraries.list", "GET", { "/v1/libraries" }, { 200 }, "object", "data" },
  { "libraries.publish", "PATCH", { "/v1/libraries/{library}" }, { 200 }, "object", "data" },
  { "libraries.upload", "POST", { "/v1/libraries" }, { 201 }, "object", "data" },
  { "libraries.versions", "GET", { "/v1/libraries/{library}/versions" }, { 200 }, "object", "data" },
  { "locations.fleet", "GET", { "/v1/products/{product}/fleet_locations" }, { 200 }, "object", "locations",
    scope = "locations:get" },
  { "locations.get", "GET", {
    "/v1/products/{product}/locations/{device}",
  }, { 200 }, "object", "location meta", scope = "locations:get" },
  { "locations.list", "GET", { "/v1/products/{product}/locations" }, { 200 }, "object", "locations meta",
    scope = "locations:get" },
  { "logic.create", "POST", {
    "/v1/logic/functions",
    "/v1/orgs/{org}/logic/functions",
  }, { 201 }, "object", "logic_function" },
  { "logic.delete", "DELETE", {
    "/v1/logic/functions/{logic_function}",
    "/v1/orgs/{org}/logic/functions/{logic_function}",
  }, { 204 }, "empty" },
  { "logic.execute", "POST", {
    "/v1/logic/execute",
    "/v1/orgs/{org}/logic/execute",
  }, { 200 }, "object", "result" },
  { "logic.get", "GET", {
    "/v1/logic/functions/{logic_function}",
    "/v1/orgs/{org}/logic/functions/{logic_function}",
  }, { 200 }, "object", "logic_function" },
  { "logic.get_run", "GET", {
    "/v1/logic/functions/{logic_function}/runs/{run}",
    "/v1/orgs/{org}/logic/functions/{logic_function}/runs/{run}",
  }, { 200 }, "object", "logic_run" },
  { "logic.get_run_logs", "GET", {
    "/v1/logic/functions/{logic_function}/runs/{run}/logs",
    "/v1/orgs/{org}/logic/functions/{logic_function}/runs/{run}/logs",
  }, { 200 }, "object", "logic_run_logs" },
  { "logic.list", "GET", {
    "/v1/logic/functions",
    "/v1/orgs/{org}/logic/functions",
  }, { 200 }, "object", "logic_functions" },
  { "logic.list_runs", "GET", {
    "/v1/logic/functions/{logic_function}/runs",
    "/v1/orgs/{org}/logic/functions/{logic_function}/runs",
  }, { 200 }, "object", "logic_runs" },
  { "logic.stats", "GET", {
    "/v1/logic/functions/{logic_function}/stats",
    "/v1/orgs/{org}/logic/functions/{logic_function}/stats",
  }, { 200 }, "object", "logic_function_stats" },
  { "logic.update", "PUT", {
    "/v1/logic/functions/{logic_function}",
    "/v1/orgs/{org}/logic/functions/{logic_function}",
  }, { 201, 200 }, "object", "logic_function" },
  { "metrics.events", "GET", { "/v1/products/{product}/metrics/events" }, { 200 }, "object", "events" },
  { "metrics.functions", "GET", {
    "/v1/products/{product}/metrics/functions",
  }, { 200 }, "object", "functions" },
  { "metrics.integrations", "GET", {
    "/v1/products/{product}/metrics/integration",
  }, { 200 }, "object", "integrations" },
  { "metrics.online", "GET", { "/v1/products/{product}/metrics/online" }, { 200 }, "object", "online" },
  { "metrics.variables", "GET", {
    "/v1/products/{product}/metrics/variables",
  }, { 200 }, "object", "variables" },
  { "mfa.confirm", "POST", { "/v1/user/mfa-enable" }, { 200 }, "object", "enrolled" },
  { "mfa.disable", "PUT", { "/v1/user/mfa-disable" }, { 200 }, "object", "ok" },
  { "mfa.start", "GET", { "/v1/user/mfa-enable" }, { 200 }, "object", "mfa_token qr_url" },
  { "oauth.client_credentials", "POST", {
    "/oauth/token",
  }, { 200 }, "object", "access_token token_type expires_in refresh_token" },
  { "oauth.customer_token", "POST", {
    "/oauth/token",
  }, { 200 }, "object", "access_token token_type expires_in refresh_token" },
  { "oauth.login", "POST", {
    "/oauth/token",
  }, { 200 }, "object", "access_token token_type expires_in refresh_token" },
  { "oauth.refresh_token", "POST", {
    "/oauth/token",
  }, { 200 }, "object", "access_token token_type expires_in refresh_token" },
  { "oauth.send_otp", "POST", {
    "/oauth/token",
  }, { 200 }, "object", "access_token token_type expires_in refresh_token" },
  { "orgs.get", "GET", { "/v1/orgs/{org}" }, { 200 }, "object", "organization", scope = "organization:get" },
  { "orgs.list", "GET", { "/v1/orgs" }, { 200 }, "object", "organizations" },
  { "orgs.list_products", "GET", { "/v1/orgs/{org}/products" }, { 200 }, "object", "products",
    scope = "products:list" },
  { "product_firmware.delete", "DELETE", { "/v1/products/{product}/firmware/{version}" }, { 204 }, "empty",
    scope = "firmware:remove" },
  { "product_firmware.download", "GET", {
    "/v1/products/{product}/firmware/{version}/binary",
  }, { 200 }, "binary", scope = "firmware.binary:get" },
  { "product_firmware.get", "GET", {
    "/v1/products/{product}/firmware/{version}",
  }, { 200 }, "object",
    "_id version title description name size product_default uploaded_on uploaded_by product_id "
      .. "groups", scope = "firmware:get" },
  { "product_firmware.list", "GET", { "/v1/products/{product}/firmware" }, { 200 }, "list",
    scope = "firmware:list" },
  { "product_firmware.release", "PUT", {
    "/v1/products/{product}/firmware/release",
  }, { 200 }, "object",
    "_id version title description name size product_default uploaded_on uploaded_by product_id "
      .. "groups", scope = "firmware:release" },
  { "product_firmware.update", "PUT", {
    "/v1/products/{product}/firmware/{version}",
  }, { 200 }, "object",
    "_id version title description name size product_default uploaded_on uploaded_by product_id "
      .. "groups", scope = "firmware:update" },
  { "product_firmware.upload", "POST", {
    "/v1/products/{product}/firmware",
  }, { 201 }, "object",
    "_id version title description name size product_default uploaded_on uploaded_by product_id "
      .. "groups", scope = "firmware:create" },
  { "products.create", "POST", {
    "/v1/user/products",
    "/v1/orgs/{org}/products",
  }, { 200 }, "object", "product" },
  { "products.create_registration_code", "POST", {
    "/v1/products/{product}/registration_code",
  }, { 200 }, "object", "registration_code" },
  { "products.get", "GET", { "/v1/products/{product}" }, { 200 }, "object", "product",
    scope = "products:get" },
  { "products.list", "GET", { "/v1/products", "/v1/user/products" }, { 200 }, "object", "products",
    scope = "products:list" },
  { "products.list_device_orders", "GET", { "/v1/products/{product}/device_orders" }, { 200 }, "any" },
  { "provisioning.provision_device", "POST", { "/v1/devices" }, { 200 }, "object", "device_id" },
  { "provisioning.send_public_key", "POST", { "/v1/provisioning/{device}" }, { 200 }, "any" },
  { "quarantine.approve", "POST", { "/v1/products/{product}/devices" }, { 200 }, "any",
    scope = "devices:import" },
  { "quarantine.deny", "DELETE", { "/v1/products/{product}/devices/{device}" }, { 204 }, "empty",
    scope = "devices:remove" },
  { "search.org", "GET", { "/v1/orgs/{org}/search" }, { 200 }, "any" },
  { "search.sandbox", "GET", { "/v1/user/search" }, { 200 }, "any" },
  { "secrets.create", "POST", { "/v1/secrets", "/v1/orgs/{org}/secrets" }, { 201, 200 }, "object", "secret" },
  { "secrets.delete", "DELETE", { "/v1/secrets/{name}", "/v1/orgs/{org}/secrets/{name}" }, { 204 }, "empty" },
  { "secrets.get", "GET", {
    "/v1/secrets/{name}",
    "/v1/orgs/{org}/secrets/{name}",
  }, { 200 }, "object", "secret" },
  { "secrets.list", "GET", { "/v1/secrets", "/v1/orgs/{org}/secrets" }, { 200 }, "object", "secrets" },
  { "secrets.set", "PUT", {
    "/v1/secrets/{name}",
    "/v1/orgs/{org}/secrets/{name}",
  }, { 200 }, "object", "secret" },
  { "serial_numbers.lookup", "GET", {
    "/v1/serial_numbers/{serial_number}",
  }, { 200 }, "object", "ok deviceID" },
  { "service_agreements.create_usage_report", "POST", {
    "/v1/user/service_agreements/{agreement}/usage_reports",
    "/v1/orgs/{org}/service_agreements/{agreement}/usage_reports",
  }, { 202 }, "object", "data", scope = "service_agreements.usage_reports:create" },
  { "service_agreements.get_usage_report", "GET", {
    "/v1/user/usage_reports/{report}",
    "/v1/orgs/{org}/usage_reports/{report}",
  }, { 200 }, "object", "data", scope = "service_agreements.usage_reports:get" },
  { "service_agreements.list", "GET", {
    "/v1/user/service_agreements",
    "/v1/orgs/{org}/service_agreements",
  }, { 200 }, "object", "data", scope = "service_agreements:list" },
  { "service_agreements.notifications", "GET", {
    "/v1/user/service_agreements/{agreement}/notifications",
    "/v1/orgs/{org}/service_agreements/{agreement}/notifications",
  }, { 200 }, "object", "data", scope = "service_agreements.notifications:list" },
  { "sims.activate", "PUT", { "/v1/sims/{iccid}" }, { 200 }, "any", scope = "sims:update" },
  { "sims.check", "HEAD", { "/v1/sims/{iccid}" }, { 200, 204 }, "any" },
  { "sims.data_usage", "GET", {
    "/v1/sims/{iccid}/data_usage",
    "/v1/products/{product}/sims/{iccid}/data_usage",
  }, { 200 }, "object", "iccid usage_by_day", scope = "sims.usage:get" },
  { "sims.deactivate", "PUT", { "/v1/sims/{iccid}", "/v1/products/{product}/sims/{iccid}" }, { 200 }, "any",
    scope = "sims:update" },
  { "sims.fleet_data_usage", "GET", {
    "/v1/products/{product}/sims/data_usage",
  }, { 200 }, "object", "total_mbs_used total_active_sim_cards usage_by_day", scope = "sims.usage:get" },
  { "sims.get", "GET", {
    "/v1/sims/{iccid}",
    "/v1/products/{product}/sims/{iccid}",
  }, { 200 }, "object",
    "_id status base_country_code activations_count deactivations_count first_activated_on "
      .. "last_activated_on last_status_change_action last_status_change_action_error msisdn "
      .. "carrier base_monthly_rate overage_monthly_rate updated_at user_id last_device_id "
      .. "last_device_name", scope = "sims:get" },
  { "sims.import", "POST", { "/v1/products/{product}/sims" }, { 200 }, "object", "ok",
    scope = "sims:import" },
  { "sims.list", "GET", { "/v1/sims", "/v1/products/{product}/sims" }, { 200 }, "object", "sims",
    scope = "sims:list" },
  { "sims.reactivate", "PUT", { "/v1/sims/{iccid}", "/v1/products/{product}/sims/{iccid}" }, { 200 }, "any",
    scope = "sims:update" },
  { "sims.release", "DELETE", {
    "/v1/sims/{iccid}",
    "/v1/products/{product}/sims/{iccid}",
  }, { 204, 202 }, "empty", scope = "sims:remove" },
  { "sims.set_data_limit", "PUT", {
    "/v1/sims/{iccid}",
    "/v1/products/{product}/sims/{iccid}",
  }, { 200 }, "any", scope = "sims:update" },
  { "team.create_api_user", "POST", {
    "/v1/products/{product}/team",
    "/v1/orgs/{org}/team",
  }, { 200 }, "object", "ok created", scope = "teams.users:invite" },
  { "team.get_scim_user", "GET", { "/v1/orgs/{org}/team/provision/Users/{user}" }, { 200 }, "any" },
  { "team.invite", "POST", {
    "/v1/products/{product}/team",
    "/v1/orgs/{org}/team",
  }, { 200 }, "object", "ok invited", scope = "teams.users:invite" },
  { "team.list", "GET", {
    "/v1/products/{product}/team",
    "/v1/orgs/{org}/team",
  }, { 200 }, "object", "ok team", scope = "teams.users:list" },
  { "team.patch_scim_user", "PATCH", { "/v1/orgs/{org}/team/provision/Users/{user}" }, { 200 }, "any" },
  { "team.regenerate_token", "PUT", {
    "/v1/products/{product}/team/{username}/token",
    "/v1/orgs/{org}/team/{username}/token",
  }, { 200 }, "object", "ok updated" },
  { "team.remove", "DELETE", {
    "/v1/products/{product}/team/{username}",
    "/v1/orgs/{org}/team/{username}",
  }, { 200 }, "object", "ok", scope = "teams.users:remove" },
  { "team.update", "PUT", {
    "/v1/products/{product}/team/{username}",
    "/v1/orgs/{org}/team/{username}",
  }, { 200 }, "object", "ok updated", scope = "teams.users:update" },
  { "tokens.current", "GET", {
    "/v1/access_tokens/current",
  }, { 200 }, "object", "expires_at client scopes orgs" },
  { "tokens.delete", "DELETE", { "/v1/access_tokens/{token}" }, { 200 }, "object", "ok" },
  { "tokens.delete_all", "DELETE", { "/v1/access_tokens" }, { 200 }, "object", "ok" },
  { "tokens.delete_current", "DELETE", { "/v1/access_tokens/current" }, { 200 }, "object", "ok" },
  { "tokens.list", "GET", { "/v1/access_tokens" }, { 200 }, "list" },
  { "user.change_password", "PUT", { "/v1/user" }, { 200 }, "object", "ok message" },
  { "user.change_username", "PUT", { "/v1/user" }, { 200 }, "object", "ok" },
  { "user.create", "POST", { "/v1/users" }, { 200 }, "object", "ok" },
  { "user.delete", "DELETE", { "/v1/user" }, { 200 }, "object", "ok message" },
  { "user.get", "GET", {
    "/v1/user",
  }, { 200 }, "object",
    "username account_info mfa scim_provisioned no_password wifi_device_count "
      .. "cellular_device_count" },
  { "user.identify", "GET", { "/v1/user/identify" }, { 200 }, "object", "id email" },
  { "user.request_password_reset", "POST", { "/v1/user/password-reset" }, { 200 }, "object", "ok message" },
  { "user.reset_password", "PUT", { "/v1/user/password-reset" }, { 200 }, "any" },
  { "user.update", "PUT", { "/v1/user" }, { 200 }, "object", "ok message" },
  { "user.verify", "POST", { "/v1/user/verify" }, { 200 }, "object", "ok" },
}
