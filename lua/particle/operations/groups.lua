-- Groups of devices in products.

return {
  assign = {
    summary = "Sets the groups of one device: those given and no others.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    body = {
      { "groups", "array", "the complete list; names that are not there yet are made" },
    },
    reply = "{ id, groups: [string], updated_at }",
  },

  batch_assign = {
    summary = "Adds many devices to groups and takes them out of others.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/devices" },
    body = {
      { "action", constant = "groups" },
      { "devices", "devices", "handles or ids" },
      { "metadata", "object", "`{ add = {...}, remove = {...} }`, names of groups" },
    },
    reply = "{ ok }",
  },

  create = {
    summary = "Makes a group.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/groups" },
    body = {
      { "name", "string", "lowercase letters, digits, `-` and `_`" },
      { "color", "string?", 'such as "#34495e"' },
      { "description", "string?" },
    },
    reply = "{ group: { name, description, color, fw_version?, device_count? } }",
  },

  delete = {
    summary = "Removes a group; its devices stay.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/groups/{group}" },
    reply = "none",
  },

  get = {
    summary = "One group.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/groups/{group}" },
    reply = "{ group: { name, description, color, fw_version?, device_count? } }",
  },

  impact = {
    summary = "How many devices a release of firmware to groups would update.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/impact" },
    query = {
      { "action", constant = "edit_groups_for_firmware" },
      { "firmware_version", "number" },
      { "groups", "string|array?", "names of groups; none: as if it were released to none" },
      { "product_default", "boolean?" },
    },
    reply = "{ devices: { firmware_update: { total, by_version: [{ version, total }] } } }",
  },

  list = {
    summary = "The groups of a product.",
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/groups" },
    query = {
      { "name", "string?", "a part of it" },
    },
    list = { items = { "groups" } },
    reply = "{ groups: [{ name, description, color, fw_version?, device_count? }] }",
  },

  update = {
    summary = "Changes a group.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/groups/{group}" },
    body = {
      { "name", "string?", "one of these three is needed" },
      { "color", "string?" },
      { "description", "string?" },
    },
    reply = "{ group: { name, description, color, fw_version?, device_count? } }",
  },
}
