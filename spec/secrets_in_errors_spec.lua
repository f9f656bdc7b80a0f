-- No secret of a call appears in its error, whatever the server makes of it: canaries are sent in every way,
-- and the server echoes all it got in every shape of error body.

local core = require("particle.core")
local raw = require("spec.support.raw_server")

local TOKEN = "canary-token/0123+456="
local PLAIN_TOKEN = "canarytoken0123456789abcdef0123456789abc"
local WORD = "canary päss/word+1&2"
local secret = core.secret

-- What a canary may look like after its way through a path, a form or a header.
local function traces(text)
  local form = text:gsub("[^%w%-._*]", function(c) return c == " " and "+" or ("%%%02X"):format(c:byte()) end)
  local list = { text, form, core.escape(text) }
  for i = 1, #list do list[#list + 1] = list[i]:gsub("%%%x%x", string.lower) end
  return list
end

local function everything(value, seen)
  seen = seen or {}
  if type(value) ~= "table" then return tostring(value) end
  if seen[value] then return "" end
  seen[value] = true
  local texts = {}
  for k, v in pairs(value) do texts[#texts + 1] = everything(k, seen) .. "=" .. everything(v, seen) end
  return table.concat(texts, "\n")
end

local function check(err, ...)
  local shown = everything(err)
  if core.type(err) == "error" then shown = shown .. tostring(err) .. (err .. "") .. ("" .. err) end
  for _, canary in ipairs { ... } do
    for _, trace in ipairs(traces(canary)) do
      assert.is_nil(shown:find(trace, 1, true), ("%q shows in %s"):format(trace, shown))
    end
  end
end

local function printable(text) return (text:gsub("[%c\128-\255]", "?")) end

local function decoded_fields(body)
  local fields = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    value = value:gsub("+", " "):gsub("%%(%x%x)", function(x) return string.char(tonumber(x, 16)) end)
    fields[name] = printable(value)
  end
  return fields
end

local function authorization(got) return printable(got.headers.authorization or "none") end

-- Replies that quote the request: a status, and the body as text or as what becomes JSON.
local echoes = {
  ["HTML"] = { 502, function(got) return "<html><h1>Bad gateway</h1><pre>" .. got.head .. got.body end },
  ["plain text"] = { 400, function(got) return got.head .. got.body end },
  ["broken JSON"] = { 400, function(got) return '{"error":"' .. got.head .. got.body end },
  ["a success that is no JSON"] = { 200, function(got) return "<p>" .. got.head .. got.body end },
  ["a redirect"] = { 302, function(got) return got.head .. got.body end },
  ["JSON inside JSON"] = { 400, function(got)
    local is_json = got.headers["content-type"] == "application/json"
    return ('{"errors":[{"sent":%s}]}'):format(is_json and got.body or "null")
  end },
  ["the head as a message"] = { 400, function(got) return { error = printable(got.head) } end },
  ["the body, deep"] = { 422, function(got)
    return { message = "bad", details = { { input = printable(got.body) } } }
  end },
  ["the fields, decoded"] = { 400, function(got)
    return { error = "invalid", error_description = "see fields", fields = decoded_fields(got.body) }
  end },
  ["a key"] = { 404, function(got) return { [authorization(got)] = 1 } end },
  ["a list of texts"] = { 500, function(got) return { printable(got.target), printable(got.body) } end },
  ["a text alone"] = { 403, function(got) return core.encode(printable(got.target .. got.body)) end },
  ["a refusal"] = { 200, function(got) return { ok = false, error = printable(got.head .. got.body) } end },
  ["an OAuth error"] = { 400, function(got)
    return { error = "invalid_grant", error_description = printable(got.head .. got.body) }
  end },
  ["a code"] = { 401, function(got)
    return { status = printable(got.target), code = authorization(got) }
  end },
}

local function login(form)
  local auth = { "my-client", secret("canary client secret") }
  return { method = "POST", path = "/oauth/token", auth = auth, form = form }
end

local requests = {
  ["the token in the header"] = { method = "GET", path = "/v1/x" },
  ["the token in the query"] = { method = "GET", path = "/v1/x", token_in = "query" },
  ["the token in a form"] = { method = "POST", path = "/v1/x", token_in = "body", form = { a = 1 } },
  ["a token in a path"] = { method = "DELETE", path = { "v1", "access_tokens", secret(TOKEN) } },
  ["the api's token in a ready path"] = function(token)
    return { method = "GET", path = "/v1/access_tokens/" .. core.escape(token) }
  end,
  ["a marked part of a path"] = {
    method = "DELETE", path = { "v1", "x", WORD }, secret_path = { [3] = true },
  },
  ["a login by Basic"] = login { grant_type = "password", username = "me", password = secret(WORD) },
  ["a login in a form"] = {
    method = "POST", path = "/oauth/token", auth = "none",
    form = {
      grant_type = "password", client_secret = secret("canary client secret"),
      otp = secret("canary-otp-123456"), password = secret(WORD),
    },
  },
  ["secrets deep in JSON"] = {
    method = "PUT", path = "/v1/secrets",
    json = {
      list = { { value = secret(WORD) } },
      auth = { username = "me", password = secret("canary client secret") },
    },
  },
  ["a secret in a header of the caller's"] = {
    method = "GET", path = "/v1/x", headers = { ["X-Key"] = secret("canary-key") },
  },
  ["the caller's own authorization"] = {
    method = "GET", path = "/v1/x", headers = { authorization = "Mine canary-key" },
  },
  ["the caller's own Basic"] = {
    method = "GET", path = "/v1/x", headers = { Authorization = "Basic Y2FuYXJ5LWtleQ==" },
  },
}

local function prepare(request, token) return type(request) == "function" and request(token) or request end

local CANARIES = {
  TOKEN, PLAIN_TOKEN, WORD, "canary client secret", "canary-otp-123456", "canary-key",
  "bXktY2xpZW50OmNhbmFyeSBjbGllbnQgc2VjcmV0", "Y2FuYXJ5LWtleQ==",
}

local function echo(shape)
  return function(c)
    while true do
      local got = c:request()
      if not got then return end
      local body = shape[2](got)
      c:reply(shape[1], nil, type(body) == "string" and body or core.encode(body))
    end
  end
end

describe("the error of a call with", function()
  for name, request in pairs(requests) do
    it(name .. " shows no secret, whatever the server echoes", function()
      for shape_name, shape in pairs(echoes) do
        for _, token in ipairs { TOKEN, PLAIN_TOKEN } do
          local server <close> = raw.new(echo(shape))
          local api = server:api()
          core.set_token(api, token)
          local value, err = raw.call(api, prepare(request, token))
          assert.is_nil(value, shape_name)
          check(err, table.unpack(CANARIES))
          core.close(api)
        end
      end
    end)

    it(name .. " shows no secret when there is no reply", function()
      local server <close> = raw.new(function(c) c:request() end)
      for _, url in ipairs { "http://127.0.0.1:" .. raw.closed_port(), server.url } do
        local api = core.api { base_url = url }
        core.set_token(api, TOKEN)
        local value, err = raw.call(api, prepare(request, TOKEN))
        assert.is_nil(value)
        check(err, table.unpack(CANARIES))
        core.close(api)
      end
    end)
  end
end)

describe("an api's own header line", function()
  it("shows in no error when it authorizes", function()
    for name, shape in pairs(echoes) do
      local server <close> = raw.new(echo(shape))
      local api = server:api { headers = { Authorization = "Gateway canary-gateway" } }
      local value, err = raw.call(api, { method = "GET", path = "/v1/x" })
      assert.is_nil(value, name)
      check(err, "canary-gateway")
    end
  end)
end)

describe("an error", function()
  it("hides what the cloud calls a token or password, though we never sent it", function()
    local body = {
      error = "x", access_token = "canary-1", info = "GET /v1/x?access_token=canary-4&x=y",
      nested = { refresh_token = "canary-2", list = { { password = "canary-3" } } },
    }
    local server <close> = raw.new(raw.replying(400, nil, core.encode(body)))
    local _, err = raw.call(server:api(), { method = "GET", path = "/v1/x" })
    check(err, "canary-1", "canary-2", "canary-3", "canary-4")
    assert.equal("x", err.body.error)
  end)

  it("hands out the token of the second step of a login, and nowhere else", function()
    local body = { error = "mfa_required", error_description = "Multi-factor", mfa_token = "canary-mfa" }
    local server <close> = raw.new(raw.replying(403, nil, core.encode(body)))
    local _, err = raw.call(server:api(), login { password = secret(WORD) })
    assert.same({ "mfa_required", "canary-mfa" }, { err.kind, err.mfa_token })
    err.mfa_token = nil
    check(err, "canary-mfa", WORD)
  end)

  it("keeps what is no secret", function()
    local body = '{"error":"The variable temperature was not found"}'
    local server <close> = raw.new(raw.replying(400, nil, body))
    local api = server:api()
    core.set_token(api, TOKEN)
    local path = { "v1", "devices", "kitchen-lamp", "temperature" }
    local _, err = raw.call(api, { method = "GET", path = path })
    assert.equal("The variable temperature was not found", err.message)
    assert.equal(server.url .. "/v1/devices/kitchen-lamp/temperature", err.url)
  end)
end)

describe("what holds a secret", function()
  it("does not show it as text", function()
    local api = core.api { base_url = "http://127.0.0.1:1" }
    core.set_token(api, TOKEN)
    local transfer = core.submit(api, { method = "GET", path = "/v1/x" })
    check({ api, transfer, core.device(api, "lamp"), core.state(api), secret(WORD) }, TOKEN, WORD)
    core.close(api)
  end)

  it("is refused without being quoted", function()
    local api = core.api { base_url = "http://127.0.0.1:1" }
    local function refused(call, ...)
      local ok, message = pcall(call, api, ...)
      assert.is_false(ok)
      assert.is_nil(message:find("canary", 1, true), message)
    end
    refused(core.set_token, "canary token")
    refused(core.set_token, secret("canary\r\ntoken"))
    for name, value in pairs {
      path = { "v1", secret("canary\0x") }, headers = { A = secret("canary\r\n") },
      json = { a = secret("canary\xff") }, auth = { secret("canary"), secret("canary") },
    } do
      local request = { method = "POST", path = "/v1" }
      request[name] = value
      refused(core.submit, request)
    end
    core.close(api)
  end)
end)
