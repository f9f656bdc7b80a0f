-- How far an upload or a download is.

local particle = require("particle")
local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local MEBI, PIECE = 1024 * 1024, 256 * 1024

-- A file that takes no room.
local function sparse(folder, size)
  local path = folder:write("bundle.zip", "")
  local file <close> = assert(io.open(path, "r+b"))
  file:seek("set", size - 1)
  file:write("\0")
  return path
end

-- Reads that much of a body and forgets it.
local function drop(connection, left)
  while left > 0 do left = left - #connection:read(math.min(left, PIECE)) end
end

describe("progress", function()
  local pump, server, heard

  before_each(function()
    pump = streaming.pump()
    heard = {}
  end)

  after_each(function()
    server:close()
    pump:cancel()
  end)

  local function on_progress(done, total) heard[#heard + 1] = { done, total } end

  local function download(script, opts)
    server = raw.new(script)
    local api <close> = streaming.client(server)
    opts = opts or {}
    opts.on_progress = opts.on_progress or on_progress
    return api:request({ path = "/v1/binaries/1", raw = true }, opts)
  end

  -- The rest comes when the beginning was reported.
  local function in_two_parts(length)
    return function(connection)
      connection:request()
      connection:send("HTTP/1.1 200 OK\r\n" .. (length or "") .. "\r\n" .. ("a"):rep(1000))
      while not heard[1] do connection.pause() end
      connection:send(("b"):rep(2000))
      if length then connection:hang() end
    end
  end

  it("of a download is told while it comes", function()
    assert.equal(3000, #assert(download(in_two_parts("Content-Length: 3000\r\n"))))
    assert.same({ { 1000, 3000 }, { 3000, 3000 } }, heard)
  end)

  it("tells no total that nobody knows", function()
    assert.equal(3000, #assert(download(in_two_parts())))
    assert.same({ { 1000 }, { 3000 } }, heard)
  end)

  it("is told in tasks", function()
    local task = particle.spawn(download, in_two_parts("Content-Length: 3000\r\n"))
    assert(task:wait())
    assert.same({ { 1000, 3000 }, { 3000, 3000 } }, heard)
  end)

  it("is told once where all comes at once, and not at all where nothing comes", function()
    assert(download(raw.replying(200, nil, "abc")))
    assert.same({ { 3, 3 } }, heard)
    server:close()
    heard = {}
    assert(download(raw.replying(200, nil, "")))
    assert.same({}, heard)
  end)

  it("may wait while the bytes go on", function()
    local seen = 0
    assert(download(function(connection)
      connection:request()
      connection:send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
      while seen == 0 do connection.pause() end
      connection:send("b")
      connection:hang()
    end, {
      on_progress = function(done)
        seen = done
        particle.sleep(0.01)
      end,
    }))
    assert.equal(2, seen)
  end)

  it("ends the call by raising", function()
    assert.error_matches(function()
      download(in_two_parts("Content-Length: 3000\r\n"), {
        on_progress = function(...)
          on_progress(...)
          error("enough", 0)
        end,
      })
    end, "^enough$")
    raw.wait(function() return server:count() == 0 end)
    assert.equal(0, server:count())
  end)

  it("of an upload counts the bytes of the body", function()
    local folder <close> = support.folder()
    local size
    server = raw.new(function(connection)
      local request = connection:head()
      size = math.tointeger(request.headers["content-length"])
      drop(connection, MEBI)
      while not heard[1] do connection.pause() end
      drop(connection, size - MEBI)
      connection:json("{}")
    end)
    local api <close> = streaming.client(server)
    assert(api:device("lamp"):flash { bundle = sparse(folder, 16 * MEBI), on_progress = on_progress })
    local first, last = heard[1], heard[#heard]
    assert.is_true(first[1] > 0 and first[1] < size, first[1])
    assert.same({ size, size }, last)
    assert.equal(size, first[2])
  end)

  it("is for calls that move bytes", function()
    server = raw.new(raw.json("{}"))
    local api <close> = streaming.client(server)
    assert.error_matches(function() api.user:get({}, { on_progress = on_progress }) end,
      "user.get: on_progress is for uploads, and for calls that give bytes")
    assert.error_matches(function() api:subscribe("a", { on_progress = on_progress }) end,
      "subscribe: on_progress is for")
  end)
end)

-- What the process needs at most is asked of a process of its own.
describe("a large file", function()
  local SIZE = 50 * MEBI

  local function counting(connection)
    local request = connection:head()
    drop(connection, math.tointeger(request.headers["content-length"]))
    connection:json('{"id":"1","status":"Update started"}')
  end

  local function sending(connection)
    connection:request()
    connection:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(SIZE))
    local piece = ("x"):rep(PIECE)
    for _ = 1, SIZE // #piece do connection:send(piece) end
    connection:hang()
  end

  local function needs(script, call)
    local folder <close> = support.folder()
    local server <close> = raw.new(script)
    sparse(folder, SIZE)
    local program = folder:write("program.lua", ([[
      local api = require("particle").new { token = "x", base_url = %q, log = false }
      local folder = %q
      assert(%s)
      for line in io.lines("/proc/self/status") do
        if line:find("^VmHWM:") then print((line:match("%%d+"))) end
      end
    ]]):format(server.url, folder.path, call))
    local result = support.run({ "lua5.4", program }, { step = raw.pump })
    return tonumber(result.stdout) or error(result.stderr)
  end

  it("is read while it is sent #noasan", function()
    local kibi = needs(counting, 'api:device("lamp"):flash { binary = folder .. "/bundle.zip" }')
    assert.is_true(kibi < SIZE / 1024 / 2, kibi .. " KiB")
  end)

  it("is written while it comes #noasan", function()
    local kibi = needs(sending,
      'api.firmware:download_binary({ binary = "1" }, { save_to = folder .. "/saved.bin" })')
    assert.is_true(kibi < SIZE / 1024 / 2, kibi .. " KiB")
  end)
end)
