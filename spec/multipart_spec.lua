-- Multipart bodies from bytes and files.

local core = require("particle.core")
local raw = require("spec.support.raw_server")
local support = require("spec.support")

local server, api, folder

---The parts of a multipart body: { head =, body = }
local function parts(request)
  local mark = request.headers["content-type"]:match("^multipart/form%-data; boundary=(%S+)$")
  assert(mark, request.headers["content-type"])
  local found, body = {}, "\r\n" .. request.body
  local stop = "\r\n--" .. mark
  local at = select(2, body:find(stop, 1, true))
  while body:sub(at + 1, at + 2) == "\r\n" do
    local next_from, next_to = body:find(stop, at + 1, true)
    local head, content = body:sub(at + 3, next_from - 1):match("^(.-)\r\n\r\n(.*)$")
    found[#found + 1] = { head = head, body = content }
    at = next_to
  end
  assert.equal("--\r\n", body:sub(at + 1))
  return found
end

local function sent(multipart, fields)
  local request = { method = "PUT", path = { "v1", "devices", "lamp" }, multipart = multipart }
  for name, value in pairs(fields or {}) do request[name] = value end
  assert.is_true(raw.call(api, request))
  return parts(server:last()), server:last()
end

local function refused(multipart, pattern)
  local ok, message = pcall(core.submit, api, { method = "POST", path = "/v1/x", multipart = multipart })
  assert.is_false(ok)
  assert.truthy(message:find(pattern), message)
  assert.equal(0, #server.requests)
end

before_each(function()
  server = raw.new(raw.json("true"))
  api = server:api()
  folder = support.folder()
end)

after_each(function()
  core.close(api)
  server:close()
  folder:remove()
end)

describe("a multipart body", function()
  it("is made of bytes", function()
    local list, request = sent {
      { name = "file", data = "\0\1\r\n--x\255", filename = "a.bin", type = "application/octet-stream" },
      { name = "build", data = "1.2.3" },
    }
    assert.equal(2, #list)
    assert.equal("\0\1\r\n--x\255", list[1].body)
    assert.truthy(list[1].head:find('name="file"; filename="a.bin"', 1, true))
    assert.truthy(list[1].head:find("Content-Type: application/octet-stream", 1, true))
    assert.equal("1.2.3", list[2].body)
    assert.truthy(list[2].head:find('name="build"', 1, true))
    assert.is_nil(list[2].head:find("filename", 1, true))
    assert.equal("PUT", request.method)
    assert.equal(tostring(#request.body), request.headers["content-length"])
  end)

  it("is made of files", function()
    local bytes = ("0123456789abcdef\r\n\0"):rep(100000)
    local path = folder:write("firmware v1.bin", bytes)
    local file = { name = "file", path = path, filename = "firmware.bin" }
    local list = sent { file, { name = "x", data = "y" } }
    assert.is_true(bytes == list[1].body)
    assert.truthy(list[1].head:find('filename="firmware.bin"', 1, true))
    assert.equal("y", list[2].body)
  end)

  it("may have empty parts", function()
    local list = sent { { name = "a", data = "" }, { name = "b", path = folder:write("empty", "") } }
    assert.same({ "", "" }, { list[1].body, list[2].body })
  end)

  it("goes with token, headers and every method", function()
    core.set_token(api, "token0123")
    for _, method in ipairs { "POST", "PUT" } do
      local fields = { method = method, headers = { ["X-A"] = "1" } }
      local _, request = sent({ { name = "a", data = "b" } }, fields)
      assert.same({ method, "Bearer token0123", "1" },
        { request.method, request.headers.authorization, request.headers["x-a"] })
    end
  end)

  it("may have many parts", function()
    local multipart = {}
    for i = 1, 200 do multipart[i] = { name = "part" .. i, data = ("x"):rep(i) } end
    local list = sent(multipart)
    assert.equal(200, #list)
    assert.equal(("x"):rep(200), list[200].body)
  end)

  it("quotes names", function()
    local list = sent { { name = 'a"b', data = "x", filename = "ü\\.bin" } }
    assert.equal(1, #list)
    assert.is_nil(list[1].head:find('"a"b"', 1, true))
  end)

  it("gives way to a form on the same handle", function()
    sent { { name = "a", data = ("x"):rep(1000) } }
    assert.is_true(raw.call(api, { method = "POST", path = "/v1/x", form = { a = 1 } }))
    assert.equal("a=1", server:last().body)
    assert.is_true(raw.call(api, { method = "GET", path = "/v1/x" }))
    assert.equal("", server:last().body)
    assert.equal("x", sent({ { name = "b", data = "x" } })[1].body)
  end)

  it("has no names that end a line", function()
    for _, field in ipairs { "name", "filename", "type" } do
      for _, text in ipairs { "a\r\nb", "a\nb", "a\0b" } do
        refused({ { name = field == "name" and text or "n", data = "x", [field] = text } },
          "^multipart: " .. field .. " holds a line break or NUL$")
      end
    end
  end)

  it("is a list of complete parts", function()
    refused({}, "must have at least one part")
    refused({ "x" }, "^multipart%[1%] must be a table, got string$")
    refused({ { name = "a", data = "b" }, 5 }, "^multipart%[2%] must be a table, got number$")
    refused({ { data = "x" } }, "needs a name")
    refused({ { name = "a" } }, "either data or path")
    refused({ { name = "a", data = "x", path = "y" } }, "either data or path")
    refused({ { name = 5, data = "x" } }, "^multipart: name must be a string, got number$")
    refused({ { name = "a", data = {} } }, "^multipart: data must be a string, got table$")
    refused({ { name = "a", path = true } }, "^multipart: path must be a string, got boolean$")
    refused({ { name = "a", data = "x", filename = {} } },
      "^multipart: filename must be a string, got table$")
  end)
end)

describe("a file of a multipart body", function()
  local function upload(path)
    return { method = "PUT", path = "/v1/x", multipart = { { name = "file", path = path } } }
  end

  it("must be there, readable and a file", function()
    local missing = folder.path .. "/no such file"
    refused({ { name = "a", path = missing } }, "^multipart: cannot read .*no such file: No such file")
    refused({ { name = "a", path = folder.path } }, "not a regular file")
    refused({ { name = "a", path = "/dev/null" } }, "cannot read /dev/null: not a regular file")
    refused({ { name = "a", path = "" } }, "cannot read")
    refused({ { name = "a", path = "x\0y" } }, "NUL")
  end)

  it("does not keep the process waiting where it is a pipe", function()
    assert(os.execute("mkfifo " .. support.quote(folder.path .. "/pipe")))
    refused({ { name = "a", path = folder.path .. "/pipe" } }, "not a regular file")
  end)

  it("that shrinks while it is sent ends the call", function()
    local path = folder:write("large", ("x"):rep(30000000))
    local greedy <close> = raw.new(function(c)
      c:head()
      c:read(1000)
      io.open(path, "w"):close()
      c:hang()
    end)
    local value, err = raw.call(greedy:api(), upload(path))
    assert.is_nil(value)
    assert.same({ "cancelled", "maybe", false }, { err.kind, err.delivered, err.retryable })
    assert.truthy(err.message:find("file", 1, true))
  end)

  it("that grows while it waits is sent as it was", function()
    local path = folder:write("growing", ("x"):rep(10000))
    local one = server:api { max_connections = 1 }
    local first = core.submit(one, { method = "GET", path = "/v1/x" })
    local second = core.submit(one, upload(path))
    local file = assert(io.open(path, "a"))
    file:write(("y"):rep(10000))
    file:close()
    assert.is_true(raw.take(first))
    assert.is_true(raw.take(second))
    assert.equal(("x"):rep(10000), parts(server:last())[1].body)
    core.close(one)
  end)

  it("is closed after success, failure and misuse", function()
    local path = folder:write("file", ("x"):rep(100))
    local closing <close> = raw.new(function(c) c:request() end)
    local before
    for round = 1, 30 do
      sent { { name = "a", path = path } }
      local broken = closing:api()
      assert.is_nil((raw.call(broken, upload(path))))
      local unsent = core.submit(broken, upload(path))
      unsent:cancel()
      assert.equal("cancelled", select(2, unsent:take()).kind)
      core.close(broken)
      local misused = upload(path)
      table.insert(misused.multipart, { name = 1 })
      assert.is_false((pcall(core.submit, api, misused)))
      collectgarbage()
      collectgarbage()
      before = before or (round == 10 and raw.descriptors()) or nil
    end
    assert.equal(before, raw.descriptors())
  end)
end)
