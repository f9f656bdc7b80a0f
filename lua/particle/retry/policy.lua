-- How calls are repeated: what may be said about it, and what holds where nothing was said.

local backoff = require("particle.backoff")
local budget = require("particle.retry.budget")
local core = require("particle.core")
local rules = require("particle.rules")

local policy = {}

--- How calls that failed are repeated. Every part can be replaced.
---@class particle.RetryPolicy
---@field attempts? integer  at most, with the first one (10)
---@field base? number       seconds: the longest wait before the second attempt; doubles from there (0.1)
---@field cap? number        seconds: the longest wait before any (2); both tenfold after a 429
---@field random? fun(): number  from 0 up to 1: the share of the longest wait (`math.random`)
---@field classifier? fun(err: particle.Error, request: table): boolean  whether it is worth another attempt
---(`err.retryable`)
---@field delay? fun(number: integer, err: particle.Error, policy: particle.RetryPolicy): number  seconds to
---wait after attempt `number`
---@field budget? particle.RetryBudget|false  of all the api's calls (500 tokens; a retry takes 5, a success
---gives 2); false: none
---@field clock? fun(): number  seconds, for the deadline
---@field sleep? fun(seconds: number)  waits

local function is_budget(value)
  if value == false then return true end
  if type(value) ~= "table" and type(value) ~= "userdata" then return false end
  local fine, spend, succeed = pcall(function() return value.spend, value.succeed end)
  return fine and rules.is_callable(spend) and rules.is_callable(succeed)
end

policy.RULES = {
  attempts = rules.COUNT,
  classifier = rules.FUNCTION,
  delay = rules.FUNCTION,
  budget = rules.rule("false, or an object with the methods spend and succeed", is_budget),
  clock = rules.FUNCTION,
  sleep = rules.FUNCTION,
}
for name, rule in pairs(backoff.RULES) do policy.RULES[name] = rule end

local UNLIMITED = { spend = function() return true end, succeed = function() end }

local DEFAULTS = {
  attempts = 10, base = 0.1, cap = 2, random = math.random, clock = core.now,
  classifier = require("particle.retry.classifier"),
  delay = require("particle.retry.delay"),
}

-- One table with all parts: each call looks into it.
local function merge(base, given)
  local merged = {}
  for name, value in pairs(base) do merged[name] = value end
  for name, value in pairs(given) do merged[name] = value end
  if merged.budget == false then merged.budget = UNLIMITED end
  return merged
end

--- Raises unless it is a policy.
---@param given any
---@param who string
function policy.check(given, who) rules.check(given, policy.RULES, who .. ": retry") end

--- An api's policy.
---@param given? table  checked
---@return particle.RetryPolicy
function policy.new(given)
  local made = merge(DEFAULTS, given or {})
  made.budget = made.budget or budget.new()
  return made
end

--- A call's policy: the api's, save for what is given.
---@param of_api particle.RetryPolicy
---@param given table  checked
---@return particle.RetryPolicy
function policy.derive(of_api, given) return merge(of_api, given) end

return policy
