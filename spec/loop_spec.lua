local Cloud = require("spec.support.cloud")
local core = require("particle.core")
local loops = require("spec.support.loops")
local particle = require("particle")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")
local support = require("spec.support")

local ID = "0123456789abcdef01234567"
local LONG = streaming.LONG -- seconds that no wait here takes

describe("the option loop", function()
  local function problem(adapter)
    return select(2, pcall(particle.new, { token = "t", loop = adapter }))
  end

  it("is an adapter", function()
    assert.matches("loop must be an adapter such as particle%.loop%.cqueues: it has no function .start",
      problem {})
    assert.matches("\"stop\" must be a function, got true", problem { start = print, stop = true })
    assert.matches("current, suspend and resume belong together", problem { start = print, resume = print })
  end)

  it("starts an adapter that comes when tasks are under way already", function()
    local started, stopped = 0, 0
    local task = particle.spawn(function() particle.sleep(0.001) end)
    local adapter = {
      start = function() started = started + 1 end,
      stop = function() stopped = stopped + 1 end,
    }
    particle.new { token = "t", loop = adapter }
    particle.new { token = "t", loop = adapter }
    assert.are.equal(1, started)
    task:wait()
    assert.are.equal(1, stopped)
  end)
end)

-- The poll() fallback has no descriptor, which copas cannot do without.
local NAMES = particle.poller:pollfd() and { "cqueues", "luv", "copas" } or { "cqueues", "luv" }

