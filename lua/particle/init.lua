-- The front door: `local particle = require "particle"`.

local check = require("particle.check")
local core = require("particle.core")
local later = require("particle.later")
local rules = require("particle.rules")
require("particle.api")
require("particle.device")

---@class particle
---@field sse particle.sse  the parser of event streams on its own
local particle = {}

local scheduler = later.module("particle.scheduler")

local CLOUD = require("particle.address").CLOUD

--- The library's name and version.
---@type string
particle._VERSION = "particle scm-1"

--- JSON's null; lua-cjson's null is the same value.
---@type userdata
particle.null = core.null

---@class particle.Options
---@field token? string|false|fun(api: particle.Api): string?, any  a function is called on first use and once
---after a 401; false: none; default: PARTICLE_ACCESS_TOKEN, then the Particle CLI's login, each for its own
---address only
---@field token_in? "header"|"query"|"body"  default "header"; the others where the cloud allows them
---@field base_url? string              default "https://api.particle.io"
---@field product? integer|string       the scope of calls that name none
---@field timeout? number               seconds for one attempt, from the moment it is sent (40)
---@field connect_timeout? number       seconds (10)
---@field deadline? number              seconds for queue, limiter and all attempts (120)
---@field retry? particle.RetryPolicy|false  how calls that failed are repeated; false: they are not
---@field rate_limit? boolean|particle.RateLimit  requests wait so that the cloud's limits are kept; default:
---only for the cloud's own address
---@field max_connections? integer      calls under way at once, with HTTP/1.1 on as many connections;
---further ones queue, event streams do not count (16)
---@field max_waiting? integer          how many calls may queue (10000)
---@field max_body? integer             bytes of a reply, unpacked (64 MiB)
---@field max_head? integer             bytes of a reply's header lines, 1 to 96 KiB (64 KiB)
---@field max_depth? integer            arrays and objects inside each other, up to 1000 (1000)
---@field max_event? integer            bytes of a line or an event of a stream (1 MiB)
---@field max_unread? integer           bytes of events that wait to be read from a stream; beyond, it stops
---reading from its connection (64 KiB)
---@field http2? boolean                calls share a connection where the cloud has HTTP/2 over TLS (false)
---@field proxy? string                its address; default: what `https_proxy` and `no_proxy` say
---@field ca_file? string               a file of certificates that are trusted, instead of the system's
---@field ca_path? string               a folder of such certificates, as OpenSSL's c_rehash makes it
---@field verify? boolean               check the cloud's certificate (true)
---@field allow_http? boolean           plain http to a host that is not this machine
---@field user_agent? string           default: the library's name and version
---@field headers? table<string, string|number>  for every request
---@field loop? particle.Loop           adapter of the program's event loop, such as particle.loop.cqueues
---@field log? false|fun(line: string)|file*  default: PARTICLE_LOG=1 logs to standard error
---@field retain_login? boolean         keeps what `api:login` was given, opaque, and renews the token by it
---(false)
---@field token_store? particle.TokenStore  where tokens are found and kept, and not elsewhere

local PASSED_ON = {
  "timeout", "connect_timeout", "deadline", "max_connections", "max_waiting", "max_body", "max_head",
  "max_depth", "max_event", "max_unread", "http2", "proxy", "ca_file", "ca_path", "verify", "headers",
}

local function misuse(problem) check.raise("particle.new: " .. problem) end

local function checked_address(text, allow_http)
  local address, kind = core.base_url(text)
  if not address then misuse("base_url " .. kind) end
  if kind == "http" and not allow_http then
    misuse("base_url is plain http to another machine, which shows the token to the network;"
      .. " use https, or set allow_http = true")
  end
  return address
end

-- The token and the address that belongs to it.
local function find_token(given)
  local token = given.token
  if given.token_store and (type(token) == "string" or core.type(token) == "secret") then
    misuse("give token or token_store, not both")
  end
  if given.token ~= nil or given.token_store then return given.token, given.base_url end
  local found, reason = require("particle.token").find(os.getenv, given.base_url)
  if found then return found.token, found.base_url, found.expires_at end
  return nil, given.base_url, nil, reason
