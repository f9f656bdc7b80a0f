-- Organizations.

return {
  get = {
    summary = "One organization.",
    method = "GET", idempotent = true,
    paths = { "/v1/orgs/{org}" },
    reply = "{ organization: { id, slug, name } }",
  },

  list = {
    summary = "The organizations that the account belongs to.",
    method = "GET", idempotent = true,
    paths = { "/v1/orgs" },
    list = { items = { "organizations" } },
    reply = "{ organizations: [{ id, slug, name }] }",
  },

  list_products = {
    summary = "The products of an organization.",
    method = "GET", idempotent = true,
    paths = { "/v1/orgs/{org}/products" },
    list = { items = { "products" } },
    reply = "{ products: [{ id, name, slug, platform_id, settings, ... }] }",
  },
}
