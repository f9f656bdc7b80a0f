-- Serial numbers.

return {
  lookup = {
    summary = "The device that bears a serial number; at most 50 questions an hour.",
    method = "GET", idempotent = true,
    paths = { "/v1/serial_numbers/{serial_number}" },
    query = {
      { "mobile_secret", "string?", "a part of the secret on the device's label", secret = true },
    },
    reply = "{ ok, deviceID, iccid? }, or { serial_number, device_id, platform_id?, iccid? }",
  },
}
