-- Waiting for an upload or a download, and telling how far it is.

local core = require("particle.core")
local scheduler = require("particle.scheduler")

local progress = {}

local PAUSE = 0.1 -- seconds from one look to the next

--- Returns when the transfer is done. Meanwhile the request's `on_progress` hears of each change; what it
--- raises is raised here.
---@param transfer userdata  from `core.submit`
---@param request table
function progress.await(transfer, request)
  local upload, heard = request.multipart ~= nil, 0

  local function tell()
    local done, total = transfer:progress(upload)
    if done and done ~= heard then
      heard = done
      request.on_progress(done, total)
    end
  end

  local function is_done() return transfer:done() end

  while not scheduler.wait(is_done, core.now() + PAUSE) do tell() end
  tell()
end

return progress
