-- Devices.

return {
  call_function = {
    summary = "Calls a function of a device; `device:call` gives just the result.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/devices/{device}/{function_name}",
      "/v1/products/{product}/devices/{device}/{function_name}",
    },
    body = {
      { "arg", "string|number?", "the argument, as text" },
      { "format", "string?", '"raw": the body of the reply is the integer alone' },
    },
    bare = "format",
    reply = "{ id, name?, connected, return_value }",
  },

  change_product = {
    summary = "Moves a device to another product; no longer in the official clients.",
    method = "PUT", idempotent = true,
    paths = { "/v1/devices/{device}" },
    body = {
      { "product_id", "number" },
    },
    deprecated = true,
    reply = "the fields that were changed",
  },

  claim = {
    summary = "Claims a device that nobody owns, or asks its owner for it.",
    method = "POST", idempotent = false,
    paths = { "/v1/devices" },
    body = {
      { "id", "device", "of the device" },
      { "request_transfer", "boolean?", "true: ask the present owner to hand it over" },
    },
    reply = "{ ok, id, user_id, connected }",
  },

  create_claim_code = {
    summary = "A code, good for an hour, with which a device that is being set up claims itself.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/device_claims",
      "/v1/products/{product}/device_claims",
    },
    body = {
      { "iccid", "string?", "of a cellular device's SIM" },
      { "imei", "string?", "in the place of the ICCID" },
    },
    reply = "{ claim_code, device_ids }",
  },

  download_backup = {
    summary = "The backup that was made of a Tachyon in the factory, as an archive.",
    method = "PUT", idempotent = true,
    paths = { "/v1/devices/{device}/backup_files" },
    raw = true,
    reply = "the bytes",
  },

  force_updates = {
    summary = "Whether firmware updates reach the device even while it refuses them.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    body = {
      { "firmware_updates_forced", "boolean" },
    },
    reply = "{ id, firmware_updates_forced }",
  },

  get = {
    summary = "What the cloud knows of one device.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    reserved = { device = { "events" } },
    reply = "the record: { id, name, online, platform_id, product_id, functions, variables, ... }",
  },

  get_document = {
    summary = 'A document of a device that runs Linux, such as "system".',
    method = "GET", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}/docs/{document}" },
    reply = "{ data: { features } }",
  },

  get_variable = {
    summary = "Reads a variable of a device; `device:read` gives just the value.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/devices/{device}/{variable}",
      "/v1/products/{product}/devices/{device}/{variable}",
    },
    reserved = { device = { "events" }, variable = { "events" } },
    query = {
      { "format", "string?", '"raw": the body of the reply is the value alone' },
    },
    bare = "format",
    reply = "{ name, result, coreInfo: { deviceID, connected, ... } }",
  },

  import = {
    summary = "Puts devices into a product: one, several, or those that a file lists.",
    method = "POST", idempotent = false,
    paths = { "/v1/products/{product}/devices" },
    query = {
      { "claim_user", "string?", "e-mail address of the team member who will own them" },
      { "import_sims", "boolean?", "import their SIMs too" },
    },
    body = {
      { "id", "device?", "one device; ends its quarantine, too" },
      { "ids", "devices?", "ids, serial numbers, IMEIs or ICCIDs" },
      { "files", "files?", "one text file with one such on each line" },
      { "claim_user", "string?", "e-mail address of the team member who will own them" },
      { "import_sims", "boolean?", "import their SIMs too" },
    },
    reply = "{ updated, updatedDeviceIds, existingDeviceIds, nonmemberDeviceIds, invalidDeviceIds }",
  },

  list = {
    summary = "The devices of the account, or a page of those of a product.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/devices",
      "/v1/products/{product}/devices",
    },
    query = {
      { "device_id", "string?", "products only: a part of it", wire = "deviceId" },
      { "device_name", "string?", "products only: a part of it", wire = "deviceName" },
      { "serial_number", "string?", "products only: a part of it", wire = "serialNumber" },
      { "groups", "string|array?", "products only: whole names" },
      { "sort_attr", "string?", "products only: deviceName, deviceId, firmwareVersion, lastConnection",
        wire = "sortAttr" },
      { "sort_dir", "string?", 'products only: "asc" or "desc"', wire = "sortDir" },
      { "quarantined", "boolean?", "products only: with or without those in quarantine" },
      { "page", "number?", "products only" },
      { "per_page", "number?", "products only" },
    },
    list = { items = { "devices" }, size = "per_page", default = 25, scope = "product" },
    reply = "[record] of the account; { devices: [record], customers, meta } of a product",
  },

  lock_firmware = {
    summary = "Keeps a device of a product at one version of its firmware.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    body = {
      { "desired_firmware_version", "number" },
      { "flash", "boolean?", "put it there at once if the device is online" },
    },
    reply = "{ id, desired_firmware_version, updated_at }",
  },

  mark_development = {
    summary = "Marks a device as one for development, which releases leave alone, or ends that.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    body = {
      { "development", "boolean" },
    },
    reply = "{ id, development, updated_at }",
  },

  patch_document = {
    summary = "Changes a part of a document of a device that runs Linux.",
    method = "PATCH", idempotent = false,
    paths = { "/v1/products/{product}/devices/{device}/docs/{document}" },
    body = {
      { "action", "string", '"upsert" or "remove"' },
      { "path", "array", "keys that lead to the place, the outermost first" },
      { "key", "string?", "upsert: the property that tells the elements of a list apart" },
      { "value", "object?", "upsert: what is put there" },
      { "predicate", "object?", "remove: properties that the element has" },
    },
    reply = "not known",
  },

  ping = {
    summary = "Asks whether a device answers. That it does not is no failure.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}/ping",
      "/v1/products/{product}/devices/{device}/ping",
    },
    reply = "{ online: boolean, ok }",
  },

  remove_from_product = {
    summary = "Takes a device out of a product.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    reply = "none",
  },

  remove_owner = {
    summary = "Ends the ownership of a device, which stays in the product.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}/owner" },
    reply = "{ ok }",
  },

  rename = {
    summary = "Gives a device another name.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    body = {
      { "name", "string" },
    },
    reply = "{ id, name, updated_at }",
  },

  set_esim_country = {
    summary = "The eSIM profiles for the country that a device is to work in.",
    method = "PUT", idempotent = false,
    paths = { "/v1/products/{product}/devices/{device}/target_profile" },
    body = {
      { "country", "string", 'two letters, such as "DE"' },
    },
    reply = "not known",
  },

  set_notes = {
    summary = "Replaces the notes on a device.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    body = {
      { "notes", "string" },
    },
    reply = "{ id, notes, updated_at }",
  },

  signal = {
    summary = "Lets a device blink in rainbow colours, or stop it.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    body = {
      { "signal", "switch" },
    },
    reply = "{ id, connected, signaling: boolean }",
  },

  unclaim = {
    summary = "Gives a device up.",
    method = "DELETE", idempotent = true,
    paths = { "/v1/devices/{device}" },
    reply = "{ ok }",
  },

  unlock_firmware = {
    summary = "Lets a device follow the product's releases again.",
    method = "PUT", idempotent = true,
    paths = { "/v1/products/{product}/devices/{device}" },
    body = {
      { "desired_firmware_version", "null", "`particle.null`" },
    },
    reply = "{ id, desired_firmware_version: null, updated_at }",
  },

  unprotect = {
    summary = "Ends the protection of a device, in two steps.",
    method = "PUT", idempotent = false,
    paths = {
      "/v1/devices/{device}/unprotect",
      "/v1/products/{product}/devices/{device}/unprotect",
      "/v1/orgs/{org}/devices/{device}/unprotect",
    },
    body = {
      { "action", "string", '"prepare" or "confirm"' },
      { "server_nonce", "string?", "confirm only: base64" },
      { "device_nonce", "string?", "confirm only: base64" },
      { "device_signature", "string?", "confirm only: base64" },
      { "device_public_key_fingerprint", "string?", "confirm only: base64" },
    },
    reply = "{ ok, server_nonce, ... }",
  },

  update = {
    summary = "Changes several properties of a device at once.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/devices/{device}",
      "/v1/products/{product}/devices/{device}",
    },
    body = {
      { "name", "string?" },
      { "notes", "string?" },
      { "signal", "switch?" },
      { "development", "boolean?", "products only" },
      { "desired_firmware_version", "number|null?", "products only; `particle.null` ends the lock" },
      { "flash", "boolean?", "products only: put it there at once" },
      { "firmware_updates_forced", "boolean?", "see `force_updates`" },
      { "groups", "array?", "products only: the complete list" },
    },
    reply = "{ id, updated_at?, ... }: what was changed",
  },
}
