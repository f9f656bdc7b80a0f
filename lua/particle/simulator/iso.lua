-- Times as the cloud writes them: ISO 8601, UTC, milliseconds, `Z`.

local iso = {}

---@param seconds number  Unix seconds
---@return string
function iso.format(seconds)
  local whole = math.floor(seconds)
  local milliseconds = math.floor((seconds - whole) * 1000)
  return os.date("!%Y-%m-%dT%H:%M:%S", whole) .. (".%03dZ"):format(milliseconds)
end

-- Days from 1970-01-01 to a date of the Gregorian calendar; the year is taken to begin in March.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
  return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

local LENGTHS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function parse_date(text)
  local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if not year or not LENGTHS[month] or day < 1 or day > LENGTHS[month] then return nil end
  local number = days(year, month, day)
  local is_leap_day = month == 2 and day == 29
  if is_leap_day and number == days(year, 3, 1) then return nil end
  return number * 86400
end

local function parse_zone(text)
  if text == "Z" or text == "z" then return 0 end
  local sign, hours, minutes = text:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  local seconds = hours * 3600 + minutes * 60
  return sign == "-" and -seconds or seconds
end

local function parse_time(text)
  local hour, minute, rest = text:match("^(%d%d):(%d%d)(.*)$")
  if not hour then return nil end
  local second, zone = rest:match("^:(%d%d%.?%d*)(.+)$")
  if not second then second, zone = 0, rest end
  local offset = parse_zone(zone)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if not offset or not second or hour > 23 or minute > 59 or second >= 61 then return nil end
  return hour * 3600 + minute * 60 + second - offset
end

--- A bare date (its first moment, UTC) or an instant with its zone.
---@param text string
---@return number? seconds  Unix seconds; nil: neither of the two
function iso.parse(text)
  local date, time = text:match("^([%d-]+)[Tt ](.+)$")
  if not date then return parse_date(text) end
  local day, seconds = parse_date(date), parse_time(time)
  return day and seconds and day + seconds
end

return iso
