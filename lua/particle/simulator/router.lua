-- From method and path to a route. A literal part of a path goes before a placeholder at the same place.

local Router = {}
Router.__index = Router

---@class particle.simulator.Route
---@field [1] string           method
---@field [2] string|string[]  path templates, such as "/v1/devices/{device}"
---@field [3] fun(cloud, request: particle.simulator.Request): particle.simulator.Reply
---@field auth? "none"         no token is asked for
---@field scope? string         what the token of an API user must have; nil: they may not ask
---@field streams? boolean     an event stream is the reply
---@field secret? table<string, boolean>  placeholders that no log may show

local router = {}

---@return particle.simulator.Router
function router.new()
  return setmetatable({ methods = {}, names = {} }, Router)
end

local function split(template)
  local parts = {}
  for part in template:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

-- With room for all that it may get, so that no route is there by half where memory runs out.
local function new_node() return { literals = {}, any = nil, route = nil, names = nil, template = nil } end

local function child(node, part)
  local placeholder = part:match("^{(.*)}$")
  if not placeholder then
    node.literals[part] = node.literals[part] or new_node()
    return node.literals[part]
  end
  node.any = node.any or new_node()
  return node.any, placeholder
end

local function add(self, route, template)
  local node = self.methods[route[1]] or new_node()
  self.methods[route[1]] = node
  local names = {}
  for i, part in ipairs(split(template)) do node, names[i] = child(node, part) end
  if node.route == route then return end
  if node.route then error(("%s %s is routed twice"):format(route[1], template), 0) end
  self.names[#self.names + 1] = route[1] .. " " .. template
  node.route, node.names, node.template = route, names, template
end

--- May be repeated with the same routes, should it have raised.
---@param routes particle.simulator.Route[]
function Router:add(routes)
  for _, route in ipairs(routes) do
    local templates = route[2]
    if type(templates) == "string" then templates = { templates } end
    for _, template in ipairs(templates) do add(self, route, template) end
  end
end

--- All routes, each as method and template: "GET /v1/devices".
---@return string[]
function Router:list() return table.move(self.names, 1, #self.names, 1, {}) end

local function match(node, parts, i)
  if i > #parts then return node.route and node end
  local literal = node.literals[parts[i]]
  local found = literal and match(literal, parts, i + 1)
  if found or not node.any or parts[i] == "" then return found end
  return match(node.any, parts, i + 1)
end

---@param method string
---@param parts string[]  of the path, decoded
---@return particle.simulator.Route?
---@return table<string, string>? params    the placeholders' values
---@return string? template
function Router:find(method, parts)
  local root = self.methods[method]
  local node = root and match(root, parts, 1)
  if not node then return nil end
  local params = {}
  for i, name in pairs(node.names) do params[name] = parts[i] end
  return node.route, params, node.template
end

return router
