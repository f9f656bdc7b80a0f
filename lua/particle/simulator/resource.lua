-- Things that can be listed, created, read, changed and deleted: their routes from a description.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local iso = require("particle.simulator.iso")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")

local resource = {}

--- What the functions of a description get.
---@class particle.simulator.Context
---@field cloud particle.simulator.Cloud
---@field request particle.simulator.Request
---@field owner particle.simulator.Owner
---@field table particle.simulator.Table  the owner's
---@field now string                      ISO 8601

---@class particle.simulator.Resource
---@field kind string           of the store
---@field paths string[]        of the list
---@field param string          the placeholder of one
---@field key string            the field of a record that its path names
---@field key_of? fun(text: string): any  the key that a path's text stands for
---@field one? string           what wraps a record, both ways
---@field body? string          what wraps it in a body, if that differs; "": nothing
---@field many? string          what wraps a list; nil: nothing
---@field fields particle.simulator.Field[]
---@field view fun(record: table, context: particle.simulator.Context): particle.simulator.Json
---@field missing particle.simulator.Reply
---@field taken? particle.simulator.Reply  the key is another's
---@field page_size? integer    the list comes in pages
---@field verbs table<string, table>  `list`, `create`, `get`, `update`, `delete`; each may have `scope` (what
---an API user needs), `status`, `method`, and `run`, which may refuse

--- What a request is about, for routes beyond those of the description.
---@param self particle.simulator.Resource
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return particle.simulator.Context?
---@return particle.simulator.Reply? refusal
function resource.context(self, cloud, request)
  local owner, refusal = access.owner(cloud, request)
  if not owner then return nil, refusal end
  return {
    cloud = cloud, request = request, owner = owner, table = cloud.store:of(self.kind, owner.key),
    now = iso.format(cloud.clock()),
  }
end

local function wrapped(name, value, ...)
  return name and reply.object(name, value, ...) or value
end

local function body_of(self, request)
  local name = self.body or self.one
  if not name or name == "" then return request.fields end
  return request.fields[name]
end

local actions = {}

function actions.list(self, context, verb)
  local views, list = {}, {}
  for _, record in ipairs(context.table.list) do
    if not verb.filter or verb.filter(record, context.request.query, context) then
      list[#list + 1] = record
    end
  end
  local page = self.page_size and pages.cut(list, context.request.query, self.page_size)
  local view = verb.view or self.view
  for i, record in ipairs(page and page.items or list) do views[i] = view(record, context) end
  return wrapped(self.many, reply.array(views), "meta", page and pages.meta(page))
end

function actions.create(self, context, verb)
  local record, refusal = fields.read(body_of(self, context.request), self.fields)
  if not record then return nil, refusal end
  record.created_at, record.updated_at = context.now, context.now
  if verb.run then
    refusal = verb.run(record, context)
    if refusal then return nil, refusal end
  end
  local key = record[self.key]
  if context.table:get(key) then return nil, self.taken or errors.taken(self.key) end
  context.table:add(key, record)
  return wrapped(self.one, (verb.view or self.view)(record, context))
end

local function find(self, context)
  local key = context.request.params[self.param]
  if self.key_of then key = self.key_of(key) end
  local record = context.table:get(key)
  if not record then return nil, self.missing end
  return record
end

function actions.get(self, context, verb)
  local record, refusal = find(self, context)
  if not record then return nil, refusal end
  return wrapped(self.one, (verb.view or self.view)(record, context))
end

local function apply(self, context, record, changes)
  local key, new_key = record[self.key], changes[self.key]
  if new_key and new_key ~= key then
    if context.table:get(new_key) then return self.taken or errors.taken(self.key) end
    context.table:rename(key, new_key)
  end
  for name, value in pairs(changes) do record[name] = value end
  record.updated_at = context.now
end

function actions.update(self, context, verb)
  local record, refusal = find(self, context)
  if not record then return nil, refusal end
  local changes
  changes, refusal = fields.read(body_of(self, context.request), self.fields, true)
  if not changes then return nil, refusal end
  if verb.run then
    refusal = verb.run(record, context, changes)
  elseif next(changes) == nil then
    refusal = errors.nothing_to_change
  else
    refusal = apply(self, context, record, changes)
  end
  if refusal then return nil, refusal end
  return wrapped(self.one, (verb.view or self.view)(record, context))
end

function actions.delete(self, context, verb)
  local record, refusal = find(self, context)
  if not record then return nil, refusal end
  refusal = verb.run and verb.run(record, context)
  if refusal then return nil, refusal end
  context.table:remove(record[self.key])
  return reply.object("ok", true)
end

local METHODS = { list = "GET", create = "POST", get = "GET", update = "PUT", delete = "DELETE" }
local STATUSES = { list = 200, create = 201, get = 200, update = 200, delete = 204 }
local ON_THE_LIST = { list = true, create = true }

local function handler(self, name, verb)
  local status = verb.status or STATUSES[name]
  return function(cloud, request)
    local context, refusal = resource.context(self, cloud, request)
    if not context then return refusal end
    local body
    body, refusal = actions[name](self, context, verb)
    if not body then return refusal end
    if status == 204 then return reply.empty(204) end
    return reply.json(status, body)
  end
end

--- A record that a path names, for routes beyond these: its context, the record | nil, refusal.
---@param self particle.simulator.Resource
---@param cloud particle.simulator.Cloud
---@param request particle.simulator.Request
---@return particle.simulator.Context?
---@return any record
function resource.find(self, cloud, request)
  local context, refusal = resource.context(self, cloud, request)
  if not context then return nil, refusal end
  local record
  record, refusal = find(self, context)
  if not record then return nil, refusal end
  return context, record
end

---@param self particle.simulator.Resource
---@param more? particle.simulator.Route[]
---@return particle.simulator.Route[]
function resource.routes(self, more)
  local routes, of_one = more or {}, access.below(self.paths, ("/{%s}"):format(self.param))
  for name, verb in pairs(self.verbs) do
    local paths = ON_THE_LIST[name] and self.paths or of_one
    routes[#routes + 1] = { METHODS[name], paths, handler(self, name, verb), scope = verb.scope }
  end
  return routes
end

return resource
