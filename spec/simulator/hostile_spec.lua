-- Requests whose bodies hold anything in the wrong place: whatever comes, the simulator has an answer of its
-- own.

local asking = require("spec.simulator.asking")
local core = require("particle.core")
local operations = require("spec.support.cloud_routes")
local prepared = require("spec.simulator.prepared")

local VALUES = {
  core.null, 5, -1.5, "", "\0\r\n", false, core.array {}, {}, { x = { y = {} } },
    core.array { core.null, {}, "a" },
  "{{x}}", ("a"):rep(5000),
}

-- All copies of a value in which one thing at a time is another one.
local function mutants(value)
  local list = { table.unpack(VALUES) }
  if type(value) ~= "table" then return list end
  for key, item in pairs(value) do
    for _, changed in ipairs(mutants(item)) do
      local copy = value[1] ~= nil and core.array {} or {}
      for name, one in pairs(value) do copy[name] = one end
      copy[key] = changed
      list[#list + 1] = copy
    end
  end
  return list
end

local function with(how, changes)
  local copy = {}
  for name, value in pairs(how) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value end
  return copy
end

-- The same request with one thing wrong at a time.
local function hostile(how)
  local list = {}
  if how.json then
    for i, value in ipairs(mutants(core.decode(how.json, true))) do
      list[i] = with(how, { json = core.encode(value) })
    end
  elseif how.form then
    for name, value in pairs(how.form) do
      for _, suffix in ipairs { "[]", "[a][b]" } do
        local form = with(how.form, { [name .. suffix] = value })
        form[name] = nil
        list[#list + 1] = with(how, { form = form })
      end
      list[#list + 1] = with(how, { form = with(how.form, { [name] = "" }) })
    end
  elseif how.type == "application/schema+json" then
    for i, value in ipairs(mutants(core.decode(how.body, true))) do
      list[i] = with(how, { body = core.encode(value) })
    end
  elseif how.body then
    for i = 1, #how.body, #how.body // 20 + 1 do
      list[#list + 1] = with(how, { body = how.body:sub(1, i - 1) .. "\xFF" .. how.body:sub(i + 1) })
      list[#list + 1] = with(how, { body = how.body:sub(1, i) })
    end
  end
  return list
end

describe("hostile requests", function()
  for _, operation in ipairs(operations) do
    local id, method, paths = table.unpack(operation)
    it("for " .. id .. " are answered", function()
      local reports = {}
      local request = prepared.prepare(id, paths[1],
        { on_error = function(text) reports[#reports + 1] = text end })
      for _, how in ipairs(request.how and hostile(request.how) or {}) do
        local status, text = request.ask(method, request.target, how)
        assert(status < 500, ("%d %s for %s"):format(status, text, how.json or how.body or "a form"))
      end
      for _, path in ipairs { "/v1/user", "/v1/integrations", "/v1/products", "/v1/env" } do
        request.ask("GET", path)
      end
      request.cloud.jobs:stop()
      assert.same({}, reports)
    end)
  end

  it("with a query of nonsense are answered", function()
    local reports = {}
    local _, ask = asking.cloud { devices = { { name = "lamp", product_id = 42 } },
      on_error = function(text) reports[#reports + 1] = text end }
    local names = {
      "page", "per_page", "limit", "filter", "sort", "scope", "groups", "date_range", "rect_bl", "rect_tr",
      "start_date", "end_date", "bucket_size", "text", "type", "version", "platform_id", "internal_version",
      "action", "firmware_version", "archived", "deviceName", "iccid", "sortAttr", "sortDir", "tracking",
    }
    for _, path in ipairs {
      "/v1/products/42/devices", "/v1/products/42/sims", "/v1/libraries", "/v1/ledgers", "/v1/user/search",
      "/v1/products/42/locations", "/v1/products/42/metrics/events", "/v1/device-os/versions",
        "/v1/user/identify",
      "/v1/products/42/impact", "/v1/system_firmware/upgrade", "/v1/logic/functions",
        "/v1/products/42/groups",
    } do
      for _, value in ipairs { "", "%00", "-1", "1e9", "99999999999999999999", "%25s[",
        "2026-01-01,2026-01-02" } do
        for _, suffix in ipairs { "", "[]" } do
          for _, name in ipairs(names) do ask("GET", ("%s?%s%s=%s"):format(path, name, suffix, value)) end
        end
      end
    end
    assert.same({}, reports)
  end)
end)
