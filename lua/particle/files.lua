-- Files that are uploaded: parts of a multipart body, and whether they can be read.

local core = require("particle.core")
local options = require("particle.options")

local files = {}

---@class particle.File
---@field path? string  of a file, which is read while it is sent
---@field data? string  or its bytes
---@field name? string  what the cloud is to call it; default: the file's own
---@field type? string  of its contents; default: application/octet-stream

local FILE = { path = options.TEXT, data = options.TEXT, name = options.TEXT, type = options.TEXT }

local function is_file(value)
  if type(value) ~= "table" then return false end
  for name, item in pairs(value) do
    if not FILE[name] or not FILE[name].fits(item) then return false end
  end
  return (value.path == nil) ~= (value.data == nil)
end

--- A list of files.
files.LIST = options.rule("a list of { path =, name? = } or { data =, name = }", function(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, file in ipairs(value) do
    if not is_file(file) then return false end
  end
  return true
end)

--- The name of a file without its folders; nil without a path.
---@param path string?
---@return string?
function files.basename(path) return path and path:match("[^/\\]+$") end

--- The parts for the files: `file`, `file2`, `file3`, ...
---@param list particle.File[]
---@param name? string  of one that has no name
---@return table[]
function files.parts(list, name)
  local parts = {}
  for i, file in ipairs(list) do
    parts[i] = {
      name = i == 1 and "file" or "file" .. i, path = file.path, data = file.data,
      filename = file.name or files.basename(file.path) or name or "file" .. i,
      type = file.type or "application/octet-stream",
    }
  end
  return parts
end

--- Why a file cannot be read: that is the world's failure, not the program's. Nil when it can.
---@param path string
---@return string?
function files.problem(path) return core.file_problem(path) end

--- Why one of the parts cannot be read. What is no part is the core's to refuse.
---@param parts any
---@return string?
function files.problem_of(parts)
  if type(parts) ~= "table" then return nil end
  for _, part in ipairs(parts) do
    local path = type(part) == "table" and part.path
    local problem = type(path) == "string" and files.problem(path)
    if problem then return problem end
  end
end

return files
