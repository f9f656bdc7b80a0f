-- The items of a list, page by page: a page is fetched when the items before it are used up.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local failure = require("particle.failure")
local operation = require("particle.operation")
local scheduler = require("particle.scheduler")

local pages = {}

---@class particle.pages
---@field api particle.Api
---@field op particle.operation
---@field args table         of the next page
---@field opts? particle.CallOptions
---@field page any[]         all items of the last page that came
---@field items any[]        those that are handed out
---@field at integer         the last one that was handed out
---@field ended boolean      there is no further page
---@field fetching? table     the turn of who fetches a page
local Pages = {}
Pages.__index = Pages

-- What came -----------------------------------------------------------------------------------------

local function is_list(value) return type(value) == "table" and (#value > 0 or next(value) == nil) end

-- The items of a reply. An empty object and an empty list look alike.
local function items_of(list, reply)
  if type(reply) ~= "table" then return nil end
  if #reply > 0 then return reply end
  for _, key in ipairs(list.items) do
    if is_list(reply[key]) then return reply[key] end
  end
  return next(reply) == nil and reply or nil
end

function Pages:broken(message, reply)
  local request = { method = self.op.row.method, path = self.op.row.paths[1] }
  local _, err = failure.protocol(core.state(self.api), request, message, reply)
  return err
end

-- The same page once more: the cloud does not look at the number of the page.
local function is_same(items, others)
  if #items ~= #others then return false end
  for i, item in ipairs(items) do
    local fine, same = pcall(function() return core.encode(item) == core.encode(others[i]) end)
    if not fine or not same then return false end
  end
  return true
end

-- How it goes on ------------------------------------------------------------------------------------

local NONE = {}

function Pages:is_last_page(total, items)
  local list = self.op.row.list
  if #items == 0 then return true end
  if total then return self.args.page >= total end
  local size = self.args[list.size] or list.default
  return list.short_ends and size ~= nil and #items < size
end

function Pages:turn_page(reply, items, before)
  local total = type(reply.meta) == "table" and tonumber(reply.meta.total_pages)
  if not total and is_same(items, before) then items = NONE end
  self.ended = self:is_last_page(total, items)
  self.args.page = self.args.page + 1
  return items
end

-- What the end of one window and the beginning of the next have in common is told once.
function Pages:without_repeats(items)
  local kept = {}
  for _, item in ipairs(items) do
    local key = type(item) == "table" and item.version or nil
    if key == nil or not self.seen[key] then kept[#kept + 1] = item end
    if key ~= nil then self.seen[key] = true end
  end
  return kept
end

local function times(items)
  local first, last
  for _, item in ipairs(items) do
    local time = type(item) == "table" and item.replaced_at
    if type(time) == "string" then first, last = first or time, time end
  end
  return first, last
end

-- The cloud does not say in which order versions come, nor whether the ends of a window belong to it.
function Pages:move_window(reply, items)
  local more = type(reply.meta) == "table" and reply.meta.has_more == true
  local first, last = times(items)
  local new = self:without_repeats(items)
  if not more then
    self.ended = true
  elseif not last or #new == 0 then
    error(self:broken("the cloud says that there is more, but not where", reply), 0)
  elseif first < last then
    self.args.replaced_after = last
  else
    self.args.replaced_before = last
  end
  return new
end

-- The items that are new; and what the next page is.
function Pages:go_on(reply, items, before)
  if self.op.row.list.window then return self:move_window(reply, items) end
  if self.args.page then return self:turn_page(reply, items, before) end
  self.ended = true
  return items
end

-- Fetching ------------------------------------------------------------------------------------------

local Turn = {}

function Turn:__close()
  self.over, self.pages.fetching = true, nil
  for _, waiter in ipairs(self.waiters) do scheduler.notify(waiter) end
end

local function is_over(turn) return turn.over end

function Pages:fetch()
  local turn <close> = setmetatable({ pages = self, waiters = {}, over = false }, Turn)
  self.fetching = turn
  local reply, err = operation.call(self.api, self.op, self.args, self.opts)
  if reply == nil then error(err, 0) end
  local items = items_of(self.op.row.list, reply)
  if not items then error(self:broken("the reply has no list in it", reply), 0) end
  self.items, self.at = self:go_on(reply, items, self.page), 0
  self.page = items
end

function Pages:next()
  while true do
    if self.fetching then -- for another task
      local turn, waiter = self.fetching, {}
      table.insert(turn.waiters, waiter)
      scheduler.await_news({ waiter }, is_over, turn)
    elseif self.at < #self.items then
      self.at = self.at + 1
      return self.items[self.at]
    elseif self.ended then
      return nil
    else
      self:fetch()
    end
  end
end

-- Beginning -----------------------------------------------------------------------------------------

-- A name is looked up for the first page alone.
local function remembering(api, args, product)
  local device = args.device
  if type(device) == "string" and product ~= nil and not address.is_id(device) then
    args.device = core.device(api, device, product)
  end
end

--- An iterator over the items of a list. It raises the error of a page that fails; called again it tries that
--- page again.
---@param api particle.Api
---@param op particle.operation
---@param args? table  copied
---@param opts? particle.CallOptions  for each page
---@return fun(): any
function pages.each(api, op, args, opts)
  local own = {}
  if args ~= nil and type(args) ~= "table" then check.fail(op.who, "the arguments", "a table", args) end
  for name, value in pairs(args or {}) do own[name] = value end
  local list = op.row.list
  local product = operation.check(api, op, own, opts)
  remembering(api, own, product)
  if list.size and (list.scope == nil or product ~= nil) then own.page = own.page or 1 end
  local self = setmetatable({
    api = api, op = op, args = own, opts = opts, items = {}, page = {}, at = 0, ended = false,
    fetching = nil, seen = {},
  }, Pages)
  return function() return self:next() end
end

return pages
