-- The bench: both sides in interleaved rounds, client and cloud together on one CPU, so that neither waits for
-- a sleeping core to wake. Usage: run.lua LUA CLOUD BASELINE [ROUNDS]

local lua, cloud_program, baseline = arg[1], arg[2], arg[3]
local ROUNDS = math.max(tonumber(arg[4]) or 11, 5)

local JOBS = {
  { name = "read", operations = 4000, aim = 1.15, what = "a variable, 266 bytes of JSON" },
  { name = "call", operations = 4000, aim = 1.10, what = "a function, 94 bytes of JSON" },
  { name = "list", operations = 200, aim = 5.2, what = "100 devices, 68 kB of JSON" },
}
local MEMORY = { { "read", "succeeding" }, { "missing", "all refused (404)" }, { "refused", "no connection at all" } }
local MEMORY_AIM = 256 -- kB

local function pin()
  local pipe = assert(io.popen("command -v taskset >/dev/null && taskset -cp $$ 2>/dev/null"))
  local cpu = pipe:read("a"):match(": (%d+)")
  pipe:close()
  return cpu and ("taskset -c %s "):format(cpu) or "", cpu
end

local pinned, cpu = pin()

local function quote(text) return "'" .. text:gsub("'", [['\'']]) .. "'" end

local function run(...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = quote(tostring(word)) end
  local pipe = assert(io.popen("exec " .. pinned .. table.concat(words, " ")))
  local numbers = {}
  for number in pipe:read("a"):gmatch("[%d.]+") do numbers[#numbers + 1] = tonumber(number) end
  assert(pipe:close(), "failed: " .. table.concat(words, " "))
  return table.unpack(numbers)
end

local function median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

local function verdict(value, aim) return value <= aim and "met" or "MISSED" end

-- ----------------------------------------------------------------------------------------------------- time --

-- Each round starts with the other side, so that neither profits from its place.
local function measure(job, url)
  local ours, theirs = { wall = {}, cpu = {} }, { wall = {}, cpu = {} }
  local ratios = { wall = {}, cpu = {} }
  local function client(i)
    ours.wall[i], ours.cpu[i] = run(lua, "spec/bench/client.lua", url, job.name, job.operations)
  end
  local function program(i) theirs.wall[i], theirs.cpu[i] = run(baseline, url, job.name, job.operations) end
  for i = 1, ROUNDS do
    local first, second = program, client
    if i % 2 == 0 then first, second = client, program end
    first(i)
    second(i)
    for clock, list in pairs(ratios) do list[i] = ours[clock][i] / theirs[clock][i] end
  end
  return ours, theirs, ratios
end

local function bench_time(url)
  print(("Time per operation in microseconds, medians of %d interleaved rounds%s."):format(ROUNDS,
    cpu and (", pinned to CPU " .. cpu) or ", not pinned (no taskset)"))
  print("C: spec/bench/baseline.c, libcurl with one reused easy handle and default options.")
  print("Ratio: median of the ratios of each round; its range beside it.\n")
  print("                      C          particle      ratio wall   ratio cpu  (range)        aim, cpu")
  print("job  operations   wall   cpu     wall    cpu")
  for _, job in ipairs(JOBS) do
    local ours, theirs, ratios = measure(job, url)
    local ratio = median(ratios.cpu)
    print(("%-6s %5d   %7.1f %5.1f  %7.1f %6.1f     %8.2f   %9.2f  (%.2f-%.2f)   <= %.2f  %-6s  %s"):format(
      job.name, job.operations, median(theirs.wall), median(theirs.cpu), median(ours.wall), median(ours.cpu),
      median(ratios.wall), ratio, math.min(table.unpack(ratios.cpu)), math.max(table.unpack(ratios.cpu)),
      job.aim, verdict(ratio, job.aim), job.what))
  end
end

-- --------------------------------------------------------------------------------------------------- memory --

local function bench_memory(url, refused_url)
  print(("\nMemory in kB at call 10,000 and at call 100,000, a new handle for each; aim: at most %d more."):format(
    MEMORY_AIM))
  print("calls                       resident                    Lua")
  for _, case in ipairs(MEMORY) do
    local name, what = case[1], case[2]
    local a, lua_a, b, lua_b = run(lua, "spec/bench/memory.lua", name == "refused" and refused_url or url, name)
    print(("%-22s %6d -> %6d %+5d  %-6s %7.1f -> %7.1f %+7.1f  %s"):format(
      what, a, b, b - a, verdict(b - a, MEMORY_AIM), lua_a, lua_b, lua_b - lua_a, verdict(lua_b - lua_a, MEMORY_AIM)))
  end
end

local cloud <close> = assert(io.popen("exec " .. pinned .. quote(cloud_program)))
local port, refused = cloud:read("n", "n")
assert(refused, "the fake cloud did not start")
bench_time("http://127.0.0.1:" .. port)
bench_memory("http://127.0.0.1:" .. port, "http://127.0.0.1:" .. refused)
