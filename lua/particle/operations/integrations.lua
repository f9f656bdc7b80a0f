-- Webhooks and other integrations.

return {
  create = {
    summary = "Makes an integration of any kind.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    body = {
      { "integration_type", "string", '"Webhook", "GoogleMaps", "GoogleCloudPubSub" or "AzureIotHub"' },
      { "event", "string" },
      { "deviceid", "device?", "only events of this device" },
      { "name", "string?" },
      { "disabled", "boolean?" },
      { "settings", "object?", "what else this kind of integration takes",
        merged = true, hides = { "auth", "headers", "api_key", "policy_key" } },
    },
    reply = "{ ok, id, event, name, integration_type, integrationUrl, ... }",
  },

  create_azure_iot_hub = {
    summary = "Makes an integration with Azure IoT Hub.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    body = {
      { "integration_type", constant = "AzureIotHub" },
      { "event", "string" },
      { "policy_name", "string", "this field's name is a guess" },
      { "policy_key", "string", "this field's name is a guess", secret = true },
      { "hub_name", "string", "this field's name is a guess" },
      { "name", "string?" },
      { "device_id", "device?", wire = "deviceID" },
      { "json", "object|string?" },
      { "disabled", "boolean?" },
    },
    reply = "{ ok, id, event, name, integration_type, integrationUrl, ... }",
  },

  create_google_maps = {
    summary = "Makes an integration that finds devices by Google Maps.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    body = {
      { "integration_type", constant = "GoogleMaps" },
      { "event", "string" },
      { "api_key", "string", secret = true },
      { "name", "string?" },
      { "device_id", "device?", wire = "deviceID" },
      { "disabled", "boolean?" },
    },
    reply = "{ ok, id, event, name, integration_type, integrationUrl, ... }",
  },

  create_google_pubsub = {
    summary = "Makes an integration with Google Cloud Pub/Sub.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    body = {
      { "integration_type", constant = "GoogleCloudPubSub" },
      { "event", "string" },
      { "topic", "string", "full name of the topic; this field's name is a guess" },
      { "name", "string?" },
      { "device_id", "device?", wire = "deviceID" },
      { "disabled", "boolean?" },
    },
    reply = "{ ok, id, event, name, integration_type, integrationUrl, ... }",
  },

  create_legacy_webhook = {
    summary = "Makes a webhook at the older address.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/webhooks",
      "/v1/products/{product}/webhooks",
    },
    body = {
      { "event", "string" },
      { "url", "string" },
      { "device_id", "device?", "only events of this device", wire = "deviceId" },
      { "request_type", "string?", '"GET", "POST", "PUT" or "DELETE"', wire = "requestType" },
      { "json", "object|string?", "body as JSON, or a template of it" },
      { "form", "object?", "body as a form" },
      { "body", "string?", "body as text" },
      { "query", "object?" },
      { "auth", "object?", "`{ username =, password = }`", secret = true },
      { "headers", "object?", "sent with it; kept secret, since they often hold keys", secret = true },
      { "response_topic", "string?", wire = "responseTopic" },
      { "error_response_topic", "string?", wire = "errorResponseTopic" },
      { "response_template", "string|object?", "template of the response event",
        wire = "responseTemplate" },
      { "no_defaults", "boolean?", wire = "noDefaults" },
      { "reject_unauthorized", "boolean?", wire = "rejectUnauthorized" },
      { "unchunked", "boolean?" },
    },
    reply = "{ ok, id, event, url, created_at, hookUrl, ... }",
  },

  create_webhook = {
    summary = "Makes a webhook.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    body = {
      { "integration_type", constant = "Webhook" },
      { "event", "string", "prefix of the events' names; letter case counts" },
      { "url", "string", "where the request goes; may hold templates" },
      { "name", "string?" },
      { "request_type", "string?", '"GET", "POST", "PUT" or "DELETE"', wire = "requestType" },
      { "device_id", "device?", "only events of this device", wire = "deviceID" },
      { "json", "object|string?", "body as JSON, or a template of it" },
      { "form", "object?", "body as a form" },
      { "body", "string?", "body as text" },
      { "query", "object?" },
      { "auth", "object?", "`{ username =, password = }`", secret = true },
      { "headers", "object?", "sent with it; kept secret, since they often hold keys", secret = true },
      { "response_topic", "string?", wire = "responseTopic" },
      { "error_response_topic", "string?", wire = "errorResponseTopic" },
      { "response_template", "string|object?", "template of the response event",
        wire = "responseTemplate" },
      { "no_defaults", "boolean?", wire = "noDefaults" },
      { "reject_unauthorized", "boolean?", wire = "rejectUnauthorized" },
      { "unchunked", "boolean?" },
      { "data_url_response_event", "boolean?", wire = "dataUrlResponseEvent" },
      { "disabled", "boolean?" },
    },
    reply = "{ ok, id, event, url, created_at, hookUrl, ... }",
  },

  delete = {
    summary = "Removes an integration.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/integrations/{integration}",
      "/v1/products/{product}/integrations/{integration}",
      "/v1/orgs/{org}/integrations/{integration}",
    },
    reply = "none",
  },

  delete_webhook = {
    summary = "Removes a webhook, at the older address.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/webhooks/{webhook}",
      "/v1/products/{product}/webhooks/{webhook}",
    },
    reply = "none",
  },

  get = {
    summary = "One integration, and its latest logs.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/integrations/{integration}",
      "/v1/products/{product}/integrations/{integration}",
      "/v1/orgs/{org}/integrations/{integration}",
    },
    reply = "{ integration: { id, event, logs, ... } }",
  },

  get_webhook = {
    summary = "One webhook, at the older address, and its latest logs.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/webhooks/{webhook}",
      "/v1/products/{product}/webhooks/{webhook}",
    },
    reply = "{ webhook: { id, event, url, logs, errors, counters, ... } }",
  },

  list = {
    summary = "The integrations of the account, a product or an organization.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/integrations",
      "/v1/products/{product}/integrations",
      "/v1/orgs/{org}/integrations",
    },
    list = { items = { "integrations" } },
    reply = "[{ id, event, name, integration_type, created_at, ... }]",
  },

  list_webhooks = {
    summary = "The webhooks alone, at the older address.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/webhooks",
      "/v1/products/{product}/webhooks",
    },
    list = { items = { "webhooks" } },
    reply = "[{ id, event, url, created_at, ... }]",
  },

  test = {
    summary = "Lets an integration run once with a made-up event.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/integrations/{integration}/test",
      "/v1/products/{product}/integrations/{integration}/test",
      "/v1/orgs/{org}/integrations/{integration}/test",
    },
    body = {
      { "data", "string?", "data of the event" },
      { "device_id", "device?", "the device that it seems to come from" },
    },
    reply = "{ pass, data }",
  },

  update = {
    summary = "Replaces the settings of an integration: what is not given is lost.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/integrations/{integration}",
      "/v1/products/{product}/integrations/{integration}",
      "/v1/orgs/{org}/integrations/{integration}",
    },
    body = {
      { "event", "string?" },
      { "deviceid", "device?", "only events of this device" },
      { "name", "string?" },
      { "disabled", "boolean?" },
      { "settings", "object?", "what else this kind of integration takes",
        merged = true, hides = { "auth", "headers", "api_key", "policy_key" } },
    },
    reply = "{ integration: { id, event, ... } }",
  },
}