end

local function configure(given, address)
  local config = { base_url = address, user_agent = given.user_agent or "particle-lua/scm-1" }
  for _, name in ipairs(PASSED_ON) do config[name] = given[name] end
  config.proxy = given.proxy and core.secret(given.proxy) -- it may hold a password
  return config
end

local function install_token(state, token, expires_at, reason)
  local provider = require("particle.provider")
  if rules.is_callable(token) then
    state.token_function = token
  elseif token then
    local fine, problem = pcall(provider.set, state, token, expires_at)
    if not fine then misuse(problem) end
  end
  state.store, state.token_reason, state.tokenless = state.options.token_store, reason, token == false
  if state.token_function or state.store or state.options.retain_login then
    state.token = require("particle.renewal").layer(state)
  elseif token == nil then
    state.token = provider.missing_layer(state, reason)
  end
end

local function install_log(state)
  local choice = state.options.log
  if choice == nil and not os.getenv("PARTICLE_LOG") then return end
  local log = require("particle.log")
  local sink, problem = log.sink_from_option(choice)
  if problem then misuse(problem) end
  if sink then state.log = log.middleware(sink, state.base_url) end
end

local function install_limiter(state)
  local choice = state.options.rate_limit
  if choice == nil then choice = state.base_url == CLOUD end
  if choice then state.limiter = require("particle.limiter").layer(state, choice) end
end

local function open(given, api, config, token, expires_at, reason)
  local state = core.state(api)
  state.api, state.options, state.config, state.base_url = api, given, config, config.base_url
  state.deadline = given.deadline or core.defaults.deadline
  given.token, given.proxy, given.headers, config.headers = nil, nil, nil, nil -- they hold secrets
  if given.loop then require("particle.loop").attach(given.loop) end
  install_token(state, token, expires_at, reason)
  install_log(state)
  install_limiter(state)
  state.own_clock = given.retry and given.retry.clock ~= nil
  state.retry = require("particle.retry").layer(state, given.retry)
  if given.token_in and given.token_in ~= "header" then
    state.place = require("particle.provider").place_layer(given.token_in)
  end
  require("particle.chain").install(state)
end

--- Opens an api. Nothing is sent; without a token the first call says how to give one.
---@param given? particle.Options|string  options, or just a token
---@return particle.Api
function particle.new(given)
  given = require("particle.api_options").read(given)
  local token, base_url, expires_at, reason = find_token(given)
  local address = checked_address(base_url or CLOUD, given.allow_http)
  local config = configure(given, address)
  local fine, api = pcall(core.api, config)
  if not fine then misuse(tostring(api)) end
  open(given, api, config, token, expires_at, reason)
  return api
end

--- A store for tokens in a file, for the option `token_store`: `api:login` and every renewal write it, a
--- program that starts later reads it. The file has mode 0600 and is replaced as a whole. One that others can
--- read or write, a symbolic link, or a folder in which others can write is refused.
---@param path string  of the file; its folder must be there
---@return particle.TokenStore
function particle.token_store(path) return require("particle.token_store").new(path) end

--- Marks a table as a JSON array, so that an empty one is sent as `[]`.
---@generic T: table
---@param t T
---@return T  the very same table
particle.array = core.array

local PUBLIC = { api = true, device = true, stream = true, error = true }

--- What kind of value of this library it is; nil for any other value.
---@param value any
---@return "api"|"device"|"stream"|"task"|"error"|nil
function particle.type(value)
  local kind = core.type(value)
  if kind then return PUBLIC[kind] and kind or nil end
  return scheduler.is_task(value) and "task" or nil
end

--- Waits that many seconds; calls, tasks and simulators go on meanwhile.
---@param seconds number  not negative
function particle.sleep(seconds) scheduler.sleep(seconds) end

