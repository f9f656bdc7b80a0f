-- OAuth clients.

return {
  create = {
    summary = "Makes an OAuth client; its secret is in this reply and nowhere else.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/clients",
      "/v1/products/{product}/clients",
    },
    body = {
      { "name", "string" },
      { "type", "string", '"installed" or "web"' },
      { "redirect_uri", "string?", 'for the type "web"' },
      { "scope", "string|object?", 'such as "customers:create", for making customers only' },
    },
    reveals = true,
    reply = "{ ok, client: { id, name, type, secret } }",
  },

  delete = {
    summary = "Removes an OAuth client; its tokens end with it.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/clients/{client}",
      "/v1/products/{product}/clients/{client}",
    },
    reply = "none",
  },

  list = {
    summary = "The OAuth clients of the account or of a product.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/clients",
      "/v1/products/{product}/clients",
    },
    list = { items = { "clients" } },
    reveals = true,
    reply = "{ ok, clients: [{ name, type, id, secret?, redirect_uri?, scope?, product_id? }] }",
  },

  update = {
    summary = "Gives an OAuth client another name or scope.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/clients/{client}",
      "/v1/products/{product}/clients/{client}",
    },
    body = {
      { "name", "string?" },
      { "scope", "string?" },
    },
    reveals = true,
    reply = "{ ok, client: { name, type, id, secret?, redirect_uri?, scope?, product_id? } }",
  },
}
