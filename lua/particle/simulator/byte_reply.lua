-- A reply that is written byte for byte, however wrong: HTTP that the server library would not send.

local scheduler = require("particle.scheduler")
local sorted = require("particle.sorted")

local byte_reply = {}

--- What goes out: texts one after the other, numbers are pauses in seconds; then the end of the connection,
--- which may never come.
---@class particle.simulator.ByteReply
---@field [integer] string|number
---@field ending "close"|"reset"|"hold"

-- How much may lie unsent before the next text: a huge reply is not held in memory.
local HIGH_WATER = 1 << 20

--- The head of a reply.
---@param status integer
---@param headers table<string, string|integer>
---@return string
function byte_reply.head(status, headers)
  local lines = { ("HTTP/1.1 %d Fault"):format(status) }
  for _, name in ipairs(sorted.names(headers)) do lines[#lines + 1] = name .. ": " .. headers[name] end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

---@param text string
---@return string
function byte_reply.chunk(text) return ("%x\r\n%s\r\n"):format(#text, text) end

--- Sends it. May wait: to be called in a task.
---@param script particle.simulator.ByteReply
---@param server userdata
---@param id integer  of the request
---@param is_current fun(): boolean  false: the server is closed
function byte_reply.send(script, server, id, is_current)
  server:raw(id)
  local function drain(most)
    scheduler.wait(function() return not is_current() or (server:pending(id) or 0) <= most end)
    return is_current()
  end
  for _, step in ipairs(script) do
    if type(step) == "number" then
      scheduler.sleep(step)
      if not is_current() then return end
    elseif not server:send(id, step) or not drain(HIGH_WATER) then
      return
    end
  end
  if script.ending == "close" then
    server:finish(id)
  elseif script.ending == "reset" and drain(0) then
    server:abort(id)
  end
end

return byte_reply
