-- Access tokens.

return {
  current = {
    summary = "What the token of this very request is.",
    method = "GET", idempotent = true,
    paths = { "/v1/access_tokens/current" },
    reply = "{ expires_at, client, scopes, orgs }",
  },

  delete = {
    summary = "Ends a token that is known by its text.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/access_tokens/{token}" },
    auth = "none",
    reserved = { token = { "current" } },
    secret_path = { token = true },
    reply = "{ ok }",
  },

  delete_all = {
    summary = "Ends all tokens of the account.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/access_tokens" },
    reply = "{ ok }",
  },

  delete_current = {
    summary = "Ends the token of this very request.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/access_tokens/current" },
    reply = "{ ok }",
  },

  list = {
    summary = "The tokens of an account, for its user name and password; withdrawn by the cloud.",
    method = "GET", idempotent = true,
    paths = { "/v1/access_tokens" },
    auth = "basic",
    query = {
      { "otp", "string?", "one-time password of an account with MFA", secret = true },
    },
    list = { items = {} },
    reveals = true,
    deprecated = true,
    reply = "[{ token, expires_at|null, client }]",
  },
}
