local asking = require("spec.simulator.asking")
local core = require("particle.core")
local events = require("particle.simulator.events")
local receiver = require("spec.simulator.receiver")
local scheduler = require("particle.scheduler")

local ID = "e00fce680000000000000001"

describe("webhooks", function()
  local cloud, call, there

  local function start(answers, options)
    options = options or {}
    options.devices = options.devices or { { name = "lamp", id = ID } }
    options.clock, options.webhook_delays = asking.clock(1000000000), options.webhook_delays or {}
    cloud, call = asking.api(options)
    there = receiver.new(answers)
  end

  after_each(function()
    there.close()
    cloud.jobs:stop()
  end)

  local function create(fields, path)
    fields.integration_type, fields.event = "Webhook", fields.event or "temp"
    fields.url = fields.url or there.url .. "/hook"
    local status, made = call("POST", path or "/v1/integrations", fields)
    assert.equal(201, status)
    return made.id
  end

  local function publish(name, data, details)
    details = details or {}
    details.name, details.data = name, data
    events.publish_from(cloud, cloud.devices:by_identifier(ID), details)
  end

  -- What was told of hooks, once something of this name was.
  local function told(last)
    local list
    scheduler.wait(function()
      list = {}
      local found = false
      for _, event in ipairs(cloud.events:list()) do
        if event.coreid == "particle-internal" then
          list[#list + 1] = event.name .. "=" .. tostring(event.data)
        end
        found = found or event.name:find(last, 1, true)
      end
      return found
    end, core.now() + 30)
    return list
  end

  it("send what was published as a form, and tell the answer", function()
    start { { 200, "thanks" } }
    create {}
    publish("temperature", "21")
    assert.same({ "hook-sent/temperature=undefined", "hook-response/temperature/0=thanks" },
      told("hook-response"))
    local request = there.requests[1]
    assert.same({ "POST", "/hook", { event = "temperature", data = "21", coreid = ID,
      published_at = "2001-09-09T01:46:40.000Z" } }, { request.method, request.path, request.fields })
    assert.equal("ParticleBot/1.1", request.headers["user-agent"])
  end)

  local BODIES = {
    { "JSON with the defaults", { json = { v = "{{{PARTICLE_EVENT_VALUE}}}", n = 5 } }, "application/json",
      { v = "21", n = 5, event = "temp", data = "21", coreid = ID,
        published_at = "2001-09-09T01:46:40.000Z" } },
    { "JSON alone", { json = { v = "{{PARTICLE_EVENT_VALUE}}" }, noDefaults = true }, "application/json",
      { v = "21" } },
    { "a JSON template", { json = '{"v":{{{PARTICLE_EVENT_VALUE}}}}' }, "application/json", { v = 21 } },
    { "a form", { form = { v = "{{PARTICLE_EVENT_VALUE}}" }, noDefaults = true },
      "application/x-www-form-urlencoded", { v = "21" } },
    { "its own words", { body = "v is {{PARTICLE_EVENT_VALUE}}" }, "text/plain", nil, "v is 21" },
  }
  for _, case in ipairs(BODIES) do
    it("send " .. case[1], function()
      start()
      create(case[2])
      publish("temp", "21")
      scheduler.wait(function() return there.requests[1] end)
      local request = there.requests[1]
      assert.equal(case[3], request.content_type)
      if case[4] then assert.same(case[4], request.fields) else assert.equal(case[5], request.body) end
    end)
  end

  it("ask with a query, headers, a password and secrets", function()
    start()
    call("PUT", "/v1/secrets/KEY", { secret = { value = "s3cret" } })
    create { requestType = "GET", url = there.url .. "/{{PARTICLE_EVENT_VALUE}}?a=1",
      query = { b = "{{PARTICLE_DEVICE_ID}}" },
      noDefaults = true, headers = { ["X-Key"] = "{{{KEY}}}" }, auth = { username = "u", password = "p" } }
    publish("temp", "21")
    scheduler.wait(function() return there.requests[1] end)
    local request = there.requests[1]
    assert.same({ "GET", "/21", { a = "1", b = ID }, "s3cret", "Basic dTpw" }, { request.method, request.path,
      request.query, request.headers["x-key"], request.headers.authorization })
  end)

  it("tell long answers in chunks, or in one", function()
    start { { 200, ("x"):rep(1100) } }
    create {}
    publish("temp")
    local list = told("hook-response/temp/2")
    assert.same({ "hook-response/temp/0=" .. ("x"):rep(512), "hook-response/temp/1=" .. ("x"):rep(512),
      "hook-response/temp/2=" .. ("x"):rep(76) }, { list[2], list[3], list[4] })
    create { event = "other", unchunked = true, responseTopic = "mine/{{PARTICLE_EVENT_NAME}}",
      responseTemplate = "{{x}}" }
    publish("other")
    assert.equal("mine/other=" .. ("x"):rep(1100), told("mine/")[6])
  end)

  it("fill in an answer's template", function()
    start { { 200, '{"main":{"temp":5}}' } }
    create { responseTemplate = "t={{main.temp}}" }
    publish("temp")
    assert.equal("hook-response/temp/0=t=5", told("hook-response")[2])
  end)

  it("are repeated, and then told as failed", function()
    start({ { 500, "no" }, { 503, "no" } }, { webhook_delays = { 0.01, 0.01 } })
    local id = create { errorResponseTopic = "bad" }
    publish("temp")
    assert.equal("bad/0=error status 503", told("bad")[2])
    assert.equal(3, #there.requests)
    local _, hook = call("GET", "/v1/integrations/" .. id)
    assert.same({ 3, 3, 3, 503 }, { #hook.integration.logs, #hook.integration.errors,
      hook.integration.counters.error, hook.integration.logs[1].status })
  end)

  it("are not repeated when they were understood and refused", function()
    start({ { 404, "no" } }, { webhook_delays = { 3600 } })
    create {}
    publish("temp")
    assert.equal("hook-error/temp/0=error status 404", told("hook-error")[2])
  end)

  local ELSEWHERE = {
    "http://localhost:PORT/", "http://127.0.0.1.example.com/", "http://127.0.0.1:PORT@example.com/",
    "https://example.com/", "http://user@127.0.0.1:PORT/", "ftp://127.0.0.1/", "http://0.0.0.0:PORT/",
      "{{nix}}",
    "http://127.0.0.1:PORT.example.com/", "http://127.0.0.1:99999999/",
  }
  for _, url in ipairs(ELSEWHERE) do
    it("never call " .. url, function()
      start()
      create { url = url:gsub("PORT", there.url:match("%d+$")) }
      publish("temp", "x")
      assert.truthy(told("hook-error")[2]:find("hook%-error/temp/0="))
      assert.same({}, there.requests)
    end)
  end

  it("follow no redirect", function()
    start { { 302, "" } }
    create {}
    publish("temp")
    assert.truthy(told("hook-error")[2])
    assert.equal(1, #there.requests)
  end)

  it("are set off by names that begin so, of the device that is meant, unless they are disabled", function()
    start()
    create { event = "a" }
    create { event = "abc", deviceID = "e00fce680000000000000009" }
    create { event = "ab", disabled = true }
    create { event = "abcd", deviceID = ID }
    for _, name in ipairs { "A", "b", "abc", "abcd", "hook" } do publish(name) end
    scheduler.wait(function() return there.requests[3] end)
    local names = {}
    for i, request in ipairs(there.requests) do names[i] = request.fields.event end
    table.sort(names)
    assert.same({ "abc", "abcd", "abcd" }, names)
  end)

  it("are set off neither by what hooks tell nor by others' events", function()
    start(nil, { devices = {},
      users = { { username = "joe", password = "p", devices = { { name = "lamp", id = ID } } },
      { username = "ann", password = "p" } } })
    create { event = "hook-" }
    create { event = "temp" }
    call("POST", "/v1/devices/events", { name = "temp" }, { token = cloud.accounts:find("ann").token })
    publish("temp", "mine")
    told("hook-sent")
    scheduler.wait(function() return there.requests[1] end)
    assert.same({ 1, "mine" }, { #there.requests, there.requests[1].fields.data })
  end)

  for _, root in ipairs { "/v1/products/42", "/v1/orgs/acme" } do
    it("of " .. root .. " hear the fleet, and tell by device", function()
      start({ { 200, "ok" } },
        { devices = { { name = "lamp", id = ID, product_id = 42 } }, orgs = { acme = { 42 } } })
      create({}, root .. "/integrations")
      create({ event = "temp" }, "/v1/integrations")
      publish("temp")
      assert.equal(ID .. "/hook-response/temp/0=ok", told("hook-response")[2])
      assert.equal(1, #there.requests)
    end)
  end

  it("are ended with the cloud's jobs", function()
    start({ { 500, "" } }, { webhook_delays = { 3600 } })
    create {}
    publish("temp")
    scheduler.wait(function() return there.requests[1] end)
    cloud.jobs:stop()
    assert.same({}, cloud.jobs.tasks)
  end)
end)
