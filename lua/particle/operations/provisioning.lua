-- Devices that provision themselves.

return {
  provision_device = {
    summary = "A new device id in a product whose devices provision themselves.",
    method = "POST", idempotent = false,
    paths = { "/v1/devices" },
    body = {
      { "product_id", "number" },
    },
    reply = "{ device_id }",
  },

  send_public_key = {
    summary = "Tells the cloud a device's public key.",
    method = "POST", idempotent = true,
    paths = { "/v1/provisioning/{device}" },
    body = {
      { "device_id", "device", "the same once more", wire = "deviceID" },
      { "public_key", "string", "in PEM", wire = "publicKey" },
      { "filename", "string?", "which program sends it" },
      { "order", "string?", '"manual_" and the time in milliseconds' },
      { "algorithm", "string?", '"rsa" or "ecc"' },
      { "product_id", "number?" },
    },
    reply = '"Success!"',
  },
}
