-- Every operation in every scope, as it arrives at a server, against a catalogue the library never reads.

local catalogue = require("spec.support.catalogue")
local core = require("particle.core")
local operations = require("particle.operations")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local wire = require("spec.support.wire")

local TOKEN = "s3cret-token"

local function is_stream(path)
  return not path:find("/metrics/", 1, true) and (path:find("/events$") or path:find("/events/"))
end

-- Serves whatever comes.
local function answer(connection)
  while true do
    local request = connection:request()
    if not request then return end
    if request.method == "GET" and is_stream(request.path) then
      connection:send(streaming.HEAD)
      return connection:hang()
    end
    connection:json('{"ok":true}')
  end
end

local function split(id) return id:match("^(.-)%.(.*)$") end

describe("operations", function()
  local pump, server, api, seen

  setup(function()
    pump = streaming.pump()
    server = raw.new(answer)
    api = streaming.client(server, { log = false })
    api:use(function(request, send)
      seen = request
      return send(request)
    end)
  end)

  teardown(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  local function call(entry, args, opts)
    local group, name = split(entry.id)
    return api[group][name](api[group], args, opts)
  end

  -- Calls it and gives the request that arrived.
  local function arrived(entry, args)
    local before = #server.requests
    local body, second = call(entry, args)
    assert.is_not_nil(body, entry.id .. ": " .. tostring(second))
    if entry.reply == "sse" then body:close() end
    assert.equal(before + 1, #server.requests, entry.id)
    return server:last()
  end

  local function refused(entry, args, pattern)
    local before = #server.requests
    local fine, problem = pcall(call, entry, args)
    assert.is_false(fine, entry.id .. " took it")
    assert.is_truthy(tostring(problem):find(pattern), problem)
    assert.is_truthy(tostring(problem):find(entry.id, 1, true), problem)
    assert.equal(before, #server.requests)
  end

  local function fill_path(path, args)
    local has_product = path:find("{product}", 1, true)
    for _, name in ipairs(wire.placeholders(path)) do
      args[name] = name == "device" and has_product and wire.ID or wire.ODD
    end
  end

  local function add_fields(fields, args, wanted)
    for _, field in ipairs(fields or {}) do
      local is_set = not field.constant and field[3] ~= "file" and wanted(field)
      if is_set then args[field[2]] = wire.sample(field) end
    end
  end

  local function required(field) return field.required end
  local function every() return true end

  local function has(fields, arg)
    for _, field in ipairs(fields or {}) do
      if field[2] == arg then return true end
    end
  end

  local function file_field(entry)
    for _, field in ipairs(entry.body or {}) do
      if field[3] == "file" then return field end
    end
  end

  local FILES = { { name = "src/a b.cpp", data = "int a;\r\n--x" }, { name = "b.h", data = "\0\255" } }

  -- Arguments for one path.
  local function arguments(entry, path, wanted)
    local args = {}
    fill_path(path, args)
    if entry.auth == "basic" then args.username, args.password = "joe", "pass word" end
    add_fields(entry.query, args, wanted)
    add_fields(entry.body, args, wanted)
    local file = file_field(entry)
    if file and (entry.format == "multipart") then args.files = FILES end
    return args
  end

  -- The fields that must arrive: name on the wire -> value.
  local function expected(fields, args, left_out)
    local values = {}
    for _, field in ipairs(fields or {}) do
      local value = field.constant
      if value == nil then value = args[field[2]] end
      if field[1] == "<settings>" then
        for name, item in pairs(value or {}) do values[name] = item end
      elseif value ~= nil and field[3] ~= "file" and not has(left_out, field[2]) then
        values[field[1]] = value
      end
    end
    return values
  end

  local function texts(values)
    local shown = {}
    for name, value in pairs(values) do shown[name] = wire.text(value) end
    return shown
  end

  local function check_files(entry, parts)
    local one = entry.body
    assert.is_table(one)
    for i, file in ipairs(FILES) do
      local part = parts[i == 1 and "file" or "file" .. i]
      assert.are.same({ data = file.data, filename = file.name, type = "application/octet-stream" }, part)
      parts[i == 1 and "file" or "file" .. i] = nil
    end
  end

  local function check_multipart(entry, values, request)
    local parts = wire.parts_of(request)
    check_files(entry, parts)
    for name, part in pairs(parts) do parts[name] = part.data end
    assert.are.same(texts(values), parts, entry.id)
  end

  local function check_body(entry, args, request, left_out)
    local kind = request.headers["content-type"]
    if args.files then return check_multipart(entry, expected(entry.body, args, left_out), request) end
    local whole = entry.body and entry.body[1][1]:find("^<") and entry.body[1][1] ~= "<settings>"
    local values = whole and args[entry.body[1][2]] or expected(entry.body, args, left_out)
    if entry.format == "none" or whole and values == nil or request.body == "" then
      assert.equal("", request.body, entry.id)
      assert.is_true(entry.format == "none" or next(values) == nil, entry.id)
      local posts = entry.method == "POST" or entry.method == "PUT"
      local by_libcurl = posts and "application/x-www-form-urlencoded"
      assert.equal(entry.headers and entry.headers["Content-Type"] or by_libcurl or nil, kind, entry.id)
    elseif entry.format == "form" then
      assert.equal("application/x-www-form-urlencoded", kind)
      assert.are.same(texts(values), wire.pairs_of(request.body), entry.id)
    else
      local schema = entry.headers and entry.headers["Content-Type"]
      assert.equal(schema or "application/json", kind, entry.id)
      assert.are.same(values, core.decode(request.body, true), entry.id)
    end
  end

  local AUTHORIZATION = {
    bearer = "Bearer " .. TOKEN, client = nil, none = nil, basic = "Basic am9lOnBhc3Mgd29yZA==",
  }

  local function check_request(entry, path, args, request)
    assert.equal(entry.method, request.method, entry.id)
    assert.equal(wire.path(path, args), wire.upper(request.path), entry.id)
    local query = expected(entry.query, args, args.files and {} or entry.body)
    assert.are.same(texts(query), wire.pairs_of(request.query), entry.id)
    check_body(entry, args, request, args.files and entry.query or {})
    for name, text in pairs(entry.headers or {}) do
      assert.equal(text, request.headers[name:lower()], entry.id)
    end
    local authorization = request.headers.authorization
    if entry.auth == "client" and entry.id:find("^oauth") and not args.client_id then
      assert.equal("Basic cGFydGljbGU6cGFydGljbGU=", authorization) -- particle:particle
    else
      assert.equal(AUTHORIZATION[entry.auth], authorization, entry.id)
    end
    if entry.reply ~= "sse" then assert.equal(entry.idempotent, seen.idempotent, entry.id) end
  end

  -- The paths that arguments can tell apart.
  local function paths_of(entry)
    local list, known = {}, {}
    for _, path in ipairs(entry.paths) do
      local names = wire.placeholders(path)
      table.sort(names)
      local key = table.concat(names, " ")
      if not known[key] and path ~= "{url}" then list[#list + 1] = path end
      known[key] = true
    end
    return list
  end

  it("are 212, and the library has no others", function()
    local ids, count = {}, 0
    for _, entry in ipairs(catalogue) do ids[entry.id] = true end
    for group in pairs(operations.GROUPS) do
      for name in pairs(operations.rows(group)) do
        assert.is_true(ids[group .. "." .. name], name)
        count = count + 1
      end
    end
    assert.equal(212, count)
    assert.equal(212, #catalogue)
  end)

  it("arrive as the catalogue says, with all arguments, in every scope", function()
    local calls = 0
    for _, entry in ipairs(catalogue) do
      for _, path in ipairs(paths_of(entry)) do
        local args = arguments(entry, path, every)
        check_request(entry, path, args, arrived(entry, args))
        calls = calls + 1
      end
    end
    assert.equal(333, calls)
  end)

  it("send only what is set: the required arguments, and constants", function()
    for _, entry in ipairs(catalogue) do
      for _, path in ipairs(paths_of(entry)) do
        local args = arguments(entry, path, required)
        check_request(entry, path, args, arrived(entry, args))
      end
    end
  end)

  it("take constants that say what is said anyway, and no others", function()
    for _, entry in ipairs(catalogue) do
      for _, fields in ipairs { entry.query or {}, entry.body or {} } do
        for _, field in ipairs(fields) do
          if field.constant then
            local args = arguments(entry, entry.paths[1], required)
            args[field[2]] = field.constant
            check_request(entry, entry.paths[1], args, arrived(entry, args))
            args[field[2]] = "x" .. field.constant
            refused(entry, args, field[2] .. " is always")
          end
        end
      end
    end
  end)

  it("upload files in the place of JSON", function()
    for _, entry in ipairs(catalogue) do
      if entry.format == "json" and file_field(entry) then
        local args = arguments(entry, entry.paths[1], every)
        args.files = FILES
        args.id, args.ids, args.sims = nil, nil, nil
        check_request(entry, entry.paths[1], args, arrived(entry, args))
      end
    end
  end)

  it("refuse to go without a required argument", function()
    for _, entry in ipairs(catalogue) do
      local path = entry.paths[1]
      for _, fields in ipairs { entry.query or {}, entry.body or {} } do
        for _, field in ipairs(fields) do
          if field.required then
            local args = arguments(entry, path, required)
            args[field[2]] = nil
            refused(entry, args, field[2] .. " is missing")
          end
        end
      end
    end
  end)

  it("refuse to go without what every path has in it", function()
    for _, entry in ipairs(catalogue) do
      local in_all = {}
      for _, path in ipairs(entry.paths) do
        for _, name in ipairs(wire.placeholders(path)) do in_all[name] = (in_all[name] or 0) + 1 end
      end
      for name, count in pairs(in_all) do
        if count == #entry.paths then
          local args = arguments(entry, entry.paths[1], required)
          args[name] = nil
          if entry.id ~= "libraries.download" then refused(entry, args, name .. ".* missing") end
        end
      end
    end
  end)

  it("refuse values of other types", function()
    local function wrong(field)
      if field[3] == "number" or field[3] == "boolean" then return "4 2" end
      if field[3] == "null" then return false end
      return math.huge
    end
    for _, entry in ipairs(catalogue) do
      for _, fields in ipairs { entry.query or {}, entry.body or {} } do
        for _, field in ipairs(fields) do
          local takes_both = entry.id == "devices.call_function" and field[2] == "arg"
            or entry.id == "firmware.compile" and field[2] == "product_id"
            or entry.id == "events.publish" and field[2] == "ttl"
          if not field.constant and not takes_both then
            local args = arguments(entry, entry.paths[1], required)
            args[field[2]] = wrong(field)
            refused(entry, args, field[2] .. " must be")
          end
        end
      end
    end
  end)

  it("refuse unknown arguments, and know what was meant", function()
    for _, entry in ipairs(catalogue) do
      local args = arguments(entry, entry.paths[1], required)
      args.devise_or_so = 1
      if entry.id ~= "libraries.download" then refused(entry, args, 'unknown argument "devise_or_so"') end
    end
    local function misspelt() api.sims:list { product = 1, perpage = 3 } end
    assert.error_matches(misspelt, 'did you mean "per_page"?')
    assert.error_matches(function() api.sims:list { "x" } end, "sims.list: arguments have names")
  end)

  it("refuse parts of paths that would lead elsewhere", function()
    for _, entry in ipairs(catalogue) do
      for _, path in ipairs(paths_of(entry)) do
        for _, name in ipairs(wire.placeholders(path)) do
          for pattern, part in pairs { empty = "", ['"%.%."'] = "..", ['"%." or'] = ".", zero = "a\0" } do
            local args = arguments(entry, path, required)
            args[name] = part
            refused(entry, args, name == "product" and "product must be" or name .. " .*" .. pattern)
          end
        end
      end
    end
  end)

  it("refuse words that mean another operation", function()
    local words = 0
    for _, entry in ipairs(catalogue) do
      for name, list in pairs(entry.reserved or {}) do
        for _, path in ipairs(paths_of(entry)) do
          for _, word in ipairs(path:find("{" .. name .. "}", 1, true) and list or {}) do
            local args = arguments(entry, path, required)
            args[name] = word
            refused(entry, args, ("%s is %q, which means something else"):format(name, word))
            words = words + 1
          end
        end
      end
    end
    assert.is_true(words >= 10)
  end)

  it("reach what the simulator has on their paths", function()
    local sim, client
    local function begin()
      if sim then sim:close() end
      sim = simulator.new { devices = { { name = "lamp", id = wire.ID } } }
      client = sim:client { retry = false }
    end
    begin()
    for _, entry in ipairs(catalogue) do
      for _, path in ipairs(paths_of(entry)) do
        local group, name = split(entry.id)
        local body = client[group][name](client[group], arguments(entry, path, required))
        if entry.reply == "sse" and body then body:close() end
        local last = sim:requests()[#sim:requests()]
        assert.equal(path:gsub("{.-}", "{}"), last.route and last.route:gsub("{.-}", "{}"), entry.id)
        assert.equal(entry.method, last.method, entry.id)
        if entry.method == "DELETE" and (group == "user" or group == "tokens") then begin() end
      end
    end
    sim:close()
  end)

  it("are asked for page by page where the catalogue says so", function()
    local count = 0
    for _, entry in ipairs(catalogue) do
      if entry.pages then
        local group, name = split(entry.id)
        local paths = paths_of(entry)
        local path = paths[#paths]:find("{product}", 1, true) and paths[#paths] or paths[1]
        local args = arguments(entry, path, required)
        pcall(api[group]:each(name, args)) -- the reply is no list
        local request = server:last()
        assert.equal(wire.path(path, args), wire.upper(request.path), entry.id)
        assert.equal(entry.pages.page and "page=1" or "", request.query, entry.id)
        if entry.pages.page then
          args.page, args[entry.pages.size] = 3, 42
          pcall(api[group]:each(name, args))
          assert.are.same({ page = "3", [entry.pages.size] = "42" }, wire.pairs_of(server:last().query))
        end
        count = count + 1
      end
    end
    assert.equal(10, count)
  end)

  describe("with secrets", function()
    local SECRET = "hush hush/42"
    local leaking

    setup(function()
      leaking = raw.new(function(connection)
        while true do
          local request = connection:request()
          if not request then return end
          local said = core.encode { error = request.target .. request.body .. SECRET }
          connection:send(raw.message(400, { ["Content-Type"] = "application/json" }, said))
        end
      end)
    end)

    teardown(function() leaking:close() end)

    local function secret_value(field)
      if field[3] == "object" then return { value = SECRET, username = SECRET } end
      return SECRET
    end

    -- Everything that can be read out of a value.
    local function written(value, texts_of, known)
      if type(value) == "table" and not known[value] then
        known[value] = true
        for key, item in pairs(value) do
          written(key, texts_of, known)
          written(item, texts_of, known)
        end
      else
        texts_of[#texts_of + 1] = tostring(value)
      end
      return texts_of
    end

    local function hides(what, value)
      local text = table.concat(written(value, {}, {}), "\n")
      for _, secret in ipairs { SECRET, wire.escape(SECRET), "hush+hush%2F42", "hush hush\\/42" } do
        assert.is_nil(text:find(secret, 1, true), what .. " shows it: " .. text)
      end
    end

    it("show them to no middleware, log or error", function()
      local count = 0
      for _, entry in ipairs(catalogue) do
        local part = { entry.secret_path, entry.secret_path, "string", secret = entry.secret_path ~= nil }
        for _, fields in ipairs { entry.query or {}, entry.body or {}, { part } } do
          for _, field in ipairs(fields) do
            if field.secret then
              local lines, request = {}
              local client <close> = streaming.client(leaking, {
                log = function(line) lines[#lines + 1] = line end,
              })
              client:use(function(one, send) request = one return send(one) end)
              client:use(function(one, send) request = one return send(one) end, "attempt")
              local args = arguments(entry, entry.paths[1], required)
              args[field[2]] = secret_value(field)
              local group, name = split(entry.id)
              local body, err = client[group][name](client[group], args)
              assert.is_nil(body)
              local got = leaking:last()
              local came = wire.upper(got.target) .. got.body
              assert.is_truthy(came:find("hush", 1, true), entry.id) -- it was sent
              hides(entry.id .. ": the middleware", request)
              hides(entry.id .. ": the log", lines)
              hides(entry.id .. ": the error", { tostring(err), err.message, err.body, err.url, err.code })
              count = count + 1
            end
          end
        end
      end
      assert.equal(32, count)
    end)
  end)
end)
