-- A request as the handlers see it: query, fields of the body, uploaded parts, credentials.

local core = require("particle.core")
local errors = require("particle.simulator.errors")
local form = require("particle.simulator.form")
local multipart = require("particle.simulator.multipart")

local request = {}

---@class particle.simulator.Request
---@field method string
---@field path string                    raw
---@field parts string[]                 of the path, decoded
---@field headers table<string, string>  lowercase names
---@field query table<string, string>
---@field raw_query string
---@field content_type string?           without parameters, lowercase
---@field fields table<string, any>      of a form, a JSON object (with nulls), or the text parts of an upload
---@field files particle.simulator.Part[]?  of an upload, those with a file name
---@field params table<string, string>   the path's placeholders
---@field is_stream boolean              whether an event stream is asked for
---@field user particle.simulator.User?  whose token it bears
---@field token particle.simulator.Token?

local readers = {}

readers["application/x-www-form-urlencoded"] = function(self, body)
  self.fields = form.parse_nested(body)
end

local function read_json(self, body)
  if body == "" then return end
  local value = core.decode(body, true)
  if type(value) ~= "table" then return errors.bad_json end
  self.fields = value
end

readers["application/json"] = read_json
readers["application/schema+json"] = read_json

readers["multipart/form-data"] = function(self, body)
  local parts = multipart.parse(self.headers["content-type"], body)
  if not parts then return errors.bad_multipart end
  self.files = {}
  for _, part in ipairs(parts) do
    if part.filename then
      self.files[#self.files + 1] = part
    else
      form.assign(self.fields, part.name, part.data)
    end
  end
end

--- Reads what the server library handed out.
---@param raw { method: string, path: string, query: string, headers: table<string, string>, body: string }
---@return particle.simulator.Request
---@return particle.simulator.Reply? refusal  of a body that cannot be read
function request.parse(raw)
  local content_type = raw.headers["content-type"]
  local self = {
    method = raw.method, path = raw.path, parts = form.split_path(raw.path), headers = raw.headers,
    query = form.parse(raw.query), raw_query = raw.query, fields = {}, params = {},
    content_type = content_type and content_type:match("^%s*([^;%s]*)"):lower(),
  }
  local read = readers[self.content_type]
  return self, read and read(self, raw.body)
end

local BODY_TOKENS = { POST = true, PUT = true, DELETE = true }

--- The access token, from the header, the query or a form.
---@param self particle.simulator.Request
---@param strict boolean  takes it from the query of a GET only
---@return string?
function request.token(self, strict)
  local scheme, token = (self.headers.authorization or ""):match("^(%a+)%s+(%S+)%s*$")
  if scheme and scheme:lower() == "bearer" then return token end
  local in_query = self.query.access_token
  if in_query and (self.method == "GET" or not strict) then return in_query end
  local is_form = self.content_type == "application/x-www-form-urlencoded"
  if is_form and BODY_TOKENS[self.method] then return request.text(self.fields.access_token) end
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local SEXTETS = {}
for i = 1, 64 do SEXTETS[ALPHABET:byte(i)] = i - 1 end

local function decode_base64(text)
  local bytes, bits, count = {}, 0, 0
  for i = 1, #text do
    local sextet = SEXTETS[text:byte(i)]
    if not sextet then break end
    bits, count = (bits << 6 | sextet) & 0xFFFFFF, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(bits >> count & 0xFF)
    end
  end
  return table.concat(bytes)
end

--- HTTP Basic.
---@param self particle.simulator.Request
---@return string? user  nil: no such header
---@return string? password
function request.basic(self)
  local scheme, encoded = (self.headers.authorization or ""):match("^(%a+)%s+(%S+)%s*$")
  if not scheme or scheme:lower() ~= "basic" then return nil end
  return decode_base64(encoded):match("^([^:]*):(.*)$")
end

--- A value of `fields` as text: numbers and booleans of a JSON body are written out.
---@param value any
---@return string?  nil for nil and null
function request.text(value)
  if type(value) == "string" then return value end
  if value == nil or value == core.null then return nil end
  return core.encode(value)
end

--- A value of `fields` or `query` as an integer.
---@param value any
---@return integer?  nil for whatever is none
function request.integer(value)
  if type(value) == "string" then value = value:match("^%-?%d+$") and tonumber(value) end
  return type(value) == "number" and math.tointeger(value) or nil
end

--- A list in the query: joined by commas, or its name repeated with brackets.
---@param self particle.simulator.Request
---@param name string
---@return string[]?  nil: there is none
function request.list(self, name)
  local given = self.query[name] or form.parse_nested(self.raw_query)[name]
  if type(given) == "table" then return given end
  if not given or given == "" then return nil end
  local list = {}
  for item in given:gmatch("[^,]+") do list[#list + 1] = item end
  return list
end

return request
