-- The organizations of the simulated cloud. Whoever is in the team of one of an organization's products is a
-- member, besides those of its own team.

local ids = require("particle.simulator.ids")
local sorted = require("particle.sorted")
local teams = require("particle.simulator.team")

---@class particle.simulator.Org
---@field id string
---@field slug string
---@field name string
---@field products table<integer, true>
---@field team particle.simulator.Team

---@class particle.simulator.Orgs
---@field list particle.simulator.Org[]  in the order of their names
---@field private products particle.simulator.Products
---@field private by_ref table<string, particle.simulator.Org>
local Orgs = {}
Orgs.__index = Orgs

---@param ref string?  id or slug
---@return particle.simulator.Org?
function Orgs:find(ref) return self.by_ref[ref or false] end

---@param org particle.simulator.Org
---@param user particle.simulator.User
---@return boolean
function Orgs:is_member(org, user)
  if org.team:has(user) then return true end
  for id in pairs(org.products) do
    local product = self.products:find(id)
    if product and product.team:has(user) then return true end
  end
  return false
end

local function add(self, name, product_ids)
  local org = { id = ids.of("org " .. name, 24), slug = name, name = name, products = {}, team = teams.new() }
  for _, id in ipairs(product_ids) do org.products[id] = true end
  self.list[#self.list + 1] = org
  self.by_ref[org.id], self.by_ref[org.slug] = org, org
  return org
end

local orgs = {}

---@param given? table<string, integer[]>  name -> its products
---@param products particle.simulator.Products
---@param first_user particle.simulator.User  the member of those that have no products
---@return particle.simulator.Orgs
function orgs.new(given, products, first_user)
  local self = setmetatable({ list = {}, by_ref = {}, products = products }, Orgs)
  for _, name in ipairs(sorted.names(given or {})) do
    local org = add(self, name, given[name])
    if #given[name] == 0 then org.team:add(first_user) end
  end
  return self
end

return orgs
