-- Secrets on their way: opaque values (`<secret>`) for middleware, logs and errors, in requests and replies.

local core = require("particle.core")

local sealed = {}

-- The texts behind the opaque values in replies; only this file can look them up.
local texts = setmetatable({}, { __mode = "k" })

--- A copy in which every text is opaque; other values stay.
---@param value any
---@return any
function sealed.copy(value)
  if type(value) == "string" then return core.secret(value) end
  if type(value) ~= "table" then return value end
  local copy = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do copy[key] = sealed.copy(item) end
  return copy
end

local NAMES = {
  access_token = true, refresh_token = true, mfa_token = true, token = true, tokens = true, secret = true,
}

local function close_text(text)
  local secret = core.secret(text)
  texts[secret] = text
  return secret
end

local function close_all(value, is_secret)
  if type(value) == "string" then return is_secret and close_text(value) or value end
  if type(value) == "table" then
    for key, item in pairs(value) do value[key] = close_all(item, NAMES[key] or is_secret and #value > 0) end
  end
  return value
end

--- Makes the tokens and secrets in a reply opaque: a request's `seal`.
---@param reply any
---@return any ...  what came
function sealed.reply(reply, ...) return close_all(reply), ... end

--- The text behind an opaque value of a reply; nil for anything else.
---@param value any
---@return string?
function sealed.text(value)
  if type(value) == "userdata" then return texts[value] end
end

--- Likewise, and only once: no copy of it is to outlive what becomes of it.
---@param value any
---@return string?
function sealed.take(value)
  local text = sealed.text(value)
  if text then texts[value] = nil end
  return text
end

--- The reply with the texts in their places, for the caller.
---@param reply any
---@return any
function sealed.opened(reply)
  if type(reply) ~= "table" then return sealed.take(reply) or reply end
  for key, item in pairs(reply) do reply[key] = sealed.opened(item) end
  return reply
end

return sealed
