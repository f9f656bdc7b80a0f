-- Locations of devices.

return {
  fleet = {
    summary = "Where the devices of a product are now.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/fleet_locations" },
    query = {
      { "device_id", "string?", "its beginning" },
      { "device_name", "string?", "its beginning" },
      { "groups", "string|array?", "names of groups" },
    },
    list = { items = { "locations" } },
    reply = "{ locations: [{ device_id, device_name, geometry, last_heard, ... }] }",
  },

  get = {
    summary = "Where one device is, or was.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/locations/{device}" },
    query = {
      { "date_range", "string?", "two times, ISO 8601, with a comma between; none: the latest" },
      { "rect_bl", "string?", "latitude,longitude of the lower left corner" },
      { "rect_tr", "string?", "latitude,longitude of the upper right corner" },
    },
    reply = "{ location: { device_id, geometry, properties, last_heard, ... }, meta }",
  },

  list = {
    summary = "Where the devices of a product are, or were, page by page.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/locations" },
    query = {
      { "date_range", "string?", "two times, ISO 8601, with a comma between; none: the latest" },
      { "rect_bl", "string?", "latitude,longitude of the lower left corner" },
      { "rect_tr", "string?", "latitude,longitude of the upper right corner" },
      { "device_id", "string?", "its beginning" },
      { "device_name", "string?", "its beginning" },
      { "groups", "string|array?", "names of groups" },
      { "page", "number?", "from 1" },
      { "per_page", "number?", "at most 100 (20)" },
    },
    list = { items = { "locations" }, size = "per_page", default = 20 },
    reply = "{ locations: [{ device_id, device_name, geometry, last_heard, ... }], meta }",
  },
}
