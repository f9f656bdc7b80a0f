-- Lists that come in pages.

local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local pages = {}

local function count_of(value, default)
  local count = requests.integer(value)
  return count and count >= 1 and count or default
end

---@class particle.simulator.Page
---@field items table[]
---@field page integer
---@field size integer
---@field pages integer  of all
---@field total integer  items of all pages

--- The page that a query asks for.
---@param list table[]
---@param query table<string, string>
---@param size integer   of a page, where the query names none
---@param largest? integer
---@return particle.simulator.Page
function pages.cut(list, query, size, largest)
  size = math.min(count_of(query.per_page or query.perPage or query.limit, size), largest or math.maxinteger)
  local page, total = count_of(query.page, 1), #list
  local self = { items = {}, page = page, size = size, total = total }
  self.pages = math.max(1, (total - 1) // size + 1)
  if page <= self.pages then
    table.move(list, (page - 1) * size + 1, math.min(page * size, total), 1, self.items)
  end
  return self
end

--- What a reply tells of the pages.
---@param page particle.simulator.Page
---@return particle.simulator.Json
function pages.meta(page)
  return reply.object("page", page.page, "per_page", page.size, "total_pages", page.pages, "total",
    page.total)
end

return pages
