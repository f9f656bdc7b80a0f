-- What can go wrong: the kinds of faults, each with what it makes of a request. `sim:fault` chooses.

local byte_reply = require("particle.simulator.byte_reply")
local errors = require("particle.simulator.errors")
local frame = require("particle.simulator.frame")
local iso = require("particle.simulator.iso")
local requests = require("particle.simulator.request")

--- `answer` gives the reply; `handle()` lets the cloud answer in earnest, which executes what was asked.
---@class particle.simulator.FaultKind
---@field text string     what happens
---@field after boolean?   whether the handler runs unless the caller says otherwise
---@field always boolean?  it runs in any case; `after` tells only when the fault comes
---@field streams boolean? strikes the openings of event streams only
---@field server boolean?  concerns the whole server, no single request
---@field options table<string, particle.simulator.FaultOption>
---@field answer? fun(spec: table, request, handle: fun(): table, cloud): particle.simulator.Reply

---@class particle.simulator.FaultOption
---@field expected string
---@field fits fun(value: any): boolean
---@field default any
---@field required boolean?

local kinds = {}

-- Options -------------------------------------------------------------------------------------------

local function option(expected, fits)
  return function(default) return { expected = expected, fits = fits, default = default } end
end

local function required(made)
  made.required = true
  return made
end

