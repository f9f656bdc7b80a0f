-- Routes: the teams of products and organizations: people and API users.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local fields = require("particle.simulator.fields")
local ids = require("particle.simulator.ids")
local reply = require("particle.simulator.reply")

local PATHS = access.owned("/team", "product", "org")

local function below(rest) return access.below(PATHS, rest) end

local UNKNOWN = errors.failed(404, "Team member not found.")
local ROLES = { "Administrator", "Developer", "View-only", "Support" }

-- A handler that is given the team, its owner, and the member whom the path names.
local function with_team(handle)
  return function(cloud, request)
    local owner, refusal = access.owner(cloud, request)
    if not owner then return refusal end
    local team = (owner.product and cloud.products:find(owner.product) or cloud.orgs:find(owner.org)).team
    local username = request.params.username
    local member = username and team:find(username)
    if username and not member then return UNKNOWN end
    return handle(cloud, request, team, member, owner)
  end
end

local function view(member, owner)
  local user = member.user
  if member.scopes then
    return reply.object("_id", user.id, "username", user.username, "friendly_name", member.friendly_name,
      "scopes", reply.array(member.scopes), "is_programmatic", true, "product_id", owner.product)
  end
  return reply.object("_id", user.id, "username", user.username,
    "role", reply.object("id", ids.of("role " .. member.role, 24), "name", member.role),
    "no_mfa", user.mfa == nil, "scim_provisioned", false, "no_password", false)
end

local function list(_, _, team, _, owner)
  local items = {}
  for i, member in ipairs(team.members) do items[i] = view(member, owner) end
  return reply.json(200, reply.object("ok", true, "team", reply.array(items)))
end

-- The JavaScript SDK names no role.
local INVITATION = { { "username", "text", required = true }, { "role", "text", one_of = ROLES } }

local function invite(cloud, request, team)
  local values, refusal = fields.read(request.fields, INVITATION)
  if not values then return refusal end
  local user = cloud.accounts:find(values.username)
  if not user then return errors.failed(404, "User not found.") end
  if team:has(user) then return errors.failed(400, "User is already a member of the team.") end
  local member = team:add(user, { role = values.role or "Developer" })
  return reply.json(200, reply.object("ok", true, "invited", reply.object("username", user.username,
    "role", member.role)))
end

local API_USER = { { "friendly_name", "text", required = true }, { "scopes", "texts", required = true } }

-- An API user has one token at a time, which never expires.
local function issue(cloud, member)
  cloud.tokens:revoke_all(member.user)
  local token = cloud.tokens:issue(member.user, "api-user", 0)
  token.scopes = member.scopes
  return reply.array { reply.object("token", token.token) }
end

local function create_api_user(cloud, request, team)
  local values, refusal = fields.read(request.fields, API_USER)
  if not values then return refusal end
  local name = values.friendly_name:lower():gsub("[^%w]+", "-")
  local id = cloud.store:id("api user")
  local user = { id = id, username = ("%s+%s@api.particle.io"):format(name, id:sub(1, 10)) }
  local member = team:add(user, { friendly_name = values.friendly_name, scopes = values.scopes })
  return reply.json(200, reply.object("ok", true, "created", reply.object("username", user.username,
    "is_programmatic", true, "tokens", issue(cloud, member))))
end

local function add(cloud, request, team)
  if request.fields.friendly_name ~= nil or request.fields.scopes ~= nil then
    return create_api_user(cloud, request, team)
  end
  return invite(cloud, request, team)
end

local CHANGES = {
  { "friendly_name", "text" }, { "scopes", "texts" }, { "role", "text", one_of = ROLES },
}

-- New scopes come with a new token.
local function update(cloud, request, _, member)
  local changes, refusal = fields.read(request.fields, CHANGES)
  if not changes then return refusal end
  if member.scopes then changes.role = nil else changes.scopes, changes.friendly_name = nil, nil end
  if next(changes) == nil then return errors.nothing_to_change end
  for name, value in pairs(changes) do member[name] = value end
  local tokens = changes.scopes and issue(cloud, member) or nil
  return reply.json(200, reply.object("ok", true, "updated", reply.object("username", member.user.username,
    "tokens", tokens)))
end

local function remove(cloud, _, team, member)
  if member.scopes then cloud.tokens:revoke_all(member.user) end
  team:remove(member.user.username)
  return reply.json(200, reply.object("ok", true))
end

local function regenerate(cloud, _, _, member)
  if not member.scopes then
    return errors.failed(400, "Only API users have tokens that can be regenerated.")
  end
  return reply.json(200, reply.object("ok", true, "updated", reply.object("username", member.user.username,
    "tokens", issue(cloud, member))))
end

-- SCIM ----------------------------------------------------------------------------------------------

local function scim_member(team, ref)
  for _, member in ipairs(team.members) do
    if member.user.id == ref or member.user.username == ref then return member end
  end
end

local function scim_view(member)
  return reply.json(200, reply.object("schemas", reply.array { "urn:ietf:params:scim:schemas:core:2.0:User" },
    "id", member.user.id, "userName", member.user.username, "active", member.active ~= false))
end

local function with_scim_user(handle)
  return with_team(function(_, request, team)
    local member = scim_member(team, request.params.user)
    if not member then
      return reply.json(404,
        reply.object("schemas", reply.array { "urn:ietf:params:scim:api:messages:2.0:Error" },
        "detail", "User not found", "status", "404"))
    end
    return handle(member, request)
  end)
end

local function patch(member, request)
  if type(request.fields.Operations) ~= "table" then return errors.missing_field("Operations") end
  for _, operation in ipairs(request.fields.Operations) do
    local value = type(operation) == "table" and operation.value
    if type(value) == "table" then value = value.active end
    if type(value) == "boolean" then member.active = value end
  end
  return scim_view(member)
end

local SCIM = "/v1/orgs/{org}/team/provision/Users/{user}"

return {
  { "GET", PATHS, with_team(list), scope = "teams.users:list" },
  { "POST", PATHS, with_team(add), scope = "teams.users:invite" },
  { "PUT", below("/{username}"), with_team(update), scope = "teams.users:update" },
  { "POST", below("/{username}"), with_team(update), scope = "teams.users:update" },
  { "DELETE", below("/{username}"), with_team(remove), scope = "teams.users:remove" },
  { "PUT", below("/{username}/token"), with_team(regenerate) },
  { "GET", SCIM, with_scim_user(scim_view) },
  { "PATCH", SCIM, with_scim_user(patch) },
}
