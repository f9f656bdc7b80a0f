local core = require("particle.core")
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

  it("is methods, once one of them is called", function()
    local methods = {}
    local count = 0
    package.preload["spec.later"] = function()
      loads = loads + 1
      function methods.count(...)
        count = count + select("#", ...)
        return count, ...
      end
      function methods.other() return "other" end
    end
    later.methods(methods, "spec.later", { "count", "other" })
    local kept = methods.count
    assert.equal(0, loads)
    assert.same({ 3, "a", n = 4 }, table.pack(methods.count("a", nil, nil)))
    assert.same({ "other" }, { methods.other() })
    assert.same({ 4, 1 }, { kept(1) })
    assert.equal(1, loads)
  end)

  it("is there: no verb is named whose file does not have it", function()
    for name, methods in pairs { api = core.api_methods, device = core.device_methods } do
      require("particle." .. name)
      require("particle.verbs." .. name)
      for verb, method in pairs(methods) do
        assert.not_matches("later%.lua$", debug.getinfo(method, "S").source, nil, verb)
      end
    end
  end)
end)
