-- The places of event streams, of which there are so many at once: taken before a stream is opened, free
-- again when its connection has ended, by whatever way.

local core = require("particle.core")
local scheduler = require("particle.scheduler")

local places = {}

local poller = core.poller()

local of_connection = setmetatable({}, { __mode = "k" }) -- an opened connection -> its place

---@class particle.limiter.Place
---@field private store particle.LimitStore
---@field private key string
---@field private holder any
local Place = {}
Place.__index = Place

-- In a child after fork() it is the parent's.
local function is_ours() return (pcall(poller.idle, poller)) end

function Place:release()
  local holder = self.holder
  if holder == nil then return end
  self.holder = nil
  if is_ours() then self.store:release(self.key, holder) end
end

-- Unless a connection has it.
function Place:__close()
  if not self.used then self:release() end
end

Place.__gc = Place.release -- its connection was collected

-- Leases ------------------------------------------------------------------------------------------------

local WEAK = { __mode = "k" }
local renewed = setmetatable({}, WEAK) -- store -> the set of its places

local function renew_all(set)
  for place in pairs(set) do
    if place.holder ~= nil then place.store:renew(place.key, place.holder) end
  end
end

local function is_any_held(set)
  for place in pairs(set) do
    if place.holder ~= nil then return true end
  end
  return false
end

-- Renewed in good time, for as long as there are any.
local function keep(store, set)
  repeat
    scheduler.sleep(store.lease / 3)
    renew_all(set)
  until not is_any_held(set)
  renewed[store] = nil
end

local function give_up(store, problem)
  renewed[store] = nil
  warn("particle: leases of event streams are not renewed: ", tostring(problem))
end

local function add_lease(store, place)
  local set = renewed[store]
  if not set then
    set = setmetatable({}, WEAK)
    renewed[store] = set
    scheduler.spawn_job(give_up, keep, store, set)
  end
  set[place] = true
end

-- ---------------------------------------------------------------------------------------------------------

--- Takes one, to be bound to a <close> variable.
---@param store particle.LimitStore
---@param key string
---@param count integer
---@return particle.limiter.Place?  nil: all are taken
function places.take(store, key, count)
  local holder = store:acquire(key, count)
  if not holder then return nil end
  local place = setmetatable({ store = store, key = key, holder = holder }, Place)
  if store.lease then add_lease(store, place) end
  return place
end

--- The place is the connection's from now on.
---@param place particle.limiter.Place
---@param opened userdata
function places.keep(place, opened)
  place.used, of_connection[opened] = true, place
end

--- The connection has ended.
---@param opened? userdata
function places.release(opened)
  local place = of_connection[opened]
  if place then place:release() end
end

return places
