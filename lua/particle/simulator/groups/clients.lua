-- Routes: OAuth clients of accounts and products. Their tokens are those of whoever made them.

local access = require("particle.simulator.access")
local errors = require("particle.simulator.errors")
local reply = require("particle.simulator.reply")
local resource = require("particle.simulator.resource")

local clients = {
  kind = "oauth_clients", paths = access.owned("/clients", "user", "product"), param = "client", key = "id",
  body = "", missing = errors.failed(404, "Client not found"),
  fields = {
    { "name", "text", required = true },
    { "type", "text", required = true, one_of = { "installed", "web" } },
    { "redirect_uri", "text" },
    { "scope", "any" },
  },
}

local ORDER = { "name", "type", "id", "redirect_uri", "scope", "product_id" }

local function view(client) return reply.pick(client, ORDER) end

local function answer(client) return reply.object("ok", true, "client", view(client)) end

local function with_secret(client)
  return reply.object("ok", true, "client", reply.pick(client, ORDER, "secret", client.secret))
end

local function complete(client, context)
  local cloud = context.cloud
  if client.type == "web" and not client.redirect_uri then return errors.missing_field("redirect_uri") end
  client.id = ("%s-%d"):format(client.name:lower():gsub("[^%w]+", "-"), cloud.store:count("oauth client"))
  client.secret, client.product_id = cloud.random:hex(40), context.owner.product
  cloud.clients[client.id], cloud.client_owners[client.id] = client.secret, context.request.user
  cloud.client_products[client.id] = context.owner.product
  cloud.store:of("clients", "all"):add(client.id, client)
end

local function forget(client, context)
  context.cloud.clients[client.id] = nil
  context.cloud.store:of("clients", "all"):remove(client.id)
end

clients.verbs = {
  create = { scope = "clients:create", status = 200, run = complete, view = with_secret },
  update = { scope = "clients:update", view = answer },
  delete = { scope = "clients:remove", run = forget },
}

local function list(cloud, request)
  local context, refusal = resource.context(clients, cloud, request)
  if not context then return refusal end
  local items = {}
  for i, client in ipairs(context.table.list) do items[i] = view(client) end
  return reply.json(200, reply.object("ok", true, "clients", reply.array(items)))
end

return resource.routes(clients, { { "GET", clients.paths, list, scope = "clients:list" } })
