-- The client's operations against the simulator, over the network: two descriptions of the cloud, which must
-- agree.

local catalogue = require("spec.support.catalogue")
local core = require("particle.core")
local form = require("particle.simulator.form")
local particle = require("particle")
local prepared = require("spec.simulator.prepared")
local requests = require("particle.simulator.request")
local scheduler = require("particle.scheduler")
local services = require("particle.simulator.service")
local simulator = require("particle.simulator")
local support = require("spec.support")

local function split(id) return id:match("^(.-)%.(.*)$") end

-- The argument that a field goes by.
local function argument_of(entry, name)
  for _, fields in ipairs { entry.body or {}, entry.query or {} } do
    for _, field in ipairs(fields) do
      if field[1] == name then return not field.constant and field[2] or nil, true end
    end
  end
end

local function settings_of(entry)
  for _, field in ipairs(entry.body or {}) do
    if field[1] == "<settings>" then return field[2] end
  end
end

-- What the request's body says, as arguments.
local function add_fields(entry, values, args)
  local whole = entry.body and entry.body[1]
  if whole and whole[1]:find("^<") and whole[1] ~= "<settings>" then
    args[whole[2]] = values
    return
  end
  for name, value in pairs(values) do
    local argument, is_known = argument_of(entry, name)
    local settings = not is_known and settings_of(entry)
    if argument then
      args[argument] = value
    elseif settings then
      args[settings] = args[settings] or {}
      args[settings][name] = value
    end
  end
end

local function number_fields(entry, args)
  for _, fields in ipairs { entry.body or {}, entry.query or {} } do
    for _, field in ipairs(fields) do
      if field[3] == "number" then args[field[2]] = tonumber(args[field[2]]) or args[field[2]] end
      if field[3] == "boolean" and type(args[field[2]]) == "string" then
        args[field[2]] = args[field[2]] == "true"
      end
    end
  end
end

-- The arguments that mean the same as a prepared request.
local function arguments_of(entry, path, request)
  local args = {}
  for name in path:gmatch("{(.-)}") do args[name] = request.at[name] end
  if path == "{url}" then args.url = request.url .. request.target end
  add_fields(entry, form.parse(request.target:match("%?(.*)$") or ""), args)
  local how = request.how or {}
  if how.json or how.type == "application/schema+json" then
    add_fields(entry, core.decode(how.json or how.body, true), args)
  elseif how.form then
    add_fields(entry, how.form, args)
  elseif how.body then
    local parsed = requests.parse { method = "POST", path = "/", query = "", body = how.body,
      headers = { ["content-type"] = how.type } }
    add_fields(entry, parsed.fields, args)
    args.files = {}
    for i, file in ipairs(parsed.files) do args.files[i] = { name = file.filename, data = file.data } end
  end
  if how.basic then args.username, args.password = table.unpack(how.basic) end
  number_fields(entry, args)
  return args
end

local function serve(request)
  local service = assert(services.open(request.cloud, 0))
  request.url = "http://127.0.0.1:" .. service:port()
  return setmetatable({}, { __close = function()
    service:close()
    request.cloud.jobs:stop()
  end })
end

describe("the client's operation", function()
  for _, entry in ipairs(catalogue) do
    for _, path in ipairs(entry.paths) do
      it(("%s is understood: %s"):format(entry.id, path), function()
        local request = prepared.prepare(entry.id, path)
        local service <close> = serve(request) -- luacheck: ignore service
        local api <close> = particle.new {
          base_url = request.url, token = request.cloud.accounts.list[1].token, retry = false, log = false,
        }
        local group, name = split(entry.id)
        local body, second = api[group][name](api[group], arguments_of(entry, path, request))
        if entry.reply == "sse" then
          assert(body, tostring(second)):close()
        elseif entry.id == "customers.create_implicit" then
          assert.equal(302, second.status) -- the token is in the address
        else
          assert.is_not_nil(body, tostring(second))
        end
      end)
    end
  end
end)

describe("what the client makes", function()
  local sim, api

  setup(function()
    sim = simulator.new { products = { { name = "Street Light", id = 42, devices = { { name = "lamp" } } } } }
    api = sim:client()
  end)

  teardown(function()
    api:close()
    sim:close()
  end)

  -- What curl reads: status, decoded body.
  local function curl(path)
    local result = support.run({ "curl", "-q", "-sS", "--noproxy", "*", "--max-time", "60", "-w",
      "\n%{http_code}",
      "-H", "Authorization: Bearer " .. sim.token, sim.url .. path },
      { step = function() scheduler.step(0.01) end })
    local text, status = result.stdout:match("^(.*)\n(%d+)$")
    return tonumber(status), core.decode(text)
  end

  local SCENARIOS = {
    { "a group", "/v1/products/42/groups/attic", function()
      return api.groups:create { product = 42, name = "attic" }
    end, function() return api.groups:update { product = 42, group = "attic", description = "dark" } end,
      function(body) return body.group.description end, "dark",
      function() return api.groups:delete { product = 42, group = "attic" } end },
    { "a secret", "/v1/secrets/KEY", function()
      return api.secrets:set { name = "KEY", secret = { value = "v" } }
    end, function() return api.secrets:set { name = "KEY", secret = { value = "w" } } end,
      function(body) return body.secret.name end, "KEY",
        function() return api.secrets:delete { name = "KEY" } end },
    { "a ledger's instance", "/v1/ledgers/l/instances/x", function()
      assert(api.ledgers:create { ledger = { name = "l", scope = "Owner", direction = "Downstream" } })
      return api.ledgers:set_instance { ledger = "l", scope_value = "x", instance = { data = { a = 1 } } }
    end, function()
      return api.ledgers:set_instance { ledger = "l", scope_value = "x", set_mode = "Merge",
        instance = { data = { b = 2 } } }
    end, function(body) return body.instance.data.a + body.instance.data.b end, 3,
      function() return api.ledgers:delete_instance { ledger = "l", scope_value = "x" } end },
    { "firmware", "/v1/products/42/firmware/7", function()
      return api.product_firmware:upload { product = 42, version = 7, title = "t",
        files = { { name = "firmware.bin", data = "\0\1" } } }
    end, function() return api.product_firmware:update { product = 42, version = 7, title = "u" } end,
      function(body) return body.title end, "u",
      function() return api.product_firmware:delete { product = 42, version = 7 } end },
  }
  for _, scenario in ipairs(SCENARIOS) do
    local what, path, create, update, look, expected, delete = table.unpack(scenario)
    it("curl sees, as it changes and goes: " .. what, function()
      assert.equal(404, (curl(path)))
      assert(create())
      assert.equal(200, (curl(path)))
      assert(update())
      assert.equal(expected, look(select(2, curl(path))))
      assert(delete())
      assert.equal(404, (curl(path)))
    end)
  end

  it("comes page by page", function()
    for i = 1, 5 do
      assert(api.customers:create_with_token { product = 42, email = ("c%d@example.com"):format(i) })
    end
    local names = {}
    for customer in api.customers:each { product = 42, per_page = 2 } do
      names[#names + 1] = customer.username
    end
    assert.equal("c1@example.com c2@example.com c3@example.com c4@example.com c5@example.com",
      table.concat(names, " "))
  end)
end)
