-- Configuration of devices, and its schemas.

return {
  delete_device_schema = {
    summary = "Drops the schema that one device has of its own: the product's applies again.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/config/{device}" },
    headers = { ["Content-Type"] = "application/schema+json" },
    reply = "none",
  },

  delete_product_schema = {
    summary = "Drops a product's schema: the default one applies again.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/config" },
    headers = { ["Content-Type"] = "application/schema+json" },
    reply = "none",
  },

  get_device = {
    summary = "The configuration of one device, what it has and what it is still to get.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/config/{device}" },
    reply = "{ configuration: { current: { ... }, pending: { ... } } }",
  },

  get_device_schema = {
    summary = "The JSON Schema that a device's configuration follows.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/config/{device}" },
    headers = { ["Accept"] = "application/schema+json" },
    reply = "{ $schema, properties: { ... } }",
  },

  get_product = {
    summary = "The configuration that devices of the product get by default.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/config" },
    reply = "{ configuration: { <module>: { <key>: value } } }",
  },

  get_product_schema = {
    summary = "The JSON Schema that the product's configuration follows.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/config" },
    headers = { ["Accept"] = "application/schema+json" },
    reply = "{ $schema, properties: { ... } }",
  },

  set_device = {
    summary = "Gives one device a configuration of its own; 202 when it gets it once it is online.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/config/{device}" },
    body = {
      { "config", "object?", "module -> its settings; an empty one returns to the product's",
        whole = true },
    },
    reply = "{}",
  },

  set_device_schema = {
    summary = "Replaces the JSON Schema of one device's configuration.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/config/{device}" },
    headers = { ["Content-Type"] = "application/schema+json" },
    body = {
      { "schema", "object", "the whole JSON Schema", whole = true },
    },
    reply = "the schema",
  },

  set_product = {
    summary = "Replaces the configuration that devices of the product get by default.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/config" },
    body = {
      { "config", "object?", "module -> its settings; replaces all that was there", whole = true },
    },
    reply = "{}",
  },

  set_product_schema = {
    summary = "Replaces the JSON Schema of the product's configuration.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/config" },
    headers = { ["Content-Type"] = "application/schema+json" },
    body = {
      { "schema", "object", "the whole JSON Schema", whole = true },
    },
    reply = "the schema",
  },
}
