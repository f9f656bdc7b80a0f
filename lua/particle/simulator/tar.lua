-- Reading tar archives (ustar).

local tar = {}

local BLOCK = 512

--- The files of an archive.
---@param text string
---@return table<string, string>  name -> bytes
function tar.files(text)
  local files, at = {}, 1
  while at + BLOCK - 1 <= #text do
    local name = text:match("^[^%z]*", at):sub(1, 100)
    if name == "" then break end
    local size = tonumber(text:sub(at + 124, at + 135):match("^[0-7]+") or "0", 8)
    local kind = text:sub(at + 156, at + 156)
    if kind == "0" or kind == "\0" then files[name] = text:sub(at + BLOCK, at + BLOCK + size - 1) end
    at = at + BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
  end
  return files
end

return tar
