-- Ctrl-C while a wait is under way. It sets a hook on the main thread, which a wait in another coroutine
-- would not meet before its end.

-- The registry's first thread; those behind it belong to C modules.
local function main_thread()
  for _, value in ipairs(debug.getregistry()) do
    if type(value) == "thread" then return value end
  end
end

local main = main_thread()

local interrupt = {
  depth = 0, -- of waits that are under way inside each other
}

--- Raises where Ctrl-C was pressed. If the main thread waits too, further down, the hook stays: it is to be
--- interrupted as well.
function interrupt.raise()
  local hook, mask, instructions = debug.gethook(main)
  if hook ~= "external hook" or instructions ~= 1 or mask ~= "crl" then return end
  if interrupt.depth <= 1 then debug.sethook(main) end
  error("interrupted!", 0)
end

return interrupt
