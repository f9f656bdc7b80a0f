-- A program handles secrets and fails in every way (spec/support/canary_program.lua): none of them is in
-- anything that it shows.

local CANARIES = require("spec.support.canaries")
local core = require("particle.core")
local support = require("spec.support")

local function base64(text)
  local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for shift = 18, 0, -6 do
      local at = bits >> shift & 63
      out[#out + 1] = letters:sub(at + 1, at + 1)
    end
  end
  return table.concat(out, "", 1, (#text * 8 + 5) // 6)
end

-- What of a secret may turn up: as it is, and in base64 wherever in a text it begins.
local function traces(secret)
  local list = { secret, secret:reverse(), secret:upper() }
  for before = 0, 2 do
    local skipped = (before * 8 + 5) // 6
    local whole = base64(("x"):rep(before) .. secret)
    list[#list + 1] = whole:sub(skipped + 1, #whole - 2)
  end
  return list
end

local function find(text, secrets)
  for name, secret in pairs(secrets) do
    for _, trace in ipairs(traces(secret)) do
      local at = text:find(trace, 1, true)
      if at then return ("%s shows in: %s"):format(name, text:sub(math.max(1, at - 300), at + 40)) end
    end
  end
end

describe("a program that fails in every way", function()
  local folder, result, issued

  setup(function()
    folder = support.folder()
    folder:write("home/.particle/particle.config.json",
      ('{"access_token":"%s"}'):format(CANARIES.profile_token))
    folder:write("bad/.particle/particle.config.json",
      ('{"access_token":"%s x","username":"%s"'):format(CANARIES.profile_token, CANARIES.password))
    result = support.run({ "lua5.4", "spec/support/canary_program.lua", folder.path }, {
      env = { PARTICLE_LOG = "1" }, timeout = 110,
    })
    issued = {}
    for line in (support.read(folder.path .. "/issued") or ""):gmatch("%x+") do
      issued["issued " .. #issued] = line
      issued[#issued + 1] = line
    end
  end)

  teardown(function() folder:remove() end)

  it("did all that it was to do", function()
    assert.matches("\ndone\n$", result.stdout)
    assert.are.equal(1, result.status)
    for _, part in ipairs {
      "misuse", "servers", "functions", "proxies", "tls", "simulator", "found tokens",
    } do
      assert.matches("\ndid " .. part .. "\n", result.stdout)
    end
    for _, kind in ipairs {
      "network", "timeout", "tls", "unauthorized", "bad_request", "rate_limited", "server", "protocol",
      "too_large", "mfa_required",
    } do
      assert.is_truthy(result.stdout:find("error of kind " .. kind, 1, true), kind)
    end
    local _, errors = result.stdout:gsub("error of kind", "")
    local _, raised = result.stdout:gsub("raised in", "")
    local _, logged = result.stdout:gsub("\nGET http", "")
    assert.is_true(errors > 300 and raised > 20 and logged > 100, ("%d %d %d"):format(errors, raised, logged))
    assert.is_true(#issued >= 4)
  end)

  it("shows no secret on its output: errors, logs, tracebacks, records, requests and values", function()
    assert.is_nil(find(result.stdout, CANARIES))
  end)

  it("shows none on its standard error, warnings and its last error included", function()
    assert.matches("bad_request", result.stderr)
    assert.is_nil(find(result.stderr, CANARIES))
  end)

  it("shows none of the tokens that it got", function()
    assert.is_nil(find(result.stdout .. result.stderr, issued))
  end)

  it("would be caught", function()
    for name, secret in pairs(CANARIES) do
      for _, text in ipairs {
        secret, "me:" .. secret, core.escape(secret), base64("me:" .. secret), base64("mine:" .. secret),
        base64("particle:" .. secret .. "x"),
      } do
        assert.is_truthy(find("before " .. text .. " after", { [name] = secret }), text)
      end
    end
  end)
end)

describe("the memory of a program", function()
  -- All that it has, but for what Lua itself keeps: there the token has no "Bearer " before it.
  local DUMP = [[
    local core = require("particle.core")
    local token = ("canary%sfedcba"):format("42")
    for i = 1, 50 do
      local api = core.api { base_url = "http://127.0.0.1:1" }
      core.set_token(api, token .. i)
      if arg[2] == "closed" then core.close(api) end
      if arg[2] ~= "closed" then kept = kept or {} kept[i] = api end
    end
    collectgarbage()
    local mem, out = assert(io.open("/proc/self/mem", "rb")), assert(io.open(arg[1], "wb"))
    for line in io.lines("/proc/self/maps") do
      local from, to, kind = line:match("^(%x+)%-(%x+) (rw)")
      if kind and not line:find("[vvar]", 1, true) then
        mem:seek("set", tonumber(from, 16))
        out:write(mem:read(tonumber(to, 16) - tonumber(from, 16)) or "")
      end
    end
    out:close()
  ]]

  local function dumped(how)
    local folder <close> = support.folder()
    local program, dump = folder:write("dump.lua", DUMP), folder.path .. "/dump"
    local result = support.run { "lua5.4", program, dump, how }
    assert.are.equal("", result.stderr)
    return support.read(dump)
  end

  it("holds no header line with a token once the api was closed #noasan", function()
    assert.is_truthy(dumped("open"):find("Bearer canary42", 1, true))
    assert.is_nil(dumped("closed"):find("Bearer canary42", 1, true))
  end)
end)
