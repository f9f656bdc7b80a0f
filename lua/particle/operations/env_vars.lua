-- Environment variables.

return {
  delete = {
    summary = "Takes one environment variable away, with the next rollout.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/env/{key}",
      "/v1/products/{product}/env/{key}",
      "/v1/orgs/{org}/env/{key}",
      "/v1/env/{device}/{key}",
    },
    reply = "{ latest: { own, inherited, ... }, last_snapshot, on_device? }",
  },

  list = {
    summary = "The environment variables of the account, a product, an organization or a device.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/env",
      "/v1/products/{product}/env",
      "/v1/orgs/{org}/env",
      "/v1/env/{device}",
    },
    reserved = { device = { "render", "rollout" } },
    reply = "{ latest: { own, inherited, ... }, last_snapshot, on_device? }",
  },

  render = {
    summary = "The environment variables in effect, inherited ones included.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/env/render",
      "/v1/products/{product}/env/render",
      "/v1/orgs/{org}/env/render",
      "/v1/env/{device}/render",
    },
    reply = "{ env: { KEY: value }, last_updated_at, rollout_at, rollout_by }",
  },

  review_rollout = {
    summary = "What a rollout would change.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/env/rollout",
      "/v1/products/{product}/env/rollout",
      "/v1/orgs/{org}/env/rollout",
      "/v1/env/{device}/rollout",
    },
    reply = "{ from_snapshot: { changes: [{ op, key, before?, after? }], unchanged }, from_device? }",
  },

  set = {
    summary = "Sets one environment variable, with the next rollout.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/env/{key}",
      "/v1/products/{product}/env/{key}",
      "/v1/orgs/{org}/env/{key}",
      "/v1/env/{device}/{key}",
    },
    body = {
      { "value", "string" },
    },
    reply = "{ latest: { own, inherited, ... }, last_snapshot, on_device? }",
  },

  start_rollout = {
    summary = "Sends the changes made since the last rollout to the devices.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/env/rollout",
      "/v1/products/{product}/env/rollout",
      "/v1/orgs/{org}/env/rollout",
      "/v1/env/{device}/rollout",
    },
    body = {
      { "when", "string", '"Immediate", or "Connect" when each device next connects' },
    },
    reply = "{ success: boolean }",
  },

  update = {
    summary = "Sets and removes several environment variables, with the next rollout.",
    method = "PATCH", idempotent = true,
    paths = {
      "/v1/env",
      "/v1/products/{product}/env",
      "/v1/orgs/{org}/env",
      "/v1/env/{device}",
    },
    body = {
      { "ops", "array", '1 to 50 of `{ op = "Set", key =, value = }` and `{ op = "Unset", key = }`' },
    },
    reply = "{ latest: { own, inherited, ... }, last_snapshot, on_device? }",
  },
}
