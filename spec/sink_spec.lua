-- Replies that go into a file: it is there whole, or not at all.

local lfs = require("lfs")
local particle = require("particle")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local BYTES = ("\0\1\255{"):rep(5000)

describe("a reply that goes into a file", function()
  local pump, folder, path

  before_each(function()
    pump = streaming.pump()
    folder = support.folder()
    path = folder.path .. "/firmware.bin"
  end)

  after_each(function()
    pump:cancel()
    folder:remove()
  end)

  local function names()
    local list = {}
    for name in lfs.dir(folder.path) do
      if name ~= "." and name ~= ".." then list[#list + 1] = name end
    end
    table.sort(list)
    return table.concat(list, " ")
  end

  local function download(server, opts, options)
    local api <close> = streaming.client(server, options)
    opts = opts or {}
    opts.save_to = opts.save_to or path
    return api:request({ path = "/v1/binaries/1", raw = true }, opts)
  end

  it("is all in it, and the result is true", function()
    local server <close> = raw.new(raw.replying(200, nil, BYTES))
    local done, response = assert(download(server))
    assert.is_true(done)
    assert.equal(200, response.status)
    assert.equal(BYTES, support.read(path))
    assert.equal("firmware.bin", names())
  end)

  it("may be empty", function()
    local server <close> = raw.new(raw.replying(200, nil, ""))
    assert.is_true((download(server)))
    assert.equal("", support.read(path))
  end)

  it("takes the place of an older one when it is whole, not before", function()
    folder:write("firmware.bin", "older")
    local during
    local server <close> = raw.new(function(connection)
      connection:request()
      connection:send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
      while not names():find("part", 1, true) do connection.pause() end
      during = support.read(path)
      connection:send("cd")
      connection:hang()
    end)
    assert.is_true((download(server)))
    assert.equal("older", during)
    assert.equal("abcd", support.read(path))
    assert.equal("firmware.bin", names())
  end)

  local function fails(script, opts, options)
    folder:write("firmware.bin", "older")
    local server <close> = raw.new(script)
    local done, err = download(server, opts, options)
    assert.is_nil(done)
    assert.equal("older", support.read(path))
    assert.equal("firmware.bin", names())
    return err
  end

  it("leaves nothing behind when the connection breaks off", function()
    local err = fails(raw.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"), { retry = false })
    assert.equal("network", err.kind)
  end)

  it("leaves nothing behind when the call ends early", function()
    local function beginning(connection)
      connection:request()
      connection:send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
      connection:hang()
    end
    assert.equal("timeout", fails(beginning, { deadline = 0.05 }).kind)
  end)

  it("leaves nothing behind when its task is cancelled", function()
    local server <close> = raw.new(function(connection)
      connection:request()
      connection:send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
      connection:hang()
    end)
    local task = particle.spawn(download, server)
    streaming.wait(function() return names() ~= "" end)
    task:cancel()
    assert.equal("", names())
  end)

  it("is bounded by max_body", function()
    assert.equal("too_large", fails(raw.replying(200, nil, BYTES), nil, { max_body = 19999 }).kind)
  end)

  it("does not take the body of an error", function()
    local err = fails(raw.replying(404, nil, '{"error":"Binary not found"}'))
    assert.equal("not_found", err.kind)
    assert.equal("Binary not found", err.message)
  end)

  it("begins anew with each attempt", function()
    local server <close> = raw.new(raw.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabcdef"),
      raw.replying(200, nil, "xyz"))
    local done, response = assert(download(server, { retry = { base = 0.001 } }))
    assert.is_true(done)
    assert.equal(2, response.attempts)
    assert.equal("xyz", support.read(path))
    assert.equal("firmware.bin", names())
  end)

  it("has no path that the system refuses: nothing is sent", function()
    for problem, wrong in pairs {
      ["No such file or directory"] = folder.path .. "/nowhere/a.bin", ["not a regular file"] = folder.path,
    } do
      local server <close> = raw.new(raw.replying(200, nil, BYTES))
      local done, err = download(server, { save_to = wrong })
      assert.is_nil(done)
      assert.equal("cancelled", err.kind)
      assert.equal(("cannot write %s: %s"):format(wrong, problem), err.message)
      assert.is_false(err.delivered)
      assert.equal(0, #server.requests)
    end
  end)

  it("never takes the place of a device", function()
    local server <close> = raw.new(raw.replying(200, nil, BYTES))
    local done, err = download(server, { save_to = "/dev/null" })
    assert.is_nil(done)
    assert.matches("not a regular file", err.message)
    assert.equal("char device", lfs.attributes("/dev/null", "mode"))
  end)

  it("fails where its name was taken meanwhile", function()
    local server <close> = raw.new(function(connection)
      connection:request()
      assert(lfs.mkdir(path))
      connection:reply(200, nil, BYTES)
    end)
    local done, err = download(server)
    assert.is_nil(done)
    assert.equal("cancelled", err.kind)
    assert.equal(("cannot write %s: Is a directory"):format(path), err.message)
    assert.equal("firmware.bin", names())
    assert.equal("directory", lfs.attributes(path, "mode"))
  end)

  it("fails where there is no room for it", function()
    local server <close> = raw.new(raw.replying(200, nil, BYTES))
    local script = folder:write("limited.lua", ([[
      local api = require("particle").new { token = false, base_url = %q, log = false }
      local done, err = api:request({ path = "/v1/binaries/1", raw = true }, { save_to = %q })
      print(done, err.kind, err.message)
    ]]):format(server.url, path))
    -- Blocks of 512 bytes.
    local program = 'trap "" XFSZ; ulimit -f 8; exec lua5.4 "$1"'
    local result = support.run({ "sh", "-c", program, "sh", script }, { step = raw.pump })
    assert.equal(("nil\tcancelled\tcannot write %s: File too large\n"):format(path), result.stdout,
      result.stderr)
    assert.equal("limited.lua", names())
  end)

  it("is for calls that give bytes", function()
    local api <close> = particle.new { token = "x", base_url = "http://127.0.0.1:1" }
    assert.error_matches(function() api:request({ path = "/v1/user" }, { save_to = path }) end,
      "request: save_to is for calls that give bytes")
    assert.error_matches(function() api.user:get({}, { save_to = path }) end, "user.get: save_to is for")
    for _, wrong in ipairs { "", "a\0b", 5, true } do
      assert.error_matches(function() api.firmware:download_binary({ binary = "1" }, { save_to = wrong }) end,
        "firmware.download_binary: option save_to must be the path of a file")
    end
  end)
end)