local text = option("a string", function(value) return type(value) == "string" end)
local seconds = option("a number of seconds that is not negative", function(value)
  return type(value) == "number" and value >= 0 and value < math.huge
end)
local any_seconds = option("a number of seconds", function(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end)
local count = option("a positive integer", function(value)
  return math.type(value) == "integer" and value > 0
end)
local status = option("an integer from 200 to 599", function(value)
  return math.type(value) == "integer" and value >= 200 and value <= 599
end)
local difference = option("an integer, not 0", function(value)
  return math.type(value) == "integer" and value ~= 0
end)

local function is_line(value)
  return math.type(value) == "integer" or type(value) == "string" and not value:find("%c")
end

local line = option("a text of one line", function(value)
  return type(value) == "string" and is_line(value)
end)
local retry_after = option("an integer or a text of one line", function(value)
  return value ~= "" and is_line(value)
end)

local FRAMING = { ["content-length"] = true, ["transfer-encoding"] = true }

local headers = option("a table of names and texts, none of them about the body's length",
  function(value)
    if type(value) ~= "table" then return false end
    for name, item in pairs(value) do
      if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+.^_`|~-]+$") or FRAMING[name:lower()]
        or not is_line(item) then return false end
    end
    return true
  end)

-- Replies -------------------------------------------------------------------------------------------

local JSON = "application/json; charset=utf-8"
local OK = '{"ok":true}'

local function page(code)
  return ("<html><head><title>%d</title></head><body>The gateway has no answer.</body></html>\n"):format(code)
end

local function reply(code, body, more)
  local all = { ["Content-Type"] = JSON }
  for name, value in pairs(more or {}) do all[name] = value end
  return { status = code, text = body, headers = all }
end

local function html(code, body) return reply(code, body, { ["Content-Type"] = "text/html" }) end

-- The body that is spoilt: the caller's, or the cloud's, or any.
local function body_of(spec, genuine)
  if spec.body then return spec.body end
  if not genuine then return OK end
  return genuine.subscription and frame.OPENING or genuine.text
end

local function bytes(code, steps, ending)
  steps.ending = ending
  return { status = code, text = "", headers = {}, bytes = steps }
end

-- A head for a body of that length; nil: in chunks.
local function head_of(genuine, length, connection)
  local all = { ["Content-Type"] = JSON, ["Content-Length"] = length, Connection = connection }
  if not length then all["Transfer-Encoding"] = "chunked" end
  for name, value in pairs(genuine and genuine.headers or {}) do all[name] = value end
  return byte_reply.head(genuine and genuine.status or 200, all)
end

local function half(body) return body:sub(1, #body // 2) end

local function single_bytes(whole)
  local list = {}
  for i = 1, #whole do list[i] = whole:sub(i, i) end
  return list
end

-- What happens -----------------------------------------------------------------------------------------

-- Something else instead of the reply.
local function instead(make)
  return function(spec, request, handle) return make(spec, spec.after and handle() or nil, request) end
end

-- The head's status, and bytes for a body of which something is wrong.
local function spoilt(make)
  return instead(function(spec, genuine)
    local steps, ending = make(spec, genuine, body_of(spec, genuine))
    return bytes(genuine and genuine.status or 200, steps, ending)
  end)
end

local function inject(genuine, made)
  function genuine.opened(streams, stream) streams:inject(made, { id = stream.id }) end
  return genuine
end

-- A reply with this content; in a stream an event with it, once the stream has opened.
local function with_content(make_reply, make_data)
  return function(spec, request, handle)
    local genuine = (spec.after or request.is_stream) and handle() or nil
    if not request.is_stream then return make_reply(spec, genuine) end
    if not genuine.subscription then return genuine end
    return inject(genuine, "event: fault\ndata: " .. make_data(spec, '{"data":"fault"}') .. "\n\n")
  end
end

local function content(make)
  return with_content(function(spec, genuine)
    local code, head = genuine and genuine.status or 200, genuine and genuine.headers
    return reply(code, make(spec, body_of(spec, genuine)), head)
  end, make)
end

-- Something happens before or after the genuine reply was made.
local function meanwhile(act)
  return function(spec, request, handle, cloud)
    if not spec.after then act(spec, request, cloud) end
    local genuine = handle()
    if spec.after then act(spec, request, cloud, genuine) end
    return genuine
  end
end

-- The stream opens, and its bytes are changed.
local function recoded(recode)
  return function(_, _, handle)
    local genuine = handle()
    if genuine.subscription then genuine.recode = recode end
    return genuine
  end
end

-- The stream opens, and these bytes come.
local function injected(make)
  return function(spec, _, handle, cloud)
    local genuine = handle()
    return genuine.subscription and inject(genuine, make(spec, iso.format(cloud.clock()))) or genuine
  end
end

local function event(name, data, now)
  return frame.event { name = name, data = data, ttl = 60, published_at = now }
end

local PIECE = ("x"):rep(64 << 10)
local LONGEST_EVENT = 4 << 20 -- a stream's client may not leave more unread

-- Connections -----------------------------------------------------------------------------------------

kinds.refuse = {
  text = "connections are refused, those there are reset; for so many `seconds`, or until it is removed",
  server = true, options = { seconds = seconds() },
}

kinds.silence = {
  text = "not a byte comes", options = {},
  answer = instead(function() return bytes(nil, {}, "hold") end),
}

kinds.reset = {
  text = "the connection is reset before the reply", options = {},
  answer = instead(function() return bytes(nil, {}, "reset") end),
}

kinds.close = {
  text = "the connection is closed before the reply", options = {},
  answer = instead(function() return bytes(nil, {}, "close") end),
}

kinds.delay = {
  text = "nothing but the `delay`, an option of all kinds", always = true, options = {},
  answer = meanwhile(function() end),
}

kinds.slow_head = {
  text = "the reply's head comes byte by byte, with so many seconds between", after = true,
  options = { interval = seconds(0.05), body = text() },
  answer = spoilt(function(spec, genuine, body)
    local steps = {}
    for _, byte in ipairs(single_bytes(head_of(genuine, #body, "close"))) do
      steps[#steps + 1] = byte
      steps[#steps + 1] = spec.interval
    end
    steps[#steps + 1] = body
    return steps, "close"
  end),
}

kinds.head_only = {
  text = "after the head not a byte comes", after = true, options = { body = text() },
  answer = spoilt(function(_, genuine, body) return { head_of(genuine, #body) }, "hold" end),
}

kinds.reset_body = {
  text = "the connection is reset in the middle of the body", after = true, options = { body = text() },
  answer = spoilt(function(_, genuine, body) return { head_of(genuine, #body), half(body) }, "reset" end),
}

kinds.close_body = {
  text = "the connection is closed in the middle of the body", after = true, options = { body = text() },
  answer = spoilt(function(_, genuine, body) return { head_of(genuine, #body), half(body) }, "close" end),
}

kinds.wrong_length = {
  text = "`Content-Length` is wrong `by` so many bytes; the connection stays open", after = true,
  options = { by = difference(-1), body = text() },
  answer = spoilt(function(spec, genuine, body)
    return { head_of(genuine, math.max(#body + spec.by, 0)) .. body }, "hold"
  end),
}

kinds.truncated_chunk = {
  text = "the connection is closed in the middle of a chunk", after = true, options = { body = text() },
  answer = spoilt(function(_, genuine, body)
    return { head_of(genuine), ("%x\r\n"):format(#body) .. half(body) }, "close"
  end),
}

-- Replies ---------------------------------------------------------------------------------------------

kinds.status = {
  text = "this status, with the cloud's words unless there is a `body`", options = {
    status = required(status()), body = text(), headers = headers(), retry_after = retry_after(),
  },
  answer = instead(function(spec)
    local words = spec.status >= 400 and errors.of_status(spec.status).text or ""
    local made = reply(spec.status, spec.body or words, spec.headers)
    made.headers["Retry-After"] = spec.retry_after
    return made
  end),
}

kinds.gateway = {
  text = "a gateway's error page", options = { status = status(502), body = text() },
  answer = instead(function(spec) return html(spec.status, spec.body or page(spec.status)) end),
}

kinds.html = {
  text = "200 with a page instead of JSON", options = { body = text() },
  answer = instead(function(spec) return html(200, spec.body or page(200)) end),
}

kinds.empty = {
  text = "200 without a body", options = {},
  answer = instead(function() return reply(200, "") end),
}

kinds.no_content = {
  text = "204", options = {},
  answer = instead(function() return { status = 204, text = "", headers = {} } end),
}

kinds.rate_limit = {
  text = "429; `Retry-After` may be seconds, a date, or nonsense", options = { retry_after = retry_after(1) },
  answer = instead(function(spec)
    return reply(429, errors.of_status(429).text, { ["Retry-After"] = spec.retry_after })
  end),
}

kinds.revoke = {
  text = "the request's token is revoked; `sim:token_of` has a new one. A stream ends then, with `after`",
  always = true, options = {},
  answer = meanwhile(function(_, request, cloud, genuine)
    local token = cloud.tokens:check(requests.token(request, cloud.strict) or "")
    if not token then return end
    cloud.tokens:revoke(token.token)
    token.user.token = cloud.tokens:issue(token.user, token.client, token.lifetime).token
    if genuine and genuine.subscription then
      function genuine.opened(streams, stream) streams:cut({ id = stream.id }, false) end
    end
  end),
}

kinds.redirect = {
  text = "a redirection", options = { status = status(302), location = line("/redirected") },
  answer = instead(function(spec) return reply(spec.status, "", { Location = spec.location }) end),
}

kinds.redirect_loop = {
  text = "a redirection to the same address", options = { status = status(302) },
  answer = instead(function(spec, _, request) return reply(spec.status, "", { Location = request.path }) end),
}

kinds.huge = {
  text = "a body of `size` bytes, in chunks; in a stream an event of at most 4 MiB",
  options = { size = count(65 << 20) },
  answer = with_content(function(spec)
    local steps, piece = { head_of(nil, nil, "close"), byte_reply.chunk('"') }, byte_reply.chunk(PIECE)
    for _ = 1, spec.size // #PIECE + 1 do steps[#steps + 1] = piece end
    steps[#steps + 1] = byte_reply.chunk('"') .. byte_reply.chunk("")
    return bytes(200, steps, "close")
  end, function(spec) return ("x"):rep(math.min(spec.size, LONGEST_EVENT)) end),
}

-- Bodies ----------------------------------------------------------------------------------------------

kinds.gzip = {
  text = "`Content-Encoding: gzip`, and bytes that are none", options = {},
  answer = instead(function()
    return reply(200, "\x1F\x8B\x08\0no gzip at all", { ["Content-Encoding"] = "gzip" })
  end),
}

kinds.garbage = {
  text = "JSON that ends too early; in a stream an event with it", options = { body = text() },
  answer = content(function(spec) return spec.body or '{"ok":' end),
}

kinds.deep = {
  text = "JSON of so many arrays in each other; in a stream an event with it",
  options = { depth = count(100000) },
  answer = content(function(spec) return ("["):rep(spec.depth) .. ("]"):rep(spec.depth) end),
}

kinds.nul = {
  text = "a NUL and more after the JSON; in a stream an event with it", after = true,
  options = { body = text() },
  answer = content(function(_, body) return body .. "\0more" end),
}

kinds.bom = {
  text = "a byte-order mark before the JSON; in a stream an event with it", after = true,
  options = { body = text() },
  answer = content(function(_, body) return "\u{FEFF}" .. body end),
}

kinds.bad_utf8 = {
  text = "a string with bytes that are no UTF-8; in a stream an event with it",
  options = {},
  answer = content(function() return '{"data":"\xFF\xC0\x80"}' end),
}

-- Event streams ---------------------------------------------------------------------------------------

kinds.split = {
  text = "each byte is sent on its own", streams = true, options = {},
  answer = recoded(single_bytes),
}

kinds.cr = {
  text = "lines end with CR", streams = true, options = {},
  answer = recoded(function(lines) return { (lines:gsub("\n", "\r")) } end),
}

kinds.crlf = {
  text = "lines end with CR and LF", streams = true, options = {},
  answer = recoded(function(lines) return { (lines:gsub("\n", "\r\n")) } end),
}

kinds.comments = {
  text = "so many comments", streams = true, options = { count = count(1000) },
  answer = injected(function(spec) return (": nothing yet\n"):rep(spec.count) end),
}

kinds.flood = {
  text = "so many events `flood` at once, numbered in their data", streams = true,
  options = { count = count(10000) },
  answer = injected(function(spec, now)
    local list = {}
    for i = 1, spec.count do list[i] = event("flood", tostring(i), now) end
    return table.concat(list)
  end),
}

kinds.nameless = {
  text = "an event without a name", streams = true, options = {},
  answer = injected(function(_, now) return (event("", "nameless", now):gsub("^[^\n]*\n", "")) end),
}

kinds.dataless = {
  text = "an event without data", streams = true, options = {},
  answer = injected(function() return "event: dataless\n\n" end),
}

kinds.duplicate_id = {
  text = "two events with the same id", streams = true, options = {},
  answer = injected(function(_, now) return ("id: 7\n" .. event("twice", "same", now)):rep(2) end),
}

kinds.retry = {
  text = "a `retry:` field of so many milliseconds", streams = true, options = { milliseconds = count(100) },
  answer = injected(function(spec) return ("retry: %d\n\n"):format(spec.milliseconds) end),
}

-- Clock -----------------------------------------------------------------------------------------------

kinds.clock = {
  text = "the simulator's clock jumps forward by so many `seconds`, or back", always = true,
  options = { seconds = required(any_seconds()) },
  answer = meanwhile(function(spec, _, cloud) cloud.jump(spec.seconds) end),
}

return kinds
