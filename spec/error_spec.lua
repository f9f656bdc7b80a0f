local core = require("particle.core")
local httpd = require("particle.simulator.httpd")
local support = require("spec.support")

local DOUBT = " (or the device may not exist)"

describe("an error", function()
  local function text(fields) return tostring(core.error(fields)) end

  it("is the table that it was made of", function()
    local fields = { kind = "network" }
    assert.equal(fields, core.error(fields))
    assert.equal("error", core.type(fields))
    assert.is_nil(core.type({ kind = "network" }))
    assert.has_error(function() core.error("network") end)
  end)

  it("reads as one line", function()
    assert.equal("device_offline: timed out (408; GET https://api.particle.io/v1/devices/lamp/temperature)",
      text {
      kind = "device_offline", message = "timed out", status = 408, method = "GET", retryable = false,
      url = "https://api.particle.io/v1/devices/lamp/temperature", attempts = 1, delivered = true,
    })
    assert.equal("cancelled: cancelled", text { kind = "cancelled", message = "cancelled" })
    assert.equal("network: a b c", text { kind = "network", message = "a\r\n\tb \0 c\n" })
    assert.equal("network (GET)", text { kind = "network", method = "GET" })
    assert.equal("network (https://x)", text { kind = "network", url = "https://x" })
    assert.equal("server: ? (502)", text { kind = "server", message = "\xFF", status = 502 })
    assert.equal("error", text {})
  end)

  it("counts the attempts", function()
    assert.equal("network: died (GET https://x; 3 attempts)",
      text { kind = "network", message = "died", method = "GET", url = "https://x", attempts = 3 })
  end)

  it("says when the request may have been carried out, and repeating it matters", function()
    local function says(fields)
      fields.kind = "network"
      return text(fields):find("it may have been carried out", 1, true) ~= nil
    end
    assert.is_true(says { method = "POST", delivered = "maybe", retryable = false })
    assert.is_true(says { method = "PUT", delivered = "maybe", retryable = false })
    assert.is_true(says { delivered = "maybe" })
    assert.is_false(says { method = "PUT", delivered = "maybe", retryable = true })
    assert.is_false(says { method = "GET", delivered = "maybe", retryable = false })
    assert.is_false(says { method = "POST", delivered = false, retryable = true })
    assert.is_false(says { method = "POST", delivered = true, retryable = false })
  end)

  it("survives whatever its fields were changed to", function()
    for _, odd in ipairs { {}, print, true, io.stdout, core.null, core.secret("hush"), setmetatable({},
      {}) } do
      assert.equal("error", text {
        kind = odd, message = odd, status = odd, method = odd, url = odd, attempts = odd, delivered = odd,
          retryable = odd,
      })
    end
    assert.equal("1: 2 (3; 4 5; 6.5 attempts)",
      text { kind = 1, message = 2, status = 3, method = 4, url = 5, attempts = 6.5 })
    local long = text { kind = ("k"):rep(1e5), message = ("m"):rep(1e5), url = ("u"):rep(1e5), status = 500 }
    assert.truthy(#long < 4000)
    assert.truthy(long:find("(500;", 1, true))
  end)

  it("joins with text, numbers, errors and what shows itself", function()
    local err = core.error { kind = "network", message = "died" }
    assert.equal("failed: network: died", "failed: " .. err)
    assert.equal("network: died!", err .. "!")
    assert.equal("network: died1", err .. 1)
    assert.equal("network: diednetwork: died", err .. err)
    assert.equal("<secret>network: died", core.secret("x") .. err)
    for _, other in ipairs { {}, print, true } do
      local ok, message = pcall(function() return err .. other end)
      assert.is_false(ok)
      assert.truthy(message:find("attempt to concatenate a " .. type(other) .. " value", 1, true), message)
    end
    assert.has_error(function() return err .. nil end)
  end)
end)

describe("the error of a reply", function()
  local server, api

  lazy_setup(function()
    server = assert(httpd.new {})
    api = core.api { base_url = "http://127.0.0.1:" .. server:port() }
  end)

  lazy_teardown(function() server:close() end)

  ---The error for a reply; it went out with the token "0123456789abcdef".
  local function reply(status, body, content_type)
    core.set_token(api, "0123456789abcdef")
    local call <close> = core.submit(api, { method = "GET", path = { "v1", "devices" } })
    local poller = core.poller()
    support.wait_until(function() return call:done() end, { step = function()
      poller:step(0.002)
      server:step()
      local request = server:next()
      if request then server:respond(request.id, status,
        { ["Content-Type"] = content_type or "application/json" }, body) end
    end })
    local value, err = call:take()
    assert.is_nil(value)
    assert.equal("error", core.type(err))
    return err
  end

  local function assert_error(kind, message, code, status, body)
    local err = reply(status, body)
    assert.equal(kind, err.kind, body)
    assert.equal(message, err.message, body)
    assert.equal(code, err.code, body)
    return err
  end

  it("reads the shape of OAuth", function()
    assert_error("unauthorized", "The access token was not found", "invalid_request", 400,
      '{"error":"invalid_request","error_description":"The access token was not found"}')
    assert_error("unauthorized", "The access token provided has expired.", "invalid_token", 401,
      '{"error":"invalid_token","error_description":"The access token provided has expired."}')
    assert_error("unauthorized", "User credentials are invalid", "invalid_grant", 400,
      '{"error":"invalid_grant","error_description":"User credentials are invalid"}')
    assert_error("unauthorized", "invalid_client", "invalid_client", 400, '{"error":"invalid_client"}')
    assert_error("bad_request", "API users are not allowed to call this endpoint", "unauthorized", 400,
      '{"error":"unauthorized","error_description":"API users are not allowed to call this endpoint"}')
    assert_error("bad_request", "start_date and end_date must be ISO8601 formatted", "bad_request", 400,
      '{"error":"bad_request","description":"start_date and end_date must be ISO8601 formatted"}')
  end)

  it("reads a sentence under `error`", function()
    assert_error("device_offline", "timed out", nil, 408, '{"ok":false,"error":"timed out"}')
    assert_error("device_offline", "Timed out.", nil, 400, '{"ok":false,"error":"Timed out."}')
    assert_error("not_found", "Unknown Variable: x", nil, 404, '{"ok":false,"error":"Unknown Variable: x"}')
    assert_error("not_found", "Product not found.", nil, 404, '{"ok":false,"error":"Product not found."}')
    assert_error("bad_request", "event prefix filter is required", nil, 400,
      '{"ok":false,"error":"event prefix filter is required"}')
  end)

  it("reads a list under `errors`", function()
    assert_error("not_found", "device does not exist", nil, 404,
      '{"ok":false,"errors":["device does not exist"]}')
    assert_error("unauthorized", "Bad password", nil, 401, '{"ok":false,"errors":["Bad password"]}')
    assert_error("bad_request", "first; second", nil, 400, '{"errors":["first","second"]}')
    assert_error("device_offline", "Request Timed Out", "500", 500,
      '{"ok":false,"code":500,"errors":["Request Timed Out"]}')
    assert_error("bad_request", "main.cpp:1: error in f", "200", 406,
      [[{"ok":false,"code":200,"output":"build didn't produce binary",]] ..
      [["errors":["main.cpp:1: error\n  in f"]}]])
  end)

  it("reads pairs of text and number", function()
    assert_error("device_offline", "Core isn't online", "404", 404,
      [=[{"ok":false,"errors":[["Core isn't online",404]]}]=])
  end)

  it("reads objects under `errors`", function()
    assert_error("device_offline", "Timed out, didn't hear back from device service", "500", 500,
      [[{"ok":false,"code":500,"errors":[{"error":"Timed out, didn't hear back from device service"}]}]])
    assert_error("bad_request", "No such library", nil, 400, '{"errors":[{"message":"No such library"}]}')
    assert_error("bad_request", "a; b", nil, 400,
      '{"errors":[{"ok":false,"output":"x","stdout":"","errors":["a","b"]}]}')
    assert_error("bad_request", "text", nil, 400, '{"errors":[{"error":{"status":"text"}}]}')
    assert_error("bad_request", "text", "12", 400, '{"error":{"code":12.0,"message":"text"}}')
  end)

  it("reads a permission denied, and doubts that the device exists", function()
    local err = assert_error("forbidden", "Permission Denied" .. DOUBT, nil, 403,
      [[{"error":"Permission Denied","info":"I didn't recognize that device name or ID, try opening ]] ..
      [[https://api.particle.io/v1/devices?access_token=0123456789abcdef"}]])
    assert.truthy(err.body.info:find("access_token=<secret>", 1, true), err.body.info)
    assert_error("forbidden", "That belongs to someone else." .. DOUBT, nil, 403,
      '{"errors":["That belongs to someone else."]}')
  end)

  it("reads a schema's violations", function()
    assert_error("bad_request", "Invalid Schema: it is bad; must be string; must be set", nil, 422,
      '{"message":"Invalid Schema","description":"it is bad","violations":[' ..
      '{"keyword":"type","message":"must be string"},{"message":"must be set"}]}')
  end)

  it("falls back on other fields", function()
    assert_error("bad_request", "some info", nil, 400, '{"info":"some info"}')
    assert_error("bad_request", "Compiler timed out or encountered an error", nil, 400,
      '{"ok":false,"output":"Compiler timed out or encountered an error"}')
    assert_error("bad_request", "x", nil, 400,
      '{"error":null,"error_description":"","errors":[null,"x"],"code":null}')
  end)

  it("names the status where the body says nothing", function()
    for _, body in ipairs { "{}", "[]", "null", "5", "true", "", '{"error":""}', '{"error":true}',
      '{"errors":{}}' } do
      assert_error("bad_request", "the reply has status 418", nil, 418, body)
    end
  end)

  it("takes its kind from the status", function()
    for status, kind in pairs {
      [400] = "bad_request", [401] = "unauthorized", [403] = "forbidden", [404] = "not_found",
      [406] = "bad_request",
      [408] = "device_offline", [409] = "bad_request", [422] = "bad_request", [429] = "rate_limited",
      [500] = "server",
      [502] = "server", [503] = "server", [504] = "server", [529] = "rate_limited", [302] = "protocol",
      [307] = "protocol",
    } do
      assert.equal(kind, reply(status, '{"error":"Too bad"}').kind, tostring(status))
    end
  end)

  it("does not take a compiler's or a gateway's timeout for the device's", function()
    assert.equal("bad_request", reply(400, '{"output":"Compiler timed out or encountered an error"}').kind)
    assert.equal("server", reply(504, "upstream timed out", "text/plain").kind)
  end)

  it("asks for the second factor", function()
    local err = assert_error("mfa_required", "Multifactor authentication required", "mfa_required", 403,
      '{"error":"mfa_required","error_description":"Multifactor authentication required",' ..
      '"mfa_token":"opaque-token"}')
    assert.equal("opaque-token", err.mfa_token)
    assert.are_not.equal("opaque-token", err.body.mfa_token)
    assert.is_nil(tostring(err):find("opaque-token", 1, true))
  end)

  describe("that is no JSON", function()
    local function excerpt(expected, body)
      local err = reply(502, body, "text/html")
      assert.equal(expected, err.message)
      assert.equal("server", err.kind)
      return err
    end

    it("keeps the page, and quotes its text", function()
      local page = "<!DOCTYPE html>\r\n<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" ..
        "<!-- padding <b> --><center><h1>502 Bad Gateway</h1></center>\r\n<hr>nginx</body></html>"
      assert.equal(page, excerpt("502 Bad Gateway nginx", page).body)
    end)

    it("takes the title where the page has no other text", function()
      excerpt("Only a title", "<html><head><title>Only a title</title><style>b { }</style></head></html>")
    end)

    it("leaves scripts and styles out", function()
      excerpt("Hello there", "<p>Hello<script>var x = '<b>'</script><STYLE>p { }</STYLE> there</p>")
    end)

    it("quotes plain text as it is", function()
      excerpt("a < b", "a < b")
      excerpt("no healthy upstream", "\n no healthy\n\tupstream \n")
    end)

    it("quotes no more than a short line of whole characters", function()
      for _, word in ipairs { "word ", "\u{20AC}", "\u{E9}", "\u{1F600}" } do
        local message = reply(502, word:rep(5000), "text/plain").message
        assert.truthy(#message <= 124 and #message > 100)
        assert.truthy(utf8.len(message))
        assert.truthy(message:find("...", 1, true))
      end
    end)

    it("quotes nothing that is no text, broken JSON, or markup without an end", function()
      for _, body in ipairs {
        "\31\139\8\0\0\0", '{"error":"cut', '["cut', '"cut', "<html", "<!-- x", "<script>alert(1)", " \n",
      } do
        excerpt("the reply has status 502", body)
      end
    end)
  end)

  it("survives hostile shapes", function()
    for _, body in ipairs {
      ("["):rep(1000) .. '"x"' .. ("]"):rep(1000),
      ('{"errors":'):rep(999) .. '"x"' .. ("}"):rep(999),
      ('{"error":'):rep(999) .. '"x"' .. ("}"):rep(999),
      '{"errors":[' .. ('["x",1],'):rep(10000) .. "1]}",
      '{"error":{"error":{"error":[[[]]]}},"code":{},"message":[],"violations":5,"info":{"info":1}}',
      '{"errors":[' .. ("{},"):rep(10000) .. "{}]}",
      '{"error":"' .. ("x"):rep(1e6) .. '","code":"' .. ("y"):rep(1e5) .. '"}',
      ("<"):rep(1e5), ("<!--"):rep(1e5), "<" .. ("token="):rep(1e5),
    } do
      local err = reply(400, body)
      assert.equal("bad_request", err.kind)
      assert.truthy(#err.message < 600)
      assert.truthy(#tostring(err) < 2000)
    end
  end)

  it("shows no secret", function()
    for _, body in ipairs {
      "your token 0123456789abcdef is bad",
      '{"error":"0123456789abcdef"}',
      '{"error":"x","error_description":"try ?access_token=other-secret&x=1"}',
      '{"error":"Authorization: Bearer other-secret is wrong"}',
      '{"error":"x","list":[{"access_token":"other-secret","refresh_token":"other-secret"}]}',
      '{"errors":["{\\"password\\": \\"other-secret and more\\"}"]}',
      'cut: {"access_token":"other-secret',
      '{"access_token":"other-secret',
      "<p>access_token%3Dother-secret</p>",
      '{"error":"x","a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"password":"other-secret"}}}}}}}}}}',
    } do
      local err = reply(400, body)
      local body_text = type(err.body) == "table" and core.encode(err.body) or tostring(err.body)
      local shown = tostring(err) .. body_text
      assert.is_nil(shown:find("other-secret", 1, true), shown)
      assert.is_nil(shown:find("0123456789abcdef", 1, true), shown)
    end
  end)

  it("leaves words about secrets alone", function()
    for _, message in ipairs {
      "Failed to create secret: Name already in use", "This secret cannot be deleted", "token expired",
      "tokens = 5",
    } do
      assert.equal(message, reply(400, core.encode { error = message }).message)
    end
  end)
end)
