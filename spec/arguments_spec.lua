local arguments = require("particle.arguments")
local core = require("particle.core")
local operation = require("particle.operation")

-- An operation with one argument of a type.
local function taking(kind)
  return operation.new("group", "name", {
    method = "POST", idempotent = false, paths = { "/v1/x" }, body = { { "it", kind } },
  })
end

local function takes(kind, value)
  return (pcall(arguments.check, taking(kind), { it = value }))
end

describe("arguments", function()
  it("have types", function()
    local device = core.device(core.api { base_url = "http://127.0.0.1:1" }, "lamp", nil)
    local values = {
      text = "x", secret = core.secret "x", number = 1.5, whole = 3, nan = 0 / 0, huge = math.huge,
      flag = false, empty = {}, list = { "a" }, object = { a = 1 }, null = core.null, one = "1",
      device = device,
      devices = { "a", device }, mixed = { "a", 1 }, files = { { data = "x" } },
    }
    local taken = {
      string = "text secret one", number = "number whole", boolean = "flag", object = "empty object",
      array = "empty list devices mixed files", null = "null", device = "text device one",
      devices = "empty list devices", switch = "flag one", files = "list files",
      ["string|number"] = "text secret one number whole", ["number|null"] = "number whole null",
      ["string|array"] = "text secret one empty list devices mixed files",
    }
    for kind, names in pairs(taken) do
      for name, value in pairs(values) do
        local expected = (" " .. names .. " "):find(" " .. name .. " ", 1, true) ~= nil
        assert.equal(expected, takes(kind, value), kind .. " and " .. name)
      end
    end
  end)

  it("say what they must be", function()
    assert.error_matches(function() arguments.check(taking "string|array?", { it = 5 }) end,
      "group.name: it must be a string or a list, got the number 5")
    assert.error_matches(function() arguments.check(taking "device", {}) end,
      "group.name: it is missing, it must be a device's id or a handle")
    assert.error_matches(function() arguments.check(taking "device", { it = "a", [1] = 2 }) end,
      "group.name: arguments have names, got the number 1 as a key")
    arguments.check(taking "device?", {})
  end)

  it("name the first that is missing, in the order of letters", function()
    local op = operation.new("group", "name", {
      method = "POST", idempotent = false, paths = { "/v1/x" },
      body = { { "b", "string" }, { "a", "string" }, { "c", "string" } },
    })
    assert.error_matches(function() arguments.check(op, { c = "x" }) end, "group.name: a is missing")
  end)

  it("become fields, those that could be in both in the body", function()
    local op = operation.new("group", "name", {
      method = "POST", idempotent = false, paths = { "/v1/x" },
      query = { { "both", "string?" }, { "q", "string?", wire = "Q" } },
      body = { { "both", "string?" }, { "kind", constant = "k" }, { "files", "files?" }, { "n", "number?" } },
    })
    local request = { method = "POST" }
    arguments.fill(op, { both = "x", q = "y", n = 1.0 }, request)
    assert.are.same({ Q = "y" }, request.query)
    assert.are.same({ both = "x", kind = "k", n = 1.0 }, request.json)
    request = { method = "POST" }
    arguments.fill(op, { both = "x", files = { { data = "d" } }, n = 1.0 }, request)
    assert.are.same({ both = "x" }, request.query)
    assert.is_nil(request.json)
    assert.are.same({ "file", "kind", "n" },
      { request.multipart[1].name, request.multipart[2].name, request.multipart[3].name })
    assert.equal("1", request.multipart[3].data)
  end)

  it("leave a DELETE without fields without a body", function()
    local op = operation.new("group", "name", {
      method = "DELETE", idempotent = true, paths = { "/v1/x" }, body = { { "force", "string?" } },
    })
    local request = { method = "DELETE" }
    arguments.fill(op, {}, request)
    assert.is_nil(request.json)
    arguments.fill(op, { force = "x" }, request)
    assert.are.same({ force = "x" }, request.json)
  end)
end)
