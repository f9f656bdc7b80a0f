local byte_reply = require("particle.simulator.byte_reply")
local httpd = require("particle.simulator.httpd")
local scheduler = require("particle.scheduler")
local socket = require("socket")
local support = require("spec.support")

describe("byte reply", function()
  local server, source, client, received, ended

  before_each(function()
    server = assert(httpd.new())
    source = {}
    for _, name in ipairs { "pollfd", "timeout", "step" } do
      source[name] = function() return server[name](server) end
    end
    scheduler.add_source(source)
    client = assert(socket.connect("127.0.0.1", server:port()))
    client:settimeout(0)
    received, ended = "", nil
  end)

  after_each(function()
    scheduler.remove_source(source)
    client:close()
    server:close()
  end)

  local function eventually(condition, what)
    return support.wait_until(condition, { step = function() scheduler.step(0.002) end, what = what })
  end

  local function read()
    local all, problem, part = client:receive(1 << 20)
    received = received .. (all or part or "")
    if problem and problem ~= "timeout" then ended = problem end
    return received
  end

  -- Sends the script to a client that asks; the task.
  local function send(script, is_current)
    assert(client:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    local id = eventually(function() return server:next() end).id
    return scheduler.spawn(byte_reply.send, script, server, id, is_current or function() return true end)
  end

  it("is its bytes and nothing else, and then the end", function()
    send { "what", 0.001, "ever", ending = "close" }
    eventually(function() return read() and ended end)
    assert.same({ "whatever", "closed" }, { received, ended })
  end)

  it("may end with a reset, once all has been sent", function()
    local curl <close> = support.start({
      "curl", "-q", "-sS", "--noproxy", "*", "http://127.0.0.1:" .. server:port(),
    }, { step = function() scheduler.step(0.002) end })
    local id = eventually(function() return server:next() end).id
    scheduler.spawn(byte_reply.send, { "HTTP/1.1 200 OK\r\n\r\nhalf", ending = "reset" }, server, id,
      function() return true end)
    local result = curl:wait()
    assert.same({ 56, "half" }, { result.status, result.stdout })
  end)

  it("may not end", function()
    local task = send { "half", ending = "hold" }
    task:wait()
    eventually(function() return read() == "half" end)
    scheduler.step(0.01)
    read()
    assert.same({ "half", nil }, { received, ended })
  end)

  it("waits for a client that reads slowly instead of holding all in memory", function()
    local piece, script = ("x"):rep(1 << 20), { ending = "close" }
    for i = 1, 40 do script[i] = piece end
    local task = send(script)
    for _ = 1, 5 do scheduler.step(0.002) end
    assert.truthy(tostring(task):find("running"))
    eventually(function() return read() and ended end)
    assert.equal(40 << 20, #received)
  end)

  it("stops when its client goes", function()
    local script = { ending = "close" }
    for i = 1, 1000 do script[2 * i - 1], script[2 * i] = "x", 0.001 end
    local task = send(script)
    eventually(function() return read() ~= "" end)
    client:close()
    eventually(function() return tostring(task):find("done") end)
  end)

  it("stops when its server is closed", function()
    local open = true
    local task = send({ "x", 0.001, "y", ending = "close" }, function() return open end)
    eventually(function() return read() == "x" end)
    open = false
    task:wait()
    read()
    assert.equal("x", received)
  end)

  it("may have a head, sorted, and chunks", function()
    assert.equal("HTTP/1.1 404 Fault\r\nA: 1\r\nB: two\r\n\r\n", byte_reply.head(404, { B = "two", A = 1 }))
    assert.equal("a\r\n0123456789\r\n", byte_reply.chunk("0123456789"))
    assert.equal("0\r\n\r\n", byte_reply.chunk(""))
  end)
end)
