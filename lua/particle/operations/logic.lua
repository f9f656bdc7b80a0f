-- Logic functions.

return {
  create = {
    summary = "Makes a Logic function.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/logic/functions",
      "/v1/orgs/{org}/logic/functions",
    },
    body = {
      { "logic_function", "object", "`{ name =, source = { type =, code = }, logic_triggers =, ... }`" },
    },
    reply = "{ logic_function: { id, name, version, enabled, source, logic_triggers, ... } }",
  },

  delete = {
    summary = "Removes a Logic function.",
    method = "DELETE", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}",
      "/v1/orgs/{org}/logic/functions/{logic_function}",
    },
    reply = "none",
  },

  execute = {
    summary = "Runs code once without keeping it; what it does, such as publishing, is real.",
    method = "POST", idempotent = false,
    paths = {
      "/v1/logic/execute",
      "/v1/orgs/{org}/logic/execute",
    },
    body = {
      { "source", "object", '`{ type = "JavaScript", code = }`' },
      { "event", "object?", "`{ event_name =, event_data =, device_id =, product_id = }`" },
      { "api_username", "string?", "the API user in whose name it runs" },
    },
    reply = "{ result: { status, logs: [{ level, timestamp, args }] } }",
  },

  get = {
    summary = "One Logic function.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}",
      "/v1/orgs/{org}/logic/functions/{logic_function}",
    },
    reply = "{ logic_function: { id, name, version, enabled, source, logic_triggers, ... } }",
  },

  get_run = {
    summary = "One run of a Logic function.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}/runs/{run}",
      "/v1/orgs/{org}/logic/functions/{logic_function}/runs/{run}",
    },
    reply = "{ logic_run: { id, status, started_at, finished_at, ... } }",
  },

  get_run_logs = {
    summary = "What one run of a Logic function logged.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}/runs/{run}/logs",
      "/v1/orgs/{org}/logic/functions/{logic_function}/runs/{run}/logs",
    },
    reply = "{ logic_run_logs: { logs: [{ level, timestamp, args }] } }",
  },

  list = {
    summary = "The Logic functions.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions",
      "/v1/orgs/{org}/logic/functions",
    },
    query = {
      { "today_stats", "boolean?", "with what ran today" },
    },
    list = { items = { "logic_functions" } },
    reply = "{ logic_functions: [{ id, name, enabled, ... }] }",
  },

  list_runs = {
    summary = "The runs of a Logic function.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}/runs",
      "/v1/orgs/{org}/logic/functions/{logic_function}/runs",
    },
    list = { items = { "logic_runs" } },
    reply = "{ logic_runs: [{ id, status, started_at, finished_at, ... }] }",
  },

  stats = {
    summary = "How often a Logic function ran, day by day.",
    method = "GET", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}/stats",
      "/v1/orgs/{org}/logic/functions/{logic_function}/stats",
    },
    reply = "{ logic_function_stats: [{ date, success, failure, timeout }] }",
  },

  update = {
    summary = "Changes a Logic function.",
    method = "PUT", idempotent = true,
    paths = {
      "/v1/logic/functions/{logic_function}",
      "/v1/orgs/{org}/logic/functions/{logic_function}",
    },
    body = {
      { "definition", "object", "any of those of `create`; triggers with their ids stay",
        wire = "logic_function" },
    },
    reply = "{ logic_function: { id, name, version, enabled, source, logic_triggers, ... } }",
  },
}
