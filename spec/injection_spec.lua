-- Whatever text a program passes on, a request stays one request: what a raw server receives is judged byte
-- by byte. A text that cannot be sent raises, and nothing is sent.

local core = require("particle.core")
local files = require("particle.files")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")

local ID = "0123456789abcdef01234567"

local TEXTS = {
  "a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rX-Injected: 1", "\r\n\r\nGET /v1/injected HTTP/1.1\r\n\r\n",
  "a\0b", "\0", "a b", " a", "a ", "a\tb", "a HTTP/1.1\r\nHost: evil", "@evil.example", "me:pw@evil.example/",
  "?injected=1", "a?injected=1", "&injected=1", "a=b&injected=1", "#injected", "a#b", ";injected", "a;b=c",
  "/", "//evil.example/", "a/b", "a/../../injected", "..", ".", "../injected", "%2e%2e", "%2e%2e%2finjected",
  "%0d%0aX-Injected:%201", "%00", "%", "%zz", "\\", "\\\\evil.example\\a", ":80", "http://evil.example/",
  '"; filename="injected', "'", "<>", "{}|^`", "\27[31m", "\127", "\x80", "\xFF", "\u{E9}", "\u{2028}",
  "\u{FF0D}", "", ("x"):rep(5000), "\r", "\n", ("a"):rep(100) .. "\r\nX-Injected: 1",
}

local server, pump

-- What may stand in a request, whoever made it.
local NAMES = {
  ["host"] = true, ["user-agent"] = true, ["accept"] = true, ["accept-encoding"] = true,
  ["authorization"] = true, ["content-length"] = true, ["content-type"] = true, ["cache-control"] = true,
  ["x-mine"] = true, ["proxy-authorization"] = true, ["proxy-connection"] = true,
}

local TARGET = "^/[%w%-._~%%!$&'()*+,;=:@/?]*$"

