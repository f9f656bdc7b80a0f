-- For specs of webhooks: a server on this machine that notes down what it is asked and answers as it is told.

local core = require("particle.core")
local jobs = require("particle.simulator.jobs")
local requests = require("particle.simulator.request")
local services = require("particle.simulator.service")
local streams = require("particle.simulator.streams")

local receiver = {}

---@param answers? table[]  status and text, one after the other; the last one for all further requests
---@return { url: string, requests: table[], close: fun() }
function receiver.new(answers)
  answers = answers or { { 200, "" } }
  local self = { requests = {} }
  local function handle(_, raw)
    local request = requests.parse(raw)
    request.body, request.raw_query = raw.body, raw.query
    self.requests[#self.requests + 1] = request
    local answer = answers[math.min(#self.requests, #answers)]
    return { status = answer[1], text = answer[2], headers = { ["Content-Type"] = "text/plain" } }
  end
  local service = assert(services.open({
    handle = handle, streams = streams.new(core.now, false, {}), jobs = jobs.new(error),
  }, 0))
  self.url = "http://127.0.0.1:" .. service:port()
  self.close = function() service:close() end
  return self
end

return receiver
