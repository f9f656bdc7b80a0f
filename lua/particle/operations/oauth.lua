-- Getting tokens.

return {
  client_credentials = {
    summary = "A token for the owner of an OAuth client; `api:login` gets one and uses it.",
    method = "POST", idempotent = false,
    paths = { "/oauth/token" },
    auth = "client",
    format = "form",
    body = {
      { "grant_type", constant = "client_credentials" },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
      { "expires_in", "number?", "seconds until it ends; 0: never" },
      { "expires_at", "string?", "ISO 8601" },
      { "scope", "string?", 'such as "customer=joe@example.com"' },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },

  customer_token = {
    summary = "A token for one customer of a product.",
    method = "POST", idempotent = false,
    paths = { "/oauth/token" },
    auth = "client",
    format = "form",
    body = {
      { "grant_type", constant = "client_credentials" },
      { "scope", "string", "\"customer=\" and the customer's e-mail address or id" },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
      { "expires_in", "number?", "seconds until it ends; 0: never" },
      { "expires_at", "string?", "ISO 8601" },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },

  login = {
    summary = "A token for a user name and password; `api:login` gets one and uses it.",
    method = "POST", idempotent = false,
    paths = { "/oauth/token" },
    auth = "client",
    format = "form",
    body = {
      { "grant_type", constant = "password" },
      { "username", "string", "e-mail address of the account" },
      { "password", "string", secret = true },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
      { "expires_in", "number?", "seconds until it ends (7776000); 0: never" },
      { "expires_at", "string?", "ISO 8601: when it ends" },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },

  refresh_token = {
    summary = "A new token for the refresh token of an earlier one.",
    method = "POST", idempotent = false,
    paths = { "/oauth/token" },
    auth = "client",
    format = "form",
    body = {
      { "grant_type", constant = "refresh_token" },
      { "refresh_token", "string", secret = true },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },

  send_otp = {
    summary = "The second step of a login with multi-factor authentication.",
    method = "POST", idempotent = false,
    paths = { "/oauth/token" },
    auth = "client",
    format = "form",
    body = {
      { "grant_type", constant = "urn:custom:mfa-otp" },
      { "mfa_token", "string", "`err.mfa_token` of the first step", secret = true },
      { "otp", "string", "the one-time password", secret = true },
      { "client_id", "string?", "of the OAuth client" },
      { "client_secret", "string?", "of the OAuth client", secret = true },
    },
    reveals = true,
    reply = "{ access_token, token_type, expires_in, refresh_token }",
  },
}
