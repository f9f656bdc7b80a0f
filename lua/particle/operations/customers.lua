-- Customers of products.

return {
  create = {
    summary = "Makes a customer, on behalf of an OAuth client of the product.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/customers" },
    auth = "none",
    format = "form",
    body = {
      { "email", "string", "an e-mail address or any other text of its own" },
      { "password", "string?", "none for a customer who never logs in", secret = true },
      { "no_password", "boolean?", "true: the customer has no password" },
      { "grant_type", constant = "client_credentials" },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },

  create_implicit = {
    summary = "Makes a customer from a program that cannot keep a secret, such as a page in a browser.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/customers" },
    auth = "none",
    body = {
      { "client_id", "string", "of the OAuth client; its secret stays out of this" },
      { "email", "string" },
      { "password", "string", secret = true },
      { "response_type", constant = "token" },
    },
    reply = "a redirect with the token in its address, which is reported and not followed",
  },

  create_with_token = {
    summary = "Makes a customer with the token of a member of the product's team.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/customers" },
    body = {
      { "email", "string", "an e-mail address or any other text of its own" },
      { "password", "string?", secret = true },
      { "no_password", "boolean?" },
    },
    reveals = true,
    reply = "not known",
  },

  delete = {
    summary = "Removes a customer, whose tokens end.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/customers/{email}" },
    reply = "{ ok }",
  },

  list = {
    summary = "The customers of a product, and their devices.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/customers" },
    query = {
      { "page", "number?" },
      { "per_page", "number?" },
    },
    list = { items = { "customers" }, size = "per_page" },
    reply = "{ customers: [{ id, username, full_name, devices }], devices: [...], meta }",
  },

  update_password = {
    summary = "Gives a customer another password.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/customers/{email}" },
    body = {
      { "password", "string", secret = true },
    },
    reply = "{ ok }",
  },
}
