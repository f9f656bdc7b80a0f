-- What is left of features that the cloud has given up.

return {
  create_network = {
    summary = "Registers a mesh network.",
    method = "POST", idempotent = false,
    paths = { "/v1/networks" },
    body = {
      { "name", "string" },
      { "device_id", "device", "of the gateway" },
      { "iccid", "string?" },
    },
    deprecated = true,
    reply = "network",
  },

  delete_network = {
    summary = "Removes a mesh network.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/networks/{network}" },
    deprecated = true,
    reply = "{ ok }",
  },

  get_network = {
    summary = "One mesh network.",
    method = "GET", idempotent = true,
    paths = { "/v1/networks/{network}" },
    deprecated = true,
    reply = "network",
  },

  leave_network = {
    summary = "Takes a device out of its mesh network.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/devices/{device}/network" },
    deprecated = true,
    reply = "{ ok }",
  },

  list_network_devices = {
    summary = "The devices of a mesh network.",
    method = "GET", idempotent = true,
    paths = { "/v1/networks/{network}/devices" },
    list = { items = {} },
    deprecated = true,
    reply = "[membership]",
  },

  list_networks = {
    summary = "The mesh networks.",
    method = "GET", idempotent = true,
    paths = { "/v1/networks" },
    list = { items = {} },
    deprecated = true,
    reply = "[network]",
  },

  payment_card = {
    summary = "The payment card of the account.",
    method = "GET", idempotent = true,
    paths = { "/v1/card" },
    deprecated = true,
    reply = "{ card: { ... }|null }",
  },

  pricing_impact = {
    summary = "What an action would cost.",
    method = "GET", idempotent = true,
    paths = { "/v1/pricing-impact" },
    query = {
      { "action", "string" },
      { "plan", "string" },
      { "device_id", "device?" },
      { "network_id", "string?" },
      { "iccid", "string?" },
    },
    deprecated = true,
    reply = "pricing object",
  },

  update_network = {
    summary = "Adds a device to a mesh network, or takes it out.",
    method = "PUT", idempotent = true,
    paths = { "/v1/networks/{network}" },
    body = {
      { "action", "string", '"add-device", "remove-device", "gateway-enable" or "gateway-disable"' },
      { "device_id", "device?" },
    },
    deprecated = true,
    reply = "network",
  },
}
