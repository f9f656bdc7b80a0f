-- The program particle-simulator as other programs meet it: with curl, byte for byte.

local core = require("particle.core")
local support = require("spec.support")

local COMMAND = os.getenv("PARTICLE_SIMULATOR") or support.build .. "/bin/particle-simulator"

local ID = "0123456789abcdef01234567"
local FREE_OFFLINE, HIS = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"

local FLEET = [[
local ahead = 0 -- how far the clock is set forward
local mydevice = {
  name = "mydevice", id = "0123456789abcdef01234567", product_id = 42,
  variables = { temperature = 21.5 },
  functions = {
    wakeup = function(arg) return #arg end,
    brew = function() return 1 end,
    advance = function(seconds)
      ahead = ahead + seconds
      return 0
    end,
  },
}
return {
  clock = function() return os.time() + ahead end,
  users = {
    { username = "joe@example.com", password = "SuperSecret", devices = {
      mydevice,
      { name = "asleep", online = false, variables = { temperature = 21.5 }, functions = { brew = print } },
      { name = "unclaimed", id = "aaaaaaaaaaaaaaaaaaaaaaaa", online = false, claimed = false },
    } },
    { username = "pete@example.com", password = "other",
      devices = { { name = "his", id = "]] .. HIS .. [[" } } },
    { username = "ann@example.com", password = "p", mfa = "123456" },
  },
}
]]

local function start(file, ...) return support.start { COMMAND, file, ... } end

-- curl's arguments for sh, to the status and the body of the reply.
local function curl(arguments)
  local command = "exec curl -q -sS --noproxy '*' --max-time 60 -w '\\n%{http_code}' " .. arguments
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  assert(pipe:close(), command)
  local body, status = output:match("^(.*)\n(%d+)$")
  return math.tointeger(tonumber(status)), body
end

