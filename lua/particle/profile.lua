-- The Particle CLI's profile files: the token of a `particle login` and the address it belongs to.
-- Reads two small JSON files, writes nothing, and shows their contents in no message.

local profile = {}

local DEFAULT_NAME = "particle"
local NEVER_YEAR = 9999
local HOME_VARIABLES = { "home", "HOME", "HOMEPATH", "USERPROFILE" }

-- Opening "FOLDER/." succeeds for folders only.
local function is_folder(path)
  local handle = io.open(path .. "/.", "rb")
  if handle then handle:close() end
  return handle ~= nil
end

--- The home folder as the CLI finds it: the first existing one among the variables `home`, `HOME`, `HOMEPATH`
--- and `USERPROFILE`.
---@param getenv fun(name: string): string?
---@return string? folder  nil when none exists
function profile.home(getenv)
  for _, name in ipairs(HOME_VARIABLES) do
    local folder = getenv(name)
    if folder and folder ~= "" and is_folder(folder) then return folder end
  end
end

local function days_from_civil(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

local function offset_seconds(zone)
  if zone == "" or zone == "Z" or zone == "z" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  local seconds = math.tointeger(hours) * 3600 + math.tointeger(minutes) * 60
  return sign == "-" and -seconds or seconds
end

--- The Unix time of an ISO 8601 instant or bare date; UTC unless it says otherwise.
---@param text string
---@return number? seconds  nil when it is no such text
function profile.parse_time(text)
  local year, month, day, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not year then return nil end
  local hour, minute, second, fraction, zone = 0, 0, 0, "", ""
  if rest ~= "" then
    hour, minute, second, fraction, zone = rest:match("^[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)(.*)$")
    if not hour then return nil end
  end
  local offset = offset_seconds(zone)
  if not offset then return nil end
  local numbers = { year, month, day, hour, minute, second }
  for i = 1, 6 do numbers[i] = math.tointeger(numbers[i]) end
  year, month, day, hour, minute, second = table.unpack(numbers)
  if month < 1 or month > 12 or day < 1 or day > 31 then return nil end
  if hour > 24 or minute > 59 or second > 60 then return nil end
  local seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
  return seconds + (tonumber("0" .. fraction) or 0)
end

-- text | nil (no such file) | nil, problem
local function read_file(path)
  local handle, message, code = io.open(path, "rb")
  if not handle then
    if code == 2 or code == 20 then return nil end -- ENOENT, ENOTDIR
    return nil, ("cannot read %s: %s"):format(path, (message:gsub("^.*: ", "")))
  end
  local text, trouble = handle:read("a")
  handle:close()
  if not text then return nil, ("cannot read %s: %s"):format(path, trouble) end
  return text
end

local function read_object(path, decode)
  local text, problem = read_file(path)
  if not text then return nil, problem end
  text = text:gsub("^\xEF\xBB\xBF", "")
  local fine, value = pcall(decode, text)
  if not fine or type(value) ~= "table" then return nil, path .. " is not a JSON object" end
  return value
end

-- JSON null counts as absent, whichever way the decoder shows it.
local function text_field(object, key, path)
  local value = object[key]
  if value == nil or type(value) == "userdata" or value == "" then return nil end
  if type(value) ~= "string" then return nil, ("%s: %s is not text"):format(path, key) end
  return value
end

local function current_name(folder, decode)
  local path = folder .. "/profile.json"
  local object, problem = read_object(path, decode)
  if not object then
    if problem then return nil, problem end
    return DEFAULT_NAME
  end
  local name, wrong = text_field(object, "name", path)
  if wrong then return nil, wrong end
  name = name or DEFAULT_NAME
  if name:find("[/\\%c]") then return nil, path .. ": the profile's name is no file name" end
  return name
end

local function expiry(object, path)
  local text, problem = text_field(object, "access_token_expires_at", path)
  if not text then return nil, problem end
  if tonumber(text:match("^(%d%d%d%d)%-")) == NEVER_YEAR then return nil end
  local seconds = profile.parse_time(text)
  if not seconds then return nil, path .. ": access_token_expires_at is not a time" end
  return seconds
end

---@class particle.profile
---@field path string          the settings file
---@field token string?        absent after a logout
---@field base_url string?     the CLI's `apiUrl`; absent means the default address
---@field expires_at number?   Unix seconds; absent means never or unknown

--- The Particle CLI's current profile.
---@param getenv? fun(name: string): string?      default `os.getenv`
---@param decode? fun(text: string): any, string? JSON decoder; default that of the C core
---@return particle.profile? profile  nil without a reason: the CLI has no such file here
---@return string? reason             why an existing file cannot be used; names the file
function profile.load(getenv, decode)
  decode = decode or require("particle.core").decode
  local home = profile.home(getenv or os.getenv)
  if not home then return nil end
  local folder = home .. "/.particle"
  local name, problem = current_name(folder, decode)
  if not name then return nil, problem end
  local path = ("%s/%s.config.json"):format(folder, name)
  local object
  object, problem = read_object(path, decode)
  if not object then return nil, problem end
  local found = { path = path }
  found.token, problem = text_field(object, "access_token", path)
  if problem then return nil, problem end
  found.base_url, problem = text_field(object, "apiUrl", path)
  if problem then return nil, problem end
  found.expires_at, problem = expiry(object, path)
  if problem then return nil, problem end
  return found
end

return profile