for _, name in ipairs(NAMES) do
  describe("inside " .. name, function()
    local loop, sim, api, lamp

    lazy_setup(function() loop = loops.new(name) end)

    before_each(function()
      sim = simulator.new {
        devices = { { name = "lamp",
          variables = { x = 1, slow = function() particle.sleep(LONG) end },
          functions = { led = function() return 7 end } } },
      }
      api = sim:client { loop = loop.adapter, log = false }
      lamp = api:device("lamp")
    end)

    after_each(function()
      api:close()
      sim:close()
    end)

    local function it_inside(what, fn)
      it(what, function() loops.run(loop, fn) end)
    end

    local function await_requests(n)
      while #sim:requests() < n do particle.sleep(0.001) end
    end

    -- Begins fn beside the caller; await() waits for its end and gives what it returned.
    local function beside(fn)
      local results
      loop.begin(function() results = table.pack(pcall(fn)) end)
      return function()
        while not results do particle.sleep(0.001) end
        assert(results[1], results[2])
        return table.unpack(results, 2, results.n)
      end
    end

    it_inside("calls reach a simulator in the same loop", function()
      assert.are.equal(1, lamp:read("x"))
      assert.are.equal(7, lamp:call("led", "on"))
      assert.are.equal("not_found", select(2, lamp:read("y")).kind)
    end)

    it_inside("calls run side by side", function()
      local cloud
      local closing <close> = Cloud.new(function(_, number)
        while #cloud.requests < 3 do particle.sleep(0.001) end
        return 200, { result = number }
      end)
      cloud = closing
      local device = cloud:client { loop = loop.adapter }:device(ID)
      local function read() return device:read("x") end
      local first, second, third = beside(read), beside(read), beside(read)
      assert.are.equal(6, first() + second() + third())
    end)

    it_inside("sleep leaves the loop to others", function()
      local ticks = 0
      loop.tick(function()
        ticks = ticks + 1
        return ticks == 5
      end)
      while ticks < 5 do particle.sleep(0.001) end
    end)

    it_inside("a spawned task is waited for, and raises there", function()
      assert.are.equal(3, particle.spawn(function(a, b)
        particle.sleep(0.001)
        return a + b
      end, 1, 2):wait())
      local failing = particle.spawn(function()
        lamp:read("x")
        error("oh", 0)
      end)
      local _, problem = pcall(failing.wait, failing)
      assert.are.equal("oh", problem)
    end)

    it_inside("many items are mapped at once", function()
      local results, errors = particle.map({ "x", "y", "x" }, function(variable)
        return lamp:read(variable)
      end)
      assert.are.same({ 1, nil, 1, n = 3 }, results)
      assert.are.equal("not_found", errors[2].kind)
      assert.are.equal(7, particle.run(function() return lamp:call("led") end))
    end)

    it_inside("an error in one leaves the others alone", function()
      local failing = particle.spawn(error, "oh")
      local read = beside(function() return lamp:read("x") end)
      assert.are.equal(1, read())
      assert.is_false((pcall(failing.wait, failing)))
    end)

    it_inside("events are read", function()
      local stream <close> = assert(api:subscribe())
      sim:device("lamp"):publish("door", "open")
      assert.are.equal("open", stream:next(LONG).data)
      assert.are.equal("timeout", select(2, stream:next(0.001)).kind)
      local publisher = beside(function()
        for i = 1, 3 do assert(api:publish("count", tostring(i))) end
      end)
      local got = {}
      for event in stream:each() do
        got[#got + 1] = event.data
        if #got == 3 then break end
      end
      assert.are.same({ "1", "2", "3" }, got)
      publisher()
      assert.are.equal("closed", select(2, stream:next()).kind)
    end)

    it_inside("the first of several streams with an event is selected", function()
      local one <close> = assert(api:subscribe("a"))
      local two <close> = assert(api:subscribe("b"))
      local publisher = beside(function() return api:publish("b/c", "x") end)
      assert.are.equal(two, particle.select({ one, two }, LONG))
      assert.are.equal("x", two:next(0).data)
      assert.is_true(publisher())
      assert.are.equal("timeout", select(2, particle.select({ one, two }, 0.001)).kind)
    end)

    it_inside("a stream comes back after a loss", function()
      local states, on_state = streaming.states()
      local stream <close> = assert(api:subscribe(nil, { retry = streaming.AT_ONCE, on_state = on_state }))
      sim:cut { reset = true }
      while states:count("open") < 2 do particle.sleep(0.001) end
      sim:device("lamp"):publish("back")
      assert.are.equal("back", stream:next(LONG).name)
    end)

    it_inside("a stream that is closed elsewhere ends the wait", function()
      local stream = assert(api:subscribe())
      local reads = false
      local reader = beside(function()
        reads = true
        return select(2, stream:next()).kind
      end)
      while not reads do particle.sleep(0.001) end
      stream:close()
      assert.are.equal("closed", reader())
    end)

    it_inside("a token function is asked once by all who wait for it", function()
      local asked = 0
      local client = sim:client { loop = loop.adapter, log = false, token = function()
        asked = asked + 1
        local record = assert(sim:client({ token = false }):login {
          grant = "password", username = sim.username, password = sim.password,
        })
        return record.access_token
      end }
      local function read() return client:device("lamp"):read("x") end
      local first, second = beside(read), beside(read)
      assert.are.equal(2, assert(first()) + assert(second()))
      assert.are.equal(1, asked)
    end)

    it_inside("a token function that gives none lets nobody wait in vain", function()
      local client = sim:client { loop = loop.adapter, log = false, token = function()
        particle.sleep(0.002)
        return nil, "no luck"
      end }
      local function read() return select(2, client:device("lamp"):read("x")).kind end
      local first, second = beside(read), beside(read)
      assert.are.equal("unauthorized", first())
      assert.are.equal("unauthorized", second())
    end)

    it_inside("a closed api ends the call that waits", function()
      local waiting = beside(function() return select(2, lamp:read("slow")).kind end)
      await_requests(1)
      api:close()
      assert.are.equal("closed", waiting())
    end)

    it_inside("a cancelled task gives up its call", function()
      local task = particle.spawn(lamp.read, lamp, "slow")
      await_requests(1)
      task:cancel()
      assert.are.equal("cancelled", select(2, task:wait()).kind)
      assert.are.equal(1, lamp:read("x"))
    end)

    it_inside("a deadline passes", function()
      assert.are.equal("timeout", select(2, lamp:read("slow", { deadline = 0.005 })).kind)
      assert.are.equal("timeout", select(2, lamp:read("slow", { timeout = 0.005, retry = false })).kind)
    end)

    it_inside("what begins during a long wait is not held up by it", function()
      local order = {}
      local long = particle.spawn(function()
        lamp:read("slow", { deadline = LONG })
        order[#order + 1] = "long"
      end)
      await_requests(1)
      loop.tick(function() -- no task of ours
        particle.spawn(function()
          order[#order + 1] = lamp:read("x")
          particle.sleep(0.001)
          order[#order + 1] = "slept"
          long:cancel()
        end)
        return true
      end)
      long:wait()
      assert.are.same({ 1, "slept" }, order)
    end)

    it_inside("a generator of the task's own is handed no foreign yield, and waits in place", function()
      local got = {}
      for value in coroutine.wrap(function()
        for i = 1, 3 do
          particle.sleep(0.001)
          coroutine.yield(i + lamp:read("x"))
        end
      end) do got[#got + 1] = value end
      assert.are.same({ 2, 3, 4 }, got)
    end)

    it_inside("particle.wrap makes generators that suspend their task alone", function()
      local ticks = 0
      loop.tick(function()
        ticks = ticks + 1
        return ticks == 3
      end)
      local values = particle.wrap(function()
        while ticks < 3 do particle.sleep(0.001) end
        local inner = particle.wrap(function() coroutine.yield(lamp:read("x")) end)
        coroutine.yield(inner())
      end)
      assert.are.equal(1, values())
    end)

    it_inside("a wait where nothing can be suspended says so", function()
      local expected = "loop_spec%.lua:%d+: cannot wait here: .*require, table%.sort"
      package.preload["spec.waits"] = function() return lamp:read("x") end
      local _, problem = pcall(require, "spec.waits")
      package.preload["spec.waits"] = nil
      assert.matches("cannot wait here: .*require, table%.sort", problem)
      _, problem = pcall(table.sort, { 2, 1 }, function(a, b)
        particle.sleep(0)
        return a < b
      end)
      assert.matches(expected, problem)
    end)

    it_inside("other apis wait in the same loop, asked to or not", function()
      local second, third = sim:client { loop = loop.adapter, log = false }, sim:client { log = false }
      local gone = beside(function() return select(2, third:device("lamp"):read("slow")).kind end)
      assert.are.equal(1, second:device("lamp"):read("x"))
      assert.are.equal(1, third:device("lamp"):read("x"))
      await_requests(3)
      third:close()
      assert.are.equal("closed", gone())
    end)

    it_inside("a simulator that runs until it is closed elsewhere", function()
      local other, runs = simulator.new { devices = {} }, false
      local running = beside(function()
        runs = true
        other:run()
      end)
      while not runs do particle.sleep(0.001) end
      other:close()
      running()
    end)

    it_inside("children inherit no descriptor of ours", function()
      local stream <close> = assert(api:subscribe()) -- luacheck: ignore stream
      local call = particle.spawn(lamp.read, lamp, "slow")
      await_requests(2)
      local pipe <close> = assert(io.popen("readlink /proc/self/fd/*; cat /proc/net/tcp"))
      local text = pipe:read("a")
      call:cancel()
      assert.is_nil(text:find("eventpoll"))
      assert.is_nil(text:find("timerfd"))
      for inode in text:gmatch("socket:%[(%d+)%]") do -- but for the pair by which libcurl wakes itself up
        assert.is_nil(text:find(" " .. inode .. " ", 1, true), text)
      end
    end)

    if name ~= "copas" then -- which never ends
      it("the loop ends by itself, whatever is open", function()
        local stream, read
        loop.begin(function()
          stream = assert(api:subscribe())
          read = lamp:read("x")
        end)
        loop.loop()
        assert.are.equal(1, read)
        assert.are.equal("open", stream.state)
        stream:close()
      end)

      it("the loop ends by itself after a wait in place that ended the last task", function()
        loop.begin(function()
          local task = particle.spawn(particle.sleep, 0.002)
          coroutine.wrap(function() task:wait() end)()
        end)
        loop.loop()
      end)
    end

    it("an exit in the middle of everything is clean", function()
      local result = support.run { "lua5.4", "-e", [[
        local particle = require("particle")
        local loops = require("spec.support.loops")
        local loop = loops.new(arg[1])
        local sim = require("particle.simulator").new {
          devices = { { name = "lamp", variables = { slow = function() particle.sleep(1000) end } } },
        }
        local api = sim:client { loop = loop.adapter }
        for _ = 1, 3 do loop.begin(function() api:device("lamp"):read("slow") end) end
        loop.begin(function() api:subscribe():next() end)
        loop.begin(function() particle.sleep(1000) end)
        loop.begin(function() particle.wrap(function() particle.sleep(1000) end)() end)
        loop.begin(function()
          while #sim:requests() < 4 do particle.sleep(0.001) end
          particle.sleep(0.01)
          io.write("in the middle")
          io.stdout:flush()
          if arg[2] == "exit" then os.exit(0, true) end
          Ended = true
        end)
        repeat loop.turn() until Ended
      ]], "/dev/null", name }
      assert.are.equal("", result.stderr)
      assert.are.equal("in the middle", result.stdout)
      assert.are.equal(0, result.status)
    end)

    if name == "copas" then -- what the others do is in their own specs
      it("Ctrl-C ends the program", function()
        local child <close> = support.start { "lua5.4", "-e", [[
          local particle = require("particle")
          local loop = require("spec.support.loops").new("copas")
          local sim = require("particle.simulator").new {
            devices = { { name = "lamp", variables = { slow = function() particle.sleep(1000) end } } },
          }
          local lamp = sim:client { loop = loop.adapter }:device("lamp")
          particle.spawn(function()
            print("ready")
            io.stdout:flush()
            lamp:read("slow")
          end)
          require("copas").loop()
        ]] }
        child:expect("ready")
        child:kill("INT")
        local result = child:wait()
        assert.is_truthy(result.stderr:find("interrupted!", 1, true), result.stderr)
        assert.are.equal(1, result.status)
      end)
    end

    if name == "luv" then
      lazy_teardown(function()
        local uv = require("luv")
        uv.walk(function(handle)
          if not handle:is_closing() then handle:close() end
        end)
        uv.run()
      end)
    end
  end)
end

describe("several loops in one program", function()
  it("serve each other's tasks", function()
    local adapters = {
      { start = function() end }, { start = function() end, adopt = function() end },
    }
    local sim <close> = simulator.new { devices = { { name = "lamp", variables = { x = 1 } } } }
    local one, two = sim:client { loop = adapters[1] }, sim:client { loop = adapters[2] }
    local loop = loops.new("cqueues")
    local three = sim:client { loop = loop.adapter }
    loops.run(loop, function()
      local task = particle.spawn(function() return one:device("lamp"):read("x") end)
      assert.are.equal(3, two:device("lamp"):read("x") + three:device("lamp"):read("x") + task:wait())
    end)
  end)

  it("run one after the other", function()
    local result = support.run { "lua5.4", "-e", [[
      local cqueues, uv, particle = require("cqueues"), require("luv"), require("particle")
      local sim = require("particle.simulator").new { devices = { { name = "lamp", variables = { x = 1 } } } }
      local one = sim:client { loop = require("particle.loop.cqueues") }:device("lamp")
      local two = sim:client { loop = require("particle.loop.luv") }:device("lamp")
      local function read() return one:read("x") + two:read("x") end
      for _ = 1, 2 do
        particle.spawn(function() print("luv", read()) end)
        uv.run()
        local controller = cqueues.new()
        controller:wrap(function() print("cqueues", read()) end)
        controller:wrap(function()
          particle.spawn(function() print("task", read()) end)
        end)
        assert(controller:loop())
      end
    ]] }
    assert.are.equal("", result.stderr)
    local lines = {}
    for line in result.stdout:gmatch("[^\n]+") do lines[#lines + 1] = line end
    table.sort(lines)
    assert.are.same({ "cqueues\t2", "cqueues\t2", "luv\t2", "luv\t2", "task\t2", "task\t2" }, lines)
  end)

  it("of which one asks the poller's descriptor by hand", function()
    local fd = particle.poller:pollfd()
    if not fd then return end
    local task = particle.spawn(particle.sleep, 0.001)
    assert.is_true(particle.poller:working())
    assert.are.equal("r", particle.poller:events())
    assert.is_nil(core.poller():timeout())
    while particle.poller:working() do particle.poller:step() end
    task:wait()
  end)
end)
