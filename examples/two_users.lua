-- Two accounts on one simulated cloud: the owner may call a device, the other account is refused.
-- Usage: eval "$(make -s env)"; lua5.4 examples/two_users.lua

local particle = require("particle")
local simulator = require("particle.simulator")

local rang = 0
local doorbell = {
  name = "doorbell",
  functions = {
    ring = function()
      rang = rang + 1
      return rang
    end,
  },
}

local sim = simulator.new {
  users = {
    { username = "joe@example.com", password = "SuperSecret", devices = { doorbell } },
    { username = "sneaky.pete@example.com", password = "letmein", devices = {} },
  },
}

local function log_in(username, password)
  local api = particle.new { base_url = sim.url, token = false }
  assert(api:login { grant = "password", username = username, password = password })
  return api
end

local joe = log_in("joe@example.com", "SuperSecret")
local pete = log_in("sneaky.pete@example.com", "letmein")

local id = joe:device("doorbell"):info().id
print("joe rings:", joe:device(id):call("ring"))

local result, err = pete:device(id):call("ring")
print("pete rings:", result, err.kind)
print("the cloud said:", err.message)
print("the bell rang " .. rang .. " time(s)")

sim:close()
