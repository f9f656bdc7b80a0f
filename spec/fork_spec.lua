-- After fork(): the child's use is refused, and its end harms nothing that it shares with the parent.

local raw = require("spec.support.raw_server")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local folder

setup(function()
  folder = support.folder()
  local result = support.run { "sh", "-c",
    'gcc -std=c11 -D_GNU_SOURCE -shared -fPIC $(pkg-config --cflags lua5.4) -o "$0" spec/support/fork.c',
    folder.path .. "/fork.so" }
  assert(result.status == 0, result.stderr)
end)

teardown(function() folder:remove() end)

-- The program has `fork`, `particle` and `api`.
local PREPARED = [[
  package.cpath = %q .. "/?.so;" .. package.cpath
  local fork, particle = require "fork", require "particle"
  local api = particle.new { base_url = %q, token = "0123456789abcdef", log = false }
  io.stdout:setvbuf("line")
]]

local function run(server, program)
  local prepared = PREPARED:format(folder.path, "http://127.0.0.1:" .. server.port)
  local script = folder:write("program.lua", prepared .. program)
  -- The child leaves what it cannot free without touching what is shared.
  local env = support.sanitized and { ASAN_OPTIONS = "detect_leaks=0" } or nil
  local result = support.run({ "lua5.4", script }, { step = raw.pump, env = env })
  assert.are.equal("", result.stderr)
  return result.stdout, result.status
end

-- Streams where events are asked for: one event at once, one whenever a call has come; answers calls.
local function serve(c)
  while true do
    local request = c:request()
    if not request then return end
    if request.path:find("/events", 1, true) then
      c:send(streaming.HEAD .. streaming.event("n", "first"))
      c.server.stream = c
      c:hang()
      return
    end
    c:json('{"result":1}')
    if c.server.stream then c.server.stream:send(streaming.event("n", "later")) end
  end
end

describe("after a fork", function()
  it("each use in the child is refused", function()
    local server <close> = raw.new(serve)
    local output, status = run(server, [[
      local lamp = api:device("lamp")
      local stream = assert(api:subscribe())
      assert(lamp:read("x"))
      local child = fork.fork()
      if child == 0 then
        local function refused(what, f, ...)
          local done, problem = pcall(f, ...)
          print(what, done, (tostring(problem):match("this Lua state was forked")))
        end
        refused("read", lamp.read, lamp, "x")
        refused("new", particle.new, { base_url = api:url(), token = "x" })
        refused("subscribe", api.subscribe, api)
        refused("next", stream.next, stream)
        refused("later", stream.next, stream)
        refused("sleep", particle.sleep, 1)
        refused("step", particle.poller.step, particle.poller, 0)
        stream:close()
        api:close()
        os.exit(0, true)
      end
      print(fork.wait(child))
    ]])
    assert.are.equal(0, status)
    local lines = {}
    for _, what in ipairs { "read", "new", "subscribe", "next", "later", "sleep", "step" } do
      lines[#lines + 1] = what .. "\tfalse\tthis Lua state was forked\n"
    end
    assert.are.equal(table.concat(lines) .. "0\n", output)
  end)

  it("the child's end leaves the parent's stream and its next call unharmed", function()
    local server <close> = raw.new(serve)
    local output, status = run(server, [[
      local lamp = api:device("lamp")
      local stream = assert(api:subscribe(nil, { retry = false }))
      assert(lamp:read("x"))
      print(stream:next(60).data, stream:next(60).data)
      for how = 1, 3 do
        local child = fork.fork()
        if child == 0 then
          if how == 2 then api, lamp, stream = nil, nil, nil end
          if how == 3 then stream:close() end
          collectgarbage()
          os.exit(0, true)
        end
        assert(fork.wait(child) == 0)
        print(lamp:read("x"), stream:next(60).data, stream.state)
      end
    ]])
    assert.are.equal(0, status)
    assert.are.equal("first\tlater\n" .. ("1\tlater\topen\n"):rep(3), output)
    assert.are.equal(2, server.accepted)
  end)

  it("the child's end, and its close, leave the parent's simulator unharmed", function()
    local server <close> = raw.new(serve)
    local output, status = run(server, [[
      warn "@on"
      local sim = require("particle.simulator").new { devices = { { name = "lamp", variables = { x = 1 } } } }
      local lamp = sim:client():device("lamp")
      local stream = assert(lamp:subscribe())
      for how = 1, 2 do
        local child = fork.fork()
        if child == 0 then
          if how == 2 then sim:close() end
          os.exit(0, true)
        end
        assert(fork.wait(child) == 0)
        sim:device("lamp"):publish("n", "still")
        print(lamp:read("x"), stream:next(60).data, stream.state)
      end
    ]])
    assert.are.equal(0, status)
    assert.are.equal(("1\tstill\topen\n"):rep(2), output)
  end)

  it("the child gives the place of the parent's stream to nobody", function()
    local server <close> = raw.new(serve)
    local output, status = run(server, [[
      local store = require("particle.limiter.memory").new()
      function store.release() print("released") end
      local limited = particle.new { base_url = api:url(), token = "x", rate_limit = { store = store } }
      local stream = assert(limited:subscribe())
      for how = 1, 3 do
        local child = fork.fork()
        if child == 0 then
          if how == 1 then stream:close() end
          if how == 2 then stream = nil end
          collectgarbage()
          os.exit(0, true)
        end
        assert(fork.wait(child) == 0)
      end
      print("parent")
      stream:close()
      print("done")
    ]])
    assert.are.equal(0, status)
    assert.are.equal("parent\nreleased\ndone\n", output)
  end)
end)
