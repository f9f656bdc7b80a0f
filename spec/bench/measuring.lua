-- What the benches share: programs run on one CPU, so that none waits for a sleeping core to wake; medians.

local measuring = {}

-- The CPU to stay on, and the words before a command that do it.
local function pin()
  local pipe = assert(io.popen("command -v taskset >/dev/null && taskset -cp $$ 2>/dev/null"))
  local cpu = pipe:read("a"):match(": (%d+)")
  pipe:close()
  return cpu, cpu and ("taskset -c %s "):format(cpu) or ""
end

local cpu, pinned = pin()

--- How the programs are run, in words.
measuring.place = cpu and "pinned to CPU " .. cpu or "not pinned (there is no taskset)"

local function command(words)
  local quoted = {}
  for i, word in ipairs(words) do quoted[i] = "'" .. tostring(word):gsub("'", [['\'']]) .. "'" end
  return "exec " .. pinned .. table.concat(quoted, " ")
end

--- Runs a program to its end.
---@param ... string|number  its words
---@return number ...  those that it printed
function measuring.run(...)
  local pipe = assert(io.popen(command { ... }))
  local numbers = {}
  for number in pipe:read("a"):gmatch("[%d.]+") do numbers[#numbers + 1] = tonumber(number) end
  assert(pipe:close(), "failed: " .. table.concat({ ... }, " "))
  return table.unpack(numbers)
end

--- Starts a server, which ends when its output is closed.
---@param ... string|number  its words
---@return file* output
function measuring.start(...) return assert(io.popen(command { ... })) end

---@param values number[]
---@return number
function measuring.median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

---@return "met"|"MISSED"
function measuring.verdict(value, aim) return value <= aim and "met" or "MISSED" end

--- Medians of interleaved rounds; every second round starts with the other side, so that neither profits from
--- its place.
---@param rounds integer
---@param baseline fun(): number, number  wall and CPU
---@param ours fun(): number, number
---@return table<string, number>  c, c_cpu, ours, ours_cpu, ratio, ratio_cpu, least, most (of ratio_cpu)
function measuring.compare(rounds, baseline, ours)
  local samples = { c = {}, c_cpu = {}, ours = {}, ours_cpu = {}, ratio = {}, ratio_cpu = {} }
  for i = 1, rounds do
    local c, c_cpu, our, our_cpu
    if i % 2 == 0 then c, c_cpu = baseline() end
    our, our_cpu = ours()
    if i % 2 == 1 then c, c_cpu = baseline() end
    samples.c[i], samples.c_cpu[i], samples.ours[i], samples.ours_cpu[i] = c, c_cpu, our, our_cpu
    samples.ratio[i], samples.ratio_cpu[i] = our / c, our_cpu / c_cpu
  end
  local medians = {}
  for name, values in pairs(samples) do medians[name] = measuring.median(values) end
  medians.least = math.min(table.unpack(samples.ratio_cpu))
  medians.most = math.max(table.unpack(samples.ratio_cpu))
  return medians
end

return measuring
