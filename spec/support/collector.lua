-- A busted helper: before each test, the collector is set to run at nearly every allocation.

local busted = require("busted")

local function eager()
  collectgarbage("incremental", 1, 1000, 6)
  collectgarbage("restart")
  return nil, true
end

eager()
busted.subscribe({ "test", "start" }, eager)
