-- Vitals of devices.

return {
  cellular_status = {
    summary = 'How a SIM is connected; ask again until `meta.state` is "complete".',
    method = "GET", idempotent = true,
    paths = {
      "/v1/sims/{iccid}/status",
      "/v1/products/{product}/sims/{iccid}/status",
    },
    reply = "{ ok, meta: { state, check_again_after, ... }, sim_status: { connected, ... } }",
  },

  history = {
    summary = "The vitals of a device over the last month.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/diagnostics/{device}",
      "/v1/products/{product}/diagnostics/{device}",
    },
    text_types = { "text/csv" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on; at most 30 days ago" },
      { "end_date", "string?", "ISO 8601: before then" },
    },
    list = { items = { "diagnostics" } },
    reply = "{ diagnostics: [{ updated_at, deviceID, payload }] }",
  },

  last = {
    summary = "The latest vitals of a device.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/diagnostics/{device}/last",
      "/v1/products/{product}/diagnostics/{device}/last",
    },
    reply = "{ diagnostics: { deviceID, updated_at, payload } }",
  },

  metadata = {
    summary = "What the values of a device's vitals mean, and their ranges.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/diagnostics/{device}/metadata",
      "/v1/products/{product}/diagnostics/{device}/metadata",
    },
    reply = "{ diagnostics_metadata: { device, service } }",
  },

  refresh = {
    summary = "Asks a device for new vitals; they come as an event, and are then the latest.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/diagnostics/{device}/update",
      "/v1/products/{product}/diagnostics/{device}/update",
    },
    reply = "{ ok }",
  },
}
