-- Who may work on a product or in an organization: people with a role, and API users with scopes.

---@class particle.simulator.Member
---@field user particle.simulator.User
---@field role string?       of people
---@field friendly_name string?  of API users
---@field scopes string[]?   of API users

---@class particle.simulator.Team
---@field members particle.simulator.Member[]
local Team = {}
Team.__index = Team

---@param user particle.simulator.User
---@param details? table  the rest of a member
---@return particle.simulator.Member
function Team:add(user, details)
  local member = { user = user }
  for name, value in pairs(details or { role = "Administrator" }) do member[name] = value end
  self.members[#self.members + 1] = member
  return member
end

---@param username string?
---@return particle.simulator.Member?
---@return integer? index
function Team:find(username)
  for i, member in ipairs(self.members) do
    if member.user.username == username then return member, i end
  end
end

---@param user particle.simulator.User
---@return boolean
function Team:has(user) return self:find(user.username) ~= nil end

---@param username string
function Team:remove(username)
  local _, i = self:find(username)
  if i then table.remove(self.members, i) end
end

local team = {}

---@param users? particle.simulator.User[]
---@return particle.simulator.Team
function team.new(users)
  local self = setmetatable({ members = {} }, Team)
  for _, user in ipairs(users or {}) do self:add(user) end
  return self
end

return team
