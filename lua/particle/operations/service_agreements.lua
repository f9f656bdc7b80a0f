-- Service agreements and usage.

return {
  create_usage_report = {
    summary = "Asks for a report of usage, which is made in the background.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/user/service_agreements/{agreement}/usage_reports",
      "/v1/orgs/{org}/service_agreements/{agreement}/usage_reports",
    },
    body = {
      { "report_type", "string", 'such as "devices"' },
      { "date_period_start", "string", 'such as "2026-01-31"' },
      { "date_period_end", "string", 'such as "2026-01-31"' },
      { "devices", "devices?", "ids of devices" },
      { "products", "array?", "ids of products" },
    },
    reply = "{ data: { id, type, attributes: { state, ... } } }",
  },

  get_usage_report = {
    summary = "A report of usage, with its address once it is ready.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/user/usage_reports/{report}",
      "/v1/orgs/{org}/usage_reports/{report}",
    },
    reply = "{ data: { id, type, attributes: { state, download_url, ... } } }",
  },

  list = {
    summary = "The agreements, and what was used of them.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/user/service_agreements",
      "/v1/orgs/{org}/service_agreements",
    },
    list = { items = { "data" } },
    reply = "{ data: [{ id, type, attributes }] }",
  },

  notifications = {
    summary = "What the current period's usage gave notice of.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/user/service_agreements/{agreement}/notifications",
      "/v1/orgs/{org}/service_agreements/{agreement}/notifications",
    },
    list = { items = { "data" } },
    reply = "{ data: [{ id, type, attributes }] }",
  },
}
