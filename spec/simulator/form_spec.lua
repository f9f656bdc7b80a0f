local form = require("particle.simulator.form")

describe("form", function()
  describe("parse", function()
    local CASES = {
      { "", {} },
      { "a=1&b=2", { a = "1", b = "2" } },
      { "a=", { a = "" } },
      { "a", { a = "" } },
      { "&&a=1&", { a = "1" } },
      { "a=1=2", { a = "1=2" } },
      { "a=1&a=2", { a = "2" } },
      { "a=x+y%20z%2B", { a = "x y z+" } },
      { "a=%C3%A9%00", { a = "é\0" } },
      { "a%3Db=c%26d", { ["a=b"] = "c&d" } },
      { "a=100%&b=%zz&c=%4", { a = "100%", b = "%zz", c = "%4" } },
      { "groups%5B%5D=x", { ["groups[]"] = "x" } },
    }
    for _, case in ipairs(CASES) do
      it(("reads %q"):format(case[1]), function() assert.same(case[2], form.parse(case[1])) end)
    end
  end)

  describe("parse_nested", function()
    local CASES = {
      { "a=1&b[]=2&b[]=3", { a = "1", b = { "2", "3" } } },
      { "b[0]=2&b[1]=3", { b = { "2", "3" } } },
      { "b%5B1%5D=2&b%5B0%5D=3", { b = { "3" } } },
      { "a[b][c]=1&a[b][d][]=2", { a = { b = { c = "1", d = { "2" } } } } },
      { "a=1&a[b]=2", { a = { b = "2" } } },
      { "a[b]=2&a=1", { a = "1" } },
      { "[]=1&a[=2&a]=3", { ["[]"] = "1", ["a["] = "2", ["a]"] = "3" } },
    }
    for _, case in ipairs(CASES) do
      it(("reads %q"):format(case[1]), function() assert.same(case[2], form.parse_nested(case[1])) end)
    end

    it("bears depth", function()
      assert.equal("table", type(form.parse_nested("a" .. ("[b]"):rep(10000) .. "=1").a))
    end)
  end)

  describe("split_path", function()
    local CASES = {
      { "/", { "" } },
      { "/v1/devices", { "v1", "devices" } },
      { "/v1/devices/", { "v1", "devices" } },
      { "/v1//devices", { "v1", "", "devices" } },
      { "/v1/a%2Fb/c%20d", { "v1", "a/b", "c d" } },
      { "/a+b/%2e%2e", { "a+b", ".." } },
      { "/%C3%A9", { "é" } },
      { "*", { "*" } },
    }
    for _, case in ipairs(CASES) do
      it("splits " .. case[1], function() assert.same(case[2], form.split_path(case[1])) end)
    end
  end)
end)
