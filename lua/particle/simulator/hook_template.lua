-- The templates of webhooks: `{{NAME}}` and `{{{NAME}}}` stand for what is known of the event, or for a key
-- of its data where that is JSON; dots lead into objects and lists.

local core = require("particle.core")
local requests = require("particle.simulator.request")

local template = {}

--- What templates may name.
---@param event particle.simulator.Event
---@param id string  of the event
---@return table<string, any> values
function template.values(event, id)
  local decoded = event.data and core.decode(event.data, true)
  local values = {}
  if type(decoded) == "table" then
    for name, value in pairs(decoded) do values[name] = value end
  end
  values.PARTICLE_DEVICE_ID, values.PARTICLE_EVENT_NAME = event.coreid or "api", event.name
  values.PARTICLE_EVENT_VALUE, values.PARTICLE_PUBLISHED_AT = event.data or "", event.published_at
  values.PARTICLE_EVENT_ID, values.PRODUCT_ID = id, event.product
  values.PARTICLE_EVENT_JSON = core.encode { event = event.name, data = event.data,
    coreid = event.coreid or "api",
    published_at = event.published_at }
  return values
end

local function look_up(values, name)
  if name == "" then return "" end
  local found = values
  for key in name:gmatch("[^.]+") do
    if type(found) ~= "table" then return "" end
    local index = key:match("^%d+$") and tonumber(key)
    local value = found[key]
    if value == nil and index then value = found[index + 1] end
    found = value
  end
  return requests.text(found) or ""
end

--- Fills in a text.
---@param text string
---@param values table<string, any>
---@return string
function template.fill(text, values)
  local function value(name) return look_up(values, name) end
  return (text:gsub("{{{%s*([^{}]-)%s*}}}", value):gsub("{{%s*([^{}]-)%s*}}", value))
end

--- Fills in all texts of a value.
---@param value any
---@param values table<string, any>
---@return any
function template.fill_all(value, values)
  if type(value) == "string" then return template.fill(value, values) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do copy[name] = template.fill_all(item, values) end
  return copy
end

return template
