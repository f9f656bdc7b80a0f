-- The account.

return {
  change_password = {
    summary = "Gives the account another password.",
    method = "PUT", idempotent = false,
    paths = { "/v1/user" },
    body = {
      { "password", "string", "the new one", secret = true },
      { "current_password", "string", secret = true },
      { "invalidate_tokens", "boolean?", "true: end all tokens" },
    },
    reply = "{ ok, message }",
  },

  change_username = {
    summary = "Gives the account another e-mail address.",
    method = "PUT", idempotent = false,
    paths = { "/v1/user" },
    body = {
      { "username", "string", "the new one" },
      { "current_password", "string", secret = true },
      { "invalidate_tokens", "boolean?", "true: end all tokens" },
    },
    reply = "{ ok, message? }",
  },

  create = {
    summary = "Signs up for an account.",
    method = "POST", idempotent = false,
    paths = { "/v1/users" },
    auth = "none",
    body = {
      { "username", "string", "an e-mail address" },
      { "password", "string", secret = true },
      { "account_info", "object?", "`{ first_name =, last_name =, business_account =, company_name = }`" },
      { "utm", "object?", "where the visitor came from" },
    },
    reply = "{ ok }",
  },

  delete = {
    summary = "Deletes the account.",
    method = "DELETE", idempotent = false,
    paths = { "/v1/user" },
    body = {
      { "password", "string", "the present one", secret = true },
    },
    reply = "{ ok, message }",
  },

  get = {
    summary = "The account.",
    method = "GET", idempotent = true,
    paths = { "/v1/user" },
    reply = "{ username, account_info, mfa: { enabled }, ... }",
  },

  identify = {
    summary = "Who the account is, for tracking.",
    method = "GET", idempotent = true,
    paths = { "/v1/user/identify" },
    query = {
      { "tracking", "number?", "1: the tracking id alone" },
    },
    reply = "{ id, email }",
  },

  request_password_reset = {
    summary = "Sends an e-mail with which the password can be set anew.",
    method = "POST", idempotent = false,
    paths = { "/v1/user/password-reset" },
    auth = "none",
    body = {
      { "username", "string", "e-mail address of the account" },
    },
    reply = "{ ok, message }",
  },

  reset_password = {
    summary = "Sets a new password with the token of that e-mail.",
    method = "PUT", idempotent = false,
    paths = { "/v1/user/password-reset" },
    auth = "none",
    body = {
      { "token", "string", "this field's name is a guess", secret = true },
      { "password", "string", "this field's name is a guess", secret = true },
    },
    reply = "not known",
  },

  update = {
    summary = "Changes what the account says of its owner.",
    method = "PUT", idempotent = true,
    paths = { "/v1/user" },
    body = {
      { "account_info", "object", "`{ first_name =, last_name =, business_account =, company_name = }`" },
    },
    reply = "{ ok, message }, or the account",
  },

  verify = {
    summary = "Confirms an account with the token of the e-mail that came when it was made.",
    method = "POST", idempotent = false,
    paths = { "/v1/user/verify" },
    auth = "none",
    body = {
      { "token", "string", secret = true },
    },
    deprecated = true,
    reply = "{ ok }",
  },
}
