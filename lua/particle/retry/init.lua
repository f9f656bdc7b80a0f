-- The layer of retries: sends a request again when it failed in a way that may pass. Each call passes it; the
-- rest of the folder is loaded when the first one fails.

local core = require("particle.core")
local later = require("particle.later")

local policy = later.module("particle.retry.policy")

-- What a `pcall` that loads gave; nothing where a module could not be loaded, such as when no more files can
-- be opened. Anything else that was raised, Ctrl-C above all, goes on.
local function loaded(fine, first, ...)
  if fine then return first, ... end
  if not tostring(first):find("module 'particle.", 1, true) then error(first, 0) end
end

local retry = {}

--- The layer of an api. A call that succeeds at once makes nothing here.
---@param state table
---@param given? table|false  the api's policy, checked; false: only calls that bring one are repeated
---@return fun(send: particle.Send): particle.Send
function retry.layer(state, given)
  local of_api = given and policy.new(given) or nil -- else made when it is first asked: its budget is full

  local function need()
    of_api = of_api or policy.new()
    return of_api
  end

  -- What a second attempt takes.
  local function prepare() return require("particle.retry.attempts"), need() end

  return function(send)
    return function(request)
      local own = request.retry
      if not own and (own == false or given == false) then return send(request) end
      local how = own and policy.derive(need(), own) or of_api
      local start = how and how.clock() or core.now()
      local value, second = send(request)
      if value ~= nil then
        how = how or of_api
        if how then how.budget:succeed() end
        return value, second
      end
      if core.type(second) ~= "error" then return nil, second end
      local attempts, usual = loaded(pcall(prepare))
      if not attempts then return nil, second end
      return attempts.go_on(state, how or usual, request, start, send, second)
    end
  end
end

return retry
