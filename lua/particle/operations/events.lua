-- Events.

return {
  publish = {
    summary = "Publishes an event; `api:publish` is the short form.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/devices/events",
      "/v1/products/{product}/events",
    },
    body = {
      { "name", "string", "1 to 64 characters of ASCII" },
      { "data", "string?", "what it says" },
      { "private", "boolean?", "for the account's own streams only" },
      { "ttl", "number|string?", "seconds (60)" },
    },
    reply = "{ ok }",
  },

  stream = {
    summary = "Follows the events of everybody, and the account's private ones, by a prefix of their names.",
    method = "GET", idempotent = true,
    paths = { "/v1/events/{prefix}" },
    stream = true,
  },

  stream_device = {
    summary = "Follows the events of one device.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/devices/{device}/events",
      "/v1/products/{product}/devices/{device}/events",
      "/v1/devices/{device}/events/{prefix}",
      "/v1/products/{product}/devices/{device}/events/{prefix}",
    },
    reserved = { device = { "events" } },
    stream = true,
  },

  stream_mine = {
    summary = "Follows the events of the account's devices.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/devices/events",
      "/v1/devices/events/{prefix}",
    },
    stream = true,
  },

  stream_org = {
    summary = "Follows the events of an organization, or of one product or device in it.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/orgs/{org}/events",
      "/v1/orgs/{org}/events/{prefix}",
      "/v1/orgs/{org}/devices/{device}/events",
      "/v1/orgs/{org}/products/{product}/events",
    },
    stream = true,
  },

  stream_product = {
    summary = "Follows the events of a product's devices.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/products/{product}/events",
      "/v1/products/{product}/events/{prefix}",
    },
    stream = true,
  },
}
