-- What tests do to the event streams of a simulator, and what they can see of them: methods of `sim`.

local check = require("particle.check")
local core = require("particle.core")
local suggest = require("particle.suggest")

local control = {}

---@class particle.simulator.StreamInfo
---@field id integer        counts from 1, also over restarts
---@field path string       that was asked for, as it came, without its query
---@field scope "public"|"mine"|"device"|"product"|"org"  whose events
---@field user string       whose token it bears
---@field prefix string     of the events' names; "": all
---@field device string?    the id
---@field product integer?
---@field org string?
---@field opened_at number  Unix seconds, by the simulator's clock
---@field events integer    how many were sent
---@field pending integer   bytes that the client's socket has not taken

---@class particle.simulator.Delivery
---@field id integer        counts from 1: the first one's tells how many are no longer listed
---@field stream integer    the stream's id
---@field event particle.simulator.Event  the very table that `sim:events()` lists
---@field time number       Unix seconds, by the simulator's clock

local FILTERS = {
  id = true, path = true, scope = true, user = true, prefix = true, device = true, product = true, org = true,
}

-- A copy of a table of options, which names must know; `who` is the method.
local function options(given, names, who)
  if given == nil then return {} end
  if type(given) ~= "table" then check.fail(who, "the argument", "a table", given) end
  local copy = {}
  for name, value in pairs(given) do
    if not names[name] then
      check.raise(("%s: there is no option %s%s"):format(who, tostring(name), suggest.hint(name, names)))
    end
    copy[name] = value
  end
  return copy
end

-- Takes the flag `reset` out of the options.
local function take_reset(given, who)
  local reset = given.reset
  given.reset = nil
  if reset ~= nil and type(reset) ~= "boolean" then check.fail(who, "reset", "true or false", reset) end
  return reset or false
end

local function with_reset(names)
  local all = { reset = true }
  for name in pairs(names) do all[name] = true end
  return all
end

local CUT, RESTART = with_reset(FILTERS), with_reset {}
local REFUSE = { status = true, times = true, retry_after = true }

local function is_status(value) return math.type(value) == "integer" and value >= 400 and value <= 599 end

local function is_count(value)
  return type(value) == "number" and value >= 1 and (value == math.huge or value == math.floor(value))
end

---@param methods particle.Simulator  its methods, which these are added to
---@param inside fun(sim: particle.Simulator, method: string): table  { cloud, service }; raises for others
function control.add(methods, inside)
  --- The open event streams, in the order of opening; without tokens.
  ---@return particle.simulator.StreamInfo[]
  function methods:streams() return inside(self, "streams").cloud.streams:describe() end

  --- What was sent to which stream, in that order, the last ten thousand. Sent means: given to the
  --- connection. After an orderly end all of it arrives; after a reset the last ones may be lost.
  ---@return particle.simulator.Delivery[]
  function methods:deliveries() return inside(self, "deliveries").cloud.streams:deliveries() end

  --- Ends event streams: all, or those of which `sim:streams()` says what is given here, such as
  --- `{ device = id, prefix = "door" }`. In order, once the client has read everything; at once, by a TCP
  --- reset, with `reset = true`.
  ---@param given? table  fields of `particle.simulator.StreamInfo`, and `reset`
  ---@return integer count
  function methods:cut(given)
    local entry = inside(self, "cut")
    local wanted = options(given, CUT, "cut")
    local by_reset = take_reset(wanted, "cut")
    return entry.cloud.streams:cut(wanted, by_reset)
  end

  --- Sends bytes as they are, whatever they are, on event streams: all, or those that are meant, as for
  --- `sim:cut`. For what the cloud never sends: comments, `retry:` and `id:` lines, CRLF, an event without a
  --- name, half an event. A stalled stream keeps them back, a split one splits them; `sim:deliveries()` lists
  --- events only. Keep-alives may come between: `keepalive = false` stops them.
  ---@param bytes string
  ---@param filter? table   fields of `particle.simulator.StreamInfo`
  ---@return integer count  of the streams
  function methods:inject(bytes, filter)
    local entry = inside(self, "inject")
    if type(bytes) ~= "string" then check.fail("inject", "the bytes", "a string", bytes) end
    return entry.cloud.streams:inject(bytes, options(filter, FILTERS, "inject"))
  end

  --- Streams fall silent, with their connections open: no events, no keep-alives, and no head for a new one.
  --- True: until `stall(false)`; a number: for so many seconds of the simulator's clock. Then the events that
  --- were kept back are sent.
  ---@param how boolean|number
  function methods:stall(how)
    local entry = inside(self, "stall")
    if type(how) ~= "boolean" and not (type(how) == "number" and how >= 0) then
      check.fail("stall", "the argument", "true, false or a number of seconds", how)
    end
    entry.cloud.streams:stall(how)
  end

  --- Streams send each byte on its own, as an HTTP chunk and a TCP segment, or no longer do.
  ---@param is_split boolean
  function methods:split(is_split)
    local entry = inside(self, "split")
    if type(is_split) ~= "boolean" then check.fail("split", "the argument", "true or false", is_split) end
    entry.cloud.streams:split(is_split)
  end

  --- Refuses the next openings of event streams, after those that earlier calls ask to refuse;
  --- `refuse(false)` takes all of that back.
  ---@param given { status: integer, times: number?, retry_after: integer|string|nil }|false  `status` from
  ---400 to 599; `times`: default 1, `math.huge`: all; `retry_after`: seconds or an HTTP date
  function methods:refuse(given)
    local entry = inside(self, "refuse")
    if given == false then return entry.cloud.streams:accept() end
    if given == nil then check.fail("refuse", "the argument", "a table, or false", given) end
    local asked = options(given, REFUSE, "refuse")
    local times, retry_after = asked.times or 1, asked.retry_after
    if not is_status(asked.status) then
      check.fail("refuse", "status", "an integer from 400 to 599", asked.status)
    end
    if not is_count(times) then check.fail("refuse", "times", "a positive integer, or math.huge", times) end
    if retry_after ~= nil and math.type(retry_after) ~= "integer" and type(retry_after) ~= "string" then
      check.fail("refuse", "retry_after", "an integer or a string", retry_after)
    end
    entry.cloud.streams:refuse(asked.status, times, retry_after)
  end

  --- As a restart of the server: all connections are closed, then it listens again, on the same port. Streams
  --- end in order, with what their sockets take at once, or with `reset = true` by TCP resets. Nothing is
  --- forgotten: devices, tokens, what is stalled or refused.
  ---@param given? { reset: boolean? }
  ---@return true? restarted
  ---@return particle.Error? err  of kind `network`: somebody else has taken the port
  function methods:restart(given)
    local service = inside(self, "restart").service
    local by_reset = take_reset(options(given, RESTART, "restart"), "restart")
    if service.closed then check.raise("restart: the simulator is closed") end
    local restarted, problem = service:restart(by_reset)
    if restarted then return true end
    return nil, core.error { kind = "network", message = problem, delivered = false }
  end
end

return control
