-- The arguments of an operation: what they must be, and the fields of query and body that they become.

local check = require("particle.check")
local core = require("particle.core")
local files = require("particle.files")
local rules = require("particle.rules")
local sealed = require("particle.sealed")

local arguments = {}

-- Types ---------------------------------------------------------------------------------------------

local function is_list(value) return type(value) == "table" and (#value > 0 or next(value) == nil) end

local function is_number(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

local function is_device(value) return type(value) == "string" or core.type(value) == "device" end

local function all(list, fits)
  if not is_list(list) then return false end
  for _, value in ipairs(list) do
    if not fits(value) then return false end
  end
  return true
end

local TYPES = {
  string = rules.rule("a string", function(value)
    return type(value) == "string" or core.type(value) == "secret"
  end),
  number = rules.rule("a number", is_number),
  boolean = rules.FLAG,
  object = rules.rule("a table with names as keys", function(value)
    return type(value) == "table" and #value == 0
  end),
  array = rules.rule("a list", is_list),
  null = rules.rule("particle.null", function(value) return value == core.null end),
  device = rules.rule("a device's id or a handle", is_device),
  devices = rules.rule("a list of ids or handles", function(value) return all(value, is_device) end),
  switch = rules.rule('true, false, "1" or "0"', function(value)
    return type(value) == "boolean" or value == "1" or value == "0"
  end),
  files = files.LIST,
}

-- The rule for a type such as "string|array?", and whether the argument may be left out.
local function rule_of(text)
  local names, mark = text:match("^(.-)(%??)$")
  local types, expected = {}, {}
  for name in names:gmatch("[^|]+") do
    types[#types + 1] = TYPES[name]
    expected[#expected + 1] = TYPES[name].expected
  end
  if #types == 1 then return types[1], mark == "?" end
  return rules.rule(table.concat(expected, " or "), function(value)
    for _, rule in ipairs(types) do
      if rule.fits(value) then return true end
    end
  end), mark == "?"
end

local PART = rules.rule("a string or an integer", function(value)
  return type(value) == "string" or math.type(value) == "integer" or core.type(value) == "secret"
end)

local PLACES = {
  product = rules.SCOPE,
  device = rules.rule("a device: a handle, an id or a name", is_device),
  scope_value = rules.rule("a device, or the id of a product or owner", function(value)
    return PART.fits(value) or is_device(value)
  end),
}

local CREDENTIAL = { username = TYPES.string, password = TYPES.string }

-- What some types become on the way.
local function id_of(device)
  if type(device) == "string" then return device end
  return core.device_ref(device)
end

local OUTGOING = {
  device = id_of,
  devices = function(list)
    local ids = {}
    for i, device in ipairs(list) do ids[i] = id_of(device) end
    return #ids == 0 and core.array(ids) or ids
  end,
  switch = function(value)
    if type(value) == "boolean" then return value and "1" or "0" end
    return value
  end,
  -- An empty table would be sent as an object.
  array = function(value) return next(value) == nil and core.array({}) or value end,
}

-- A row's arguments ---------------------------------------------------------------------------------

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

local function read_field(field)
  if field.constant ~= nil then return { wire = field[1], arg = field[1], constant = field.constant } end
  local rule, optional = rule_of(field[2])
  return {
    arg = field[1], wire = field.wire or field[1], rule = rule, required = not optional,
    convert = field.secret and sealed.copy or OUTGOING[field[2]:match("^%l+")],
    whole = field.whole, hides = field.merged and set_of(field.hides), filename = field.filename,
    devices = field[2]:find("^device") ~= nil,
  }
end

local function read_fields(fields, known)
  local list = {}
  for i, field in ipairs(fields or {}) do
    list[i] = read_field(field)
    known[list[i].arg] = list[i]
  end
  return list
end

local function in_both(query, body)
  local names, twice = {}, {}
  for _, field in ipairs(query) do names[field.arg] = true end
  for _, field in ipairs(body) do
    if names[field.arg] then twice[field.arg] = true end
  end
  return twice
end

--- Reads a row: fills in `query`, `body`, `twice` (the arguments in both of them), `known`, which is
--- argument -> what it must be, and `required`.
---@param op particle.operation
function arguments.read(op)
  local known = {}
  for name in pairs(op.placeholders) do known[name] = { arg = name, rule = PLACES[name] or PART } end
  if op.row.auth == "basic" then
    for name, rule in pairs(CREDENTIAL) do known[name] = { arg = name, rule = rule, required = true } end
  end
  op.query, op.body = read_fields(op.row.query, known), read_fields(op.row.body, known)
  op.twice, op.known, op.required = in_both(op.query, op.body), known, {}
  for _, field in pairs(known) do
    if field.required then table.insert(op.required, field) end
  end
  table.sort(op.required, function(a, b) return a.arg < b.arg end)
end

-- Checks --------------------------------------------------------------------------------------------

local function unknown(op, name)
  if type(name) ~= "string" then
    check.raise(("%s: arguments have names, got %s as a key"):format(op.who, check.describe(name)))
  end
  local hint = require("particle.suggest").hint(name, op.known)
  check.raise(("%s: unknown argument %q%s"):format(op.who, name, hint))
end

local function check_value(op, field, value)
  if field.constant ~= nil then
    if value ~= field.constant then
      check.raise(("%s: %s is always %q"):format(op.who, field.arg, field.constant))
    end
  elseif not field.rule.fits(value) then
    check.fail(op.who, field.arg, field.rule.expected, value)
  end
end

local function check_part(op, name, value)
  for _, word in ipairs(op.row.reserved and op.row.reserved[name] or {}) do
    if value == word or value == core.secret(word) then
      check.raise(("%s: %s is %q, which means something else to the cloud"):format(op.who, name, word))
    end
  end
  if type(value) == "string" then check.part(value, op.who, name) end
end

--- Raises unless these are arguments of the operation, none missing.
---@param op particle.operation
---@param args any
function arguments.check(op, args)
  if type(args) ~= "table" then check.fail(op.who, "the arguments", "a table", args) end
  for name, value in pairs(args) do
    local field = op.known[name]
    if not field then unknown(op, name) end
    check_value(op, field, value)
    if op.placeholders[name] and not op.absolute then check_part(op, name, value) end
  end
  for _, field in ipairs(op.required) do
    if args[field.arg] == nil then
      check.raise(("%s: %s is missing, it must be %s"):format(op.who, field.arg, field.rule.expected))
    end
  end
end

-- What is sent --------------------------------------------------------------------------------------

local function merge(values, field, more)
  for name, value in pairs(more) do
    if values[name] == nil then values[name] = field.hides[name] and sealed.copy(value) or value end
  end
end

-- The fields that are set, save for those that are sent elsewhere.
local function values_of(fields, args, elsewhere)
  local values, merged = {}, nil
  for _, field in ipairs(fields) do
    local value = args[field.arg]
    if field.constant ~= nil then
      values[field.wire] = field.constant
    elseif field.hides then
      merged = field
    elseif value ~= nil and not elsewhere[field.arg] then
      values[field.wire] = field.convert and field.convert(value) or value
    end
  end
  if merged and args[merged.arg] then merge(values, merged, args[merged.arg]) end
  return values
end

local NONE = {}

-- Text of a part of a multipart body.
local function text_of(value)
  if math.type(value) == "float" then value = math.tointeger(value) or value end
  return tostring(value)
end

local function multipart(op, args, values)
  local parts = files.parts(args.files, op.known.files.filename, op.who)
  for _, field in ipairs(op.body) do
    local value = values[field.wire]
    if value ~= nil and field.arg ~= "files" then
      if type(value) == "userdata" then check.fail(op.who, field.arg, "a string", value) end
      parts[#parts + 1] = { name = field.wire, data = text_of(value) }
    end
  end
  return parts
end

local function fill_body(op, args, request)
  local first = op.body[1]
  if not first then return end
  if first.whole then
    request.json = args[first.arg]
    return
  end
  local values = values_of(op.body, args, args.files and op.twice or NONE)
  if args.files then
    request.multipart = multipart(op, args, values)
  elseif op.row.format == "form" then
    request.form = values
  elseif next(values) ~= nil or request.method ~= "DELETE" then
    request.json = values
  end
end

--- Puts query and body into a request. With files the fields that could be in both go into the query.
---@param op particle.operation
---@param args table  checked
---@param request table
function arguments.fill(op, args, request)
  local query = values_of(op.query, args, args.files and NONE or op.twice)
  if next(query) ~= nil then request.query = query end
  fill_body(op, args, request)
end

return arguments
