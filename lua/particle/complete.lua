-- Completion for the prompt: what could follow the text before the cursor. Looks at values without calling
-- them, save for the two functions it is given.

local core = require("particle.core")

local complete = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
  true until while]]):gmatch("%a+") do KEYWORDS[#KEYWORDS + 1] = word end

local function add_keys(found, names, only_functions)
  if type(names) ~= "table" then return end
  for key, value in next, names do
    local is_name = type(key) == "string" and key:find("^%a[%w_]*$")
    if is_name and (not only_functions or type(value) == "function") then found[key] = true end
  end
end

-- The keys of a table and of the tables behind its __index.
local function add_chain(found, value, only_functions)
  for _ = 1, 10 do
    if type(value) == "table" then add_keys(found, value, only_functions) end
    local metatable = debug.getmetatable(value)
    value = type(metatable) == "table" and rawget(metatable, "__index") or nil
    if type(value) ~= "table" then return end
  end
end

-- The group of operations that a value is; nothing is loaded to find out.
local function group_of(value)
  local group = package.loaded["particle.group"]
  return group and group.name(value)
end

local function add_groups(found)
  for name in pairs(require("particle.operations").GROUPS) do found[name] = true end
end

local function operations_of(group)
  local found = { each = true }
  for name in pairs(require("particle.operations").rows(group)) do found[name] = true end
  return found
end

local function field(value, key)
  if core.type(value) == "api" then
    local fine, inner = pcall(function() return value[key] end)
    return fine and inner or nil
  end
  for _ = 1, 10 do
    if type(value) == "table" and rawget(value, key) ~= nil then return rawget(value, key) end
    local metatable = debug.getmetatable(value)
    value = type(metatable) == "table" and rawget(metatable, "__index") or nil
    if type(value) ~= "table" then return nil end
  end
end

local function names_of_variables(record)
  local names = {}
  for name in pairs(type(record.variables) == "table" and record.variables or {}) do names[name] = true end
  return names
end

local function names_of_functions(record)
  local names = {}
  for _, name in ipairs(type(record.functions) == "table" and record.functions or {}) do
    names[name] = true
  end
  return names
end

local function device_fields(source, device)
  local found = { id = true, name = true, online = true, product = true, record = true }
  add_keys(found, core.device_getters)
  add_keys(found, source.record(device))
  return found
end

local function members(source, value, separator)
  local kind = core.type(value)
  local found = {}
  if kind == "device" then
    if separator == "." then return device_fields(source, value) end
    add_keys(found, core.device_methods)
  elseif kind == "api" then
    add_keys(found, separator == ":" and core.api_methods or core.api_getters)
    if separator == "." then add_groups(found) else found.devices = true end
  elseif kind == "stream" then
    add_keys(found, separator == ":" and core.stream_methods or core.stream_getters)
  elseif group_of(value) then
    return separator == ":" and operations_of(group_of(value)) or found
  else
    add_chain(found, value, separator == ":")
  end
  return found
end

-- The value of a dotted path, or nil. The sugar tables of a device answer with the names they stand for.
local function resolve(source, path)
  local value
  for name in path:gmatch("[^.]+") do
    if value == nil then
      value = field(source.env, name)
    elseif core.type(value) == "device" then
      local record = source.record(value)
      if name == "fn" then return names_of_functions(record) end
      if name == "var" then return names_of_variables(record) end
      value = name == "record" and record or nil
    else
      value = field(value, name)
    end
    if value == nil then return nil end
  end
  return value
end

local function starting_with(names, prefix, before)
  local list = {}
  for name in pairs(names) do
    if name:sub(1, #prefix) == prefix then list[#list + 1] = before .. name end
  end
  table.sort(list)
  return list
end

-- Names inside quotes: a device's after api:device, variables and functions after read and call.
local function quoted_names(source, path, method)
  local value = resolve(source, path)
  local kind = core.type(value)
  if kind == "api" and method == "device" or path == "sim" and method == "device" then
    local names = {}
    for _, name in ipairs(source.devices()) do names[name] = true end
    return names
  end
  if kind ~= "device" then return {} end
  if method == "read" or method == "watch" then return names_of_variables(source.record(value)) end
  if method == "call" then return names_of_functions(source.record(value)) end
  return {}
end

local function plain(source, word)
  local tail = word:match("[%a_][%w_.:]*$") or ""
  local head = word:sub(1, #word - #tail)
  local path, separator, prefix = tail:match("^(.*)([.:])([%w_]*)$")
  if path then
    local value = resolve(source, path)
    if value == nil or path:find(":", 1, true) then return {} end
    return starting_with(members(source, value, separator), prefix, head .. path .. separator)
  end
  if tail == "" and word ~= "" then return {} end
  local names = {}
  add_chain(names, source.env)
  for _, keyword in ipairs(KEYWORDS) do names[keyword] = true end
  return starting_with(names, tail, head)
end

---@class particle.completion_source
---@field env table                                the globals
---@field devices fun(): string[]                  names of the devices; may ask the cloud
---@field record fun(device: userdata): table      what is known of a device; may ask the cloud

--- The completions of `line:sub(from, to)`, in readline's manner: each replaces that part of the line.
---@param source particle.completion_source
---@param line string
---@param from integer
---@param to integer
---@return string[]
function complete.candidates(source, line, from, to)
  local before, word = line:sub(1, to), line:sub(from, to)
  local path, method, quoted = before:match("([%a_][%w_.]*):([%a_]+)%s*%(?%s*[\"']([^\"']*)$")
  if path then
    local list = starting_with(quoted_names(source, path, method), quoted, "")
    for i, name in ipairs(list) do list[i] = name:sub(#quoted - #word + 1) end
    return list
  end
  return plain(source, word)
end

return complete
