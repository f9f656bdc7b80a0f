local check = require("particle.check")
local core = require("particle.core")

local function message(...)
  local fine, problem = pcall(...)
  assert(not fine, "nothing was raised")
  return problem
end

describe("check", function()
  it("points at the first line outside of our own files", function()
    local line
    local problem = message(function()
      line = debug.getinfo(1, "l").currentline + 1
      check.fail("read", "the name", "a string", 7)
    end)
    local expected = "spec/check_spec.lua:%d: read: the name must be a string, got the number 7"
    assert.are.equal(expected:format(line),
      (problem:gsub("^.*(spec/check_spec)", "%1")))
  end)

  it("describes values without showing texts", function()
    for expected, value in pairs {
      ["a string"] = "s3cret", ["an empty string"] = "", ["the number 1.5"] = 1.5, ["true"] = true,
      ["a table"] = {}, ["a function"] = print, ["a secret"] = core.secret("s3cret"), ["null"] = core.null,
      ["an error"] = core.error { kind = "closed", message = "m" },
    } do assert.are.equal(expected, check.describe(value)) end
    assert.are.equal("nil", check.describe(nil))
  end)

  it("tells the receiver of a method from an argument", function()
    assert.matches("read: call it with a colon, device:read%(%.%.%.%), on a device %(got a string%)$",
      message(check.receiver, "x", "device", "read"))
    assert.matches("on an api %(got nil%)$", message(check.receiver, nil, "api", "devices"))
  end)

  it("refuses what cannot be a part of a path", function()
    for problem, part in pairs {
      ["is empty"] = "", ['is "%." or "%.%."'] = "..", ["holds a zero byte"] = "a\0b",
      ["is longer than 2048 bytes"] = ("x"):rep(2049), ['is "events", which means something else'] = "events",
    } do
      assert.matches("^[^\n]*read: the name " .. problem,
        message(check.part, part, "read", "the name", "events"))
    end
    assert.matches("the name must be a string, got nil", message(check.part, nil, "read", "the name"))
    assert.has_no.errors(function()
      for _, part in ipairs { ".x", "...", "event", "a/b?c#d e", "\xff\1", ("x"):rep(2048) } do
        check.part(part, "read", "the name", "events")
      end
    end)
  end)
end)