--- Starts `fn(...)` as a task, which first runs when something waits. What waits inside it suspends the task
--- alone. Its error is raised by `wait`, and told to `warn` when nobody can wait for it any more.
---@param fn fun(...): ...
---@param ... any  its arguments
---@return particle.Task
function particle.spawn(fn, ...)
  if not rules.is_callable(fn) then check.fail("spawn", "the task", "a function", fn) end
  return scheduler.spawn_for_user(fn, ...)
end

---@class particle.MapOptions
---@field limit? integer     how many items are at work at most (50); the api's `max_connections` (16) bounds
---the calls under way as well
---@field deadline? number   seconds for the whole group; then the items at work are given up
---@field on_progress? fun(done: integer, total: integer?)  called after each item, where `map` was called;
---may wait; its error is raised by `map`. No total is known of an iterator's items

--- Calls `fn(item, index)` for each item, many at a time, each call in a task, and waits for all of them.
---@param items any[]|fun(): any, any  a list (of length `items.n`, where it has that), or an iterator: a
---function that gives one item after another and nil at the end, or nil and an error. It may wait
---@param fn fun(item: any, index: integer): any, any  its first result is kept; nil and something else, or
---what it raises, is the item's error and stops none of the others
---@param opts? particle.MapOptions
---@return table? results  by the items' indices, with `n`, the number of items; nil when the iterator failed:
---then all calls under way are given up
---@return any errors      by the same indices, with `n`; those that the deadline met have one of kind
---`timeout`. When the iterator failed: its error
function particle.map(items, fn, opts) return require("particle.map").map(items, fn, opts) end

--- Calls the functions side by side, as `particle.map` does, and waits for all of them.
---@param functions (fun(): any, any)[]
---@param opts? particle.MapOptions
---@return table results  by the functions' indices, with `n`
---@return table errors   by the same indices, with `n`
function particle.all(functions, opts) return require("particle.map").all(functions, opts) end

--- Runs `fn(...)` as a task, and returns when it and all tasks that were started with `particle.spawn` have
--- ended (inside a task, or a coroutine of cqueues: those that were started in the run). Raises its error,
--- and tells `warn` of those of tasks that nobody waited for. Its error, and Ctrl-C, cancel what is left.
---@param fn fun(...): ...
---@param ... any  its arguments
---@return any ...  its results
function particle.run(fn, ...) return require("particle.run")(fn, ...) end

---@class particle.Poller
---@field pollfd fun(self): integer?  The descriptor; nil where the system has no epoll.
---@field events fun(self): string    What to wait for on it: `"r"`.
---@field timeout fun(self): number?  Seconds after which `step` has work even if the descriptor stays quiet;
---nil: never.
---@field step fun(self, timeout?: number)  One turn: waits at most so many seconds (nil: until something
---happens), then lets everything run that has become able to.
---@field working fun(self): boolean  Whether tasks are under way that an event loop is to go on for.

--- For event loops: its descriptor is readable when there is work to do, which `step` then does.
---@type particle.Poller
particle.poller = {
  pollfd = function() return scheduler.pollfd() end,
  events = function() return core.poller():events() end,
  timeout = function() return scheduler.timeout() end,
  step = function(_, timeout) scheduler.step(timeout) end,
  working = function() return scheduler.under_way() end,
}

--- Like `coroutine.wrap`, for use in tasks: what waits inside `fn` suspends the task that calls the
--- generator, and not the whole program.
---@param fn fun(...): ...
---@return fun(...): ... generator
function particle.wrap(fn) return require("particle.generator").wrap(fn) end

--- Waits until one of the streams has an event, or has ended.
---@param streams particle.Stream[]
---@param timeout? number  seconds
---@return particle.Stream?  whose `next(0)` has a result at once
---@return particle.Error?  of kind `timeout`
function particle.select(streams, timeout) return require("particle.stream").select(streams, timeout) end

-- Loaded when first used.
local LAZY = { sse = "particle.sse" }

return setmetatable(particle, {
  __index = function(self, name)
    if not LAZY[name] then return nil end
    local module = require(LAZY[name])
    self[name] = module
    return module
  end,
})
