-- Counts over time.

return {
  events = {
    summary = "How many events came from a product's devices over time.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/metrics/events" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on" },
      { "end_date", "string?", "ISO 8601: until then (now)" },
      { "bucket_size", "number?", "seconds in one value, more than 15 (900)" },
      { "product_fw", "number?" },
      { "device_os_version", "string?" },
      { "device_group", "string?" },
    },
    reply = "{ events: [{ time, received }] }; keys that count none are left out",
  },

  functions = {
    summary = "How many functions of a product's devices were called over time, and how that ended.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/metrics/functions" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on" },
      { "end_date", "string?", "ISO 8601: until then (now)" },
      { "bucket_size", "number?", "seconds in one value, more than 15 (900)" },
      { "product_fw", "number?" },
      { "device_os_version", "string?" },
      { "device_group", "string?" },
    },
    reply = "{ functions: [{ time, success?, failure?, offline? }] }",
  },

  integrations = {
    summary = "How many requests a product's integrations made over time, and how those ended.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/metrics/integration" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on" },
      { "end_date", "string?", "ISO 8601: until then (now)" },
      { "bucket_size", "number?", "seconds in one value, more than 15 (900)" },
      { "product_fw", "number?" },
      { "device_os_version", "string?" },
      { "device_group", "string?" },
    },
    reply = "{ integrations: [{ time, success?, failure?, sleep? }] }",
  },

  online = {
    summary = "How many of a product's devices were online over time.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/metrics/online" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on" },
      { "end_date", "string?", "ISO 8601: until then (now)" },
      { "bucket_size", "number?", "seconds in one value, more than 15 (900)" },
      { "product_fw", "number?" },
      { "device_os_version", "string?" },
      { "device_group", "string?" },
    },
    reply = "{ online: [{ time, count }] }; keys that count none are left out",
  },

  variables = {
    summary = "How many variables of a product's devices were read over time, and how that ended.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/metrics/variables" },
    query = {
      { "start_date", "string?", "ISO 8601: from then on" },
      { "end_date", "string?", "ISO 8601: until then (now)" },
      { "bucket_size", "number?", "seconds in one value, more than 15 (900)" },
      { "product_fw", "number?" },
      { "device_os_version", "string?" },
      { "device_group", "string?" },
    },
    reply = "{ variables: [{ time, success?, failure?, offline? }] }",
  },
}
