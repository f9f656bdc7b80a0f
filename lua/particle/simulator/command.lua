#!/usr/bin/env lua5.4
-- The program particle-simulator: serves a simulated cloud to other programs. It ends when the reader of its
-- output goes away, and on SIGINT and SIGTERM.

local USAGE = [[
Usage: particle-simulator [OPTION]... FILE.lua
Serves a simulated Particle cloud on 127.0.0.1. FILE.lua returns the options of `new` in particle.simulator,
such as

  return { devices = { { name = "lamp", variables = { temperature = 21.5 } } } }

It prints the address and a valid token, serves in the foreground, and ends when its output is no longer read.

  --port N      listen on this port; without it on a free one
  --latency S   wait S seconds before each request is handled
  --fault F     break something: F is a kind and its options, such as
                  reset,n=3  or  status=503,device=lamp,n=ever
                With `after` the request is carried out, its reply is lost. May be
                given several times, and as `faults` in FILE.lua.
  --strict      refuse what the API reference forbids though the cloud bears it
  --help        print this
  --version     print the version

Options go before those that FILE.lua returns; faults come after its own. doc/faults.md of the
sources lists their kinds.
]]

local CHECK_EVERY = 0.5 -- seconds between two looks at whether the output is still read

local function fail(status, message)
  io.stderr:write("particle-simulator: ", message, "\n")
  os.exit(status, true)
end

local function misuse(message) fail(2, message .. "\nTry 'particle-simulator --help'.") end

local function print_and_exit(text)
  io.write(text)
  os.exit(0, true)
end

local function without_position(message) return (tostring(message):gsub("^.-%.lua:%d+: ", "")) end

-- A fault from "kind,name=value,flag,...".
local function read_fault(text)
  local fault = {}
  for item in text:gmatch("[^,]+") do
    local name, value = item:match("^%s*([%w_]+)%s*=%s*(.-)%s*$")
    if name then
      fault[name] = math.tointeger(tonumber(value)) or tonumber(value) or value
      if value == "true" or value == "false" then fault[name] = value == "true" end
    elseif fault.kind then
      fault[item:match("^%s*(.-)%s*$")] = true
    else
      fault.kind = item:match("^%s*(.-)%s*$")
    end
  end
  local ok, problem = pcall(require("particle.simulator.fault_options").check, fault)
  if not ok then misuse("--fault " .. text .. ": " .. without_position(problem):gsub("^fault: ", "")) end
  return fault
end

-- Those that take a value: its check, and what it must be.
local VALUES = {
  port = { "a port from 0 to 65535", function(text)
    local port = text:match("^%d+$") and tonumber(text)
    return port and port <= 65535 and port
  end },
  latency = { "a number of seconds", function(text)
    local seconds = text:match("^[%d.]+$") and tonumber(text)
    return seconds
  end },
  fault = { "a kind and its options", read_fault },
}

local FLAGS = {
  strict = function(flags) flags.strict = true end,
  help = function() print_and_exit(USAGE) end,
  version = function()
    print_and_exit("particle-simulator " .. require("particle")._VERSION:gsub("^particle ", "") .. "\n")
  end,
}

-- The file, the flags and the faults of the command line; ends the program when they are none.
local function parse(arguments)
  local flags, faults, file, i = {}, {}, nil, 1
  while i <= #arguments do
    local argument = arguments[i]
    local name, value = argument:match("^%-%-([^=]+)=?(.*)$")
    if FLAGS[name] and argument == "--" .. name then
      FLAGS[name](flags)
    elseif VALUES[name] then
      if argument == "--" .. name then
        i = i + 1
        value = arguments[i] or misuse(argument .. " needs a value")
      end
      local expected, read = table.unpack(VALUES[name])
      local given = read(value) or misuse(("--%s must be %s, got '%s'"):format(name, expected, value))
      if name == "fault" then table.insert(faults, given) else flags[name] = given end
    elseif argument:find("^%-.") then
      misuse("unknown option " .. argument)
    elseif file then
      misuse("one file only")
    else
      file = argument
    end
    i = i + 1
  end
  return file or misuse("FILE.lua is missing"), flags, faults
end

-- The options that the file returns.
local function load_options(file)
  local chunk, problem = loadfile(file)
  if not chunk then fail(1, problem) end
  local ok, options = xpcall(chunk, debug.traceback, file)
  if not ok then fail(1, options) end
  if type(options) ~= "table" then
    fail(1, ("%s must return a table of options, it returned %s"):format(file, type(options)))
  end
  return options
end

local function start(options, faults)
  local sim, err = require("particle.simulator").new(options)
  for _, fault in ipairs(sim and faults or {}) do sim:fault(fault) end
  return sim, err
end

local function open(file, flags, faults)
  local options = load_options(file)
  for name, value in pairs(flags) do options[name] = value end
  if options.on_error == nil then
    options.on_error = function(message) io.stderr:write(message, "\n") end
  end
  local ok, sim, err = pcall(start, options, faults)
  if not ok then fail(1, file .. ": " .. without_position(sim)) end
  return sim or fail(1, err.message)
end

local function main(arguments)
  local file, flags, faults = parse(arguments)
  local httpd = require("particle.simulator.httpd")
  local sim <close> = open(file, flags, faults)
  io.stdout:setvbuf("line")
  print("listening on " .. sim.url)
  print("token: " .. sim.token)
  repeat sim:step(CHECK_EVERY) until httpd.output_gone()
end

local INTERRUPTED = 130 -- as shells tell of a program that SIGINT ended

local ok, problem = xpcall(main, debug.traceback, arg)
if not ok then
  if tostring(problem):find("interrupted!", 1, true) then os.exit(INTERRUPTED, true) end
  fail(1, problem)
end
