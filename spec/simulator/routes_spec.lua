local form = require("particle.simulator.form")
local routes = require("particle.simulator.routes")

local function sources()
  local pipe <close> = assert(io.popen("find lua/particle/simulator -name '*.lua' | sort"))
  local list = {}
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

describe("routes", function()
  local function template(method, path) return select(3, routes:find(method, form.split_path(path))) end

  it("keep the words of the cloud from being names", function()
    assert.equal("/v1/access_tokens/current", template("DELETE", "/v1/access_tokens/current"))
    assert.equal("/v1/access_tokens/{token}", template("DELETE", "/v1/access_tokens/abc"))
    assert.equal("/v1/devices/events", template("POST", "/v1/devices/events"))
    assert.equal("/v1/devices/{device}/ping", template("PUT", "/v1/devices/lamp/ping"))
    assert.equal("/v1/products/{product}/firmware/release",
      template("PUT", "/v1/products/1/firmware/release"))
  end)

  it("take a slash at the end for none, as the cloud does", function()
    assert.equal("/v1/access_tokens", template("DELETE", "/v1/access_tokens/"))
  end)

  it("are none for what nobody declared", function()
    for _, path in ipairs { "/", "/v1", "/v2/devices", "/v1/nix", "/v1/products/1/nix", "/v1/orgs/a/b/c" } do
      assert.is_nil(template("GET", path))
    end
  end)

  local function is_listed(name)
    for _, files in pairs(routes.FILES) do
      for _, file in ipairs(files) do
        if file == name then return true end
      end
    end
    return false
  end

  it("are loaded from every file of a group, and each is found by its own path", function()
    for _, path in ipairs(sources()) do
      local name = path:match("^lua/particle/simulator/(groups/.*)%.lua$")
      if name then
        name = name:gsub("/", ".")
        assert(is_listed(name), name .. " is not listed")
        for _, route in ipairs(require("particle.simulator." .. name)) do
          local templates = type(route[2]) == "table" and route[2] or { route[2] }
          for _, one in ipairs(templates) do assert.equal(one, template(route[1], one)) end
        end
      end
    end
  end)

  it("know nothing of the client's operations", function()
    for _, path in ipairs(sources()) do
      local file <close> = assert(io.open(path))
      assert.is_nil(file:read("a"):find("particle.operations", 1, true), path)
    end
  end)
end)
