-- Products.

return {
  create = {
    summary = "Makes a product, of the account or of an organization.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/user/products",
      "/v1/orgs/{org}/products",
    },
    body = {
      { "definition", "object", "`{ name =, description =, platform_id =, settings = {...} }`",
        wire = "product" },
    },
    reply = "{ product: { id, name, ... } }",
  },

  create_registration_code = {
    summary = "A code with which a device registers itself with the product.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/registration_code" },
    body = {
      { "device_id", "device", "a handle or an id" },
    },
    reply = "{ registration_code }",
  },

  get = {
    summary = "One product.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}" },
    reply = "{ product: { id, name, slug, platform_id, settings, ... } }",
  },

  list = {
    summary = "The products that the account can reach.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/products",
      "/v1/user/products",
    },
    list = { items = { "products" } },
    reply = "{ products: [{ id, name, slug, platform_id, settings, ... }] }",
  },

  list_device_orders = {
    summary = "The shipments of devices that were ordered for a product.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/device_orders" },
    list = { items = { "device_orders" } },
    reply = "not known",
  },
}
