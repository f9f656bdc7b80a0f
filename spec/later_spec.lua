local later = require("particle.later")

describe("what is loaded later", function()
  local loads

  before_each(function()
    loads = 0
    package.preload["spec.later"] = function()
      loads = loads + 1
      return { answer = 42 }
    end
  end)

  after_each(function()
    package.preload["spec.later"], package.loaded["spec.later"] = nil, nil
  end)

  it("is a module, once something of it is asked for", function()
    local module = later.module("spec.later")
    assert.equal(0, loads)
    assert.equal(42, module.answer)
    assert.is_nil(module.question)
    assert.equal(1, loads)
  end)

  describe("as methods", function()
    local methods, kept

    before_each(function()
      local count = 0
      package.preload["spec.later"] = function()
        loads = loads + 1
        return {
          count = function(...)
            count = count + select("#", ...)
            return count, ...
          end,
          other = function() return "other" end,
        }
      end
      methods = {}
      later.methods(methods, "spec.later", { "count", "other" })
      kept = methods.count
    end)

    it("comes once one of them is called", function()
      assert.equal(0, loads)
      assert.same({ 3, "a", n = 4 }, table.pack(methods.count("a", nil, nil)))
      assert.same({ "other" }, { methods.other() })
      assert.same({ 4, 1 }, { kept(1) })
      assert.equal(1, loads)
    end)

    it("leaves what the program put in their place", function()
      local function mine() return "mine" end
      methods.other = mine
      methods.count()
      assert.equal(mine, methods.other)
    end)

    for _, when in ipairs { "before", "after" } do
      it("can be wrapped, also by a method that was kept from before, " .. when .. " it has come", function()
        if when == "after" then methods.other() end
        function methods.count(...) return "wrapped", kept(...) end
        assert.same({ "wrapped", 1, "a" }, { methods.count("a") })
        assert.same({ "wrapped", 2, "b" }, { methods.count("b") })
      end)
    end
  end)

  it("is there: each verb that stands for one of another file has it, and that file has no others", function()
    for _, name in ipairs { "api", "device" } do
      local methods = require("particle." .. name)
      for verb, method in pairs(require("particle.verbs." .. name)) do
        assert.equal("function", type(method))
        assert.not_nil(methods[verb], verb)
      end
      for verb, method in pairs(methods) do
        local stands_in = debug.getinfo(method, "S").source:find("later%.lua$")
        assert.is_true(not stands_in or require("particle.verbs." .. name)[verb] ~= nil, verb)
      end
    end
  end)
end)
