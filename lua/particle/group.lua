-- The groups of operations: `api.sims:list { ... }`. A group's rows are loaded when it is first asked for, an
-- operation is read when it is first called.

local check = require("particle.check")
local core = require("particle.core")
local operation = require("particle.operation")
local operations = require("particle.operations")
local sorted = require("particle.sorted")
local suggest = require("particle.suggest")

local group = {}

local API = {} -- the key of a group's api

local function wrong_receiver(class, name, self)
  check.raise(("%s.%s: call it with a colon, api.%s:%s(...), on a group of an api (got %s)"):format(
    class.group, name, class.group, name, check.describe(self)))
end

local function api_of(class, name, self)
  if getmetatable(self) ~= class then wrong_receiver(class, name, self) end
  return self[API]
end

local function unknown(class, name)
  local hint = suggest.hint(name, group.names(class.group), function(nearest)
    return ("api.%s:%s(...)"):format(class.group, nearest)
  end)
  check.raise(("api.%s has no operation %s%s"):format(class.group, tostring(name), hint))
end

local function read(class, name)
  local op = class.read[name]
  if not op then
    op = operation.new(class.group, name, class.rows[name])
    class.read[name] = op
  end
  return op
end

local function new_method(class, name)
  local op = read(class, name)
  return function(self, args, opts) return operation.call(api_of(class, name, self), op, args, opts) end
end

-- Lists ---------------------------------------------------------------------------------------------

local function list_names(class, paged)
  local names = {}
  for name, row in pairs(class.rows) do
    if row.list and (not paged or row.list.size or row.list.window) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- The one list of a group: the one with pages where only one has any.
local function only_list(class)
  local paged, lists = list_names(class, true), list_names(class, false)
  if #paged == 1 then return paged[1] end
  if #lists == 1 then return lists[1] end
  if #lists == 0 then check.raise(("%s.each: nothing of this group is a list"):format(class.group)) end
  check.raise(("%s.each: say which list: %s"):format(class.group, table.concat(lists, ", ")))
end

local function check_list(class, name)
  local row = rawget(class.rows, name)
  if row and row.list then return end
  if row then check.raise(("%s.each: %s is no list"):format(class.group, name)) end
  local hint = suggest.hint(name, list_names(class, false))
  check.raise(("%s.each: there is no list %s%s"):format(class.group, name, hint))
end

local function each_of(class)
  return function(self, name, args, opts)
    local api = api_of(class, "each", self)
    if type(name) ~= "string" then name, args, opts = only_list(class), name, args end
    check_list(class, name)
    return require("particle.pages").each(api, read(class, name), args, opts)
  end
end

-- Groups --------------------------------------------------------------------------------------------

local function new_class(name)
  local class = { group = name, rows = operations.rows(name), read = {}, __name = "particle.group" }
  class.__index = setmetatable({ each = each_of(class) }, { __index = function(methods, key)
    if not class.rows[key] then unknown(class, key) end
    methods[key] = new_method(class, key)
    return methods[key]
  end })
  function class.__call()
    check.raise(("api.%s is a group of operations, call one of them: api.%s:%s{...}"):format(
      name, name, group.names(name)[1]))
  end
  function class.__tostring() return ("particle.group (%s)"):format(name) end
  if name == "devices" then class.__call = require("particle.list").of_api end
  return class
end

local classes = {}

--- The group of an api.
---@param api particle.Api
---@param name string  one of `operations.GROUPS`
---@return table
function group.of(api, name)
  local state = core.state(api)
  state.groups = state.groups or {}
  if not state.groups[name] then
    classes[name] = classes[name] or new_class(name)
    state.groups[name] = setmetatable({ [API] = api }, classes[name])
  end
  return state.groups[name]
end

--- The operations of a group, in order.
---@param name string
---@return string[]
function group.names(name)
  return sorted.names(operations.rows(name))
end

--- The group that a value is, by name; nil for any other value.
---@param value any
---@return string?
function group.name(value)
  local class = type(value) == "table" and getmetatable(value)
  return type(class) == "table" and classes[class.group] == class and class.group or nil
end

return group
