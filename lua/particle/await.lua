-- Waiting for a call. As long as it is all that goes on, that is a matter of the poller alone. The first
-- task, event stream or loop of the program brings the scheduler.

local core = require("particle.core")
local raise_interrupt = require("particle.interrupt")

local await = {}

local poller, is_done = core.poller(), core.transfer_methods.done
local by_scheduler

--- The scheduler is there, and waits from now on; also in waits that are under way.
---@param way fun(transfer: userdata)
function await.hand_over(way) by_scheduler = way end

--- Returns when the transfer is done. A task yields meanwhile; anybody else drives the poller in place.
---@param transfer userdata  from `core.submit`
function await.transfer(transfer)
  while not is_done(transfer) do
    if by_scheduler then return by_scheduler(transfer) end
    if poller:step() == 0 then
      raise_interrupt(0)
    elseif not is_done(transfer) then
      while poller:finished() do end -- calls that nobody waits for
    end
  end
end

return await