describe("particle-simulator", function()
  local folder, process, API, TOKEN, OTHER, EXPIRED

  -- $API, $TOKEN, $OTHER and $EXPIRED stand for what they are in curl-examples.md.
  local function ask(arguments)
    local values = { API = API, TOKEN = TOKEN, OTHER = OTHER, EXPIRED = EXPIRED }
    return curl((arguments:gsub("%$(%u+)", values)))
  end

  local function log_in(form)
    local status, body = ask("$API/oauth/token -u particle:particle -d grant_type=password -d " .. form)
    assert.equal(200, status, body)
    return core.decode(body)
  end

  setup(function()
    folder = support.folder()
    process = start(folder:write("fleet.lua", FLEET))
    API = process:expect("^listening on (http://127%.0%.0%.1:%d+)\n")
    TOKEN = process:expect("^[^\n]+\ntoken: (%x+)\n")
    OTHER = log_in("username=pete@example.com -d password=other").access_token
    EXPIRED = log_in("username=joe@example.com -d password=SuperSecret -d expires_in=60").access_token
    assert.equal(200, (ask("$API/v1/devices/mydevice/advance -d arg=61 -d access_token=$TOKEN")))
  end)

  teardown(function()
    process:stop()
    folder:remove()
  end)

  describe("answers with the recorded errors:", function()
    local DENIED = [[{"error":"Permission Denied","info":"I didn't recognize that device name or ID, ]]
      .. [[try opening https://api.particle.io/v1/devices?access_token=undefined"}]]
    local UNHEARD = [[{"ok":false,"code":500,]]
      .. [["errors":[{"error":"Timed out, didn't hear back from device service"}]}]]
    local AUTH = "-H 'Authorization: Bearer $TOKEN' "
    local AS_OTHER = "-H 'Authorization: Bearer $OTHER' "
    local LOGIN = "$API/oauth/token -u particle:particle -d grant_type=password -d username=joe@example.com "

    local ERRORS = {
      { "no token", "$API/v1/devices", 400,
        '{"error":"invalid_request","error_description":"The access token was not found"}' },
      { "token expired", "-H 'Authorization: Bearer $EXPIRED' $API/v1/devices", 401,
        '{"error":"invalid_token","error_description":"The access token provided has expired."}' },
      { "token invalid", "-H 'Authorization: Bearer 0123' $API/v1/devices", 401,
        '{"error":"invalid_token","error_description":"The access token provided is invalid."}' },

      { "device unknown, get", AUTH .. "$API/v1/devices/nix", 403, DENIED },
      { "device unknown, variable", AUTH .. "$API/v1/devices/nix/temperature", 403, DENIED },
      { "device unknown, function", AUTH .. "-d arg= $API/v1/devices/nix/brew", 403, DENIED },
      { "device unknown, ping", AUTH .. "-X PUT $API/v1/devices/nix/ping", 403, DENIED },
      { "device unknown, rename", AUTH .. "-X PUT -d name=x $API/v1/devices/nix", 403, DENIED },
      { "device unknown, signal", AUTH .. "-X PUT -d signal=1 $API/v1/devices/nix", 403, DENIED },
      { "device unknown, unclaim", AUTH .. "-X DELETE $API/v1/devices/nix", 403, DENIED },
      { "somebody else's device, get", AS_OTHER .. "$API/v1/devices/" .. ID, 403, DENIED },
      { "somebody else's device, variable", AS_OTHER .. "$API/v1/devices/" .. ID .. "/temperature", 403,
        DENIED },
      { "somebody else's device, function", AS_OTHER .. "-d arg= $API/v1/devices/" .. ID .. "/brew", 403,
        DENIED },
      { "somebody else's device, ping", AS_OTHER .. "-X PUT $API/v1/devices/" .. ID .. "/ping", 403, DENIED },
      { "somebody else's device, rename", AS_OTHER .. "-X PUT -d name=x $API/v1/devices/" .. ID, 403,
        DENIED },
      { "somebody else's device, signal", AS_OTHER .. "-X PUT -d signal=1 $API/v1/devices/" .. ID, 403,
        DENIED },
      { "somebody else's device, unclaim", AS_OTHER .. "-X DELETE $API/v1/devices/" .. ID, 403, DENIED },

      { "variable, device offline", AUTH .. "$API/v1/devices/asleep/temperature", 408,
        '{"ok":false,"error":"timed out"}' },
      { "function, device offline", AUTH .. "-d arg= $API/v1/devices/asleep/brew", 408,
        '{"ok":false,"error":"Timed out."}' },
      { "variable unknown", AUTH .. "$API/v1/devices/mydevice/humidity", 404,
        '{"ok":false,"error":"Unknown Variable: humidity"}' },
      { "function unknown", AUTH .. "-d arg= $API/v1/devices/mydevice/fly", 404,
        '{"ok":false,"error":"Function fly not found"}' },

      { "claim: no such device", AUTH .. "-d id=cccccccccccccccccccccccc $API/v1/devices", 404,
        '{"ok":false,"errors":["device does not exist"]}' },
      { "claim: device not online", AUTH .. "-d id=" .. FREE_OFFLINE .. " $API/v1/devices", 404,
        [=[{"ok":false,"errors":[["Core isn't online",404]]}]=] },
      { "claim: another owner", AUTH .. "-d id=" .. HIS .. " $API/v1/devices", 403,
        '{"errors":["That belongs to someone else."]}' },
      { "claim: id missing", AUTH .. "-d x=y $API/v1/devices", 400,
        '{"ok":false,"errors":["arg.deviceID is empty"]}' },

      { "signal, device offline", AUTH .. "-X PUT -d signal=1 $API/v1/devices/asleep", 500, UNHEARD },
      { "flash, device offline",
        AUTH .. "-X PUT -F file=@/dev/null -F file_type=binary $API/v1/devices/asleep", 500,
        '{"ok":false,"code":500,"errors":["Request Timed Out"]}' },
      { "product unknown", AUTH .. "$API/v1/products/43/devices", 404,
        '{"ok":false,"error":"Product not found."}' },

      { "token list, wrong password", "-u joe@example.com:wrong $API/v1/access_tokens", 401,
        '{"ok":false,"errors":["Bad password"]}' },
      { "token list, unknown user", "-u nobody@example.com:x $API/v1/access_tokens", 400,
        '{"ok":false,"errors":["Unknown user"]}' },
      { "events without a prefix", AUTH .. "$API/v1/events", 400,
        '{"ok":false,"error":"event prefix filter is required"}' },

      { "bad credentials", LOGIN .. "-d password=wrong", 400,
        '{"error":"invalid_grant","error_description":"User credentials are invalid"}' },
      { "wrong OTP", "$API/oauth/token -u CLI2: -d grant_type=urn:custom:mfa-otp -d mfa_token=x -d otp=1",
        400, '{"error":"invalid_grant","error_description":"OTP expired"}' },
    }
    for _, case in ipairs(ERRORS) do
      it(case[1], function()
        local status, body = ask(case[2])
        assert.equal(case[4], body)
        assert.equal(case[3], status)
      end)
    end

    it("account with MFA", function()
      local status, body = ask("$API/oauth/token -u particle:particle -d grant_type=password "
        .. "-d username=ann@example.com -d password=p")
      assert.equal(403, status)
      assert.truthy(body:find('^{"error":"mfa_required",'
        .. '"error_description":"Multifactor authentication required","mfa_token":"%x+"}$'))
    end)
  end)

  describe("answers the introduction's requests:", function()
    local LOGIN = "$API/oauth/token -d grant_type=password "
      .. "-d username=joe@example.com -d password=SuperSecret "

    -- What a body must have, as a pattern.
    local EXAMPLES = {
      { "1", "$API/v1/devices/mydevice/wakeup -d arg=please -d access_token=$TOKEN", 200,
        '"return_value":6}$' },
      { "2", [["$API/v1/devices/mydevice/wakeup?access_token=$TOKEN" -H "Content-Type: application/json" ]]
        .. [[-d '{"arg": "please"}']], 200, '"return_value":6}$' },
      { "3", "$API/v1/devices/" .. ID .. "/brew -d access_token=$TOKEN", 200, '"return_value":1}$' },
      { "4", "$API/v1/devices/" .. ID .. "/brew -d access_token=$OTHER", 403,
        '^{"error":"Permission Denied"' },
      { "5", "$API/v1/devices/" .. ID .. "/brew -d access_token=" .. ("0"):rep(40), 401,
        '^{"error":"invalid_token"' },
      { "6", [[-H "Authorization: Bearer $TOKEN" $API/v1/devices]], 200,
        '^%[{"id":.*"name":"mydevice".*}%]$' },
      { "7", [["$API/v1/devices?access_token=$TOKEN"]], 200, '^%[{"id":.*"name":"mydevice".*}%]$' },
      { "8", "-X PUT $API/v1/devices/mydevice -d name=other -d access_token=$TOKEN", 200, '"name":"other"' },
      { "8, back", "-X PUT $API/v1/devices/other -d name=mydevice -d access_token=$TOKEN", 200,
        '"name":"mydevice"' },
      { "8, DELETE", "-X DELETE $API/v1/devices/asleep -d access_token=$TOKEN", 200, '^{"ok":true}$' },
      { "9", [[$API/v1/devices/mydevice/wakeup -H "Content-Type: application/json" ]]
        .. [[-d '{"arg":"x","access_token":"$TOKEN"}']], 400, '^{"error":"invalid_request"' },
      { "10", LOGIN .. "-u particle:particle", 200,
        '^{"access_token":"%x+","token_type":"bearer","expires_in":7776000,"refresh_token":"%x+"}$' },
      { "11, client in the body", LOGIN .. "-d client_id=particle -d client_secret=particle", 200,
        '"expires_in":7776000,' },
      { "11, expires_in", LOGIN .. "-u particle:particle -d expires_in=3600", 200, '"expires_in":3600,' },
      { "11, expires_in 0", LOGIN .. "-u particle:particle -d expires_in=0", 200, '"expires_in":0,' },
      { "12", [[$API/oauth/token -u particle:particle -H "Content-Type: application/json" -d ]]
        .. [['{"grant_type":"password","username":"joe@example.com","password":"SuperSecret"}']], 400,
        '^{"error":"invalid_request"' },
      { "13", LOGIN, 400, '^{"error":"invalid_client"' },
      { "14", LOGIN:gsub("SuperSecret", "wrong") .. "-u particle:particle", 400,
        '^{"error":"invalid_grant"' },
    }
    for _, case in ipairs(EXAMPLES) do
      it(case[1], function()
        local status, body = ask(case[2])
        assert.equal(case[3], status, body)
        assert.truthy(body:find(case[4]), body)
      end)
    end

    it("11, expires_at", function()
      local _, body = ask(LOGIN .. "-u particle:particle -d expires_at=2100-01-01")
      local left = 4102444800 - os.time() - 61
      local record = core.decode(body)
      assert.equal("integer", math.type(record.expires_in))
      assert.truthy(math.abs(record.expires_in - left) <= 60)
    end)

    it("2, strictly", function()
      local strict <close> = start(folder:write("strict.lua", FLEET), "--strict")
      local url = strict:expect("listening on (%S+)\n")
      local token = strict:expect("token: (%x+)\n")
      local status, body = curl(([["%s/v1/devices/mydevice/wakeup?access_token=%s" ]]):format(url, token)
        .. [[-H "Content-Type: application/json" -d '{"arg": "please"}']])
      assert.equal(400, status)
      assert.equal('{"error":"invalid_request","error_description":"The access token was not found"}', body)
      assert.equal(200, (curl(([["%s/v1/devices?access_token=%s"]]):format(url, token))))
    end)
  end)

  it("speaks JSON in UTF-8", function()
    local _, body = ask("-D - -o " .. folder.path .. "/body $API/v1/devices?access_token=$TOKEN")
    assert.truthy(body:find("\r\nContent-Type: application/json; charset=utf-8\r\n", 1, true), body)
  end)

  describe("ends", function()
    local function run(...)
      return support.run { COMMAND, ... }
    end

    local fleet

    before_each(function() fleet = folder:write("small.lua",
      "return { devices = { { name = 'lamp' } } }") end)

    it("when its reader goes away", function()
      local quoted = support.quote(COMMAND) .. " " .. support.quote(fleet)
      local pipe = assert(io.popen("exec timeout 60 " .. quoted))
      assert.truthy(pipe:read("l"):find("^listening on http://127%.0%.0%.1:%d+$"))
      assert.truthy(pipe:read("l"):find("^token: %x+$"))
      assert.same({ true, "exit", 0 }, { pipe:close() })
    end)

    for signal, status in pairs { INT = 130, TERM = 143 } do
      it("quietly on SIG" .. signal, function()
        local child <close> = start(fleet)
        child:expect("token: %x+\n")
        child:kill(signal)
        local result = child:wait()
        assert.equal(status - 128, result.signal)
        assert.equal("", result.stderr)
      end)
    end

    it("after printing its usage or version", function()
      local usage = run("--help")
      assert.equal(0, usage.status)
      assert.truthy(usage.stdout:find("^Usage: particle%-simulator "))
      local version = run("--version")
      assert.equal(0, version.status)
      assert.equal("particle-simulator " .. require("particle")._VERSION:gsub("^particle ", "") .. "\n",
        version.stdout)
    end)

    local MISUSE = {
      { {}, "FILE.lua is missing" },
      { { "a.lua", "b.lua" }, "one file only" },
      { { "--prot", "80", "a.lua" }, "unknown option --prot" },
      { { "-p", "80", "a.lua" }, "unknown option -p" },
      { { "--strict=yes", "a.lua" }, "unknown option --strict=yes" },
      { { "a.lua", "--port" }, "--port needs a value" },
      { { "--port", "x", "a.lua" }, "--port must be a port from 0 to 65535, got 'x'" },
      { { "--port=70000", "a.lua" }, "--port must be a port from 0 to 65535, got '70000'" },
      { { "--fault", "rest", "a.lua" },
        '--fault rest: there is no kind "rest"; did you mean "reset"?' },
      { { "--fault=reset,n=0", "a.lua" },
        '--fault reset,n=0: n must be a positive integer or "ever", got the number 0' },
      { { "--fault", "", "a.lua" }, "--fault : kind must be a string, got nil" },
      { { "--latency", "-1", "a.lua" }, "--latency must be a number of seconds, got '-1'" },
    }
    for _, case in ipairs(MISUSE) do
      it("with status 2: " .. case[2], function()
        local result = run(table.unpack(case[1]))
        assert.same({ 2, "" }, { result.status, result.stdout })
        assert.equal("particle-simulator: " .. case[2] .. "\nTry 'particle-simulator --help'.\n",
          result.stderr)
      end)
    end

    local BROKEN = {
      { "return {", "broken.lua:1: " },
      { "error('no fleet today')", "broken.lua:1: no fleet today" },
      { "return 5", "broken.lua must return a table of options, it returned number" },
      { "return { devics = {} }", 'broken.lua: simulator.new: unknown option "devics"' },
      { "return { faults = { { kind = 'silent' } } }", 'broken.lua: fault: there is no kind "silent"' },
    }
    for _, case in ipairs(BROKEN) do
      it("with status 1 for a file that is " .. case[1], function()
        local result = run(folder:write("broken.lua", case[1]))
        assert.same({ 1, "" }, { result.status, result.stdout })
        assert.truthy(result.stderr:find("^particle%-simulator: "), result.stderr)
        assert.truthy(result.stderr:find(case[2], 1, true), result.stderr)
      end)
    end

    it("with status 1 when there is no file, or its port is taken", function()
      local missing = run(folder.path .. "/nix.lua")
      assert.equal(1, missing.status)
      assert.truthy(missing.stderr:find("nix.lua", 1, true))
      local taken = run("--port", API:match("%d+$"), fleet)
      assert.equal(1, taken.status)
      assert.truthy(taken.stderr:find(API:match("%d+$"), 1, true), taken.stderr)
    end)
  end)

  it("listens on the port and waits as long as it is told to", function()
    local port = support.free_port()
    local fleet = folder:write("small.lua", "return { port = 1, devices = {} }")
    local child <close> = start(fleet, "--port=" .. port, "--latency", "0.1")
    assert.equal(("http://127.0.0.1:%d"):format(port), child:expect("^listening on (%S+)\n"))
    local token = child:expect("token: (%x+)\n")
    local started = core.now()
    assert.equal(200, (curl(("http://127.0.0.1:%d/v1/devices?access_token=%s"):format(port, token))))
    assert.truthy(core.now() - started >= 0.1)
  end)

  describe("breaks", function()
    -- The statuses of so many requests for the device's variable; 0: there was no reply.
    local function ask_often(child, times)
      local url, token = child:expect("listening on (%S+)\n"), child:expect("token: (%x+)\n")
      local statuses = {}
      for i = 1, times do
        local command = "exec curl -q -s --noproxy '*' --max-time 60 -o /dev/null -w '%%{http_code}' "
          .. "'%s/v1/devices/lamp/level?access_token=%s'"
        local pipe = assert(io.popen(command:format(url, token)))
        statuses[i] = tonumber(pipe:read("a"))
        pipe:close()
      end
      return statuses
    end

    local LAMP = "devices = { { name = 'lamp', variables = { level = 1 } } }"

    it("what --fault says", function()
      local fleet = folder:write("lamp.lua", "return { " .. LAMP .. " }")
      local child <close> = start(fleet, "--fault", "reset,after", "--fault=status=503, n=2")
      assert.same({ 0, 503, 503, 200 }, ask_often(child, 4))
    end)

    it("what its file says, and then what --fault says", function()
      local fleet = folder:write("lamp.lua", "return { faults = { { kind = 'close' } }, " .. LAMP .. " }")
      local child <close> = start(fleet, "--fault", "gateway,device=lamp")
      assert.same({ 0, 502, 200 }, ask_often(child, 3))
    end)
  end)

  it("reports errors of device code", function()
    local fleet = folder:write("failing.lua",
      "return { devices = { { name = 'lamp', functions = { f = error } } } }")
    local child <close> = start(fleet)
    local url, token = child:expect("listening on (%S+)\n"), child:expect("token: (%x+)\n")
    assert.equal(500, (curl(("%s/v1/devices/lamp/f -d arg=oops -d access_token=%s"):format(url, token))))
    support.wait_until(function() return child:stderr():find("function f of lamp: oops", 1, true) end)
    assert.equal(200, (curl(("%s/v1/devices?access_token=%s"):format(url, token))))
  end)
end)
