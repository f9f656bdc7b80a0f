-- Search.

return {
  org = {
    summary = "Searches devices, products and SIMs of an organization.",
    method = "GET", idempotent = true,
    paths = { "/v1/orgs/{org}/search" },
    query = {
      { "text", "string" },
      { "type", "string?", '"device", "product" or "sim"; none: all of them' },
    },
    reply = "at most 10 of each kind",
  },

  sandbox = {
    summary = "Searches devices, products and SIMs of the account.",
    method = "GET", idempotent = true,
    paths = { "/v1/user/search" },
    query = {
      { "text", "string" },
      { "type", "string?", '"device", "product" or "sim"; none: all of them' },
    },
    reply = "at most 10 of each kind",
  },
}
