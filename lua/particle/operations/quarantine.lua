-- Devices in quarantine.

return {
  approve = {
    summary = "Takes a device that is in quarantine into the product.",
    method = "POST", idempotent = true,
    paths = { "/v1/products/{product}/devices" },
    body = {
      { "id", "device", "of the device" },
    },
    reply = "as that of `devices:import`",
  },

  deny = {
    summary = "Refuses a device that is in quarantine.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    body = {
      { "deny", "boolean", "true" },
    },
    reply = "none",
  },
}
