-- Waiting for a call. As long as it is all that goes on, that is a matter of the poller alone. The first
-- task, event stream or loop of the program brings the scheduler.

local core = require("particle.core")
local interrupt = require("particle.interrupt")

local await = {}

local poller, is_done = core.poller(), core.transfer_methods.done

-- The scheduler's, once it is there: how much else goes on, how to wait beside that, and who hears of the end
-- of other calls.
local count, beside_others = { busy = 0 }, nil

local function collect_finished()
  while poller:finished() do end
end

--- The scheduler is there; this concerns waits that are under way, too.
---@param its_count { busy: integer }  at 0 a wait concerns its caller alone
---@param wait fun(transfer: userdata)  is called while others go on
---@param collect fun()  tells of calls that have finished
function await.hand_over(its_count, wait, collect)
  count, beside_others, collect_finished = its_count, wait, collect
end

--- Returns when the transfer is done. A task yields meanwhile; anybody else drives the poller in place.
---@param transfer userdata  from `core.submit`
function await.transfer(transfer)
  while count.busy == 0 do
    if is_done(transfer) then return end
    if poller:step() == 0 then
      interrupt.raise()
    elseif not is_done(transfer) then
      collect_finished()
    end
  end
  return beside_others(transfer)
end

return await
