-- Libraries for firmware.

return {
  delete = {
    summary = "Removes a library of one's own.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/libraries/{library}" },
    body = {
      { "force", "string?", "a key that lets a public library be removed" },
    },
    reply = "{ ok }, or none",
  },

  download = {
    summary = "The file at any address, such as `links.download` of a library; no token goes there.",
    method = "GET", idempotent = true,
    paths = { "{url}" },
    auth = "none",
    raw = true,
    reply = "the bytes",
  },

  get = {
    summary = "One library.",
    method = "GET", idempotent = true,
    paths = { "/v1/libraries/{library}" },
    query = {
      { "version", "string?", "(the latest)" },
    },
    reply = "{ data: { id, links: { download }, attributes: { name, version, ... } } }",
  },

  list = {
    summary = "The libraries for firmware, page by page.",
    method = "GET", idempotent = true,
    paths = { "/v1/libraries" },
    query = {
      { "filter", "string?", "a part of the name" },
      { "page", "number?", "from 1" },
      { "limit", "number?", "at most 100 (10)" },
      { "sort", "string?", 'such as "name", "installs", "updated"; "-name" turns the order round' },
      { "architectures", "string|array?" },
      { "category", "string?" },
      { "scope", "string?", 'such as "public", "private", "mine", "official" ("all")' },
      { "exclude_scopes", "string|array?", "those that are left out", wire = "excludeScopes" },
    },
    list = { items = { "data" }, size = "limit", default = 10, short_ends = true },
    reply = "{ data: [{ id, links: { download }, attributes: { name, version, ... } }] }",
  },

  publish = {
    summary = "Shows the latest version of a library to everybody.",
    method = "PATCH", idempotent = true,
    paths = { "/v1/libraries/{library}" },
    body = {
      { "visibility", constant = "public" },
    },
    reply = "{ data: { id, links: { download }, attributes: { name, version, ... } } }",
  },

  upload = {
    summary = "Uploads a version of a library, which others do not see yet.",
    method = "POST", idempotent = false,
    paths = { "/v1/libraries" },
    format = "multipart",
    body = {
      { "files", "files", "one .tar.gz", filename = "archive.tar.gz" },
    },
    reply = "{ data: { id, links: { download }, attributes: { name, version, ... } } }",
  },

  versions = {
    summary = "The versions of a library.",
    method = "GET", idempotent = true,
    paths = { "/v1/libraries/{library}/versions" },
    query = {
      { "page", "number?" },
      { "limit", "number?" },
      { "scope", "string?", "which of them" },
    },
    list = { items = { "data" }, size = "limit", short_ends = true },
    reply = "{ data: [{ id, links: { download }, attributes: { name, version, ... } }] }",
  },
}
