-- The users of the simulated cloud.

local ids = require("particle.simulator.ids")

---@class particle.simulator.User
---@field id string        24 hex digits
---@field username string
---@field password string
---@field mfa string?      the one-time password that is always right
---@field token string     the one issued at the start

---@class particle.simulator.Accounts
---@field list particle.simulator.User[]
---@field private by_name table<string, particle.simulator.User>
local Accounts = {}
Accounts.__index = Accounts

---@param spec { username: string, password: string, mfa: string? }
---@return particle.simulator.User
function Accounts:add(spec)
  local user = {
    id = ids.of("user " .. spec.username, 24), username = spec.username, password = spec.password,
    mfa = spec.mfa,
  }
  self.list[#self.list + 1] = user
  self.by_name[user.username] = user
  return user
end

---@param user particle.simulator.User
---@param username string  not taken
function Accounts:rename(user, username)
  self.by_name[user.username] = nil
  user.username = username
  self.by_name[username] = user
end

---@param user particle.simulator.User
function Accounts:remove(user)
  self.by_name[user.username] = nil
  for i, one in ipairs(self.list) do
    if one == user then table.remove(self.list, i) end
  end
end

---@param username any
---@return particle.simulator.User?
function Accounts:find(username) return self.by_name[username or false] end

---@return string[]
function Accounts:names()
  local names = {}
  for i, user in ipairs(self.list) do names[i] = user.username end
  return names
end

local accounts = {}

---@return particle.simulator.Accounts
function accounts.new()
  return setmetatable({ list = {}, by_name = {} }, Accounts)
end

return accounts
