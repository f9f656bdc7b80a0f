-- Webhooks: whatever is published may set them off. They really call, but this machine only.

local core = require("particle.core")
local events = require("particle.simulator.events")
local form = require("particle.simulator.form")
local requests = require("particle.simulator.request")
local scheduler = require("particle.scheduler")
local template = require("particle.simulator.hook_template")

local webhooks = {}

local TIMEOUT = 20 -- seconds, as in the cloud
local CHUNK, LARGEST = 512, 100 * 1024 -- bytes
local KEPT = 20 -- entries of a log

local REFUSED = "the simulator calls http://127.0.0.1 and https://127.0.0.1 only"

-- The request ---------------------------------------------------------------------------------------

local function split(url)
  local base, rest = url:match("^(https?://127%.0%.0%.1:?%d*)(.*)$")
  if not base or not (rest == "" or rest:find("^[/?#]")) then return nil end
  local path, query = rest:match("^([^?#]*)%??([^#]*)")
  return base, path == "" and "/" or path, query
end

local function merge(into, more)
  for name, value in pairs(type(more) == "table" and more or {}) do into[name] = value end
  return into
end

local function defaults(hook, event)
  if hook.noDefaults then return {} end
  return { event = event.name, data = event.data or "", published_at = event.published_at,
    coreid = event.coreid or "api" }
end

local function texts(fields)
  local copy = {}
  for name, value in pairs(fields) do copy[name] = requests.text(value) end
  return copy
end

local HAS_BODY = { POST = true, PUT = true, PATCH = true }

local function add_body(request, hook, event, values)
  if type(hook.json) == "string" or type(hook.body) == "string" then
    request.body = template.fill(type(hook.json) == "string" and hook.json or hook.body, values)
    request.content_type = type(hook.json) == "string" and "application/json" or "text/plain"
  elseif type(hook.json) == "table" then
    request.json = merge(defaults(hook, event), template.fill_all(hook.json, values))
  else
    request.form = texts(merge(defaults(hook, event), template.fill_all(hook.form, values)))
  end
end

local function auth_of(hook)
  local auth = hook.auth
  if type(auth) ~= "table" then return "none", nil end
  if type(auth.bearer) == "string" then return nil, { Authorization = "Bearer " .. auth.bearer } end
  local user, password = auth.username or auth.user, auth.password or auth.pass or ""
  if type(user) ~= "string" or type(password) ~= "string" then return "none", nil end
  return { user, core.secret(password) }, nil
end

-- The request, where to | nil: not to this machine.
local function request_of(hook, event, values)
  local base, path, query = split(template.fill(hook.url or "", values))
  if not base then return nil end
  local request = {
    method = (hook.requestType or "POST"):upper(), path = path, foreign = true, raw = true, response = true,
    timeout = TIMEOUT,
  }
  request.query = merge(form.parse(query), template.fill_all(hook.query, values))
  if HAS_BODY[request.method] then
    add_body(request, hook, event, values)
  else
    merge(request.query, defaults(hook, event))
  end
  request.query = next(request.query) and texts(request.query) or nil
  local auth, headers = auth_of(hook)
  request.auth = auth
  request.headers = texts(merge(headers or {}, template.fill_all(hook.headers, values)))
  return request, base
end

-- Sends it: the reply's text | nil, error.
local function send(request, base, verify)
  local api <close> = core.api { base_url = base, user_agent = "ParticleBot/1.1", verify = verify }
  local transfer <close> = core.submit(api, request)
  scheduler.await(transfer)
  return transfer:take()
end

-- Calls once: status, text; status nil: it was not reached.
local function call(hook, event, values)
  local ok, request, base = pcall(request_of, hook, event, values)
  if not ok then return nil, tostring(request) end
  if not request then return nil, REFUSED end
  local sent, text, problem = pcall(send, request, base, hook.rejectUnauthorized ~= false)
  if not sent then return nil, tostring(text) end
  if text == nil then
    if not problem.status then return nil, problem.message end
    return problem.status, type(problem.body) == "string" and problem.body or core.encode(problem.body or "")
  end
  return problem.status, text == true and "" or text
end

local function is_success(status) return status ~= nil and status >= 200 and status < 300 end

-- What is told of it --------------------------------------------------------------------------------

