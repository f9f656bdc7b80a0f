local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

describe("ensure_webhook", function()
  local sim, api

  before_each(function()
    sim = simulator.new { devices = { { name = "lamp" } }, products = { { id = 42, name = "Lamps" } } }
    api = sim:client()
  end)

  after_each(function()
    api:close()
    sim:close()
  end)

  local function hooks(args) return assert(api.integrations:list(args)) end

  it("makes a webhook that is not there", function()
    local wanted = { name = "doors", event = "door", url = "http://127.0.0.1:1/a" }
    local hook, what = assert(api:ensure_webhook(wanted))
    assert.equal("created", what)
    assert.equal("door", hook.event)
    assert.equal(hook.id, hooks()[1].id)
  end)

  it("changes the one that is there, and leaves nothing of it", function()
    local first = assert(api:ensure_webhook {
      name = "doors", event = "door", url = "http://127.0.0.1:1/a", request_type = "PUT",
      response_topic = "answer", disabled = true,
    })
    assert(api:ensure_webhook { name = "others", event = "door", url = "http://127.0.0.1:1/b" })
    local hook, what = assert(api:ensure_webhook {
      name = "doors", event = "gate", url = "http://127.0.0.1:1/c", no_defaults = true,
      json = { at = "{{PARTICLE_PUBLISHED_AT}}" }, headers = { Authorization = "Bearer x" },
      device_id = "lamp",
    })
    assert.equal("updated", what)
    assert.equal(first.id, hook.id)
    local now = assert(api.integrations:get { integration = first.id }).integration
    assert.equal("gate http://127.0.0.1:1/c POST true", table.concat({
      now.event, now.url, now.requestType, tostring(now.noDefaults),
    }, " "))
    assert.same({ at = "{{PARTICLE_PUBLISHED_AT}}" }, now.json)
    assert.is_nil(now.responseTopic)
    assert.is_false(now.disabled)
    assert.equal("lamp", now.deviceID)
    assert.equal(2, #hooks())
  end)

  it("looks where it is told", function()
    local wanted = { name = "doors", event = "door", url = "http://127.0.0.1:1/a" }
    assert(api:ensure_webhook(wanted))
    wanted.product = 42
    assert.equal("created", (select(2, api:ensure_webhook(wanted))))
    assert.equal("updated", (select(2, api:ensure_webhook(wanted))))
    assert.equal(1, #hooks { product = 42 })
    assert.equal(1, #hooks())
  end)

  it("shows its secrets to no middleware", function()
    local wanted = {
      name = "a", event = "a", url = "http://127.0.0.1:1/", headers = { Authorization = "hush" },
    }
    assert(api:ensure_webhook(wanted))
    local seen
    api:use(function(request, send)
      seen = request.json or seen
      return send(request)
    end)
    assert(api:ensure_webhook(wanted))
    assert.equal("<secret>", tostring(seen.headers.Authorization))
  end)

  it("does not choose between two of one name", function()
    for _ = 1, 2 do
      assert(api.integrations:create_webhook { name = "a", event = "a", url = "http://127.0.0.1:1/" })
    end
    local hook, err = api:ensure_webhook { name = "a", event = "b", url = "http://127.0.0.1:1/" }
    assert.is_nil(hook)
    assert.equal("bad_request", err.kind)
    assert.equal('2 webhooks are called "a"', err.message)
    assert.is_false(err.delivered)
  end)

  it("fails as its calls do", function()
    local pump <close> = streaming.pump() -- luacheck: ignore pump
    local wanted = { name = "a", event = "a", url = "http://127.0.0.1:1/" }
    for _, replies in ipairs {
      { { 403, "{}" } }, { { 200, "[]" }, { 403, "{}" } },
      { { 200, '{"integrations":[{"id":"1","name":"a","integration_type":"Webhook"}]}' }, { 403, "{}" } },
    } do
      local server <close> = raw.new(function(connection)
        for _, reply in ipairs(replies) do
          connection:request()
          connection:reply(reply[1], nil, reply[2])
        end
        connection:hang()
      end)
      local client <close> = streaming.client(server)
      local hook, err = client:ensure_webhook(wanted)
      assert.is_nil(hook)
      assert.equal("forbidden", err.kind)
      assert.equal(#replies, #server.requests)
    end
  end)

  it("refuses what cannot be meant, before anything is sent", function()
    for pattern, given in pairs {
      ["name is missing: a webhook is known by it"] = { event = "a", url = "b" },
      ["url is missing"] = { name = "a", event = "a" },
      ['unknown argument "evnet"'] = { name = "a", evnet = "a", url = "b" },
    } do
      assert.error_matches(function() api:ensure_webhook(given) end, "ensure_webhook: " .. pattern)
    end
    assert.error_matches(function() api:ensure_webhook() end, "ensure_webhook: ")
    assert.same({}, sim:requests())
  end)
end)
