-- Waiting for a call as long as it is all that goes on: no task, event stream or loop of the program has been
-- there yet. Each of those brings the scheduler.

local core = require("particle.core")
local raise_interrupt = require("particle.interrupt")

local poller, loaded = core.poller(), package.loaded
local is_done = core.transfer_methods.done

--- Returns when the transfer is done. A task yields meanwhile; anybody else drives the poller in place.
---@param transfer userdata  from `core.submit`
local function await(transfer)
  while not is_done(transfer) do
    local scheduler = loaded["particle.scheduler"]
    if scheduler then return scheduler.await(transfer) end
    if poller:step() == 0 then
      raise_interrupt(0)
    elseif not is_done(transfer) then
      while poller:finished() do end -- calls that nobody waits for
    end
  end
end

return await
