-- Compiling, flashing and Device OS.

return {
  build_targets = {
    summary = "The versions of Device OS that firmware can be compiled for.",
    method = "GET", idempotent = true,
    paths = { "/v1/build_targets" },
    auth = "none",
    query = {
      { "featured", "boolean?", "true: the recommended ones only" },
    },
    reply = "{ targets: [{ version, platforms, ... }], platforms, default_versions }",
  },

  compile = {
    summary = "Compiles sources; the reply says where the binary is.",
    method = "POST", idempotent = false,
    paths = { "/v1/binaries" },
    format = "multipart", compiles = true,
    body = {
      { "files", "files", "the sources; `name` is the path within the project" },
      { "platform_id", "number?", "which kind of device, such as 32" },
      { "product_id", "string|number?", "a product, in the place of the platform" },
      { "build_target_version", "string?", "version of Device OS (the latest)" },
      { "latest", "string?", '"true": the latest version of Device OS' },
    },
    reply = "{ ok, binary_id, binary_url, expires_at, sizeInfo }",
  },

  device_os_version = {
    summary = "One version of Device OS.",
    method = "GET", idempotent = true,
    paths = { "/v1/device-os/versions/{version}" },
    query = {
      { "platform_id", "number?" },
    },
    reply = "{ version, platform_id, ... }",
  },

  device_os_versions = {
    summary = "The versions of Device OS.",
    method = "GET", idempotent = true,
    paths = { "/v1/device-os/versions" },
    query = {
      { "platform_id", "number?" },
      { "internal_version", "number?" },
      { "page", "number?" },
      { "per_page", "number?" },
    },
    list = { items = {}, size = "per_page" },
    reply = "[{ version, platform_id, ... }]",
  },

  download_binary = {
    summary = "A compiled binary, as a string, or with `save_to` in a file.",
    method = "GET", idempotent = true,
    paths = { "/v1/binaries/{binary}" },
    raw = true,
    reply = "the bytes",
  },

  flash = {
    summary = "Compiles sources and puts the result on a device.",
    method = "PUT", idempotent = false,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    format = "multipart", compiles = true,
    body = {
      { "files", "files", "the sources; `name` is the path within the project" },
      { "build_target_version", "string?", "version of Device OS" },
      { "latest", "string?", '"true": the latest version of Device OS' },
    },
    reply = '{ ok, message: "Update started" }, or { id, status: "Update started" }',
  },

  flash_binary = {
    summary = "Puts a binary or a bundle of assets on a device; see `device:flash`.",
    method = "PUT", idempotent = false,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    format = "multipart",
    body = {
      { "files", "files", "one .bin, or one .zip with assets", filename = "firmware.bin" },
      { "file_type", "string?", '"binary"' },
      { "build_target_version", "string?" },
    },
    reply = '{ id, status: "Update started" }',
  },

  flash_known_app = {
    summary = "Puts a well-known program on a device.",
    method = "PUT", idempotent = false,
    paths = { "/v1/devices/{device}" },
    format = "form",
    body = {
      { "app", "string", 'such as "tinker"' },
    },
    reply = "{ id, status }",
  },

  system_upgrade = {
    summary = "Which upgrade of Device OS a device needs.",
    method = "GET", idempotent = true,
    paths = { "/v1/system_firmware/upgrade" },
    query = {
      { "platform_id", "number" },
      { "current_system_firmware_version", "string" },
      { "current_ncp_firmware_version", "string?" },
      { "current_ncp_firmware_module_version", "number?" },
    },
    reply = "{ binary_url }, or none",
  },
}
