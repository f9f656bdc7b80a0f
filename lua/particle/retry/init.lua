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

--- The layer of an api. A call that succeeds at once makes nothing here. The policy of the api stands in
--- `state.policy` from the moment that there is one: its budget is full before.
---@param state table
---@param given? table|false  the api's policy, checked; false: only calls that bring one are repeated
---@return fun(send: particle.Send): particle.Send, fun(request: table, err: particle.Error, start: number)
function retry.layer(state, given)
  if given then state.policy = policy.new(given) end

  local function need()
    state.policy = state.policy or policy.new()
    return state.policy
  end

  -- What a second attempt takes.
  local function prepare() return require("particle.retry.attempts"), need() end

  local function go_on(send, request, how, start, err)
    local attempts, usual = loaded(pcall(prepare))
    if not attempts then return nil, err end
    return attempts.go_on(state, how or usual, request, start, send, err)
  end

  return function(send)
    local function whole(request)
      local own = request.retry
      if not own and (own == false or given == false) then return send(request) end
      local how = own and policy.derive(need(), own) or state.policy
      local start = how and how.clock() or core.now()
      local value, second = send(request)
      if value ~= nil then
        how = how or state.policy
        if how then how.budget:succeed() end
        return value, second
      end
      if core.type(second) ~= "error" then return nil, second end
      return go_on(send, request, how, start, second)
    end

    -- The first attempt was made without this layer; its end is not where the deadline counts from, and who
    -- waited for it may have been late.
    local function again(request, err, start)
      if given == false then return nil, err end
      return go_on(send, request, state.policy, start, err)
    end

    return whole, again
  end
end

return retry
