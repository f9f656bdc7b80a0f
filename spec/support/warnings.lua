-- What `warn` is told.

---@param fn fun()
---@return string heard  while `fn` ran, a line for each
return function(fn)
  local heard, before = {}, warn
  _G.warn = function(...) heard[#heard + 1] = table.concat({ ... }) end -- luacheck: ignore 122
  local fine, problem = pcall(fn)
  _G.warn = before -- luacheck: ignore 122
  assert(fine, problem)
  return table.concat(heard, "\n")
end
