-- A webhook as it is wanted, whether or not there is one already.

local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local operation = require("particle.operation")
local rows = require("particle.operations.integrations")

local webhook = {}

local WHO = "ensure_webhook"

-- Reads the arguments as that operation does; messages name our verb.
local create = operation.new("integrations", "create_webhook", rows.create_webhook)
create.who = WHO

-- Those of the list that are webhooks of that name.
local function find(list, name)
  local found = {}
  for _, hook in ipairs(list) do
    if type(hook) == "table" and hook.integration_type == "Webhook" and hook.name == name then
      found[#found + 1] = hook
    end
  end
  return found
end

local function where(args) return { product = args.product, org = args.org } end

local OWN = { name = true, event = true, disabled = true, device_id = true }

-- The arguments of the update, which knows what a webhook takes by its names on the wire.
local function update_of(hook, args)
  local given = where(args)
  given.integration, given.name, given.event = hook.id, args.name, args.event
  given.disabled, given.deviceid = args.disabled, args.device_id
  given.settings = { integration_type = "Webhook" }
  for _, field in ipairs(rows.create_webhook.body) do
    local name = field[1]
    if not OWN[name] and args[name] ~= nil then given.settings[field.wire or name] = args[name] end
  end
  return given
end

--- See `api:ensure_webhook`.
---@param api particle.Api
---@param args table
---@param opts? particle.CallOptions
---@return table?
---@return string|particle.Error
function webhook.ensure(api, args, opts)
  operation.check(api, create, args, opts)
  if args.name == nil or args.name == "" then
    check.raise(WHO .. ": name is missing: a webhook is known by it")
  end
  local list, problem = api.integrations:list(where(args), opts)
  if list == nil then return nil, problem end
  local found = find(list.integrations or list, args.name)
  if #found > 1 then
    return failure.unsent(core.state(api), { method = "PUT", path = { "v1", "integrations" } }, "bad_request",
      ("%d webhooks are called %q"):format(#found, args.name))
  end
  if not found[1] then
    local made, err = api.integrations:create_webhook(args, opts)
    if made == nil then return nil, err end
    return made, "created"
  end
  local body, err = api.integrations:update(update_of(found[1], args), opts)
  if body == nil then return nil, err end
  return type(body) == "table" and body.integration or body, "updated"
end

return webhook
