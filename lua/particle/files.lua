-- Files that are uploaded: parts of a multipart body, and whether they can be read.

local check = require("particle.check")
local core = require("particle.core")
local rules = require("particle.rules")

local files = {}

---@class particle.File
---@field path? string  of a file, which is read while it is sent
---@field data? string  or its bytes
---@field name? string  what the cloud is to call it: for sources, the path within the project; default: the
---file's own name, without folders
---@field type? string  of its contents; default: application/octet-stream

local FILE = { path = rules.TEXT, data = rules.TEXT, name = rules.TEXT, type = rules.TEXT }

local function is_file(value)
  if type(value) == "string" then return value ~= "" end
  if type(value) ~= "table" then return false end
  for name, item in pairs(value) do
    if not FILE[name] or not FILE[name].fits(item) then return false end
  end
  return (value.path == nil) ~= (value.data == nil)
end

--- A list of files. A text is a path, and what the cloud calls the file.
files.LIST = rules.rule("a list of paths, { path =, name? = } or { data =, name = }", function(value)
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

-- A path within the project stays; one that leads elsewhere says nothing of where the file belongs.
local function name_of(path)
  local name = path:gsub("\\", "/"):gsub("^%./+", "")
  local elsewhere = name:find("^/") or ("/" .. name .. "/"):find("/../", 1, true)
  return elsewhere and files.basename(path) or name
end

-- Of two files with one name the cloud would forget one.
local function check_names(parts, who)
  local seen = {}
  for _, part in ipairs(parts) do
    if seen[part.filename] then
      check.raise(("%s: two files are called %q: give them names"):format(who, part.filename))
    end
    seen[part.filename] = true
  end
end

--- The parts for the files: `file`, `file2`, `file3`, ... Raises where two have the same name.
---@param list (string|particle.File)[]
---@param name? string  of one that has no name
---@param who? string   for messages
---@return table[]
function files.parts(list, name, who)
  local parts = {}
  for i, given in ipairs(list) do
    local file = type(given) == "string" and { path = given, name = name_of(given) } or given
    parts[i] = {
      name = i == 1 and "file" or "file" .. i, path = file.path, data = file.data,
      filename = file.name or files.basename(file.path) or name or "file" .. i,
      type = file.type or "application/octet-stream",
    }
  end
  check_names(parts, who or "files")
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
