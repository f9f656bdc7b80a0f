-- Which of an operation's paths a call means, and what stands in it: the account's, a product's, an
-- organization's or a device's.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local sorted = require("particle.sorted")

local scope = {}

---@class particle.template
---@field parts (string|{ name: string })[]  raw parts and placeholders
---@field names table<string, true>          of the placeholders

--- Reads the templates of a row.
---@param paths string[]  such as "/v1/products/{product}/sims/{iccid}"
---@return particle.template[]
function scope.templates(paths)
  local templates = {}
  for i, path in ipairs(paths) do
    local parts, names = {}, {}
    for part in path:gmatch("[^/]+") do
      local name = part:match("^{(.*)}$")
      if name then names[name] = true end
      parts[#parts + 1] = name and { name = name } or part
    end
    templates[i] = { parts = parts, names = names }
  end
  return templates
end

--- All placeholders of the templates.
---@param templates particle.template[]
---@return table<string, true>
function scope.names(templates)
  local names = {}
  for _, template in ipairs(templates) do
    for name in pairs(template.names) do names[name] = true end
  end
  return names
end

-- Choosing ------------------------------------------------------------------------------------------

-- Whether the template takes just what is set, with or without a product.
local function fits(template, set, product)
  for name in pairs(set) do
    if not template.names[name] then return false end
  end
  for name in pairs(template.names) do
    if not set[name] and not (name == "product" and product) then return false end
  end
  return not product or template.names.product
end

local function find(templates, set, product)
  for _, template in ipairs(templates) do
    if fits(template, set, product) then return template end
  end
end

-- The product of a call that names none: its device's, else the api's. With an organization it has none.
local function usual_product(state, args)
  if args.product ~= nil or args.org ~= nil then return nil end
  if core.type(args.device) == "device" then return core.device_product(args.device) end
  return state.options.product
end

local function quoted(names) return table.concat(sorted.names(names), ", ") end

-- The names that the template needs besides what is set; nil when it has no place for all that is set.
local function missing(template, set)
  for name in pairs(set) do
    if not template.names[name] then return nil end
  end
  local names, count = {}, 0
  for name in pairs(template.names) do
    if not set[name] then names[name], count = true, count + 1 end
  end
  return names, count
end

local function complain(op, set)
  local least, fewest
  for _, template in ipairs(op.templates) do
    local names, count = missing(template, set)
    if names and (not fewest or count < fewest) then least, fewest = names, count end
  end
  if not least then
    check.raise(("%s: %s do not go together, see its paths in the reference"):format(op.who, quoted(set)))
  end
  check.raise(("%s: %s %s missing"):format(op.who, quoted(least), fewest == 1 and "is" or "are"))
end

--- The template that a call means, and its product. Raises when it means none.
---@param op particle.operation
---@param state table
---@param args table
---@return particle.template
---@return integer|string|nil product
function scope.choose(op, state, args)
  local set = {}
  for name in pairs(op.placeholders) do
    if args[name] then set[name] = true end
  end
  local product = usual_product(state, args)
  local template = product and find(op.templates, set, true) or find(op.templates, set, false)
  if not template then complain(op, set) end
  return template, args.product or template.names.product and product or nil
end

-- Filling in ----------------------------------------------------------------------------------------

-- What a device is called there: by its id where a product takes no names.
local function device_part(api, value, product, time)
  local ref = type(value) == "string" and value or core.device_ref(value)
  if address.is_id(ref) then return ref:lower() end
  if product == nil then return ref end
  local handle = value
  if type(value) == "string" or core.device_product(value) ~= product or core.device_api(value) ~= api then
    handle = core.device(api, ref, product)
  end
  return address.id(handle, product, time)
end

local function part_of(api, op, name, args, product, time)
  if name == "product" then return product end
  local value = args[name]
  if name == "device" then return device_part(api, value, product, time) end
  if core.type(value) == "device" then return device_part(api, value, nil) end
  if op.row.secret_path and op.row.secret_path[name] and type(value) == "string" then
    return core.secret(value)
  end
  return value
end

--- The path, as raw parts. It may take a request to find a device's id.
---@param api particle.Api
---@param op particle.operation
---@param template particle.template
---@param args table
---@param product integer|string|nil
---@param time particle.Countdown  of the call
---@return (string|integer|userdata)[]?
---@return particle.Error?
function scope.path(api, op, template, args, product, time)
  local path = {}
  for i, each in ipairs(template.parts) do
    local part = each
    if type(part) == "table" then
      local value, err = part_of(api, op, part.name, args, product, time)
      if value == nil then return nil, err end
      part = value
    end
    path[i] = part
  end
  return path
end

--- Lets a handle know its id.
---@param device particle.Device
---@param time particle.Countdown  of the call, should it take a request
---@return boolean? asked  whether it took one; nil where that failed
---@return particle.Error?
function scope.learn_id(device, time)
  if address.is_id(core.device_ref(device)) then return false end
  local product = core.device_product(device)
  local found, err
  if product ~= nil then
    found, err = address.id(device, product, time)
  else
    found, err = device:info(time:options())
    if found == nil then time:explain_unsent(err) end
  end
  if found == nil then return nil, err end
  return true
end

--- Lets the handles in the fields of a body know their ids: a name will not do there.
---@param op particle.operation
---@param args table
---@param time particle.Countdown  of the call
---@return boolean?         whether one had to be asked for; nil where that failed
---@return particle.Error?
function scope.learn_ids(op, args, time)
  local learned = false
  for _, field in ipairs(op.body) do
    local value = args[field.arg]
    local list = type(value) == "table" and value or { value }
    for _, one in ipairs(field.devices and list or {}) do
      if core.type(one) == "device" then
        local asked, err = scope.learn_id(one, time)
        if asked == nil then return nil, err end
        learned = learned or asked
      end
    end
  end
  return learned
end

return scope
