-- An instance of a ledger: the data that one device, product or owner has there.

local check = require("particle.check")
local core = require("particle.core")
local countdown = require("particle.countdown")
local failure = require("particle.failure")
local options = require("particle.options")
local rules = require("particle.rules")
local scope = require("particle.scope")

local ledger = {}

---@class particle.Ledger
---@field name string
local Ledger = { __name = "particle.ledger" }
Ledger.__index = Ledger

local WHERE = { org = rules.TEXT }

local function is_whose(value)
  return core.type(value) == "device" or math.type(value) == "integer"
    or type(value) == "string" and core.check_part(value) == nil
end

--- See `api:ledger`.
---@param api particle.Api
---@param name string
---@param whose particle.Device|string|integer
---@param where? { org?: string }
---@return particle.Ledger
function ledger.new(api, name, whose, where)
  check.part(name, "ledger", "the name")
  if not is_whose(whose) then
    check.fail("ledger", "whose it is", "a device, or the id of a device, product or owner", whose)
  end
  if where ~= nil then rules.check(where, WHERE, "ledger") end
  return setmetatable({ name = name, api = api, whose = whose, org = where and where.org }, Ledger)
end

-- Sends the operation, and gives the data that it tells. The wrapper is missing in some replies.
local function send(self, operation, args, opts)
  if opts ~= nil then options.check_call(opts, "ledger") end
  local time = countdown.new(core.state(self.api), opts)
  if core.type(self.whose) == "device" then
    local asked, err = scope.learn_id(self.whose, time)
    if asked == nil then return nil, err end
    if asked then opts = time:rest() end
  end
  args.ledger, args.scope_value, args.org = self.name, self.whose, self.org
  local body, second = self.api.ledgers[operation](self.api.ledgers, args, opts)
  if body == nil then
    time:explain(second)
    return nil, second
  end
  if operation == "delete_instance" then return true end
  local instance = type(body) == "table" and (body.instance or body)
  if type(instance) == "table" and type(instance.data) == "table" then return instance.data end
  local request = { method = "GET", path = { "v1", "ledgers", self.name } }
  return failure.protocol(core.state(self.api), request, "the reply holds no data of a ledger", body)
end

local function write(self, verb, data, mode, opts)
  if type(data) ~= "table" or core.type(data) then
    check.fail(verb, "the data", "a table with names as keys", data)
  end
  return send(self, "set_instance", { instance = { data = data }, set_mode = mode }, opts)
end

--- The data (`ledgers.get_instance`).
---@param opts? particle.CallOptions
---@return table?
---@return particle.Error?  of kind `not_found` where nothing was ever written
function Ledger:get(opts) return send(self, "get_instance", {}, opts) end

--- Writes the data; what is not given is lost (`ledgers.set_instance`).
---@param data table
---@param opts? particle.CallOptions
---@return table?  the data as it is now
---@return particle.Error?
function Ledger:set(data, opts) return write(self, "set", data, "Replace", opts) end

--- Writes those fields of the data that are given (`ledgers.set_instance`).
---@param data table
---@param opts? particle.CallOptions
---@return table?  the data as it is now
---@return particle.Error?
function Ledger:merge(data, opts) return write(self, "merge", data, "Merge", opts) end

--- Removes the data (`ledgers.delete_instance`).
---@param opts? particle.CallOptions
---@return true?
---@return particle.Error?
function Ledger:remove(opts) return send(self, "delete_instance", {}, opts) end

function Ledger:__tostring()
  local whose = self.whose
  if core.type(whose) == "device" then whose = whose.name or whose.id end
  return ("particle.ledger %s of %s"):format(self.name, whose)
end

return ledger
