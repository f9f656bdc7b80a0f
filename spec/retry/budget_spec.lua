local budget = require("particle.retry.budget")

local function spend(bucket, times)
  local granted = 0
  for _ = 1, times do
    if bucket:spend() then granted = granted + 1 end
  end
  return granted
end

describe("the budget of retries", function()
  it("gives tokens out, takes them back, and holds no more than it had", function()
    local bucket = budget.new(50, 5, 5)
    bucket:spend()
    assert.are.equal(45, bucket.tokens)
    bucket:succeed()
    assert.are.equal(50, bucket.tokens)
    bucket:succeed()
    assert.are.equal(50, bucket.tokens)
    assert.is_true(budget.new(50, 49):spend())
  end)

  it("refuses what it has not, and keeps the rest", function()
    local bucket = budget.new(50, 49)
    bucket:spend()
    assert.is_false(bucket:spend())
    assert.are.equal(1, bucket.tokens)
  end)

  it("ends a storm after a hundred retries, and lets nobody through until something succeeds", function()
    local bucket = budget.new()
    assert.are.equal(100, spend(bucket, 10000))
    for _ = 1, 3 do bucket:succeed() end
    assert.are.equal(1, spend(bucket, 10000))
    for _ = 1, 250 do bucket:succeed() end
    assert.are.equal(100, spend(bucket, 10000))
  end)

  it("carries one failure in five for ever, even if a hundred calls at once fail first", function()
    local bucket = budget.new()
    for _ = 1, 1000 do
      for _ = 1, 20 do assert.is_true(bucket:spend()) end
      for _ = 1, 80 do bucket:succeed() end
    end
    assert.are.equal(500, bucket.tokens)
  end)
end)
