-- What specs share: programs run as child processes, temporary folders, free ports, waiting without fixed
-- sleeps.

local system = require("system")

local support = {}

local PATIENCE = 60

---The build under test, as an absolute path; from a plain busted, `build` in the checkout.
support.build = os.getenv("TEST_BUILD") or "build"

---True under `make asan`, where times and memory say little.
support.sanitized = os.getenv("ASAN_OPTIONS") ~= nil

---@param text string|number
---@return string word one word for sh
function support.quote(text)
  return "'" .. tostring(text):gsub("'", [['\'']]) .. "'"
end

---@param path string
---@return string|nil content nil where there is no such file
function support.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local content = file:read("a")
  file:close()
  return content
end

---@param program string
---@return boolean there on the PATH
function support.have(program)
  return os.execute("command -v " .. support.quote(program) .. " >/dev/null 2>&1") == true
end

---@class support.Wait
---@field timeout? number seconds, 60
---@field what? string what is awaited, for the message
---@field step? fun() done while waiting, e.g. particle.poller.step

---Waits until `condition` gives something, which is returned; raises when the time is over.
---@param condition fun(): any
---@param options? support.Wait
function support.wait_until(condition, options)
  options = options or {}
  local limit = options.timeout or PATIENCE
  local deadline = system.monotime() + limit
  while true do
    local value = condition()
    if value then return value end
    if system.monotime() > deadline then
      error(("waited %g s in vain for %s"):format(limit, options.what or "a condition"), 2)
    end
    if options.step then options.step() else system.sleep(0.002) end
  end
end

---@class support.Folder: a temporary folder, removed by `remove` or when a <close> variable goes
---@field path string
local Folder = {}
Folder.__index = Folder

---@return support.Folder
function support.folder()
  local pipe = assert(io.popen("mktemp -d"))
  local path = assert(pipe:read("l"), "mktemp made no folder")
  pipe:close()
  return setmetatable({ path = path }, Folder)
end

---@param name string relative; its folders are made
---@param content string
---@return string path
function Folder:write(name, content)
  local path = self.path .. "/" .. name
  if name:find("/", 1, true) then assert(os.execute("mkdir -p " .. support.quote(path:match("^(.*)/")))) end
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
  return path
end

function Folder:remove() assert(os.execute("rm -rf " .. support.quote(self.path))) end

Folder.__close = Folder.remove

---@class support.Process: a child process, ended by `stop` or when a <close> variable goes
---@field pid integer
local Process = {}
Process.__index = Process

---@class support.Options
---@field stdin? string
---@field env? table<string, string|number|false> set, or with false removed
---@field cwd? string
---@field timeout? number seconds until it is killed and an error raised, 60
---@field step? fun() done while waiting, e.g. particle.poller.step

---Starts a program; its output goes to files.
---@param arguments string[]
---@param options? support.Options
---@return support.Process
function support.start(arguments, options)
  options = options or {}
  local folder = support.folder()
  -- Without --default-signal a shell's background process would ignore SIGINT.
  local words = { "env", "--default-signal=INT,QUIT" }
  for name, value in pairs(options.env or {}) do
    if value == false then
      table.insert(words, 3, "--unset=" .. name)
    else
      words[#words + 1] = name .. "=" .. value
    end
  end
  for _, argument in ipairs(arguments) do words[#words + 1] = argument end
  for i, word in ipairs(words) do words[i] = support.quote(word) end
  folder:write("stdin", options.stdin or "")
  folder:write("stdout", "") -- the child may be slower than the first look at what it wrote
  folder:write("stderr", "")
  folder:write("script", ([[
    D=%s
    cd %s || exit
    %s <"$D/stdin" >"$D/stdout" 2>"$D/stderr" &
    echo $! >"$D/pid.part"; mv "$D/pid.part" "$D/pid"
    wait $!; echo $? >"$D/status.part"; mv "$D/status.part" "$D/status"
  ]]):format(support.quote(folder.path), support.quote(options.cwd or "."), table.concat(words, " ")))
  local script = support.quote(folder.path .. "/script")
  assert(os.execute("sh " .. script .. " </dev/null >/dev/null 2>&1 &"))
  local self = setmetatable({ folder = folder, options = options, name = arguments[1] }, Process)
  support.wait_until(function() return support.read(folder.path .. "/pid") end, { what = "a shell to start" })
  self.pid = math.tointeger(support.read(folder.path .. "/pid"))
  return self
end

---@return integer|nil status as the shell gives it; nil while it runs
function Process:status() return math.tointeger(support.read(self.folder.path .. "/status")) end

---@return string what was written so far
function Process:stdout() return support.read(self.folder.path .. "/stdout") end

---@return string
function Process:stderr() return support.read(self.folder.path .. "/stderr") end

---@param signal? string "TERM"
function Process:kill(signal)
  if not self:status() then os.execute(("kill -%s %d 2>/dev/null"):format(signal or "TERM", self.pid)) end
end

---@class support.Result
---@field status? integer
---@field signal? integer set where status is not
---@field stdout string
---@field stderr string

---Waits for the end of the process.
---@return support.Result
function Process:wait()
  local options = self.options
  local ended, message = pcall(support.wait_until, function() return self:status() end, {
    timeout = options.timeout,
    step = options.step,
    what = self.name .. " to end",
  })
  if not ended then
    self:kill("KILL")
    error(message .. "\n" .. self:stdout() .. self:stderr(), 2)
  end
  local status, result = self:status(), { stdout = self:stdout(), stderr = self:stderr() }
  if status > 128 then result.signal = status - 128 else result.status = status end
  return result
end

---Waits until the output matches a Lua pattern.
---@param pattern string
---@return string ... captures
function Process:expect(pattern)
  support.wait_until(function() return self:status() or self:stdout():find(pattern) end, {
    timeout = self.options.timeout,
    step = self.options.step,
    what = ("%s to print %q"):format(self.name, pattern),
  })
  local output = self:stdout()
  if not output:find(pattern) then
    error(("%s ended without printing %q:\n%s%s"):format(self.name, pattern, output, self:stderr()), 2)
  end
  return output:match(pattern)
end

---Ends the process, if it still runs, and forgets its output.
function Process:stop()
  if not self:status() then
    self:kill("TERM")
    local ended = pcall(support.wait_until, function() return self:status() end, { timeout = 5 })
    if not ended then self:kill("KILL") end
  end
  self.folder:remove()
end

Process.__close = Process.stop

---Runs a program to its end.
---@param arguments string[]
---@param options? support.Options
---@return support.Result
function support.run(arguments, options)
  local process <close> = support.start(arguments, options)
  return process:wait()
end

local given = {}

---@return integer port on which nothing listens; not one that the system gives out, as it lies below those
function support.free_port()
  local taken = (support.read("/proc/net/tcp") or "") .. (support.read("/proc/net/tcp6") or "")
  while true do
    local port = math.random(20000, 32000)
    if not given[port] and not taken:find((":%04X "):format(port), 1, true) then
      given[port] = true
      return port
    end
  end
end

return support
