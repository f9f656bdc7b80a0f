local connections = require("particle.simulator.connection")
local httpd = require("particle.simulator.httpd")
local socket = require("socket")
local support = require("spec.support")

describe("connection", function()
  local server, client, received

  before_each(function()
    server = assert(httpd.new())
    client = assert(socket.connect("127.0.0.1", server:port()))
    client:settimeout(0)
    received = ""
  end)

  after_each(function()
    client:close()
    server:close()
  end)

  local function open(held, recode)
    assert(client:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    local request = support.wait_until(function()
      server:step()
      return server:next()
    end)
    local connection = connections.new(server, request.id, {
      status = 200, headers = { ["X-A"] = "b" }, recode = recode,
    })
    assert.is_true(connection:begin(held))
    return connection
  end

  local function expect(pattern)
    support.wait_until(function()
      local all, _, part = client:receive(65536)
      received = received .. (all or part or "")
      return received:find(pattern)
    end, { step = function() server:step() end, what = pattern })
  end

  it("sends a head and pieces, and ends in order", function()
    local connection = open(false)
    assert.is_true(connection:send("one"))
    expect("\r\n\r\n3\r\none\r\n$")
    assert.truthy(received:find("^HTTP/1.1 200 OK\r\n.*\r\nX%-A: b\r\n"))
    assert.equal(0, connection:pending())
    connection:finish()
    expect("0\r\n\r\n$")
    assert.is_false(connection:send("two"))
  end)

  it("sends bytes as its reply recodes them", function()
    local connection = open(false, function(bytes) return { bytes:sub(1, 1), bytes:sub(2):upper() } end)
    assert.is_true(connection:send("one"))
    expect("\r\n\r\n1\r\no\r\n2\r\nNE\r\n$")
  end)

  it("can be held, from its beginning on", function()
    local connection = open(true)
    assert.is_true(connection:send("one"))
    assert.truthy(connection:pending() > 50)
    connection:hold(false)
    expect("one\r\n$")
    connection:hold(true)
    connection:send("two")
    assert.equal(8, connection:pending())
    connection:hold(false)
    expect("two\r\n$")
  end)

  it("can be aborted, whereupon nothing can be sent", function()
    local connection = open(false)
    connection:abort()
    assert.is_false(connection:send("x"))
    assert.is_false(connection:begin(false))
    assert.equal(0, connection:pending())
  end)
end)
