-- The report of `make test`, a busted output handler: a line for each spec file as it runs, failures in full
-- when they happen, and after every test the counts in the file that TEST_RESULT names, for .ci/test.
-- A pending test is a failure: what is not tested is not done.

local busted = require("busted")

local WIDTH = 100

local function write(...)
  io.stdout:write(...)
  io.stdout:flush()
end

return function()
  local handler = require("busted.outputHandlers.base")()
  local column, failed_names = 0, {}
  local file_passed, file_started

  local function failed() return handler.failuresCount + handler.errorsCount end

  local function record(running)
    local path = os.getenv("TEST_RESULT")
    if not path then return end
    local file = assert(io.open(path, "w"))
    file:write(("%d %d\n%s\n"):format(handler.successesCount, failed(), running))
    file:close()
  end

  local function mark(sign)
    if column >= WIDTH then
      write("\n  ")
      column = 2
    end
    write(sign)
    column = column + 1
  end

  local function show(failure)
    local trace = failure.trace or {}
    local message = failure.message or "no message"
    if type(message) ~= "string" then message = require("pl.pretty").write(message) end
    failed_names[#failed_names + 1] = failure.name
    write("\n  FAILED ", failure.name, "\n")
    if trace.short_src then write("  ", trace.short_src, ":", tostring(trace.currentline), "\n") end
    message = message .. "\n" .. (trace.traceback or "")
    for line in message:gmatch("[^\n]+") do write("    ", line, "\n") end
    write("  ")
    column = 2
  end

  local function file_start(file)
    write(file.name, " ")
    column, file_passed, file_started = #file.name + 1, handler.successesCount, os.time()
    return nil, true
  end

  local function file_end()
    local seconds = os.difftime(os.time(), file_started)
    local took = seconds > 1 and (" (%d s)"):format(seconds) or ""
    write((" %d"):format(handler.successesCount - file_passed), took, "\n")
    return nil, true
  end

  local function test_start(element)
    record(handler.getFullName(element))
    return nil, true
  end

  local function test_end(element, parent, status, trace)
    if status == "success" then
      mark(".")
    elseif status == "pending" then
      local pending = { descriptor = "pending", name = handler.getFullName(element) }
      local message = "a pending test counts as failed"
      busted.publish({ "error", "pending" }, pending, parent, message, trace or element.trace)
    else
      local list = status == "failure" and handler.failures or handler.errors
      show(list[#list])
    end
    record(handler.getFullName(element))
    return nil, true
  end

  -- Whatever fails outside a test: a file that does not load, a setup or teardown.
  local function outside(element)
    if element.descriptor ~= "it" then
      show(handler.errors[#handler.errors])
      record(element.name or element.descriptor)
    end
    return nil, true
  end

  local function suite_end()
    if #failed_names > 0 then write("\nFailed:\n  ", table.concat(failed_names, "\n  "), "\n") end
    if not os.getenv("TEST_APART") then write(("%.1f seconds\n"):format(handler.getDuration())) end
    record("all done")
    if not os.getenv("TEST_RESULT") then
      write(("%d passed, %d failed\n"):format(handler.successesCount, failed()))
    end
    return nil, true
  end

  busted.subscribe({ "file", "start" }, file_start)
  busted.subscribe({ "file", "end" }, file_end)
  busted.subscribe({ "test", "start" }, test_start)
  busted.subscribe({ "test", "end" }, test_end)
  busted.subscribe({ "error" }, outside)
  busted.subscribe({ "failure" }, outside)
  busted.subscribe({ "suite", "end" }, suite_end)
  return handler
end
