local core = require("particle.core")

describe("core.escape", function()
  it("keeps RFC 3986's unreserved characters alone", function()
    for byte = 0, 255 do
      local char = string.char(byte)
      local expected = char:find("^[A-Za-z0-9%-%._~]$") and char or ("%%%02X"):format(byte)
      assert.equal(expected, core.escape(char))
    end
  end)

  it("works on bytes, whatever they mean", function()
    for text, expected in pairs {
      [""] = "", ["kitchen lamp"] = "kitchen%20lamp", ["a/b?c#d"] = "a%2Fb%3Fc%23d", ["100%25"] = "100%2525",
      ["../.."] = "..%2F..", ["\u{E9}\u{20AC}\u{1F600}"] = "%C3%A9%E2%82%AC%F0%9F%98%80",
      ["\0\n\xFF"] = "%00%0A%FF", ["a+b&c=d;e,f"] = "a%2Bb%26c%3Dd%3Be%2Cf",
    } do
      assert.equal(expected, core.escape(text))
    end
  end)

  it("takes long texts", function()
    assert.equal(("%20"):rep(100000), core.escape((" "):rep(100000)))
  end)
end)

describe("core.check_part", function()
  it("takes whatever can be encoded", function()
    for _, part in ipairs { "a", "...", ".a", "a.", "..a", " ", "/", "\u{E9}", "\xFF", "%2e",
      ("x"):rep(2048) } do
      assert.is_nil(core.check_part(part))
    end
  end)

  it("says what is wrong with a part that would lead elsewhere", function()
    assert.equal("is empty", core.check_part(""))
    assert.equal('is "." or ".."', core.check_part("."))
    assert.equal('is "." or ".."', core.check_part(".."))
    assert.equal("holds a zero byte", core.check_part("a\0b"))
    assert.equal("is longer than 2048 bytes", core.check_part(("x"):rep(2049)))
  end)
end)

describe("a ready path", function()
  local api = core.api { base_url = "http://127.0.0.1:1" }

  ---What core.submit says about the path, nil when it takes it.
  local function problem(path)
    local ok, result = pcall(core.submit, api, { method = "GET", path = path, auth = "none" })
    if not ok then return result end
    result:cancel()
  end

  it("is taken as it is", function()
    for _, path in ipairs {
      "/v1", "/v1/devices", "/v1/devices/kitchen%20lamp/temperature", "/a/...", "/a/.b", "/a/%2e%2e%2e",
      "/a/%2f..", "/a%5Cb", "/~!$&'()*+,;=:@-._", "/%C3%A9", "/%7f",
    } do
      assert.is_nil(problem(path))
    end
  end)

  it("begins with a slash", function()
    for _, path in ipairs { "", "v1/devices", "http://127.0.0.1/", "%2Fv1" } do
      assert.equal('path does not begin with "/"', problem(path))
    end
  end)

  it("has no empty segments", function()
    for _, path in ipairs { "/", "//", "/a//b", "/a/", "//a" } do
      assert.equal("path has an empty segment", problem(path))
    end
  end)

  it("has no dot segments, however they are written", function()
    for _, path in ipairs {
      "/.", "/..", "/a/./b", "/a/../b", "/a/..", "/%2e", "/a/%2E%2e/b", "/a/.%2e", "/a/%2E.", "/a/%2E/b",
    } do
      assert.equal('path has a segment "." or ".."', problem(path))
    end
  end)

  it("has two hexadecimal digits after each percent sign", function()
    for _, path in ipairs { "/%", "/a%2", "/a%/b", "/%zz", "/%2g", "/%g2", "/%%20", "/a%2/0" } do
      assert.equal('path holds a "%" that two hexadecimal digits do not follow', problem(path))
    end
  end)

  it("has no byte that an address cannot hold", function()
    for path, expected in pairs {
      ["/a b"] = "path holds a space (write %20)", ["/a\0b"] = "path holds a zero byte",
      ["/a%00b"] = "path holds a zero byte (%00)", ["/a\n"] = "path holds a control character",
      ["/a\r\nHost: x"] = "path holds a control character", ["/\127"] = "path holds a control character",
      ["/\u{E9}"] = "path holds a byte that is not ASCII (percent-encode it)",
      ["/\xFF"] = "path holds a byte that is not ASCII (percent-encode it)",
      ["/a?b=c"] = 'path holds a "?" (a query has its own field)', ["/a#b"] = 'path holds a "#"',
      ["/a\\..\\b"] = "path holds a backslash",
    } do
      assert.equal(expected, problem(path))
    end
  end)
end)

describe("a loopback address", function()
  local function kind(host)
    local address, is = core.base_url("http://" .. host .. ":80/")
    return address and is, is
  end

  it("is 127.0.0.0/8, ::1, localhost, or a name below localhost", function()
    for _, host in ipairs {
      "127.0.0.1", "127.255.255.254", "127.0.0.0", "[::1]", "localhost", "LocalHost", "a.localhost",
      "A.b-c_9.LOCALHOST",
    } do
      assert.equal("loopback", kind(host), host)
    end
  end)

  it("is no name that only looks like one", function()
    for _, host in ipairs {
      "127.0.0.1.evil.com", "127.0.0.1.", "localhost.evil.com", "evil-localhost", "xlocalhost", "localhost.",
      "local", "evil.com", "128.0.0.1", "126.0.0.1", "0.0.0.0", "10.127.0.1", "[::2]", "[::]",
      "[::ffff:127.0.0.1]", "127-0-0-1", "127.0.0.1x", "127.evil.com", "localhos", "ocalhost",
    } do
      assert.equal("http", kind(host), host)
    end
    for _, host in ipairs { ".localhost", "a..localhost", "127.0.0.256", "127..0.1" } do
      assert.are_not.equal("loopback", kind(host), host)
    end
  end)
end)
