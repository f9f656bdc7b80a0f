local particle = require("particle")
local policy = require("particle.retry.policy")

local function new(retry)
  return particle.new { token = "x", base_url = "http://127.0.0.1:1", retry = retry }
end

describe("a retry policy", function()
  it("has defaults for everything", function()
    local made = policy.new()
    assert.are.same({ 10, 0.1, 2 }, { made.attempts, made.base, made.cap })
    assert.are.equal(500, made.budget.tokens)
    assert.is_function(made.classifier)
    assert.is_function(made.delay)
  end)

  it("of a call goes on from the api's, with its budget", function()
    local of_api = policy.new { attempts = 4, base = 2 }
    local of_call = policy.derive(of_api, { base = 3 })
    assert.are.same({ 4, 3, 2 }, { of_call.attempts, of_call.base, of_call.cap })
    assert.are.equal(of_api.budget, of_call.budget)
    assert.are_not.equal(policy.new().budget, policy.new().budget)
  end)

  it("has no budget when told so", function()
    local made = policy.new { budget = false }
    for _ = 1, 1000 do assert.is_true(made.budget:spend()) end
  end)

  it("names what is wrong with it, in the api's options and a call's", function()
    local cases = {
      { { attempt = 3 }, 'retry: unknown option "attempt"; did you mean "attempts"?' },
      { { attempts = 0 }, "retry: option attempts must be a positive integer, got the number 0" },
      { { attempts = 2.5 }, "retry: option attempts must be a positive integer, got the number 2.5" },
      { { base = -1 }, "retry: option base must be a positive number of seconds, got the number -1" },
      { { cap = "1" }, "retry: option cap must be a positive number of seconds, got a string" },
      { { delay = 3 }, "retry: option delay must be a function, got the number 3" },
      { { budget = {} },
        "retry: option budget must be false, or an object with the methods spend and succeed, got a table" },
    }
    local lamp = new(nil):device("lamp")
    for _, case in ipairs(cases) do
      local _, problem = pcall(new, case[1])
      assert.is_truthy(problem:find("particle.new: " .. case[2], 1, true), problem)
      _, problem = pcall(lamp.read, lamp, "x", { retry = case[1] })
      assert.is_truthy(problem:find("read: " .. case[2], 1, true), problem)
    end
    assert.has_error(function() new(true) end)
    assert.has_error(function() new(3) end)
  end)
end)
