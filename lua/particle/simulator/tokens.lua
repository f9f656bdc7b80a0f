-- The tokens that were issued: to whom, by which client, until when.

local tokens = {}

tokens.LIFETIME = 7776000 -- 90 days
local REFRESH_LIFETIME = 14 * 86400
local CHALLENGE_LIFETIME = 300

---@class particle.simulator.Token
---@field token string
---@field refresh_token string
---@field user particle.simulator.User
---@field client string          the OAuth client's id
---@field scopes string[]?       of an API user
---@field lifetime integer       seconds; 0: for ever
---@field expires_at number?     Unix seconds; nil: never
---@field refresh_expires_at number

---@class particle.simulator.Tokens
---@field private clock fun(): number
---@field private random particle.simulator.Random
local Tokens = {}
Tokens.__index = Tokens

---@param clock fun(): number  Unix seconds
---@param random particle.simulator.Random
---@return particle.simulator.Tokens
function tokens.new(clock, random)
  return setmetatable({
    clock = clock, random = random, by_token = {}, by_refresh = {}, challenges = {}, issued = {},
  }, Tokens)
end

---@param user particle.simulator.User
---@param client string
---@param lifetime integer  seconds; 0: for ever
---@return particle.simulator.Token
function Tokens:issue(user, client, lifetime)
  local now = self.clock()
  local token = {
    token = self.random:hex(40), refresh_token = self.random:hex(40), user = user, client = client,
    lifetime = lifetime, expires_at = lifetime > 0 and now + lifetime or nil,
    refresh_expires_at = now + REFRESH_LIFETIME,
  }
  self.by_token[token.token] = token
  self.by_refresh[token.refresh_token] = token
  self.issued[#self.issued + 1] = token
  return token
end

local function is_over(moment, now) return moment ~= nil and moment <= now end

---@param text string
---@return particle.simulator.Token?
---@return "invalid"|"expired"|nil problem
function Tokens:check(text)
  local token = self.by_token[text]
  if not token then return nil, "invalid" end
  if is_over(token.expires_at, self.clock()) then return nil, "expired" end
  return token
end

--- The token that a refresh token was issued with.
---@param text string?
---@param client string  the id of the client that asks: the one to which it was issued
---@return particle.simulator.Token?
---@return "invalid"|"expired"|nil problem
function Tokens:check_refresh(text, client)
  local token = text and self.by_refresh[text]
  if not token or token.client ~= client then return nil, "invalid" end
  if is_over(token.refresh_expires_at, self.clock()) then return nil, "expired" end
  return token
end

-- Revoked tokens are as good as never issued.
local function forget(self, token)
  self.by_token[token.token] = nil
  self.by_refresh[token.refresh_token] = nil
end

local function forget_if(self, condition)
  local kept = {}
  for _, token in ipairs(self.issued) do
    if condition(token) then forget(self, token) else kept[#kept + 1] = token end
  end
  self.issued = kept
end

---@param text string  unknown ones are ignored
function Tokens:revoke(text)
  if not self.by_token[text] then return end
  forget_if(self, function(token) return token.token == text end)
end

---@param user particle.simulator.User
function Tokens:revoke_all(user)
  forget_if(self, function(token) return token.user == user end)
end

---@param user particle.simulator.User
---@return particle.simulator.Token[]  those still valid, oldest first
function Tokens:of(user)
  local list, now = {}, self.clock()
  for _, token in ipairs(self.issued) do
    if token.user == user and not is_over(token.expires_at, now) then list[#list + 1] = token end
  end
  return list
end

--- Begins the second step of a login with a one-time password.
---@param user particle.simulator.User
---@return string mfa_token
function Tokens:challenge(user)
  local mfa_token = self.random:hex(40)
  self.challenges[mfa_token] = { user = user, expires_at = self.clock() + CHALLENGE_LIFETIME }
  return mfa_token
end

--- Ends it: right answers only end a challenge, wrong ones may be repeated.
---@param mfa_token string?
---@param otp string?
---@return particle.simulator.User?
function Tokens:answer(mfa_token, otp)
  local challenge = mfa_token and self.challenges[mfa_token]
  if not challenge or is_over(challenge.expires_at, self.clock()) then return nil end
  if challenge.user.mfa ~= otp then return nil end
  self.challenges[mfa_token] = nil
  return challenge.user
end

--- Ends the challenge of a user who sets up a second factor.
---@param mfa_token string
---@param user particle.simulator.User
---@return boolean  whether it was the user's, and in time
function Tokens:enrol(mfa_token, user)
  local challenge = self.challenges[mfa_token]
  if not challenge or challenge.user ~= user or is_over(challenge.expires_at, self.clock()) then
    return false
  end
  self.challenges[mfa_token] = nil
  return true
end

return tokens
