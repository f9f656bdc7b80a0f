-- Secrets for integrations and Logic functions.

return {
  create = {
    summary = "Makes a secret that integrations and Logic functions may use.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/secrets",
      "/v1/orgs/{org}/secrets",
    },
    body = {
      { "secret", "object", "`{ name =, value = }`", secret = true },
    },
    reply = "{ secret: { name, created_at, updated_at, ... } }",
  },

  delete = {
    summary = "Removes a secret; refused while something uses it.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/secrets/{name}",
      "/v1/orgs/{org}/secrets/{name}",
    },
    reply = "none",
  },

  get = {
    summary = "What is known of a secret, without its value.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/secrets/{name}",
      "/v1/orgs/{org}/secrets/{name}",
    },
    reply = "{ secret: { name, created_at, updated_at, last_accessed_at, ... } }",
  },

  list = {
    summary = "The secrets, without their values.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/secrets",
      "/v1/orgs/{org}/secrets",
    },
    list = { items = { "secrets" } },
    reply = "{ secrets: [{ name, created_at, updated_at, last_accessed_at, ... }] }",
  },

  set = {
    summary = "Makes a secret, or gives it another value.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/secrets/{name}",
      "/v1/orgs/{org}/secrets/{name}",
    },
    body = {
      { "secret", "object", "`{ value = }`", secret = true },
    },
    reply = "{ secret: { name, created_at, updated_at, ... } }",
  },
}