local function note(hook, event, status, text, now)
  local is_fine = is_success(status)
  local entry = { event = event.name, time = now, status = status, response = text:sub(1, CHUNK) }
  for _, log in ipairs { hook.logs, not is_fine and hook.errors or nil } do
    table.insert(log, 1, entry)
    log[KEPT + 1] = nil
  end
  local counter = is_fine and "success" or "error"
  hook.counters[counter] = (hook.counters[counter] or 0) + 1
end

local function topic_of(hook, kind, values)
  local own = kind == "hook-response" and hook.responseTopic or kind == "hook-error"
    and hook.errorResponseTopic
  if type(own) == "string" and own ~= "" then return template.fill(own, values) end
  local usual = ("%s/%s"):format(kind, values.PARTICLE_EVENT_NAME)
  return values.PRODUCT_ID and ("%s/%s"):format(values.PARTICLE_DEVICE_ID, usual) or usual
end

local function tell(cloud, trigger, name, data)
  if not events.is_name(name) then return end
  events.publish(cloud, { name = name, data = data, private = true, coreid = "particle-internal",
    user = trigger.user, product = trigger.product })
end

local function tell_in_chunks(cloud, trigger, hook, topic, text)
  if hook.unchunked then return tell(cloud, trigger, topic, text) end
  for at = 1, math.min(#text, LARGEST), CHUNK do
    tell(cloud, trigger, ("%s/%d"):format(topic, at // CHUNK), text:sub(at, at + CHUNK - 1))
  end
end

local function response_of(hook, text, values)
  local wanted = hook.responseTemplate
  local decoded = wanted and core.decode(text, true)
  if type(decoded) ~= "table" then return text end
  local known = merge(merge({}, values), decoded)
  return template.fill(type(wanted) == "table" and core.encode(wanted) or wanted, known)
end

-- The owner's secrets, which templates may name.
local function add_secrets(cloud, owner, values)
  for _, secret in ipairs(cloud.store:of("secrets", owner).list) do values[secret.name] = secret.value end
end

-- All of a hook's run: calls, repeats, tells.
local function run(cloud, owner, hook, event)
  local values = template.values(event, cloud.store:uuid("event"))
  add_secrets(cloud, owner, values)
  tell(cloud, event, "hook-sent/" .. event.name, "undefined")
  local status, text = call(hook, event, values)
  note(hook, event, status, text, event.published_at)
  for _, seconds in ipairs(cloud.webhook_delays) do
    if status and status < 500 or text == REFUSED then break end
    scheduler.sleep(seconds)
    status, text = call(hook, event, values)
    note(hook, event, status, text, event.published_at)
  end
  if is_success(status) then
    return tell_in_chunks(cloud, event, hook, topic_of(hook, "hook-response", values),
      response_of(hook, text, values))
  end
  local reason = status and "error status " .. status or text
  tell_in_chunks(cloud, event, hook, topic_of(hook, "hook-error", values), reason)
end

-- Which ---------------------------------------------------------------------------------------------

local function is_of(cloud, owner, event)
  local kind, id = owner:match("^(%a+) (.*)$")
  if kind == "product" then return event.product == tonumber(id) end
  if kind == "org" then return cloud.orgs:find(id).products[event.product or false] ~= nil end
  local user = event.product == nil and cloud.accounts:find(event.user)
  return user and user.id == id
end

local function wants(hook, event)
  if hook.disabled or type(hook.event) ~= "string" then return false end
  local device = hook.deviceID or hook.deviceId or hook.deviceid
  return hook.integration_type == "Webhook" and event.name:sub(1, #hook.event) == hook.event
    and (device == nil or device == core.null or device == event.coreid)
end

--- Starts all that an event sets off. What hooks tell sets off none.
---@param cloud particle.simulator.Cloud
---@param event particle.simulator.Event
function webhooks.fire(cloud, event)
  if event.coreid == "particle-internal" then return end
  for owner, hooks in pairs(cloud.store:all("integrations")) do
    if is_of(cloud, owner, event) then
      for _, hook in ipairs(hooks.list) do
        if wants(hook, event) then cloud.jobs:start(run, cloud, owner, hook, event) end
      end
    end
  end
end

--- Calls a hook once, as a test, and waits for the answer.
---@param hook table
---@param event particle.simulator.Event
---@return boolean pass
---@return string? data  what it answered
function webhooks.test(hook, event, id)
  local status, text = call(hook, event, template.values(event, id))
  return is_success(status), text
end

return webhooks
