-- Every operation of the cloud's documentation, asked for once on each of its paths.

local core = require("particle.core")
local form = require("particle.simulator.form")
local operations = require("spec.support.cloud_routes")
local prepared = require("spec.simulator.prepared")
local routes = require("particle.simulator.routes")

local NO_ROUTE = '{"ok":false,"error":"Not found"}'

local function contains(list, item)
  for _, one in ipairs(list) do
    if one == item then return true end
  end
  return false
end

local CHECKS = {
  empty = function(text) assert.equal("", text) end,
  list = function(text) assert.equal("[", text:sub(1, 1)) end,
  object = function(text, keys)
    local body = core.decode(text, true)
    assert.equal("{", text:sub(1, 1))
    for key in (keys or ""):gmatch("%S+") do assert(body[key] ~= nil, key .. " is missing in " .. text) end
  end,
  binary = function(text, _, headers)
    assert.truthy(#text > 0)
    assert.truthy(headers["Content-Type"]:find("^application/"))
  end,
  events = function(_, _, headers) assert.equal("text/event-stream", headers["Content-Type"]) end,
  any = function() end,
}

local function is_owned(path, how)
  local is_open = how and (how.token == false or how.basic)
  return not is_open and (path:find("{product}") or path:find("{org}") or path:find("{device}")) ~= nil
end

-- Somebody else gets 403 for devices, 404 for the rest.
local function check_refused(method, request)
  local how = { token = request.cloud.accounts:find("ann@example.com").token }
  for name, value in pairs(request.how or {}) do how[name] = value end
  local status, text = request.ask(method, request.target, how)
  assert(status == 403 or status == 404, ("somebody else gets %d: %s"):format(status, text))
  assert.truthy(core.decode(text).error)
end

describe("the operation", function()
  local checked = 0

  for _, operation in ipairs(operations) do
    local id, method, paths, statuses, kind, keys = table.unpack(operation)
    for _, path in ipairs(paths) do
      it(("%s is served: %s %s"):format(id, method, path), function()
        local request = prepared.prepare(id, path)
        if is_owned(path, request.how) then check_refused(method, request) end
        local status, text, headers = request.ask(method, request.target, request.how)
        assert.not_equal(NO_ROUTE, text)
        local is_fine = contains(statuses, status) or id == "customers.create_implicit" and status == 302
        assert(is_fine, ("status %d: %s"):format(status, text))
        local check = kind
        if id == "devices.list" then
          check, keys = path:find("product") and "object" or "list",
            path:find("product") and "devices customers meta"
        end
        CHECKS[check](text, keys, headers)
        local route = routes:find(method, form.split_path((request.target:gsub("%?.*", ""))))
        if operation.scope then assert.equal(operation.scope, route.scope) end
        checked = checked + 1
      end)
    end
  end

  it("is one of 212, all of them", function()
    assert.equal(212, #operations)
    assert.truthy(checked >= 212)
  end)
end)
