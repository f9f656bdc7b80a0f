-- Multi-factor authentication.

return {
  confirm = {
    summary = "Ends the enrolment with a first one-time password.",
    method = "POST", idempotent = false,
    paths = { "/v1/user/mfa-enable" },
    body = {
      { "mfa_token", "string", "of `mfa:start`", secret = true },
      { "otp", "string", "the one-time password", secret = true },
      { "invalidate_tokens", "boolean?", "true: end all tokens" },
    },
    reveals = true,
    reply = "{ enrolled, tokens? }",
  },

  disable = {
    summary = "Ends multi-factor authentication for the account.",
    method = "PUT", idempotent = true,
    paths = { "/v1/user/mfa-disable" },
    body = {
      { "current_password", "string", secret = true },
    },
    reply = "{ ok }",
  },

  start = {
    summary = "Begins an enrolment for multi-factor authentication; a GET, yet it changes something.",
    method = "GET", idempotent = false,
    paths = { "/v1/user/mfa-enable" },
    reveals = true,
    reply = "{ mfa_token, qr_url, secret? }",
  },
}
