-- The products of the simulated cloud.

local teams = require("particle.simulator.team")

---@class particle.simulator.Product
---@field id integer
---@field name string
---@field slug string
---@field description string
---@field platform_id integer
---@field owner particle.simulator.User?
---@field org string?            the organization that has it
---@field settings table
---@field team particle.simulator.Team

---@class particle.simulator.Products
---@field list particle.simulator.Product[]
---@field private by_ref table<string|integer, particle.simulator.Product>  by id and slug
local Products = {}
Products.__index = Products

local FIRST_ID = 10000

local function free_id(self)
  local id = FIRST_ID
  for _, product in ipairs(self.list) do id = math.max(id, product.id) end
  return id + 1
end

local function free_slug(self, name, id)
  local slug = name:lower():gsub("[^%w]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
  if slug == "" or slug:find("^%d+$") then slug = "product-" .. slug end
  return self.by_ref[slug] and ("%s-%d"):format(slug, id) or slug
end

---@param spec { id: integer?, name: string, slug: string?, description: string?, platform_id: integer?, org:
---string?, settings: table? }
---@param owner? particle.simulator.User  of the product, and in its team
---@return particle.simulator.Product
function Products:add(spec, owner)
  local id = spec.id or free_id(self)
  local product = {
    id = id, name = spec.name, slug = spec.slug or free_slug(self, spec.name, id),
    description = spec.description or "", platform_id = spec.platform_id or 32, owner = owner, org = spec.org,
    settings = spec.settings or {}, team = teams.new { owner },
  }
  self.list[#self.list + 1] = product
  self.by_ref[product.id], self.by_ref[product.slug] = product, product
  return product
end

--- A product by its id, as a number or as text, or by its slug.
---@param ref string|integer|nil
---@return particle.simulator.Product?
function Products:find(ref)
  if ref == nil then return nil end
  return self.by_ref[ref]
    or self.by_ref[type(ref) == "string" and ref:find("^%d+$") and tonumber(ref) or false]
end

---@param user particle.simulator.User
---@return particle.simulator.Product[]  of which the user is in the team, in the order of creation
function Products:of(user)
  local list = {}
  for _, product in ipairs(self.list) do
    if product.team:has(user) then list[#list + 1] = product end
  end
  return list
end

local products = {}

---@return particle.simulator.Products
function products.new() return setmetatable({ list = {}, by_ref = {} }, Products) end

return products