local function unescaped(text, plus)
  if plus then text = text:gsub("+", " ") end
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function parts_of(path)
  local parts = {}
  for part in path:gmatch("/([^/]*)") do parts[#parts + 1] = unescaped(part) end
  return parts
end

local function fields_of(text)
  local fields = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=(.*)$")
    assert(name, "a field without a value: " .. pair)
    name = unescaped(name, true)
    assert(fields[name] == nil, "the field came twice: " .. name)
    fields[name] = unescaped(value, true)
  end
  return fields
end

-- Asserts that it is one well-formed request of ours.
local function check_request(request, target_pattern, own_name)
  local lines = {}
  for line in request.head:gmatch("(.-)\r\n") do lines[#lines + 1] = line end
  local method, target = lines[1]:match("^(%u+) (%S+) HTTP/1%.1$")
  assert(method, "the request line is " .. lines[1])
  assert(target:find(target_pattern or TARGET), "the target is " .. target)
  assert(lines[#lines] == "", "the head does not end as it should")
  local seen = {}
  for i = 2, #lines - 1 do
    local name, value = lines[i]:match("^([^%c%s:]+):(.*)$")
    assert(name and (NAMES[name:lower()] or name == own_name), "a header line is " .. lines[i])
    assert(not value:find("[%z\1-\8\10-\31\127]"), "a header holds a control character: " .. name)
    assert(not seen[name:lower()], "the header came twice: " .. name)
    seen[name:lower()] = true
  end
  assert(request.body and not request.headers["transfer-encoding"])
  assert(request.headers.host == "127.0.0.1:" .. server.port or target_pattern, request.headers.host)
end

-- Any request is answered, and bytes that belong to none are noticed.
local function answer(connection)
  while true do
    local request = connection:request()
    if not request then
      if #connection.buffer > 0 then server.rest = connection.buffer end
      return
    end
    if request.headers.accept == "text/event-stream" then
      connection:send(streaming.HEAD .. "data: x\n\n")
    else
      connection:json(('{"ok":true,"id":"%s","return_value":1,"result":1,"access_token":"t"}'):format(ID))
    end
  end
end

local function client(options)
  local given = { base_url = server.url, token = "t0ken", retry = false }
  for name, value in pairs(options or {}) do given[name] = value end
  return particle.new(given)
end

-- The requests that `act(text)` led to; nil when it raised.
local function requests_of(act, text)
  server.requests, server.rest = {}, nil
  local fine, problem = pcall(act, text)
  local seen = server.requests
  if not fine then
    assert(type(problem) == "string", "raised a " .. type(problem))
    assert(#seen == 0, "it raised, and sent")
    local quotes = #text > 1 and text:find("%c") and problem:find(text, 1, true)
    assert(not quotes, "it quotes control characters")
  end
  assert(server.rest == nil, "bytes beyond the request")
  return fine and seen or nil
end

local function lamp(api) return (api or client()):device(ID) end

-- The one-segment names of paths: the entry gives where in the path the text must be.
local function in_path(act, ...)
  return { act = act, path = table.pack(...) }
end

local TEXT = {} -- stands for the text in what is expected

local ENTRIES = {
  ["api:device"] = in_path(function(text) return client():device(text):info() end, "v1", "devices", TEXT),
  ["api:device, product"] = in_path(function(text)
    return client():device(ID, { product = text }):info()
  end, "v1", "products", TEXT, "devices", ID),
  ["api:claim"] = { act = function(text) return client():claim(text) end, path = { "v1", "devices" },
    body = { id = TEXT } },
  ["api:publish"] = { act = function(text) return client():publish(text, "d") end,
    path = { "v1", "devices", "events" }, body = { name = TEXT, data = "d" } },
  ["api:publish, data"] = { act = function(text) return client():publish("n", text) end,
    path = { "v1", "devices", "events" }, body = { name = "n", data = TEXT } },
  ["api:publish, product"] = { act = function(text)
    return client():publish("n", "d", { product = text })
  end, path = { "v1", "products", TEXT, "events" }, body = { name = "n", data = "d" } },
  ["api:devices"] = { act = function(text)
    return client():devices { product = 7, name = text, device_id = text, groups = { text } }
  end, path = { "v1", "products", "7", "devices" } },
  ["api:subscribe"] = in_path(function(text)
    local stream <close> = assert(client():subscribe(text))
    return stream.state
  end, "v1", "devices", "events", TEXT),
  ["api:subscribe, product"] = in_path(function(text)
    local stream <close> = assert(client():subscribe("a", { product = text }))
    return stream.state
  end, "v1", "products", TEXT, "events", "a"),
  ["api:subscribe, org and device"] = in_path(function(text)
    local stream <close> = assert(client():subscribe("a", { org = "o", device = text }))
    return stream.state
  end, "v1", "orgs", "o", "devices", TEXT, "events", "a"),
  ["api:subscribe, org"] = in_path(function(text)
    local stream <close> = assert(client():subscribe("a", { org = text }))
    return stream.state
  end, "v1", "orgs", TEXT, "events", "a"),
  ["api:request, a list"] = in_path(function(text)
    return client():request { path = { "v1", text } }
  end, "v1", TEXT),
  ["api:request, a text"] = { act = function(text)
    return client():request { path = "/v1/" .. text }
  end, target = "^/v1/[^%z\1-\32\127?#]*$" },
  ["api:request, method"] = { act = function(text)
    return client():request { method = text, path = "/v1/x" }
  end, never = true },
  ["api:request, query"] = { act = function(text)
    return client():request { path = "/v1/x", query = { [text] = text, other = 1 } }
  end, path = { "v1", "x" }, query = { [TEXT] = TEXT, other = "1" } },
  ["api:request, form"] = { act = function(text)
    return client():request { method = "POST", path = "/v1/x", form = { [text] = text, other = 1 } }
  end, path = { "v1", "x" }, body = { [TEXT] = TEXT, other = "1" } },
  ["api:request, json"] = { act = function(text)
    return client():request { method = "POST", path = "/v1/x", json = { [text] = text } }
  end, path = { "v1", "x" } },
  ["api:request, body"] = { act = function(text)
    return client():request { method = "POST", path = "/v1/x", body = text }
  end, path = { "v1", "x" } },
  ["api:request, multipart"] = { act = function(text)
    return client():request { method = "POST", path = "/v1/x", multipart = {
      { name = text, data = text, filename = text }, { name = "b", data = "b", type = text },
    } }
  end, path = { "v1", "x" } },
  ["api:request, headers"] = { act = function(text)
    return client():request { path = "/v1/x", headers = { ["X-Mine"] = text } }
  end, path = { "v1", "x" }, headers = { ["x-mine"] = TEXT } },
  ["api:request, names of headers"] = { act = function(text)
    return client():request { path = "/v1/x", headers = { [text] = "v" } }
  end, path = { "v1", "x" }, own_name = true },
  ["a call's headers"] = { act = function(text)
    return lamp():read("x", { headers = { ["X-Mine"] = text } })
  end, path = { "v1", "devices", ID, "x" }, headers = { ["x-mine"] = TEXT } },
  ["a stream's headers"] = { act = function(text)
    local stream <close> = assert(client():subscribe("a", { headers = { ["X-Mine"] = text } }))
    return stream.state
  end, path = { "v1", "devices", "events", "a" }, headers = { ["x-mine"] = TEXT } },
  ["api:login"] = { act = function(text)
    return client():login {
      username = text, password = text, otp = text, client_id = "a", client_secret = text,
      client_auth = "body",
    }
  end, path = { "oauth", "token" }, body = {
    grant_type = "password", username = TEXT, password = TEXT, client_id = "a", client_secret = TEXT,
  } },
  ["api:login, basic"] = { act = function(text)
    return client():login {
      grant = "client_credentials", client_id = text, client_secret = text, scope = text,
    }
  end, path = { "oauth", "token" }, body = { grant_type = "client_credentials", scope = TEXT } },
  ["api:login, expires_at"] = { act = function(text)
    return client():login { refresh_token = text, expires_at = "2099-01-01" .. text }
  end, path = { "oauth", "token" },
    body = { grant_type = "refresh_token", refresh_token = TEXT, expires_at = true } },
  ["api:login, otp"] = { act = function(text)
    return client():login { mfa_token = text, otp = text }
  end, path = { "oauth", "token" },
    body = { grant_type = "urn:custom:mfa-otp", mfa_token = TEXT, otp = TEXT } },
  ["device:call"] = { act = function(text) return lamp():call(text, "on") end,
    path = { "v1", "devices", ID, TEXT }, body = { arg = "on" } },
  ["device:call, argument"] = { act = function(text) return lamp():call("f", text) end,
    path = { "v1", "devices", ID, "f" }, body = { arg = TEXT } },
  ["device:read"] = in_path(function(text) return lamp():read(text) end, "v1", "devices", ID, TEXT),
  ["device:watch"] = in_path(function(text)
    return (lamp():watch(text, { every = 0.001 })())
  end, "v1", "devices", ID, TEXT),
  ["device:rename"] = { act = function(text) return lamp():rename(text) end, path = { "v1", "devices", ID },
    body = { name = TEXT } },
  ["device:set_notes"] = { act = function(text) return lamp():set_notes(text) end,
    path = { "v1", "devices", ID }, body = { notes = TEXT } },
  ["device:flash"] = { act = function(text) return lamp():flash { data = text, filename = text } end,
    path = { "v1", "devices", ID } },
  ["device:flash, app"] = { act = function(text) return lamp():flash { app = text } end,
    path = { "v1", "devices", ID }, body = { app = TEXT } },
  ["device:flash, sources"] = { act = function(text)
    return lamp():flash { sources = { { data = text, name = text } }, build_target_version = text }
  end, path = { "v1", "devices", ID } },
  ["api:ledger"] = in_path(function(text) return client():ledger(text, ID):get() end,
    "v1", "ledgers", TEXT, "instances", ID),
  ["api:ledger, whose"] = in_path(function(text) return client():ledger("a", text):get() end,
    "v1", "ledgers", "a", "instances", TEXT),
  ["device:subscribe"] = in_path(function(text)
    local stream <close> = assert(lamp():subscribe(text))
    return stream.state
  end, "v1", "devices", ID, "events", TEXT),
  ["device.fn"] = { act = function(text) return lamp().fn[text]("on") end,
    path = { "v1", "devices", ID, TEXT }, body = { arg = "on" } },
  ["device.var"] = in_path(function(text) return lamp().var[text] end, "v1", "devices", ID, TEXT),
  ["particle.new, token"] = { act = function(text) return lamp(client { token = text }):read("x") end,
    path = { "v1", "devices", ID, "x" }, bearer = true },
  ["particle.new, token in the query"] = { act = function(text)
    return lamp(client { token = text, token_in = "query" }):read("x")
  end, path = { "v1", "devices", ID, "x" }, query = { access_token = TEXT } },
  ["particle.new, token in the body"] = { act = function(text)
    return lamp(client { token = text, token_in = "body" }):call("f", "on")
  end, path = { "v1", "devices", ID, "f" }, body = { arg = "on", access_token = TEXT } },
  ["particle.new, token function"] = { act = function(text)
    return lamp(client { token = function() return text end }):read("x")
  end, path = { "v1", "devices", ID, "x" }, bearer = true },
  ["particle.new, product"] = { act = function(text) return client({ product = text }):publish("n") end,
    path = { "v1", "products", TEXT, "events" }, body = { name = "n" } },
  ["particle.new, user_agent"] = { act = function(text)
    return lamp(client { user_agent = text }):read("x")
  end, path = { "v1", "devices", ID, "x" }, headers = { ["user-agent"] = TEXT } },
  ["particle.new, headers"] = { act = function(text)
    return lamp(client { headers = { ["X-Mine"] = text } }):read("x")
  end, path = { "v1", "devices", ID, "x" }, headers = { ["x-mine"] = TEXT } },
  ["particle.new, base_url"] = { act = function(text)
    return lamp(client { base_url = server.url .. text }):read("x")
  end, prefixed = true },
  ["particle.new, base_url, in front"] = { act = function(text)
    return lamp(client { base_url = "http://" .. text .. "127.0.0.1:" .. server.port, allow_http = true,
      proxy = "", deadline = 0.2 }):read("x")
  end, prefixed = true },
  ["particle.new, proxy"] = { act = function(text)
    return lamp(client {
      base_url = "http://api.example", allow_http = true, proxy = server.url .. text, deadline = 1,
    }):read("x")
  end, target = "^http://api%.example/v1/devices/" .. ID .. "/x$" },
  ["particle.new, proxy's password"] = { act = function(text)
    local proxy = ("http://me:%s@127.0.0.1:%d"):format(text, server.port)
    local api = client { base_url = "http://api.example", allow_http = true, proxy = proxy, deadline = 1 }
    return lamp(api):read("x")
  end, target = "^http://api%.example/v1/devices/" .. ID .. "/x$" },
}

-- Methods that take no text, or send none.
local WITHOUT = {
  ["api:close"] = true, ["api:url"] = true, ["api:use"] = true, ["device:info"] = true,
  ["device:ping"] = true, ["device:signal"] = true, ["device:unclaim"] = true,
  ["device:wait_until_online"] = true,
  ["device:url"] = true, ["device:claim"] = true, ["device:vitals"] = true, ["api:whoami"] = true,
  ["api:ensure_webhook"] = true, -- by operations that are looked at
}

local function expect(expected, text)
  if expected == TEXT then return text end
  return expected
end

local function same_fields(expected, got, text)
  local wanted = {}
  for name, value in pairs(expected) do
    name = expect(name, text)
    wanted[name] = value == true and got[name] or expect(value, text)
  end
  assert.are.same(wanted, got)
end

local function check_path(entry, request, text)
  local path = {}
  for i, part in ipairs(entry.path) do path[i] = expect(part, text) end
  if entry.path[3] == TEXT and #text == 24 then path[3] = text:lower() end
  assert.are.same(path, parts_of(request.path))
  local query = fields_of(request.query)
  if entry.query then
    same_fields(entry.query, query, text)
  elseif next(query) then
    for name in pairs(query) do
      assert(("page per_page sortAttr sortDir deviceId deviceName groups"):find(name, 1, true), name)
    end
  end
end

local function trimmed(text) return text:match("^[ \t]*(.-)[ \t]*$") end

local function check_entry(entry, request, text)
  check_request(request, entry.target, entry.own_name and text)
  if entry.path then check_path(entry, request, text) end
  if entry.body then same_fields(entry.body, fields_of(request.body), text) end
  for name, value in pairs(entry.headers or {}) do
    assert.are.equal(trimmed(expect(value, text)), trimmed(request.headers[name] or ""))
  end
  if entry.bearer then assert.are.equal("Bearer " .. text, request.headers.authorization) end
  if entry.prefixed then assert.matches("/v1/devices/" .. ID .. "/x$", request.path) end
end

describe("what a program passes on", function()
  before_each(function()
    server = raw.new(answer)
    pump = streaming.pump()
  end)

  after_each(function()
    pump:cancel()
    server:close()
  end)

  for name, entry in pairs(ENTRIES) do
    it("as " .. name .. " stays what it is, or is refused", function()
      local sent = 0
      for _, text in ipairs(TEXTS) do
        local requests = requests_of(entry.act, text)
        for _, request in ipairs(requests or {}) do
          sent = sent + 1
          local fine, problem = pcall(check_entry, entry, request, text)
          if not fine then error(("%q: %s\n%s"):format(text, tostring(problem), request.head), 0) end
        end
        assert.is_true(#(requests or {}) <= 1, ("%q was sent %d times"):format(text, #(requests or {})))
      end
      assert.are.equal(entry.never == true, sent == 0)
    end)
  end

  it("is looked at here, whatever takes it", function()
    for owner, methods in pairs { api = core.api_methods, device = core.device_methods } do
      for method in pairs(methods) do
        local name = owner .. ":" .. method
        assert.is_truthy(ENTRIES[name] or WITHOUT[name] or ENTRIES[name .. ", a list"], name)
      end
    end
  end)

  -- What an operation takes, filled with the text wherever one fits.
  local function arguments_of(op, template, text)
    local args = { device = op.known.device and ID } -- a name would have to be looked up
    for name, field in pairs(op.known) do
      if field.rule and (template.names[name] or not op.placeholders[name]) then
        local list = field.rule == files.LIST and { { data = text, name = text, type = "text/plain" } }
          or { text }
        for _, value in ipairs { text, list, { [text] = text }, true, 1 } do
          if args[name] == nil and field.rule.fits(value) then args[name] = value end
        end
      end
    end
    return args
  end

  local function has_shape(template, parts)
    if #parts ~= #template.parts then return false end
    for i, part in ipairs(template.parts) do
      if type(part) == "string" and part ~= parts[i] then return false end
    end
    return true
  end

  local function is_of(op, request)
    local parts = parts_of(request.path)
    for _, template in ipairs(op.templates) do
      if has_shape(template, parts) then return true end
    end
  end

  -- Returns whether the operation sent its request.
  local function try(api, op, template, text)
    local group, name = op.who:match("^(.-)%.(.*)$")
    local args = arguments_of(op, template, text)
    local requests = requests_of(function()
      local result = api[group][name](api[group], args)
      if core.type(result) == "stream" then result:close() end
    end, text) or {}
    assert(#requests <= 1, op.who .. " was sent " .. #requests .. " times")
    for _, request in ipairs(requests) do
      local fine, problem = pcall(check_request, request)
      if not fine then error(("%s, %q: %s\n%s"):format(op.who, text, tostring(problem), request.head), 0) end
      assert(is_of(op, request), op.who .. ": " .. request.path)
    end
    return requests[1] ~= nil
  end

  it("as an argument of an operation of the catalogue stays what it is, or is refused", function()
    local operations, new = require("particle.operations"), require("particle.operation").new
    local api, sent, refused = client(), 0, {}
    for group in pairs(operations.GROUPS) do
      for name, row in pairs(operations.rows(group)) do
        local op = new(group, name, row)
        for _, template in ipairs(op.absolute and {} or op.templates) do
          if not try(api, op, template, "benign") then refused[#refused + 1] = op.who end
          for _, text in ipairs {
            "a\r\nX-Injected: 1", "../b?injected=1#c", "a b&injected=1\0", '";\n@e/%2e%0d%0a',
          } do
            if try(api, op, template, text) then sent = sent + 1 end
          end
        end
      end
    end
    assert.is_true(sent > 800, sent .. " were sent")
    assert.is_true(#refused < 20, table.concat(refused, " "))
  end)

  it("as a part of a url is escaped", function()
    local api = client()
    for _, text in ipairs(TEXTS) do
      for i = 1, 2 do
        local fine, url = pcall(function()
          if i == 1 then return api:url("v1", text) end
          return lamp(api):url(text)
        end)
        if fine then
          assert.are.equal(server.url, url:sub(1, #server.url))
          assert.matches("^[%w%-._~%%/:]+$", url)
          assert.are.equal(text, unescaped(url:match("[^/]*$")))
        end
      end
    end
  end)

  it("in an answer of the cloud stays what it is, too: ids, which become parts of paths", function()
    for _, text in ipairs(TEXTS) do
      local id = utf8.len(text) and text or "none"
      local bodies = {
        core.encode { ok = true, id = id, result = 1 }, core.encode { { id = id, name = id } },
        '{"result":1}',
      }
      server.scripts = { function(connection)
        while connection:request() do connection:json(bodies[#server.requests]) end
      end }
      server.accepted, server.requests = 0, {}
      local api = client()
      local claimed = assert(api:claim(ID))
      local list, err = api:devices()
      if list then assert(list[1]:read("x")) else assert.are.equal("protocol", err.kind) end
      bodies[#server.requests + 1] = '{"result":1}'
      assert(claimed:read("x"))
      for _, request in ipairs(server.requests) do check_request(request) end
    end
  end)

  it("in a stream stays what it is, too: ids of events, which become a header", function()
    for _, text in ipairs(TEXTS) do
      server.scripts = { function(connection)
        connection:request()
        connection:send(streaming.HEAD .. "id: " .. text .. "\ndata: x\n\n")
      end, streaming.open("data: y\n\n") }
      server.accepted, server.requests = 0, {}
      local stream <close> = assert(client():subscribe(nil, { retry = streaming.AT_ONCE }))
      repeat until assert(stream:next(60)).data == "y"
      for _, request in ipairs(server.requests) do check_request(request, nil, "Last-Event-ID") end
      assert.are.equal(2, #server.requests)
    end
  end)
end)
