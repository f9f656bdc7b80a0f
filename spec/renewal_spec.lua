local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local inspect = require("particle.inspect")
local particle = require("particle")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

local ID = "0123456789abcdef01234567"
local LONG = 30

describe("a token function", function()
  local cloud, valid, asked

  -- A cloud that takes the token `valid` only.
  before_each(function()
    valid, asked = "one", 0
    cloud = Cloud.new(function(request)
      if request.path == "/oauth/token" then
        return 200, { access_token = valid, token_type = "bearer", expires_in = 3600, refresh_token = "r" }
      end
      if request.headers.authorization ~= "Bearer " .. valid then
        return 401, { error = "invalid_token", error_description = "The access token provided has expired." }
      end
      if request.method == "POST" then return 200, { return_value = 1 } end
      return 200, { result = "fine" }
    end)
  end)

  after_each(function() cloud:close() end)

  local function client(fn)
    return cloud:client {
      token = function(...)
        asked = asked + 1
        return fn(...)
      end,
    }
  end

  it("is asked on first use, not before, and not again", function()
    local api = client(function() return valid end)
    assert.are.equal(0, asked)
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.are.equal(1, asked)
  end)

  it("gets the api, and tells when the token expires", function()
    local given
    local api = client(function(...)
      given = ...
      return valid, 1900000000
    end)
    assert(api:device(ID):read("x"))
    assert.are.equal(api, given)
    assert.are.equal(1900000000, api.token_expires_at)
  end)

  it("is asked once more after a 401, and the call, never carried out, is sent again", function()
    local api = client(function() return valid end)
    assert(api:device(ID):read("x"))
    valid = "two"
    assert.are.equal(1, api:device(ID):call("f"))
    assert.are.equal(2, asked)
    assert.are.equal(3, #cloud.requests)
  end)

  it("is not asked a third time when its new token is refused too", function()
    local api = client(function() return "wrong" end)
    local value, err = api:device(ID):read("x")
    assert.is_nil(value)
    assert.are.equal("unauthorized", err.kind)
    assert.are.equal(401, err.status)
    assert.are.equal(2, err.attempts)
    assert.are.equal(2, asked)
    assert.are.equal(2, #cloud.requests)
  end)

  it("is asked once for all calls that wait", function()
    local api = client(function()
      scheduler.sleep(0.005)
      return valid
    end)
    local tasks = {}
    for round = 1, 2 do
      for i = 1, 5 do tasks[i] = scheduler.spawn(function() return api:device(ID):read("x") end) end
      for i = 1, 5 do assert.are.equal("fine", tasks[i]:wait()) end
      assert.are.equal(round, asked)
      valid = "two"
    end
  end)

  it("may log in with the api itself", function()
    local api = client(function(api) return api:login { username = "joe", password = "pw" } end)
    assert.are.equal("fine", api:device(ID):read("x"))
    assert.is_true(math.abs(api.token_expires_at - os.time() - 3600) <= 2)
    assert.are.equal(2, #cloud.requests)
  end)

  it("may give a secret", function()
    local api = client(function() return core.secret(valid) end)
    assert.are.equal("fine", api:device(ID):read("x"))
  end)

  it("must not need a token itself", function()
    local api = client(function(api) return api:device(ID):read("token") end)
    assert.has_error(function() api:device(ID):read("x") end,
      "the token function needs a token itself: let it use api:login or another api")
    assert.are.equal(0, #cloud.requests)
  end)

  it("that gives none makes the call fail, with nothing sent", function()
    for message, fn in pairs {
      ["the token function gave no token"] = function() return nil end,
      ["the token function gave no token: locked out"] = function() return nil, "locked out" end,
    } do
      local value, err = client(fn):device(ID):read("x")
      assert.is_nil(value)
      assert.are.equal("unauthorized", err.kind)
      assert.are.equal(message, err.message)
      assert.is_false(err.delivered)
      assert.are.equal(0, err.attempts)
      assert.are.equal(cloud.url .. "/v1/devices/" .. ID .. "/x", err.url)
    end
    assert.are.equal(0, #cloud.requests)
  end)

  it("hands on the error object that it got", function()
    local mine = core.error { kind = "network", message = "m" }
    local _, err = client(function() return nil, mine end):device(ID):read("x")
    assert.are.equal(mine, err)
  end)

  it("that raises does so in the call; those who wait get an error of their own", function()
    local api = client(function()
      scheduler.sleep(0.005)
      error("my bug", 0)
    end)
    local other = scheduler.spawn(function() return api:device(ID):read("x") end)
    scheduler.step(0)
    local value, err = api:device(ID):read("x")
    assert.is_nil(value)
    assert.are.equal("the token function failed", err.message)
    assert.has_error(function() other:wait() end, "my bug")
    assert.has_error(function() api:device(ID):read("x") end, "my bug") -- and may be tried again
  end)

  it("is asked anew by those who wait when its task is cancelled", function()
    local api = client(function()
      scheduler.sleep(asked == 1 and LONG or 0)
      return valid
    end)
    local first = scheduler.spawn(function() return api:device(ID):read("x") end)
    local second = scheduler.spawn(function() return api:device(ID):read("x") end)
    while asked == 0 do scheduler.step(0) end
    scheduler.step(0)
    first:cancel()
    assert.are.equal("fine", second:wait())
    assert.are.equal(2, asked)
  end)

  it("that the cloud refuses a login is not asked by each call", function()
    local api = client(function() return nil, core.error { kind = "unauthorized", message = "wrong" } end)
    for _ = 1, 3 do
      local _, err = api:device(ID):read("x")
      assert.are.equal("unauthorized", err.kind)
    end
    assert.are.equal(1, asked)
  end)

  it("must return a token", function()
    assert.has_error(function() client(function() return 7 end):device(ID):read("x") end,
      "the token function must return a token (a string), got a number")
    assert.has_error(function() client(function() return "a b" end):device(ID):read("x") end)
  end)

  it("that does not come back ends with the call's deadline for those who wait", function()
    local release = false
    local api = client(function()
      scheduler.wait(function() return release end, core.now() + LONG)
      return valid
    end)
    local first = scheduler.spawn(function() return api:device(ID):read("x") end)
    scheduler.step(0)
    local value, err = api:device(ID):read("x", { deadline = 0.02 })
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.is_false(err.delivered)
    release = true
    assert.are.equal("fine", first:wait())
  end)
end)

describe("a login that is retained", function()
  local sim, api, moment, refuse

  local JOE, PASSWORD = "joe@example.com", "canary-pass+word"

  local function count_logins()
    local n = 0
    for _, request in ipairs(sim:requests()) do n = n + (request.path == "/oauth/token" and 1 or 0) end
    return n
  end

  -- Revokes all tokens, as the cloud does where somebody changes the password.
  local function revoke()
    local other <close> = particle.new { base_url = sim.url, token = false }
    assert(other:login { username = JOE, password = PASSWORD })
    assert(other:request { method = "DELETE", path = "/v1/access_tokens" })
  end

  -- Lets each login through `refuse`, which may answer in the cloud's place.
  local function open(options)
    local settings = { token = false, retain_login = true, retry = false }
    for name, value in pairs(options or {}) do settings[name] = value end
    local opened = sim:client(settings)
    opened:use(function(request, send)
      if request.operation == "oauth.login" and refuse then return refuse(request, send) end
      return send(request)
    end)
    return opened
  end

  before_each(function()
    moment, refuse = 1700000000, nil
    sim = simulator.new {
      clock = function() return moment end,
      clients = { mine = "canary-client" },
      users = {
        { username = JOE, password = PASSWORD, devices = { { name = "lamp", variables = { x = 1 },
          functions = { f = function() return 7 end } } } },
        { username = "eve", password = PASSWORD, mfa = "123456", devices = { { name = "lamp" } } },
      },
    }
    api = open()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function login(more)
    local given = { username = JOE, password = PASSWORD }
    for name, value in pairs(more or {}) do given[name] = value end
    return assert(api:login(given))
  end

  it("renews the token after a 401, and the call is sent again", function()
    login()
    revoke()
    local before = #sim:requests()
    assert.are.equal(7, api:device("lamp"):call("f"))
    local statuses = {}
    for i = before + 1, #sim:requests() do statuses[#statuses + 1] = sim:requests()[i].status end
    assert.are.same({ 401, 200, 200 }, statuses)
  end)

  it("renews it before the call once its time has come", function()
    login { expires_in = 60 }
    assert.are.equal(moment + 60, api.token_expires_at)
    moment = moment + 60
    local before = #sim:requests()
    assert.are.equal(7, api:device("lamp"):call("f"))
    assert.are.equal(before + 2, #sim:requests())
    assert.are.equal(moment + 60, api.token_expires_at)
    assert.are.equal("60", sim:requests()[before + 1].fields.expires_in)
  end)

  it("asks for as much time as the first token had, where that was said as a moment", function()
    login { expires_at = moment + 600 }
    moment = moment + 601
    assert.are.equal(1, api:device("lamp"):read("x"))
    assert.are.equal(moment + 600, api.token_expires_at)
  end)

  it("is not used by an api that does not retain it", function()
    local plain <close> = sim:client { token = false }
    assert(plain:login { username = JOE, password = PASSWORD })
    revoke()
    local _, err = plain:device("lamp"):read("x")
    assert.are.same({ "unauthorized", 401, 1 }, { err.kind, err.status, err.attempts })
  end)

  it("is used once for all calls that wait", function()
    login()
    for _ = 1, 3 do
      revoke()
      local before, tasks = count_logins(), {}
      for i = 1, 20 do tasks[i] = scheduler.spawn(function() return api:device("lamp"):read("x") end) end
      for i = 1, 20 do assert.are.equal(1, tasks[i]:wait()) end
      assert.are.equal(before + 1, count_logins())
    end
  end)

  it("is used for calls and streams at once", function()
    login()
    revoke()
    local before = count_logins()
    local streams, calls = {}, {}
    for i = 1, 3 do
      streams[i] = scheduler.spawn(function() return api:subscribe("a") end)
      calls[i] = scheduler.spawn(function() return api:device("lamp"):read("x") end)
    end
    for i = 1, 3 do
      assert.are.equal("open", assert(streams[i]:wait()).state)
      assert.are.equal(1, calls[i]:wait())
    end
    assert.are.equal(before + 1, count_logins())
  end)

  it("lets a stream come back after its token was revoked", function()
    login()
    local stream <close> = assert(api:subscribe("a", { retry = streaming.AT_ONCE }))
    revoke()
    sim:cut()
    sim:device("lamp"):publish("a", "lost or not")
    while stream.state ~= "open" or count_logins() < 3 do scheduler.step() end
    sim:device("lamp"):publish("a", "seen")
    assert.are.equal("seen", assert(stream:next(LONG)).data)
  end)

  it("that is refused ends the calls as unauthorized, and is not tried for each of them", function()
    login()
    revoke()
    local clock = 0
    core.state(api).now = function() return clock end
    refuse = function(request, send)
      request.form.password = core.secret("canary-wrong")
      return send(request)
    end
    local before, tasks = count_logins(), {}
    for i = 1, 5 do tasks[i] = scheduler.spawn(function() return api:device("lamp"):call("f") end) end
    for i = 1, 5 do
      local value, err = tasks[i]:wait()
      assert.is_nil(value)
      assert.are.same({ "unauthorized", 401, false, false, 1, "POST" },
        { err.kind, err.status, err.delivered, err.retryable, err.attempts, err.method })
      assert.matches("^the token could not be renewed: ", err.message)
      assert.matches("/v1/devices/lamp/f$", err.url)
      assert.not_matches("canary", inspect(err) .. tostring(err))
    end
    assert.are.equal(before + 1, count_logins())

    -- Later ones neither, for a while that grows.
    for _, pause in ipairs { 60, 120, 240, 480, 960, 1920, 3600, 3600 } do
      local logins = count_logins()
      local _, err = api:device("lamp"):read("x")
      assert.are.same({ "unauthorized", pause }, { err.kind, err.retry_after })
      clock = clock + pause - 1
      _, err = api:device("lamp"):read("x")
      assert.are.same({ "unauthorized", 1 }, { err.kind, err.retry_after })
      assert.are.equal(logins, count_logins())
      clock = clock + 1
      assert.is_nil((api:device("lamp"):read("x")))
      assert.are.equal(logins + 1, count_logins())
    end

    -- Until it is granted.
    refuse, clock = nil, clock + 3600
    assert.are.equal(1, api:device("lamp"):read("x"))
    revoke()
    refuse = function(_, send)
      return send { method = "POST", path = "/oauth/token", form = {}, auth = "none" }
    end
    local _, err = api:device("lamp"):read("x")
    assert.is_nil(err.retry_after)
    _, err = api:device("lamp"):read("x")
    assert.are.equal(60, err.retry_after)
  end)

  it("that is refused can be replaced by another one", function()
    login()
    revoke()
    refuse = function() return nil, core.error { kind = "unauthorized", message = "no" } end
    assert.is_nil((api:device("lamp"):read("x")))
    refuse = nil
    login()
    assert.are.equal(1, api:device("lamp"):read("x"))
    revoke()
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("that fails otherwise says so, and the next call tries again", function()
    login()
    revoke()
    for _, kind in ipairs { "network", "timeout", "server" } do
      refuse = function() return nil, core.error { kind = kind, message = "m", retryable = true } end
      local _, err = api:device("lamp"):call("f")
      assert.are.same({ kind, false, true, "the token could not be renewed: m" },
        { err.kind, err.delivered, err.retryable, err.message })
    end
    refuse = function() return nil, core.error { kind = "rate_limited", message = "m", retry_after = 5 } end
    local _, err = api:device("lamp"):read("x")
    assert.are.same({ "rate_limited", 5 }, { err.kind, err.retry_after })
    refuse = nil
    local before = count_logins()
    _, err = api:device("lamp"):read("x")
    assert.are.same({ "rate_limited", before }, { err.kind, count_logins() })
    core.state(api).now = function() return core.now() + 5 end
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("is tried again after an hour at most, however long the cloud asked for", function()
    login()
    revoke()
    refuse = function() return nil, core.error { kind = "server", message = "m", retry_after = 2e9 } end
    assert.is_nil((api:device("lamp"):read("x", { retry = false })))
    refuse = nil
    core.state(api).now = function() return core.now() + 3600 end
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("ends a stream for good when it is refused, and only then", function()
    login()
    local stream <close> = assert(api:subscribe("a", { retry = streaming.AT_ONCE }))
    revoke()
    local failures = 0
    refuse = function()
      failures = failures + 1
      local kind = failures < 3 and "network" or "unauthorized"
      return nil, core.error { kind = kind, message = "m" }
    end
    sim:cut()
    local event, err = stream:next(LONG)
    assert.is_nil(event)
    assert.are.same({ "unauthorized", 3, "closed" }, { err.kind, failures, stream.state })
  end)

  it("of an account with MFA says what to do, or asks the function for another password", function()
    api:login { username = "eve", password = PASSWORD, otp = "123456", expires_in = 60 }
    moment = moment + 60
    local value, err = api:device("lamp"):ping()
    assert.is_nil(value)
    assert.are.equal("mfa_required", err.kind)
    assert.matches("could not be renewed: .*: call api:login again, with otp$", err.message)
    assert.are.equal(60, assert(api:login {
      mfa_token = err.mfa_token, otp = "123456", expires_in = 60 }).expires_in)
    local asked = 0
    local function otp()
      asked = asked + 1
      return "123456"
    end
    api:login { username = "eve", password = PASSWORD, otp = otp, expires_in = 60 }
    moment = moment + 60
    assert(api:devices())
    assert.are.equal(2, asked)
  end)

  it("by refresh token goes on with the one that came last", function()
    local first = login()
    assert(api:login { refresh_token = first.refresh_token, expires_in = 60 })
    for _ = 1, 3 do
      moment = moment + 60
      assert.are.equal(1, api:device("lamp"):read("x"))
      assert.are.equal("refresh_token", sim:requests()[#sim:requests() - 1].fields.grant_type)
    end
    moment = moment + 15 * 86400
    local _, err = api:device("lamp"):read("x")
    assert.are.equal("unauthorized", err.kind)
  end)

  it("by client credentials renews with them", function()
    assert(api:login {
      grant = "client_credentials", client_id = "mine", client_secret = "canary-client", expires_in = 60 })
    moment = moment + 60
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("is kept as opaque values", function()
    login { client_id = "mine", client_secret = "canary-client" }
    local kept = core.state(api).retained_login
    for _, name in ipairs { "password", "client_secret" } do
      assert.are.equal("secret", core.type(kept[name]))
    end
  end)

  it("is not taken along by the call that needed it first", function()
    login()
    revoke()
    local release
    refuse = function(request, send)
      scheduler.wait(function() return release end, core.now() + LONG)
      return send(request)
    end
    local before = count_logins()
    local first = scheduler.spawn(function() return api:device("lamp"):read("x", { deadline = 0.3 }) end)
    local second = scheduler.spawn(function() return api:device("lamp"):read("x") end)
    local third = scheduler.spawn(function() return api:device("lamp"):read("x") end)
    local _, err = first:wait()
    assert.are.same({ "timeout", 401, 1, false }, { err.kind, err.status, err.attempts, err.delivered })
    third:cancel()
    release = true
    assert.are.equal(1, second:wait())
    assert.are.equal(before + 1, count_logins())
  end)

  it("leaves a call with a token of its own alone", function()
    login()
    local before = count_logins()
    local _, err = api:device("lamp"):read("x", { headers = { authorization = "Bearer mine" } })
    assert.are.same({ "unauthorized", before }, { err.kind, count_logins() })
  end)

  it("is not looked for where the token function has the say", function()
    local own <close> = open { token = function(a)
      return a:login { username = JOE, password = PASSWORD }
    end }
    assert.are.equal(1, own:device("lamp"):read("x"))
    assert.is_nil(core.state(own).retained_login)
  end)

  it("ends with the api", function()
    login()
    revoke()
    refuse = function(request, send)
      scheduler.sleep(0.01)
      return send(request)
    end
    local task = scheduler.spawn(function() return api:device("lamp"):read("x") end)
    while not core.state(api).flight do scheduler.step() end
    api:close()
    local value, err = task:wait()
    assert.is_nil(value)
    assert.are.same({ "closed", "the token could not be renewed: the api is closed" },
      { err.kind, err.message })
  end)
end)

describe("a token store of an api", function()
  local sim, moment, kept, loads

  local JOE = { username = "joe", password = "pw", expires_in = 600 }

  local function memory()
    return {
      load = function()
        loads = loads + 1
        return kept
      end,
      save = function(_, record)
        kept = record
        return true
      end,
      clear = function()
        kept = nil
        return true
      end,
    }
  end

  local function client(options)
    local given = { base_url = sim.url, token_store = memory() }
    for name, value in pairs(options or {}) do given[name] = value end
    local api = particle.new(given)
    core.state(api).clock = function() return moment end
    return api
  end

  before_each(function()
    moment, kept, loads = 1700000000, nil, 0
    sim = simulator.new {
      clock = function() return moment end,
      users = {
        { username = "joe", password = "pw", devices = { { name = "lamp", variables = { x = 1 } } } },
      },
    }
  end)

  after_each(function() sim:close() end)

  local function logins()
    local n = 0
    for _, request in ipairs(sim:requests()) do n = n + (request.path == "/oauth/token" and 1 or 0) end
    return n
  end

  it("keeps what a login gives, for a program that starts later", function()
    local first <close> = client()
    local record, problem = first:login(JOE)
    assert.is_nil(problem)
    assert.are.same({
      access_token = record.access_token, refresh_token = record.refresh_token, token_type = "bearer",
      expires_at = moment + 600, base_url = sim.url,
    }, kept)
    local second <close> = client()
    assert.are.equal(0, loads)
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.same({ 1, 1, moment + 600 }, { loads, logins(), second.token_expires_at })
  end)

  it("says how to fill it, and what is wrong with it", function()
    local api <close> = client()
    local _, err = api:device("lamp"):read("x")
    assert.are.equal("unauthorized", err.kind)
    assert.matches("call api:login", err.message)
    for problem, record in pairs {
      ["belongs to another address"] = { access_token = "t", base_url = "https://api.particle.io" },
      ["has expired"] = { access_token = "t", expires_at = moment },
      ["gave a string"] = "text",
    } do
      kept = record
      _, err = api:device("lamp"):read("x")
      assert.are.equal("unauthorized", err.kind)
      assert.matches(problem, err.message, 1, true)
    end
    kept = { access_token = "no token" }
    assert.are.equal("unauthorized", select(2, api:device("lamp"):read("x")).kind)
    assert.are.equal(0, #sim:requests())
  end)

  it("is looked at again after a 401: another program may have renewed the token", function()
    local first <close> = client()
    local second <close> = client { retain_login = true }
    assert(first:login(JOE))
    assert.are.equal(1, second:device("lamp"):read("x"))
    moment = moment + 600
    core.state(second).clock = function() return moment - 600 end -- and so it learns of it from the cloud
    assert(first:login(JOE))
    local before = logins()
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.equal(before, logins())
  end)

  it("renews by the refresh token that it holds", function()
    local first <close> = client()
    assert(first:login(JOE))
    local old = kept.access_token
    moment = moment + 600
    local second <close> = client()
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.equal("refresh_token", sim:requests()[2].fields.grant_type)
    assert.are_not.equal(old, kept.access_token)
  end)

  it("is looked at again when its refresh token was refused: another program may have been first", function()
    local first <close> = client()
    assert(first:login(JOE))
    local stale = kept
    moment = moment + 600
    assert.are.equal(1, first:device("lamp"):read("x"))
    local fresh = kept
    sim:fault { status = 400, body = '{"error":"invalid_grant"}', route = "POST /oauth/token" }
    kept = stale
    local store = memory()
    store.load = function()
      local record = kept
      kept = fresh
      return record
    end
    local second <close> = client { token_store = store }
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.equal(fresh, kept)
  end)

  it("does not try the refresh token of another OAuth client", function()
    kept = { access_token = "t", refresh_token = "r", client_id = "mine", expires_at = moment - 1 }
    local api <close> = client()
    assert.are.equal("unauthorized", select(2, api:device("lamp"):read("x")).kind)
    assert.are.equal(0, #sim:requests())
  end)

  it("gets what a renewal gave", function()
    local api <close> = client { retain_login = true }
    assert(api:login(JOE))
    moment = moment + 600
    local before = kept
    assert.are.equal(1, api:device("lamp"):read("x"))
    assert.are_not.equal(before.access_token, kept.access_token)
    assert.are.equal(moment + 600, kept.expires_at)
  end)

  it("goes before a token function, whose token it does not keep", function()
    local asked = 0
    local function fn()
      asked = asked + 1
      return sim.token
    end
    local api <close> = client { token = fn }
    assert.are.equal(1, api:device("lamp"):read("x"))
    assert.are.same({ 1, nil }, { asked, kept })
    kept = { access_token = sim.token }
    local second <close> = client { token = fn }
    assert.are.equal(1, second:device("lamp"):read("x"))
    assert.are.equal(1, asked)
  end)

  it("that cannot be written does not spoil the login", function()
    local store = memory()
    store.save = function() return nil, "the disk is full" end
    local api <close> = client { token_store = store }
    local record, problem = api:login(JOE)
    assert.is_string(record.access_token)
    assert.are.equal("the token could not be saved: the disk is full", problem)
    assert.are.equal(1, api:device("lamp"):read("x"))
  end)

  it("is a table with three methods, and no token beside it", function()
    for _, store in ipairs { {}, particle.null, io.stdout } do
      assert.error_matches(function() particle.new { token_store = store } end,
        "^particle.new: option token_store must be a token store %(load, save and clear%)")
    end
    assert.error_matches(function() particle.new { token_store = "path" } end, "option token_store must be")
    assert.error_matches(function() particle.new { token_store = memory(), token = "t" } end,
      "give token or token_store, not both")
  end)
end)
