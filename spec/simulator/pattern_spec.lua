local pattern = require("particle.simulator.pattern")

describe("a Lua pattern", function()
  it("is taken where Lua takes it", function()
    for _, text in ipairs {
      "", "^", "$", "^$", "a", "^/v1/devices/", "%%", "%.", "[]]", "[^]]", "[%]]", "[a-z]+", "[%w_]-x?",
      "(a)(b)%2%1", "()x()", "%b()", "%b()*", "%f[%w]x", "%f[^a]", "a-*", "]", "*", "((a)b)", "[a]]",
      ("(a)"):rep(32), "a\0b", "[[]", ("a?"):rep(199), "()%1", "(()%2)", "[%a-]", "[a-%%]",
    } do
      assert.is_nil(pattern.problem(text), text)
      assert.is_true((pcall(string.find, ("a"):rep(999), text)), text)
    end
  end)

  it("is refused with what is wrong", function()
    for text, problem in pairs {
      ["a%"] = 'it ends with "%"', ["[a"] = 'a "]" is missing', ["["] = 'a "]" is missing',
      ["[]"] = 'a "]" is missing', ["[^]"] = 'a "]" is missing', ["[%]"] = 'a "]" is missing',
      ["[a%"] = 'a "]" is missing', ["%f[a"] = 'a "]" is missing',
      ["%f"] = '"%f" wants a set in brackets', ["%fa"] = '"%f" wants a set in brackets',
      ["%b("] = '"%b" wants two characters', ["a)"] = 'a ")" has no "("', ["(a"] = 'a "(" has no ")"',
      ["(a)%2"] = 'there is no capture "%2"', ["%0"] = 'there is no capture "%0"',
      ["(a%1)"] = 'there is no capture "%1"', [("(a)"):rep(33)] = "it has too many captures",
      [("a?"):rep(200)] = "it is too complex",
    } do
      assert.equal(problem, pattern.problem(text), text)
    end
  end)

  -- Lua finds a fault only when a match gets there, so the subjects are many.
  it("that is taken never makes Lua raise", function()
    local random = 12345
    local function chance(n)
      random = (random * 1103515245 + 12345) % 2147483648
      return random // 65536 % n + 1
    end
    local function any_of(pieces, length)
      local made = {}
      for i = 1, length do made[i] = pieces[chance(#pieces)] end
      return table.concat(made)
    end
    local pieces = {
      "a", "b", "%", "[", "]", "^", "$", "(", ")", "*", "-", "?", "+", "1", "f", ".", "%b", "%f[", "%1",
    }
    local taken, refused = 0, 0
    for _ = 1, 20000 do
      local text = any_of(pieces, chance(7))
      local raised
      for _ = 1, 8 do
        local fine, problem = pcall(string.find, any_of({ "a", "b", "(", ")", "1" }, chance(8)), text)
        if not fine then raised = problem end
      end
      if pattern.problem(text) then refused = refused + 1 else taken = taken + 1 end
      if raised then assert.is_truthy(pattern.problem(text), ("%q: %s"):format(text, raised)) end
    end
    assert.is_true(taken > 1000 and refused > 1000)
  end)
end)
