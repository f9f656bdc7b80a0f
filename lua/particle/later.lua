-- What a program may never need is loaded when it is first used: most programs start, make a call and end.

local later = {}

--- Stands for a module, which is loaded when something of it is first asked for.
---@param name string
---@return table
function later.module(name)
  return setmetatable({}, { __index = function(self, key)
    local value = require(name)[key]
    self[key] = value
    return value
  end })
end

--- Methods of a module, which is loaded when one of them is first called. One that the program has put in the
--- place of such a method stays there.
---@param methods table<string, function>  gets them
---@param module string  what it returns has them by their names
---@param names string[]
function later.methods(methods, module, names)
  for _, name in ipairs(names) do
    local function stand_in(...)
      local method = require(module)[name]
      if methods[name] == stand_in then methods[name] = method end
      return method(...)
    end
    methods[name] = stand_in
  end
end

return later
