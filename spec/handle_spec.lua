-- What the core takes for one of its userdata.

local core = require("particle.core")

local ID = "0123456789abcdef01234567"

local api = core.api { base_url = "http://127.0.0.1:1" }

describe("a userdata of the core", function()
  local function strangers()
    return {
      io.stdout, core.null, core.poller(), core.secret("x"), coroutine.create(print), {}, "text", 5, true,
      print,
    }
  end

  it("is told from any other value", function()
    local device = core.device(api, ID)
    local kinds = {
      { "particle.device", core.device_ref, api }, { "particle.api", core.has_token, device },
      { "particle.stream", core.stream_state, device },
      { "particle.transfer", core.transfer_methods.done, api },
      { "particle.poller", getmetatable(core.poller()).__index.idle, api },
    }
    for _, kind in ipairs(kinds) do
      local name, method, other = table.unpack(kind)
      local values = strangers()
      values[#values + 1] = other
      for _, value in ipairs(values) do
        if value ~= core.poller() or name ~= "particle.poller" then
          local fine, message = pcall(method, value)
          assert.is_false(fine)
          assert.matches(name .. " expected", message, 1, true)
        end
      end
      assert.has_error(function() method() end)
      assert.has_error(function() method(nil) end)
    end
  end)

  it("is none for wearing the metatable of one", function()
    local impostor = debug.setmetatable(core.secret(("x"):rep(64)), debug.getmetatable(api))
    assert.is_nil(core.type(impostor))
    assert.has_error(function() core.has_token(impostor) end)
  end)

  it("stays one without its metatable", function()
    local device = debug.setmetatable(core.device(api, ID), nil)
    assert.equal("device", core.type(device))
    assert.equal(ID, core.device_ref(device))
  end)
end)
