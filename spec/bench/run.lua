-- The bench: both sides in interleaved rounds, client and cloud together on one CPU, so that neither waits
-- for a sleeping core to wake. Usage: run.lua LUA CLOUD BASELINE [ROUNDS]

local measuring = require("spec.bench.measuring")

local run, verdict = measuring.run, measuring.verdict
local lua, cloud_program, baseline = arg[1], arg[2], arg[3]
local ROUNDS = math.max(tonumber(arg[4]) or 11, 5)

local JOBS = {
  { name = "read", operations = 4000, aim = 1.15, what = "one variable, 266 bytes of JSON" },
  { name = "call", operations = 4000, aim = 1.10, what = "one function, 94 bytes of JSON" },
  { name = "list", operations = 200, aim = 5.2, what = "100 devices, 68 kB of JSON" },
}
local MEMORY = {
  { name = "read", what = "each succeeds" },
  { name = "missing", what = "each refused (404)" },
  { name = "refused", what = "each without a connection" },
}
local MEMORY_AIM = 256 -- kB

-- Time ----------------------------------------------------------------------------------------------

local function client(url, job)
  return run(lua, "spec/bench/client.lua", url, job.name, job.operations)
end

local function measure(job, url)
  return measuring.compare(ROUNDS, function() return run(baseline, url, job.name, job.operations) end,
    function() return client(url, job) end)
end

local HEAD = [[
Time for one operation in microseconds, medians of %d interleaved rounds, %s.
C is spec/bench/baseline.c: libcurl, one reused easy handle, default options, a scan of the reply.
A ratio is particle to C, the median of the rounds' ratios, with the least and the most of CPU beside it.

            C            particle        ratio        CPU ratio
job      wall    CPU     wall    CPU     wall    CPU  of rounds    aim for CPU
]]
local LINE = "%-5s %7.1f %6.1f  %7.1f %6.1f   %6.2f %6.2f  %.2f-%.2f  <= %.2f  %-6s  %d x %s\n"

local function bench_time(url)
  io.write(HEAD:format(ROUNDS, measuring.place))
  local list
  for _, job in ipairs(JOBS) do
    local m = measure(job, url)
    io.write(LINE:format(job.name, m.c, m.c_cpu, m.ours, m.ours_cpu, m.ratio, m.ratio_cpu, m.least, m.most,
      job.aim, verdict(m.ratio_cpu, job.aim), job.operations, job.what))
    list = m
  end
  local _, cjson = client(url, { name = "cjson", operations = 200 })
  local text = "(lua-cjson alone takes %.0f of CPU for that list: %.2f times C.)"
  print(text:format(cjson, cjson / list.c_cpu))
end

-- Memory --------------------------------------------------------------------------------------------

local function bench_memory(url, refused_url)
  print("\nMemory in kB at call 10,000 and at call 100,000, a new handle for each; aim: at most "
    .. MEMORY_AIM .. " more.\n")
  print("calls                             resident                         Lua")
  for _, case in ipairs(MEMORY) do
    local address = case.name == "refused" and refused_url or url
    local a, lua_a, b, lua_b = run(lua, "spec/bench/memory.lua", address, case.name)
    local more, lua_more = b - a, lua_b - lua_a
    print(("%-26s %7d -> %7d  %+6d  %-6s   %7.1f -> %7.1f  %+7.1f  %s"):format(case.what, a, b, more,
      verdict(more, MEMORY_AIM), lua_a, lua_b, lua_more, verdict(lua_more, MEMORY_AIM)))
  end
end

local cloud <close> = measuring.start(cloud_program)
local port, refused = cloud:read("n", "n")
assert(refused, "the fake cloud did not start")
bench_time("http://127.0.0.1:" .. port)
bench_memory("http://127.0.0.1:" .. port, "http://127.0.0.1:" .. refused)
