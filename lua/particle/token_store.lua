-- Tokens that outlive the program: one record in a file that its owner alone can read. A new one replaces the
-- file as a whole, so of several programs that write at once the last one wins, and none reads half a record.

local check = require("particle.check")
local core = require("particle.core")

--- Keeps one token. `particle.token_store` gives one that keeps it in a file; any table with these three
--- methods will do.
---@class particle.TokenStore
local methods = {}

---@class particle.StoredToken
---@field access_token string
---@field refresh_token? string
---@field token_type? string
---@field expires_at? integer  Unix seconds; nil: never, or unknown
---@field base_url? string     the only address that it is sent to
---@field client_id? string    the OAuth client that it was issued to, where that is not the usual one

local TYPES = {
  access_token = "string", refresh_token = "string", token_type = "string", expires_at = "number",
  base_url = "string", client_id = "string",
}

local paths = setmetatable({}, { __mode = "k" })

local function path_of(self, method)
  return paths[self] or check.raise(("%s: call it with a colon, on a token store"):format(method))
end

-- The fields that a record may have | nil, what is wrong.
local function checked(record)
  if type(record) ~= "table" then return nil, "is not a JSON object" end
  if type(record.access_token) ~= "string" then return nil, "holds no access_token" end
  local kept = {}
  for name, kind in pairs(TYPES) do
    local value = record[name]
    if value ~= nil and type(value) ~= kind then
      return nil, ("holds a %s that is no %s"):format(name, kind)
    end
    kept[name] = value
  end
  return kept
end

--- The record that is kept.
---@return particle.StoredToken?
---@return string?  why it cannot be had; nil: there is none
function methods.load(self)
  local path = path_of(self, "load")
  local text, problem = core.read_private(path)
  if not text then return nil, problem end
  local record
  record, problem = checked((core.decode(text)))
  if not record then return nil, path .. " " .. problem end
  return record
end

--- Keeps this record instead of what was there.
---@param record particle.StoredToken
---@return true?
---@return string?  why it could not
function methods.save(self, record)
  local path = path_of(self, "save")
  local kept, problem = checked(record)
  if not kept then check.raise("save: the record " .. problem) end
  return core.write_private(path, core.encode(kept) .. "\n")
end

--- Forgets the record.
---@return true?
---@return string?  why it could not
function methods.clear(self) return core.remove_private(path_of(self, "clear")) end

local Store = { __index = methods, __name = "particle.token_store" }

function Store:__tostring() return ("particle.token_store (%s)"):format(paths[self]) end

local token_store = {}

--- See `particle.token_store`.
---@param path string
---@return particle.TokenStore
function token_store.new(path)
  if type(path) ~= "string" or path == "" then
    check.fail("token_store", "the path", "a string that is not empty", path)
  end
  local fine, problem = pcall(core.read_private, path) -- what is wrong with the path is seen here
  if not fine then check.raise("token_store: " .. problem) end
  local store = setmetatable({}, Store)
  paths[store] = path
  return store
end

return token_store
