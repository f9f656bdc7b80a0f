-- One operation of the cloud, as its row describes it: the way from arguments to body and response.

local address = require("particle.address")
local arguments = require("particle.arguments")
local check = require("particle.check")
local core = require("particle.core")
local countdown = require("particle.countdown")
local options = require("particle.options")
local scope = require("particle.scope")
local sealed = require("particle.sealed")

local operation = {}

--- A row that was read.
---@class particle.operation
---@field who string                          such as "sims.list"
---@field row table                           see particle.operations
---@field templates particle.template[]       its paths
---@field placeholders table<string, true>    of all of them
---@field absolute boolean                    it is asked for at a complete address
---@field query table[]                       fields
---@field body table[]                        fields
---@field known table<string, table>          argument -> what it must be
---@field required table[]                    fields
---@field twice table<string, true>           arguments that may go into query or body

--- Reads a row.
---@param group string
---@param name string
---@param row table
---@return particle.operation
function operation.new(group, name, row)
  local op = { who = group .. "." .. name, row = row, templates = scope.templates(row.paths) }
  op.placeholders = scope.names(op.templates)
  op.absolute = row.paths[1] == "{url}"
  arguments.read(op)
  return op
end

-- The request ---------------------------------------------------------------------------------------

local DEFAULT_CLIENT = "particle"

-- Who asks: nil for the token.
local function auth_of(row, args)
  if row.auth == "basic" then return { args.username, sealed.copy(args.password) } end
  if row.auth == "client" and args.client_id == nil and args.client_secret == nil then
    return { DEFAULT_CLIENT, core.secret(DEFAULT_CLIENT) }
  end
  return row.auth and "none"
end

local function wants_text(row, opts)
  for name, text in pairs(row.text_types and opts and opts.headers or {}) do
    if name:lower() == "accept" then
      for _, known in ipairs(row.text_types) do
        if text == known then return true end
      end
    end
  end
  return false
end

local function headers_of(row)
  if not row.headers then return nil end
  local headers = {}
  for name, text in pairs(row.headers) do headers[name] = text end
  return headers
end

-- Forms have no null; the cloud reads the word.
local function spell_nulls(form)
  for name, value in pairs(form) do
    if value == core.null then form[name] = "null" end
  end
end

local function check_texts(op, fields)
  for name, value in pairs(fields) do
    if type(value) == "string" and not utf8.len(value) then
      check.raise(('%s: %s is not valid UTF-8, which JSON needs; format = "form" takes any bytes'):format(
        op.who, name))
    end
  end
end

local function new_request(op, state, args, opts)
  local row = op.row
  local request = {
    method = row.method, idempotent = row.idempotent, operation = op.who, response = true,
    auth = auth_of(row, args), headers = headers_of(row), seal = row.reveals and sealed.reply or nil,
    raw = row.raw or row.bare ~= nil and args[row.bare] == "raw" or wants_text(row, opts) or nil,
  }
  arguments.fill(op, args, request)
  if opts ~= nil then options.apply(request, opts, op.who) end
  if request.form then spell_nulls(request.form) end
  if request.json then check_texts(op, request.json) end
  if row.compiles then require("particle.compiler").allow(state, request) end
  return request
end

-- The reply -----------------------------------------------------------------------------------------

-- A value without anything around it; a text may have come without quotation marks.
local function bare(text)
  if type(text) ~= "string" then return text end
  local value = core.decode(text, true)
  if value == nil then return text end
  return value
end

-- A handle that was given learns its id, and its new name.
local function teach(device, body)
  if core.type(device) ~= "device" or type(body) ~= "table" then return end
  local ref = core.device_ref(device)
  if ref == body.id or not address.is_id(ref) then
    address.learn(device, body.id, body.name, body.connected)
  end
end

local function finish(op, args, request, body, second)
  if body == nil then
    if op.row.compiles then require("particle.compiler").explain(second) end
    return nil, second
  end
  teach(args.device, body)
  if op.row.bare and request.raw then body = bare(body) end
  if request.seal then body = sealed.opened(body) end
  return body, second
end

-- Calling -------------------------------------------------------------------------------------------

local function open_stream(api, op, args, opts)
  local template, product = scope.choose(op, core.state(api), args)
  local subscribe = require("particle.subscribe")
  local own = subscribe.options(opts, op.who)
  local time = countdown.new(core.state(api), own)
  local path, err = scope.path(api, op, template, args, product, time)
  if not path then return nil, err end
  return subscribe.at(api, own, path, time)
end

--- Performs the operation.
---@param api particle.Api
---@param op particle.operation
---@param args? table
---@param opts? particle.CallOptions
---@return any body                                     nil exactly when it failed
---@return particle.Response|particle.Error|nil second  the error when it failed
function operation.call(api, op, args, opts)
  local state = check.open(api)
  args = args == nil and {} or args
  arguments.check(op, args)
  if op.row.stream then return open_stream(api, op, args, opts) end
  local request = new_request(op, state, args, opts)
  if op.absolute then return require("particle.download").send(state, request, args.url, op.who) end
  local template, product = scope.choose(op, state, args)
  local time = countdown.new(state, opts)
  local path, err = scope.path(api, op, template, args, product, time)
  if not path then return nil, err end
  local learned, problem = scope.learn_ids(op, args, time)
  if learned == nil then return nil, problem end
  if learned then request = new_request(op, state, args, opts) end
  request.path = path
  return finish(op, args, request, time:send(state.send, request))
end

--- Raises where a call with these arguments would be misuse. Nothing is sent.
---@param api particle.Api
---@param op particle.operation
---@param args table
---@param opts? particle.CallOptions
---@return integer|string|nil product  that the call is about
function operation.check(api, op, args, opts)
  local state = check.open(api)
  arguments.check(op, args)
  local _, product = scope.choose(op, state, args)
  new_request(op, state, args, opts)
  return product
end

return operation
