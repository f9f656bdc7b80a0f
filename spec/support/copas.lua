-- Lets `require "copas"` find Debian's copas, which has no folder for Lua 5.4, nor has the coxpcall that it
-- needs: there, pcall itself will do.

package.preload.coxpcall = function() return { pcall = pcall, xpcall = xpcall } end

package.preload.copas = function(...)
  local path = assert(package.searchpath("copas", (package.path:gsub("5%.4", "5.2"))))
  return assert(loadfile(path))(...)
end
