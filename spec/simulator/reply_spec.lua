local core = require("particle.core")
local reply = require("particle.simulator.reply")

local function text(value) return reply.json(200, value).text end

describe("reply", function()
  it("keeps the order of names and leaves out those without a value", function()
    assert.equal('{"z":1,"a":2,"m":null}', text(reply.object("z", 1, "a", 2, "x", nil, "m", reply.null)))
    assert.equal('{"a":1}', text(reply.object("a", 1, "b", nil)))
    assert.equal("{}", text(reply.object()))
  end)

  it("nests", function()
    assert.equal('{"l":[{"a":[]},"x",1,true]}',
      text(reply.object("l", reply.array { reply.object("a", reply.array {}), "x", 1, true })))
  end)

  local SCALARS = {
    { 21.5, "21.5" }, { 21.0, "21" }, { 0.1, "0.1" }, { -1, "-1" }, { 2 ^ 53, "9007199254740992" },
    { math.maxinteger, "9223372036854775807" }, { 1 / 0, "null" }, { 0 / 0, "null" }, { false, "false" },
    { "", '""' }, { 'a"b\\c/d\n\1', '"a\\"b\\\\c/d\\n\\u0001"' }, { "é€", '"é€"' },
    { "a\xFFb", '"a\u{FFFD}b"' }, { "\xC3", '"\u{FFFD}"' },
      { "\xED\xA0\x80!", '"\u{FFFD}\u{FFFD}\u{FFFD}!"' },
  }
  for _, case in ipairs(SCALARS) do
    it("writes " .. case[2], function() assert.equal(case[2], text(case[1])) end)
  end

  it("has a content type and further headers", function()
    local made = reply.json(201, "x", { ["X-A"] = "b" })
    assert.same({
      status = 201, text = '"x"',
        headers = { ["Content-Type"] = "application/json; charset=utf-8", ["X-A"] = "b" },
    }, made)
  end)

  it("refuses what is no JSON", function()
    assert.has_error(function() reply.object("a", {}) end, "no JSON scalar: a table")
    assert.has_error(function() reply.array { print } end, "no JSON scalar: a function")
  end)

  it("writes any value that came as JSON, names sorted", function()
    local value = { b = { 1, "x", { c = reply.null } }, a = { z = true, y = core.array {} }, n = {} }
    assert.equal('{"a":{"y":[],"z":true},"b":[1,"x",{"c":null}],"n":{}}', text(reply.value(value)))
    assert.equal('"x"', text(reply.value("x")))
  end)

  it("picks members in order, and more", function()
    assert.equal('{"b":1,"a":{"c":2},"d":3}',
      text(reply.pick({ a = { c = 2 }, b = 1, x = 5 }, { "b", "nix", "a" }, "d", 3, "e", nil)))
    assert.equal("{}", text(reply.pick({}, { "a" })))
  end)

  it("may be empty, or a download", function()
    assert.same({ status = 204, text = "", headers = {} }, reply.empty(204))
    local made = reply.binary("\0\1", "x.bin")
    assert.same({ 200, "\0\1", "application/binary", "attachment; filename=x.bin" },
      { made.status, made.text, made.headers["Content-Type"], made.headers["Content-Disposition"] })
  end)
end)
