-- Streams through a hundred restarts, and a thousand of them one after the other (STREAM_CYCLES=n for more).

local raw = require("spec.support.raw_server")
local scheduler = require("particle.scheduler")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local LONG = streaming.LONG
local SOON = { base = 0.002, cap = 0.002 }

describe("a stream whose server restarts again and again while events flow", function()
  local RESTARTS = support.sanitized and 30 or 100

  -- Publishes numbered events and restarts the server in between. Returns the events that were read, and
  -- what the simulator delivered and published.
  local function run(by_reset)
    local sim <close> = assert(simulator.new { devices = { { name = "lamp" } } })
    local api <close> = sim:client { log = false }
    local stream <close> = assert(api:subscribe(nil, { retry = SOON }))
    local published, done = 0, false
    local function publish()
      published = published + 1
      sim:device("lamp"):publish("n", tostring(published))
    end
    local publisher = scheduler.spawn(function()
      for _ = 1, RESTARTS do
        for _ = 1, 5 do
          publish()
          if published % 3 == 0 then scheduler.sleep(0) end
        end
        assert(sim:restart { reset = by_reset })
        publish()
        streaming.wait(function() return #sim:streams() == 1 end)
      end
      sim:device("lamp"):publish("end")
      done = true
    end)
    local events = {}
    repeat
      local event = assert(stream:next(LONG))
      events[#events + 1] = event
    until event.name == "end"
    publisher:wait()
    assert.is_true(done)
    return events, sim:deliveries(), sim:events()
  end

  local function unix(published_at)
    local year, month, day, hour, minute, second, fraction =
      published_at:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)(%.%d+)Z$")
    local noon = os.time { year = 1970, month = 1, day = 1, hour = 12 }
    local utc = os.time(os.date("!*t", noon))
    local time = os.time { year = year, month = month, day = day, hour = hour, min = minute, sec = second }
    return time + os.difftime(noon, utc) + tonumber(fraction)
  end

  local function numbers(list)
    local of = {}
    for _, entry in ipairs(list) do
      local event = entry.event or entry
      if event.name == "n" then of[#of + 1] = tonumber(event.data) end
    end
    return of
  end

  -- Numbers of what was read, each of which must be greater than the one before.
  local function check_order(events)
    local seen = numbers(events)
    for i = 2, #seen do assert.is_true(seen[i - 1] < seen[i], "an event came twice, or too late") end
    return seen
  end

  it("loses and doubles nothing that was sent before an orderly end", function()
    local events, deliveries = run(false)
    assert.are.same(numbers(deliveries), check_order(events))
    local gaps = 0
    for _, event in ipairs(events) do gaps = gaps + (event.gap and 1 or 0) end
    assert.is_true(gaps > RESTARTS // 2 and gaps <= RESTARTS, gaps .. " gaps")
  end)

  local function lies_in(gaps, time)
    for _, gap in ipairs(gaps) do -- time stamps have milliseconds
      if gap.from - 0.001 <= time and time <= gap.to then return true end
    end
    return false
  end

  it("misses nothing that no gap tells of, after resets and while it is away", function()
    for _, by_reset in ipairs { true, false } do
      local events, _, published = run(by_reset)
      local got, gaps, missing = {}, {}, 0
      for _, number in ipairs(check_order(events)) do got[number] = true end
      for _, event in ipairs(events) do gaps[#gaps + 1] = event.gap end
      for _, event in ipairs(published) do
        local number = tonumber(event.data)
        if number and not got[number] then
          missing = missing + 1
          local told = lies_in(gaps, unix(event.published_at))
          assert.is_true(told, "event " .. number .. " is missing, and lies in no gap")
        end
      end
      assert.is_true(missing > 0)
    end
  end)
end)

describe("streams, one after the other,", function()
  local CYCLES = tonumber(os.getenv("STREAM_CYCLES")) or support.sanitized and 200 or 1000

  local function resident() return tonumber(support.read("/proc/self/statm"):match("^%d+ (%d+)")) * 4096 end

  local function used()
    collectgarbage()
    collectgarbage()
    return collectgarbage("count")
  end

  local pump, server, api, least

  -- Every connection streams: an event at once, then what the path says.
  local function serve(c)
    local request = c:request()
    if not request then return end
    server.requests = {}
    if request.path:find("refused") then return c:reply(400, nil, "{}") end
    c:send(streaming.HEAD .. streaming.event("n", "x"))
    if request.path:find("ending") then return end
    if request.path:find("reset") then return c:reset() end
    c:hang()
  end

  before_each(function()
    pump = streaming.pump()
    server = raw.new(serve)
    api = streaming.client(server, { log = false })
    assert(api:subscribe()):close()
    streaming.wait(function() return server:count() == 0 end)
    least = raw.descriptors()
  end)

  after_each(function()
    api:close()
    server:close()
    pump:cancel()
  end)

  local function settle()
    streaming.wait(function()
      collectgarbage()
      return server:count() == 0 and raw.descriptors() <= least
    end, "all connections to end")
  end

  -- Runs cycles and compares what there is after a fifth of them with the end.
  local function stays_flat(cycle)
    for i = 1, CYCLES // 5 do cycle(i) end
    settle()
    local memory, all = used(), resident()
    for i = 1, CYCLES do
      cycle(i)
      if i % 100 == 0 then collectgarbage() end -- what a lazy collector leaves is not what they leave
    end
    settle()
    local more = used() - memory
    assert.is_true(more < 64, ("%.1f kB more after %d streams"):format(more, CYCLES))
    if support.sanitized then return end
    local bytes = resident() - all
    assert.is_true(bytes < 4e6, ("%d bytes more after %d streams"):format(bytes, CYCLES))
  end

  it("leave nothing when they are closed", function()
    stays_flat(function(i)
      local stream <close> = assert(api:subscribe("e" .. i))
      if i % 2 == 0 then assert(stream:next(LONG)) end
    end)
  end)

  it("leave nothing when they are lost, and closed while they come back", function()
    stays_flat(function(i)
      local stream <close> = assert(api:subscribe(i % 2 == 0 and "reset" or "ending", { retry = SOON }))
      local how = i % 3
      if how > 0 then streaming.wait(function() return stream.state ~= "open" end) end
      if how > 1 then assert(stream:next(LONG)) end
    end)
  end)

  it("leave nothing when they are forgotten", function()
    stays_flat(function(i)
      assert(api:subscribe(i % 3 == 0 and "ending" or "e", { wait = i % 2 == 0, retry = SOON }))
      if i % 50 == 0 then settle() end
    end)
  end)

  it("leave nothing when they are refused", function()
    stays_flat(function() assert(api:subscribe("refused") == nil) end)
  end)
end)
