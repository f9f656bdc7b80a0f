-- SIM cards.

return {
  activate = {
    summary = "Activates a SIM of one's own for the first time.",
    method = "PUT", idempotent = true,
    paths = { "/v1/sims/{iccid}" },
    body = {
      { "action", constant = "activate" },
      { "country", "string?", 'two letters, such as "DE"' },
    },
    reply = "none, or { ok }",
  },

  check = {
    summary = "Whether a SIM can be activated: the status is the answer.",
    method = "HEAD", idempotent = true,
    paths = { "/v1/sims/{iccid}" },
    reply = "none: `true`",
  },

  data_usage = {
    summary = "The data that a SIM used, day by day.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/sims/{iccid}/data_usage",
      "/v1/products/{product}/sims/{iccid}/data_usage",
    },
    reply = "{ iccid, usage_by_day: [{ date, mbs_used, mbs_used_cumulative }] }",
  },

  deactivate = {
    summary = "Deactivates a SIM.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/sims/{iccid}",
      "/v1/products/{product}/sims/{iccid}",
    },
    body = {
      { "action", constant = "deactivate" },
    },
    reply = "none, or { ok }",
  },

  fleet_data_usage = {
    summary = "The data that all SIMs of a product used, day by day.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/sims/data_usage" },
    reply = "{ total_mbs_used, total_active_sim_cards, usage_by_day: [{ date, mbs_used, ... }] }",
  },

  get = {
    summary = "One SIM.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/sims/{iccid}",
      "/v1/products/{product}/sims/{iccid}",
    },
    reserved = { iccid = { "data_usage" } },
    reply = "{ _id, status, carrier, last_device_id, ... }; `_id` is the ICCID",
  },

  import = {
    summary = "Puts SIMs into a product and activates them, in the background.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/sims" },
    body = {
      { "sims", "array?", "ICCIDs" },
      { "country", "string?", 'two letters, such as "DE"' },
      { "files", "files?", "one text file with an ICCID on each line" },
    },
    reply = "{ ok }",
  },

  list = {
    summary = "The SIMs of the account, or a page of those of a product.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/sims",
      "/v1/products/{product}/sims",
    },
    query = {
      { "iccid", "string?", "products only: a part of it" },
      { "device_id", "string?", "products only: a part of it", wire = "deviceId" },
      { "device_name", "string?", "products only: a part of it", wire = "deviceName" },
      { "page", "number?", "products only" },
      { "per_page", "number?", "products only" },
    },
    list = { items = { "sims" }, size = "per_page", default = 25, scope = "product" },
    reply = "{ sims: [{ _id, status, carrier, last_device_id, ... }], meta? }; `_id` is the ICCID",
  },

  reactivate = {
    summary = "Activates a SIM again.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/sims/{iccid}",
      "/v1/products/{product}/sims/{iccid}",
    },
    body = {
      { "action", constant = "reactivate" },
      { "mb_limit", "number?", "MB a month" },
    },
    reply = "none, or { ok }",
  },

  release = {
    summary = "Gives a SIM up; 202 while that is under way.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/sims/{iccid}",
      "/v1/products/{product}/sims/{iccid}",
    },
    reply = "none",
  },

  set_data_limit = {
    summary = "Sets the monthly limit of a SIM; older accounts only.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/sims/{iccid}",
      "/v1/products/{product}/sims/{iccid}",
    },
    body = {
      { "mb_limit", "number" },
    },
    deprecated = true,
    reply = "none, or { ok }",
  },
}
