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

--- Methods that a module puts into this table when one of them is first called.
---@param methods table<string, function>
---@param module string
---@param names string[]
function later.methods(methods, module, names)
  for _, name in ipairs(names) do
    methods[name] = function(...)
      require(module)
      return methods[name](...)
    end
  end
end

return later
