local httpd = require("particle.simulator.httpd")
local raw_server = require("spec.support.raw_server")
local socket = require("socket")
local support = require("spec.support")
local system = require("system")

local METHODS = { "port", "pollfd", "timeout", "step", "next", "respond", "abort", "refuse" }

local folder, servers, clients

-- Steps every open server until the condition gives something, which is returned.
local function eventually(condition)
  return support.wait_until(condition, { step = function()
    local busy = false
    for _, server in ipairs(servers) do
      busy = server:step() > 0 or server:timeout() == 0 or busy
    end
    if not busy then system.sleep(0.002) end
  end })
end

local function serve(options)
  local server = assert(httpd.new(options))
  servers[#servers + 1] = server
  return server
end

-- Closes what `serve` opened.
local function close_all()
  for _, server in ipairs(servers) do server:close() end
  servers = {}
end

-- A shell command, run in the background in the test's folder.
local function run(command)
  local client = support.start({ "bash", "-c", command }, { cwd = folder.path })
  clients[#clients + 1] = client
  return client
end

-- What a client wrote and its exit status.
local function result(client)
  local status = eventually(function() return client:status() end)
  return client:stdout(), status
end

local function kill(client)
  client:kill("KILL")
  result(client)
end

-- curl with these arguments; "URL" stands for the server's address.
local function curl(server, arguments)
  local url = "http://127.0.0.1:" .. server:port()
  return run("exec curl -q -sS --noproxy '*' --max-time 60 " .. arguments:gsub("URL", url))
end

-- Bytes written to a bare connection; the output is what came back until the server closed it.
local function raw(server, text)
  local name = "raw" .. #clients
  folder:write(name, text)
  return run(("exec 3<>/dev/tcp/127.0.0.1/%d; cat %s >&3; exec cat <&3"):format(server:port(), name))
end

local function request(server)
  return eventually(function() return server:next() end)
end

-- Sends one request with curl, answers it with 200, and returns it.
local function exchange(server, arguments)
  local client = curl(server, arguments)
  local asked = request(server)
  assert.is_true(server:respond(asked.id, 200, {}, "fine"))
  assert.are.equal("fine", (result(client)))
  return asked
end

-- What came before and after the empty line of a reply.
local function parts(reply) return reply:match("^(.-\r\n)\r\n(.*)$") end

-- All bytes, many times over.
local function bytes(length)
  local all = {}
  for byte = 0, 255 do all[#all + 1] = string.char(byte) end
  return table.concat(all):rep(length // 256 + 1):sub(1, length)
end

local function message_of(...)
  local done, message = pcall(...)
  assert.is_false(done)
  return message
end

local function contains(text, part)
  assert.is_truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
end

describe("httpd", function()
  before_each(function()
    folder = support.folder()
    servers, clients = {}, {}
  end)

  after_each(function()
    for _, client in ipairs(clients) do client:stop() end
    close_all()
    folder:remove()
  end)

  describe("request", function()
    it("has the method, whichever it is", function()
      local server = serve()
      for _, method in ipairs { "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW" } do
        assert.are.equal(method, exchange(server, "-X " .. method .. " URL/").method)
      end
    end)

    it("has the path as it was sent", function()
      local asked = exchange(serve(), "--path-as-is 'URL/v1/a%2Fb%20c/%2e%2E/../d//;e?x'")
      assert.are.equal("/v1/a%2Fb%20c/%2e%2E/../d//;e", asked.path)
    end)

    it("has the query as it was sent", function()
      local server = serve()
      assert.are.equal("a=%41+b&a=c%26&&=?/x", exchange(server, "'URL/p?a=%41+b&a=c%26&&=?/x'").query)
      assert.are.equal("", exchange(server, "'URL/p?'").query)
      assert.are.equal("", exchange(server, "URL/p").query)
    end)

    it("has its headers under lowercased names", function()
      local asked = exchange(serve(), "-H 'Authorization: Bearer A' -H 'X-Odd:  two words ' -H 'X-No;' URL/")
      assert.are.equal("Bearer A", asked.headers.authorization)
      assert.are.equal("two words", asked.headers["x-odd"])
      assert.are.equal("", asked.headers["x-no"])
      assert.is_nil(asked.headers.Authorization)
    end)

    it("joins repeated headers in their order", function()
      local asked = exchange(serve(), "-H 'X-A: 1' -H 'x-a: 2' -H 'X-B: 4' -H 'X-A: 3' URL/")
      assert.are.equal("1, 2, 3", asked.headers["x-a"])
      assert.are.equal("4", asked.headers["x-b"])
    end)

    it("has the version of HTTP", function()
      local server = serve()
      assert.are.equal("HTTP/1.1", exchange(server, "URL/").http_version)
      assert.are.equal("HTTP/1.0", exchange(server, "-0 URL/").http_version)
    end)

    it("has an empty body when none was sent", function()
      local server = serve()
      assert.are.equal("", exchange(server, "URL/").body)
      assert.are.equal("", exchange(server, "-X POST -H 'Content-Length: 0' URL/").body)
    end)

    it("has a body of any bytes", function()
      folder:write("body", bytes(1000))
      assert.are.equal(bytes(1000), exchange(serve(), "--data-binary @body URL/").body)
    end)

    it("has the body of a chunked upload, without its trailers", function()
      local server = serve()
      folder:write("body", bytes(100000))
      local asked = exchange(server, "-H 'Transfer-Encoding: chunked' --data-binary @body URL/")
      assert.are.equal("chunked", asked.headers["transfer-encoding"])
      assert.is_true(bytes(100000) == asked.body)
      raw(server, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" ..
        "3;ext=1\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n")
      asked = request(server)
      assert.are.equal("abc0123456789", asked.body)
      assert.is_nil(asked.headers["x-trailer"])
    end)

    it("has a body of one megabyte, whose client asked before sending it", function()
      folder:write("body", bytes(1 << 20))
      local asked = exchange(serve(), "-H 'Expect: 100-continue' --data-binary @body URL/")
      assert.is_true(bytes(1 << 20) == asked.body)
    end)

    it("is handed out once, in the order of arrival, under an id of its own", function()
      local server = serve()
      local paths, ids = {}, {}
      for index = 1, 3 do
        curl(server, "URL/" .. index)
        eventually(function() return server:step() == index end)
      end
      for asked in server.next, server do
        paths[#paths + 1] = asked.path
        assert.is_nil(ids[asked.id])
        assert.are.equal("integer", math.type(asked.id))
        ids[asked.id] = true
        server:respond(asked.id, 200)
      end
      assert.are.same({ "/1", "/2", "/3" }, paths)
      assert.is_nil(ids[exchange(server, "URL/").id])
    end)

    it("is not handed out while it is incomplete", function()
      local server = serve()
      local half = raw(server, "POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
      assert.are.equal("/whole", exchange(server, "URL/whole").path)
      kill(half)
      exchange(server, "URL/")
      assert.is_nil(server:next())
    end)
  end)

  describe("respond", function()
    it("sends status, headers and body", function()
      local server = serve()
      local client = curl(server, "-i URL/")
      local headers = { ["Content-Type"] = "text/x; a=b", ["Retry-After"] = 30 }
      server:respond(request(server).id, 404, headers, "none\0")
      local head, body = parts((result(client)))
      assert.are.equal("HTTP/1.1 404 Not Found\r\n", head:sub(1, 24))
      contains(head, "\r\nContent-Type: text/x; a=b\r\n")
      contains(head, "\r\nRetry-After: 30\r\n")
      contains(head, "\r\nContent-Length: 5\r\n")
      assert.are.equal("none\0", body)
    end)

    it("adds neither a body nor a Content-Type of its own", function()
      local server = serve()
      local client = curl(server, "-i URL/")
      server:respond(request(server).id, 529)
      local head, body = parts((result(client)))
      assert.are.equal("HTTP/1.1 529 ", head:sub(1, 13))
      contains(head, "\r\nContent-Length: 0\r\n")
      assert.is_nil(head:lower():find("content-type", 1, true))
      assert.are.equal("", body)
    end)

    it("sends a large body", function()
      local server = serve()
      local client = curl(server, "URL/")
      server:respond(request(server).id, 200, {}, bytes(3000000))
      assert.is_true(bytes(3000000) == result(client))
    end)

    it("sends no body in reply to HEAD", function()
      local server = serve()
      local client = curl(server, "-I URL/")
      local asked = request(server)
      assert.are.equal("HEAD", asked.method)
      server:respond(asked.id, 200, {}, "twelve bytes")
      local reply, code = result(client)
      local head, body = parts(reply)
      contains(head, "\r\nContent-Length: 12\r\n")
      assert.are.same({ "", 0 }, { body, code })
    end)

    it("sends 204 without a body and keeps the connection", function()
      local server = serve()
      local client = curl(server, "-i -w '%{num_connects}' URL/ URL/")
      for _ = 1, 2 do server:respond(request(server).id, 204, {}, "") end
      local reply, code = result(client)
      assert.are.equal(0, code)
      assert.is_nil(reply:lower():find("content-length", 1, true))
      assert.truthy(reply:find("^HTTP/1.1 204 No Content\r\n.*\r\n\r\n1HTTP/1.1 204 .*\r\n\r\n0$"))
    end)

    it("keeps the connection for the next request", function()
      local server = serve()
      local client = curl(server, "-w '%{num_connects} ' URL/1 -d body URL/2 URL/3")
      for index = 1, 3 do
        local asked = request(server)
        assert.are.equal("/" .. index, asked.path)
        server:respond(asked.id, 200, { Connection = "keep-alive" }, "ok ")
      end
      assert.are.equal("ok 1 ok 0 ok 0 ", (result(client)))
    end)

    it("closes the connection when the headers say so", function()
      local server = serve()
      local client = raw(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      server:respond(request(server).id, 200, { Connection = "close" }, "bye")
      local head, body = parts((result(client)))
      contains(head, "\r\nConnection: close\r\n")
      assert.are.equal("bye", body)
    end)

    it("answers requests that were sent together one after the other", function()
      local server = serve()
      local client = raw(server, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" ..
        "GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      for index = 1, 2 do
        local asked = request(server)
        assert.are.equal("/" .. index, asked.path)
        assert.is_nil(server:next())
        server:respond(asked.id, 200, {}, "<" .. index .. ">")
      end
      assert.truthy(result(client):find("<1>HTTP/1.1 200 OK\r\n.*\r\n\r\n<2>$"))
    end)

    it("answers many waiting requests in any order", function()
      local server = serve()
      local waiting, asked = {}, {}
      for index = 1, 20 do waiting[index] = curl(server, "URL/" .. index) end
      eventually(function() return server:step() == 20 end)
      for index = 1, 20 do asked[index] = server:next() end
      for index = 20, 1, -1 do server:respond(asked[index].id, 200, {}, asked[index].path) end
      for index = 1, 20 do assert.are.equal("/" .. index, (result(waiting[index]))) end
    end)

    it("answers a request that nobody has taken", function()
      local server = serve()
      local client = curl(server, "URL/")
      eventually(function() return server:step() > 0 end)
      assert.is_true(server:respond(1, 200, {}, "early"))
      assert.is_nil(server:next())
      assert.are.equal("early", (result(client)))
    end)

    it("is false for an id that is unknown or answered", function()
      local server = serve()
      local used = exchange(server, "URL/").id
      for _, id in ipairs { used, used + 1, 0, -1, math.maxinteger, math.mininteger } do
        assert.is_false(server:respond(id, 200, {}, "x"))
        assert.is_false(server:abort(id))
      end
    end)

    it("leaves the request waiting when a header is refused", function()
      local server = serve()
      local client = curl(server, "-i URL/")
      local id = request(server).id
      for _, headers in ipairs { { "x" }, { ["a b"] = "x" }, { [""] = "x" }, { ["a:"] = "x" },
        { ["a\n"] = "x" }, { ["a\0"] = "x" }, { a = "" }, { a = "x\r\nb: y" }, { a = "x\0" }, { a = true },
        { a = 1.5 } } do
        headers["X-Before"] = "left over"
        assert.has_error(function() server:respond(id, 200, headers, "refused") end)
      end
      assert.is_true(server:respond(id, 200, { ["X-After"] = "1" }, "fine"))
      local head, body = parts((result(client)))
      contains(head, "\r\nX-After: 1\r\n")
      assert.is_nil(head:find("X-Before", 1, true))
      assert.are.equal("fine", body)
    end)
  end)

  describe("max_body", function()
    local server
    before_each(function()
      server = serve { max_body = 10 }
      folder:write("body", bytes(500000))
    end)

    it("admits a body of exactly that length", function()
      assert.are.equal("0123456789", exchange(server, "-d 0123456789 URL/").body)
      local chunked = "-H 'Transfer-Encoding: chunked' -d 0123456789 URL/"
      assert.are.equal("0123456789", exchange(server, chunked).body)
    end)

    it("refuses a longer Content-Length before the body comes", function()
      local client = raw(server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
      eventually(function() return client:stdout():find("longer than 10 bytes", 1, true) end)
      assert.are.equal("HTTP/1.1 413 ", client:stdout():sub(1, 13))
    end)

    it("refuses uploads with 413 and goes on serving", function()
      for _, header in ipairs { "Expect:", "Transfer-Encoding: chunked", "Expect: 100-continue" } do
        local client = curl(server, ("-H 'Expect:' -H '%s' -i --data-binary @body URL/"):format(header))
        assert.are.equal("HTTP/1.1 413 ", result(client):sub(1, 13))
        exchange(server, "URL/")
      end
      assert.is_nil(server:next())
    end)
  end)

  describe("limits", function()
    it("refuse an enormous head", function()
      local client = raw(serve(), "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " .. ("x"):rep(100000) .. "\r\n\r\n")
      assert.are.equal("HTTP/1.1 431 ", result(client):sub(1, 13))
    end)

    it("refuse what is not HTTP", function()
      local server = serve()
      for _, text in ipairs { "GET\r\n\r\n", "GET \r\n\r\n", "\22\3\1\2\0\1\0\1\252\3\3",
        "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" } do
        local client = raw(server, text)
        assert.are.equal("/next", exchange(server, "URL/next").path)
        kill(client)
      end
    end)

    it("end an idle connection and spare one whose request waits", function()
      local server = serve { idle_timeout = 1 }
      local patient = curl(server, "URL/patient")
      local id = request(server).id
      assert.are.same({ "", 0 }, { result(raw(server, "GET /idle")) })
      assert.is_nil(patient:status())
      assert.is_true(server:respond(id, 200, {}, "still here"))
      assert.are.equal("still here", (result(patient)))
    end)
  end)

  describe("abort", function()
    it("resets the connection", function()
      local server = serve()
      local client = curl(server, "URL/")
      local id = request(server).id
      assert.is_true(server:abort(id))
      assert.is_false(server:abort(id))
      assert.is_false(server:respond(id, 200, {}, "late"))
      assert.are.same({ "", 56 }, { result(client) }) -- after an orderly end it would be 52
      contains(client:stderr(), "reset by peer")
      exchange(server, "URL/")
    end)

    it("ends a request that nobody has taken", function()
      local server = serve()
      local client = curl(server, "URL/")
      eventually(function() return server:step() > 0 end)
      assert.is_true(server:abort(1))
      assert.is_nil(server:next())
      assert.are.same({ "", 56 }, { result(client) })
    end)
  end)

  describe("client that goes away", function()
    it("leaves a request that can be answered or aborted in vain", function()
      local server = serve()
      local function answer(_, id) return server:respond(id, 200, {}, bytes(3000000)) end
      for _, finish in ipairs { server.abort, answer } do
        local client = curl(server, "URL/")
        local id = request(server).id
        kill(client)
        assert.is_true(finish(server, id))
        exchange(server, "URL/")
        assert.is_false(finish(server, id))
      end
    end)
  end)

  describe("close", function()
    it("ends the requests that wait, taken or not", function()
      local server = serve()
      local waiting = { curl(server, "URL/") }
      request(server)
      waiting[2] = curl(server, "URL/")
      eventually(function() return server:step() == 1 end)
      close_all()
      for _, client in ipairs(waiting) do
        local reply, code = result(client)
        assert.are.equal("", reply)
        assert.is_true(code == 52 or code == 56)
      end
    end)

    it("sends the replies that were given", function()
      local server = serve()
      local client = curl(server, "URL/")
      server:respond(request(server).id, 200, {}, "last words")
      close_all()
      assert.are.equal("last words", (result(client)))
    end)

    it("may be called again, and makes every other method raise", function()
      local server = serve()
      close_all()
      server:close()
      assert.are.equal("particle.simulator.httpd (closed)", tostring(server))
      for _, name in ipairs(METHODS) do
        contains(message_of(server[name], server, 1, 200), "the server is closed")
      end
    end)

    it("happens at the end of a to-be-closed variable's block", function()
      local outer
      do
        local server <close> = assert(httpd.new())
        outer = server
      end
      contains(message_of(outer.step, outer), "the server is closed")
    end)

    it("frees the port for a successor at once", function()
      local server = serve()
      local port = server:port()
      for _ = 1, 3 do
        exchange(server, "-H 'Connection: close' URL/")
        local waiting = curl(server, "URL/")
        request(server)
        close_all()
        server = serve { port = port }
        assert.are.equal(port, server:port())
        assert.are_not.equal(0, select(2, result(waiting)))
      end
    end)

    it("leaves no descriptor behind", function()
      local function count()
        collectgarbage() -- of other specs
        collectgarbage()
        local pipe <close> = assert(io.popen("ls -l /proc/$PPID/fd | grep -cE 'socket|eventpoll|eventfd'"))
        return pipe:read("n")
      end
      local function round()
        local server = serve()
        local waiting = curl(server, "URL/")
        request(server)
        exchange(server, "URL/")
        assert.is_nil((httpd.new { port = server:port() }))
        close_all()
        result(waiting)
      end
      round()
      local before = count()
      serve()
      assert.are.equal(before + 4, count())
      close_all()
      round()
      assert.are.equal(before, count())
    end)
  end)

  describe("refuse", function()
    local function can_connect(port)
      local client = socket.connect("127.0.0.1", port)
      if client then client:close() end
      return client ~= nil
    end

    it("closes the server, and keeps its port for a successor", function()
      local server = serve()
      local port = server:port()
      assert.is_true(server:refuse())
      assert.are.equal("particle.simulator.httpd (closed)", tostring(server))
      assert.is_false(can_connect(port))
      local successor = serve { port = port }
      server:close()
      assert.is_true(can_connect(port))
      assert.are.equal(port, successor:port())
    end)

    it("ends requests that wait", function()
      local server = serve()
      local client = curl(server, "URL")
      request(server)
      assert.is_true(server:refuse())
      close_all()
      local _, status = result(client)
      assert.are.equal(52, status)
    end)

    it("leaves no descriptor behind", function()
      local before = raw_server.descriptors()
      serve():refuse()
      close_all()
      assert.are.equal(before, raw_server.descriptors())
    end)
  end)

  describe("collector", function()
    it("closes a server whose requests wait", function()
      local server = serve()
      local client = curl(server, "URL/")
      local port, asked = server:port(), request(server)
      server, servers = nil, {}
      collectgarbage()
      collectgarbage()
      assert.is_nil(server)
      assert.are_not.equal(0, select(2, result(client)))
      assert.are.equal("/", asked.path)
      assert.are.equal(port, serve { port = port }:port())
    end)
  end)

  describe("server", function()
    it("listens on a free port of its own", function()
      local first, second = serve(), serve {}
      assert.are.equal("integer", math.type(first:port()))
      assert.are_not.equal(first:port(), second:port())
      assert.are.equal("particle.simulator.httpd (port " .. first:port() .. ")", tostring(first))
    end)

    it("stands beside others", function()
      local first, second = serve(), serve()
      assert.are_not.equal(first:pollfd(), second:pollfd())
      local one, two = curl(first, "URL/one"), curl(second, "URL/two")
      local asked_one, asked_two = request(first), request(second)
      assert.are.same({ "/one", "/two" }, { asked_one.path, asked_two.path })
      second:respond(asked_two.id, 200, {}, "2")
      first:respond(asked_one.id, 200, {}, "1")
      assert.are.same({ "1", "2" }, { (result(one)), (result(two)) })
    end)

    it("says why it cannot listen", function()
      local port = serve():port()
      local message = ("cannot listen on 127.0.0.1 port %d: Address already in use"):format(port)
      assert.are.same({ nil, message }, { httpd.new { port = port } })
      message = "cannot listen on no.such.host: not a numeric address"
      assert.are.same({ nil, message }, { httpd.new { host = "no.such.host" } })
    end)

    it("tells when it must be stepped", function()
      local server = serve { idle_timeout = 30 }
      assert.is_nil(server:timeout())
      local client = curl(server, "URL/")
      local id = request(server).id
      eventually(function() return server:timeout() == nil end)
      server:respond(id, 200, {}, "x")
      assert.are.equal(0, server:timeout())
      result(client)
      raw(server, "GET")
      local seconds = eventually(function() return (server:timeout() or 0) > 0 and server:timeout() end)
      assert.is_true(seconds <= 30)
    end)

    it("lets no child process inherit its descriptors", function()
      local count = { "sh", "-c", "ls -l /proc/self/fd | grep -cE 'socket|eventpoll|eventfd'" }
      local before = support.run(count).stdout
      local server = serve()
      curl(server, "URL/")
      request(server)
      assert.are.equal(before, support.run(count).stdout)
    end)
  end)

  describe("misuse", function()
    it("of new names the option and what was expected", function()
      for expected, options in pairs {
        ["port: integer from 0 to 65535 expected, got 65536"] = { port = 65536 },
        ["port: integer from 0 to 65535 expected, got -1"] = { port = -1 },
        ["port: integer from 0 to 65535 expected, got http"] = { port = "http" },
        ["max_body: integer from 0 to 2147483647 expected, got 1.5"] = { max_body = 1.5 },
        ["idle_timeout: integer from 0 to 2147483 expected, got true"] = { idle_timeout = true },
        ["host: string expected, got number"] = { host = 127 },
        ["unknown option 'prot'"] = { prot = 1 },
        ["unknown option '1'"] = { "127.0.0.1" },
        ["table expected, got number"] = 8080,
      } do
        contains(message_of(httpd.new, options), expected)
      end
    end)

    it("of respond and abort names what was expected", function()
      local server = serve()
      contains(message_of(server.respond, server), "number expected, got no value")
      contains(message_of(server.respond, server, {}), "number expected, got table")
      contains(message_of(server.respond, server, 1, "ok"), "number expected, got string")
      for _, status in ipairs { 0, 199, 1000, -200 } do
        contains(message_of(server.respond, server, 1, status), "status from 200 to 999 expected")
      end
      contains(message_of(server.respond, server, 1, 200, "text/plain"), "table expected, got string")
      contains(message_of(server.respond, server, 1, 200, {}, {}), "string expected, got table")
      contains(message_of(server.abort, server, "x"), "number expected, got string")
    end)

    it("of respond's headers names the header", function()
      local server = serve()
      curl(server, "URL/")
      local id = request(server).id
      for expected, headers in pairs {
        ["header 'X-A': text without control characters or integer expected"] = { ["X-A"] = "a\nb" },
        ["header 'X-B': text without control characters or integer expected"] = { ["X-B"] = {} },
        ["header 'content-length' is the server's to set"] = { ["content-length"] = 3 },
        ["header 'Transfer-Encoding' is the server's to set"] = { ["Transfer-Encoding"] = "chunked" },
        ["header names expected as keys"] = { "x" },
      } do
        contains(message_of(server.respond, server, id, 200, headers), expected)
      end
    end)

    it("of a method on something else is an error", function()
      local server = serve()
      for _, name in ipairs { "close", table.unpack(METHODS) } do
        contains(message_of(server[name], {}), "particle.simulator.httpd expected, got table")
        contains(message_of(server[name], io.stdout), "particle.simulator.httpd expected, got FILE*")
      end
    end)
  end)

  describe("output_gone", function()
    -- What a child process sees whose standard output is a pipe to this command.
    local function seen(condition, reader)
      folder:write("child.lua", ([[
        package.cpath = %q
        local httpd = require("particle.simulator.httpd")
        local system = require("system")
        local deadline = system.monotime() + 60
        while not (%s) and system.monotime() < deadline do system.sleep(0.002) end
        io.stderr:write(tostring(httpd.output_gone()))
      ]]):format(package.cpath, condition))
      local script = "lua5.4 child.lua | " .. reader
      return support.run({ "sh", "-c", script }, { cwd = folder.path }).stderr
    end

    it("is false while somebody reads", function()
      assert.are.equal("false", seen("true", "cat"))
    end)

    it("is true once the reader has gone", function()
      assert.are.equal("true", seen("httpd.output_gone()", "true"))
    end)
  end)
end)
