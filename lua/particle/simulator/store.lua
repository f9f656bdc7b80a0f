-- What the groups of routes keep: by kind and owner, ordered tables whose items have a key.

local ids = require("particle.simulator.ids")

---@class particle.simulator.Table
---@field list table[]  in the order of creation
---@field private by_key table<string|integer, table>
local Table = {}
Table.__index = Table

---@param key string|integer
---@param item table
---@return table item
function Table:add(key, item)
  self.by_key[key] = item
  self.list[#self.list + 1] = item
  return item
end

---@param key any
---@return table?
function Table:get(key) return self.by_key[key or false] end

---@param key string|integer
function Table:remove(key)
  local item = self.by_key[key]
  self.by_key[key] = nil
  for i, one in ipairs(self.list) do
    if one == item then return table.remove(self.list, i) end
  end
end

---@param key string|integer
---@param new_key string|integer  not taken
function Table:rename(key, new_key)
  local item = self.by_key[key]
  self.by_key[key] = nil
  self.by_key[new_key] = item
end

---@class particle.simulator.Store
---@field private tables table<string, table<string, particle.simulator.Table>>
---@field private counts table<string, integer>
local Store = {}
Store.__index = Store

local function new_table() return setmetatable({ list = {}, by_key = {} }, Table) end

--- The table of a kind of things that an owner has.
---@param kind string   such as "groups"
---@param owner string  such as "product 42"
---@return particle.simulator.Table
function Store:of(kind, owner)
  local tables = self.tables[kind]
  if not tables then
    tables = {}
    self.tables[kind] = tables
  end
  tables[owner] = tables[owner] or new_table()
  return tables[owner]
end

--- All tables of a kind.
---@param kind string
---@return table<string, particle.simulator.Table>  by owner
function Store:all(kind) return self.tables[kind] or {} end

--- How many of a kind there were, with one more.
---@param kind string
---@return integer
function Store:count(kind)
  local count = (self.counts[kind] or 0) + 1
  self.counts[kind] = count
  return count
end

--- The id of one more of a kind: the same in each run.
---@param kind string
---@return string  24 hex digits
function Store:id(kind) return ids.of(("%s %d"):format(kind, self:count(kind)), 24) end

--- Likewise, as a UUID.
---@param kind string
---@return string
function Store:uuid(kind)
  local digits = ids.of(("%s %d"):format(kind, self:count(kind)), 32)
  return (digits:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)%x(%x%x%x)%x(%x%x%x)", "%1-%2-4%3-8%4-"))
end

local store = {}

---@return particle.simulator.Store
function store.new() return setmetatable({ tables = {}, counts = {} }, Store) end

return store
