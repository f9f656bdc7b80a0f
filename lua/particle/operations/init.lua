-- The operations of the cloud, as data: a file for each group, loaded when first asked for.
--
-- A file gives a table: name -> row. What a row holds:
--   summary, reply     for people; `reply` is the shape of the body that comes back
--   method, idempotent whether the same request twice is as good as once
--   paths              templates; what is set among their placeholders chooses one
--   query, body        lists of fields: { argument, type, text }; with `?` at the type's end it may be left
--                      out. `wire`: its name there, if that is another; `secret`: it is shown to nobody;
--                      `whole`: it is the body; `merged`: its keys are fields of the body, of which those in
--                      `hides` are secret; `filename`: for a file that has no name.
--                      { name, constant = value } is sent by itself
--   format             "form" or "multipart", where the body is not JSON
--   headers            sent along
--   auth               "none": no token is sent; "client": an OAuth client asks; "basic": a user's name and
--                      password; nil: the token
--   reserved           placeholder -> words that mean another operation in its place
--   secret_path        placeholder -> true: its value is a secret
--   list               `items`: keys, of which the first that is there holds the items; none: the reply is a
--                      list. `size`: the argument with the size of a page; `default`: that size;
--                      `short_ends`: a page that is not full is the last; `scope`: there are pages with this
--                      placeholder only; `window`: not pages but windows of time
--   raw                the body is bytes; `text_types`: it is text when one of these is asked for
--   compiles           it takes that time, and fails with what the compiler says
--   bare               the argument that makes the body a bare value
--   stream             an event stream comes back
--   reveals            there are tokens or secrets in the body
--   deprecated         the cloud's own clients do not use it any more

local operations = {}

--- The groups, and what they are about.
---@type table<string, string>
operations.GROUPS = {
  clients = "OAuth clients",
  configuration = "Configuration of devices, and its schemas",
  customers = "Customers of products",
  devices = "Devices",
  diagnostics = "Vitals of devices",
  env_vars = "Environment variables",
  events = "Events",
  firmware = "Compiling, flashing and Device OS",
  groups = "Groups of devices in products",
  integrations = "Webhooks and other integrations",
  ledgers = "Ledgers",
  legacy = "What is left of features that the cloud has given up",
  libraries = "Libraries for firmware",
  locations = "Locations of devices",
  logic = "Logic functions",
  metrics = "Counts over time",
  mfa = "Multi-factor authentication",
  oauth = "Getting tokens",
  orgs = "Organizations",
  product_firmware = "Firmware of products",
  products = "Products",
  provisioning = "Devices that provision themselves",
  quarantine = "Devices in quarantine",
  search = "Search",
  secrets = "Secrets for integrations and Logic functions",
  serial_numbers = "Serial numbers",
  service_agreements = "Service agreements and usage",
  sims = "SIM cards",
  team = "Members of teams",
  tokens = "Access tokens",
  user = "The account",
}

-- Placeholders of paths, and arguments of Basic authentication: what they are.
operations.PLACEHOLDERS = {
  agreement = "id of the service agreement",
  binary = "id of the binary",
  client = "id of the OAuth client",
  device = "a handle, an id or a name",
  document = 'name of the document, such as "system"',
  email = "of the customer",
  function_name = "of the function",
  group = "name of the group",
  iccid = "of the SIM",
  integration = "id of the integration",
  key = "name of the variable",
  ledger = "name of the ledger",
  library = "name of the library",
  logic_function = "id of the Logic function",
  name = "of the secret",
  network = "id of the network",
  org = "id or slug of the organization",
  prefix = "of the events' names",
  product = "id or slug; false: none, in spite of the api's",
  report = "id of the report",
  run = "id of the run",
  scope_value = "the device, or the id of the product or owner, that the instance is of",
  serial_number = "on the device's label",
  token = "the token",
  url = "a complete address, http or https",
  user = "id of the member",
  username = "of the member or API user",
  variable = "of the variable",
  version = "number of the version",
  webhook = "id of the webhook",
}

--- The rows of a group.
---@param group string
---@return table<string, table>
function operations.rows(group) return require("particle.operations." .. group) end

return operations
