-- The rule is the core's, so each case is a reply that has come over a socket.

local Cloud = require("spec.support.cloud")
local classifier = require("particle.retry.classifier")
local raw = require("spec.support.raw_server")
local particle = require("particle")

describe("whether a failure is worth another attempt", function()
  -- status, body -> for a call that may be repeated, for one that may not
  local CASES = {
    { 400, {}, false, false }, { 401, {}, false, false }, { 403, {}, false, false },
    { 404, {}, false, false }, { 406, {}, false, false }, { 409, {}, false, false },
    { 410, {}, false, false }, { 422, {}, false, false }, { 451, {}, false, false },
    { 408, { error = "timed out" }, false, false },
    { 500, { errors = { "Request Timed Out" } }, false, false }, -- a device that is offline
    { 429, {}, true, true }, { 529, {}, true, true },
    { 500, {}, true, false }, { 502, "<html>", true, false }, { 503, {}, true, false },
    { 504, {}, true, false }, { 200, "no JSON", false, false }, { 302, {}, false, false },
    { "abort", nil, true, false },
  }

  for _, case in ipairs(CASES) do
    it("is decided after " .. case[1] .. " by whether it may be repeated", function()
      local cloud <close> = Cloud.new(function() return case[1], case[2] end)
      local api <close> = cloud:client { log = false }
      for i, idempotent in ipairs { true, false } do
        local _, err = api:request { method = "POST", path = "/v1/x", form = {}, idempotent = idempotent }
        assert.are.equal(case[2 + i], classifier(err), tostring(err))
      end
    end)
  end

  it("is yes when nothing was delivered", function()
    local api <close> = particle.new {
      base_url = "http://127.0.0.1:" .. raw.closed_port(), token = "x", retry = false,
    }
    local _, err = api:request { method = "POST", path = "/v1/x", form = { a = 1 } }
    assert.is_false(err.delivered)
    assert.is_true(classifier(err))
  end)

  it("is no for an error that does not say so", function()
    assert.is_false(classifier { kind = "network" })
  end)
end)
