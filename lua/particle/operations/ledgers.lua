-- Ledgers.

return {
  archive = {
    summary = "Puts a ledger away.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}",
      "/v1/orgs/{org}/ledgers/{ledger}",
    },
    reply = "none",
  },

  create = {
    summary = "Defines a ledger.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/ledgers",
      "/v1/orgs/{org}/ledgers",
    },
    body = {
      { "ledger", "object", "`{ name =, description =, scope =, direction = }`" },
    },
    reply = "{ ledger: { name, scope, direction, description, ... } }",
  },

  delete_instance = {
    summary = "Removes an instance of a ledger, with its data.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances/{scope_value}",
      "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
    },
    reply = "none",
  },

  get = {
    summary = "The definition of a ledger.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}",
      "/v1/orgs/{org}/ledgers/{ledger}",
    },
    reply = "{ ledger: { name, scope, direction, description, ... } }",
  },

  get_instance = {
    summary = "An instance of a ledger, with its data.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances/{scope_value}",
      "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
    },
    reply = "{ instance: { name, scope, data, updated_at, ... } }",
  },

  get_version = {
    summary = "An instance of a ledger as it once was.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances/{scope_value}/versions/{version}",
      "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}/versions/{version}",
    },
    reply = "{ instance: { name, scope, data, updated_at, ... } }",
  },

  list = {
    summary = "The definitions of ledgers.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers",
      "/v1/orgs/{org}/ledgers",
    },
    query = {
      { "scope", "string?", '"Owner", "Product" or "Device"' },
      { "archived", "boolean?", "those put away, or those in use; none: all" },
      { "page", "number?" },
      { "per_page", "number?", "(100)" },
    },
    list = { items = { "ledgers", "ledger_definitions" }, size = "per_page", default = 100 },
    reply = "{ ledgers: [{ name, scope, direction, ... }], meta }",
  },

  list_instances = {
    summary = "The instances of a ledger.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances",
      "/v1/orgs/{org}/ledgers/{ledger}/instances",
    },
    query = {
      { "page", "number?" },
      { "per_page", "number?", "(100)" },
    },
    list = { items = { "instances" }, size = "per_page", default = 100 },
    reply = "{ instances: [{ name, scope, data, ... }], meta }",
  },

  list_versions = {
    summary = "What an instance of a ledger was at earlier times.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances/{scope_value}/versions",
      "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}/versions",
    },
    query = {
      { "replaced_before", "string?", "ISO 8601" },
      { "replaced_after", "string?", "ISO 8601" },
    },
    list = { items = { "versions" }, window = true },
    reply = "{ versions: [{ name, scope, data, version, replaced_at }], meta: { has_more } }",
  },

  set_instance = {
    summary = "Writes the data of an instance of a ledger.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}/instances/{scope_value}",
      "/v1/orgs/{org}/ledgers/{ledger}/instances/{scope_value}",
    },
    query = {
      { "set_mode", "string?", '"Replace" or "Merge"' },
    },
    body = {
      { "instance", "object", "`{ data = {...} }`" },
    },
    reply = "{ instance: { name, scope, data, updated_at, ... } }",
  },

  update = {
    summary = "Changes the definition of a ledger.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/ledgers/{ledger}",
      "/v1/orgs/{org}/ledgers/{ledger}",
    },
    body = {
      { "definition", "object", "`{ description =, direction = }`", wire = "ledger" },
    },
    reply = "{ ledger: { name, scope, direction, description, ... } }",
  },
}
