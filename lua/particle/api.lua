-- An api: devices, the rest of its verbs, its groups of operations. The userdata is the core's; its methods
-- are these and those of verbs/api.lua.

local address = require("particle.address")
local check = require("particle.check")
local core = require("particle.core")
local later = require("particle.later")
local rules = require("particle.rules")

---@class particle.Api
---@field token_expires_at number?  Unix seconds; nil: never, or unknown
---@field devices fun(self, filter?: particle.DeviceFilter, opts?: particle.CallOptions): particle.Device[]?,
---particle.Error?  The devices of the account, or of a product, as handles with their records; all pages
---(`devices.list`). Also the group of operations of that name.
local methods = core.api_methods

-- Devices -----------------------------------------------------------------------------------------

--- A handle for a device; no request is made. With a product scope a name is resolved at the first call.
---@param ref string  id or name
---@param where? { product?: integer|string|false }  false: not in the api's product
---@return particle.Device
function methods.device(self, ref, where)
  check.receiver(self, "api", "device")
  local state = check.open(self)
  check.part(ref, "device", "the id or name", "events")
  if where ~= nil then rules.check(where, { product = rules.SCOPE }, "device") end
  if address.is_id(ref) then ref = ref:lower() end
  return core.device(self, ref, address.product(state, where and where.product))
end

later.methods(methods, "particle.verbs.api", {
  "claim", "whoami", "ledger", "ensure_webhook", "publish", "subscribe", "request", "url", "use", "login",
})

-- Its end -------------------------------------------------------------------------------------------

--- Closes the api: calls in flight and event streams end with kind `closed`, later calls raise. Closing again
--- does nothing.
function methods.close(self)
  check.receiver(self, "api", "close")
  core.close(self)
  local state = core.state(self)
  if state.pausing then require("particle.pause").end_all(state) end
  local connection = package.loaded["particle.connection"] -- else no stream was ever opened
  if connection then connection.close_all(self) end
end

core.api_metatable.__close = methods.close

-- Fields ------------------------------------------------------------------------------------------

local getters = core.api_getters

function getters.token_expires_at(self) return core.state(self).token_expires_at end

-- Groups of operations are made when they are first asked for.
local function new_getter(name)
  local group = require("particle.group")
  return function(self)
    check.open(self)
    return group.of(self, name)
  end
end

-- Asked for what is neither method, field nor group: most likely a slip of the pen.
setmetatable(getters, { __index = function(_, name)
  local groups = require("particle.operations").GROUPS
  if groups[name] then
    getters[name] = new_getter(name)
    return getters[name]
  end
  local suggest = require("particle.suggest")
  local function shown(nearest)
    return (methods[nearest] or nearest == "devices") and "api:" .. nearest .. "(...)" or "api." .. nearest
  end
  local known = {}
  for _, names in ipairs { methods, getters, groups } do
    for key in pairs(names) do known[#known + 1] = key end
  end
  check.raise(("an api has no %s%s"):format(tostring(name), suggest.hint(name, known, shown)))
end })

return methods
