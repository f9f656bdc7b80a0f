-- Firmware of products.

return {
  delete = {
    summary = "Removes a version of firmware that was never released.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/firmware/{version}" },
    reply = "none",
  },

  download = {
    summary = "The binary of a version of firmware, as a string, or with `save_to` in a file.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/firmware/{version}/binary" },
    raw = true,
    reply = "the bytes",
  },

  get = {
    summary = "One version of a product's firmware.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/firmware/{version}" },
    reply = "{ _id, version, title, description, size, product_default, groups, ... }",
  },

  list = {
    summary = "The versions of a product's firmware.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/firmware" },
    list = { items = {} },
    reply = "[{ _id, version, title, description, size, product_default, groups, ... }]",
  },

  release = {
    summary = "Releases a version of firmware to all of the product's devices or to groups.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/firmware/release" },
    body = {
      { "version", "number" },
      { "product_default", "boolean?", "to all devices that no release to a group concerns" },
      { "groups", "array?", "names of groups" },
      { "intelligent", "boolean?", "at once where that is safe" },
    },
    reply = "{ _id, version, title, description, size, product_default, groups, ... }",
  },

  update = {
    summary = "Changes the texts of a version of firmware.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/firmware/{version}" },
    reserved = { version = { "release" } },
    body = {
      { "title", "string?" },
      { "description", "string?" },
      { "mandatory", "boolean?" },
    },
    reply = "{ _id, version, title, description, size, product_default, groups, ... }",
  },

  upload = {
    summary = "Uploads a version of firmware; it is not released by that.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/firmware" },
    format = "multipart",
    body = {
      { "files", "files", "one binary", filename = "firmware.bin" },
      { "version", "number" },
      { "title", "string" },
      { "description", "string?" },
      { "mandatory", "boolean?" },
    },
    reply = "{ _id, version, title, description, size, product_default, groups, ... }",
  },
}
