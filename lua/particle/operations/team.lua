-- Members of teams.

return {
  create_api_user = {
    summary = "Makes an API user, whose token is in this reply and nowhere else.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/products/{product}/team",
      "/v1/orgs/{org}/team",
    },
    body = {
      { "friendly_name", "string" },
      { "scopes", "array", 'names of scopes, such as "devices:list"' },
    },
    reveals = true,
    reply = "{ ok, created: { username, is_programmatic, tokens: [{ token }] } }",
  },

  get_scim_user = {
    summary = "A member that SCIM provisioned.",
    method = "GET", idempotent = true,
    paths = { "/v1/orgs/{org}/team/provision/Users/{user}" },
    reply = "as SCIM says",
  },

  invite = {
    summary = "Invites somebody to the team.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/products/{product}/team",
      "/v1/orgs/{org}/team",
    },
    body = {
      { "username", "string", "e-mail address of somebody who has an account" },
      { "role", "string?", '"Administrator", "Developer", "View-only" or "Support"' },
    },
    reply = "{ ok, invited: { username, ... } }",
  },

  list = {
    summary = "The members of a team, API users included.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/products/{product}/team",
      "/v1/orgs/{org}/team",
    },
    list = { items = { "team" } },
    reply = "{ ok, team: [{ username, role?, scopes?, is_programmatic?, ... }] }",
  },

  patch_scim_user = {
    summary = "Changes a member that SCIM provisioned.",
    method = "PATCH", idempotent = false,
    paths = { "/v1/orgs/{org}/team/provision/Users/{user}" },
    body = {
      { "operations", "array", "as SCIM says", wire = "Operations" },
    },
    reply = "as SCIM says",
  },

  regenerate_token = {
    summary = "Gives an API user another token; the old one ends.",
    method = "PUT", idempotent = false,
    paths = {
      "/v1/products/{product}/team/{username}/token",
      "/v1/orgs/{org}/team/{username}/token",
    },
    reveals = true,
    reply = "{ ok, updated: { username, tokens: [{ token }] } }",
  },

  remove = {
    summary = "Takes somebody out of the team.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/products/{product}/team/{username}",
      "/v1/orgs/{org}/team/{username}",
    },
    reply = "{ ok }",
  },

  update = {
    summary = "Changes a member's role, or what an API user may do, which ends its token.",
    method = "PUT", idempotent = false,
    paths = {
      "/v1/products/{product}/team/{username}",
      "/v1/orgs/{org}/team/{username}",
    },
    body = {
      { "friendly_name", "string?", "API users only" },
      { "scopes", "array?", "API users only" },
      { "role", "string?", "people only" },
    },
    reveals = true,
    reply = "{ ok, updated: { username, tokens?: [{ token }] } }",
  },
}
