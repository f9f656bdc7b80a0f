-- Is it worth another attempt? The core knows, for each reply and each failure (`err.retryable`): what passes
-- (network, timeout, server), if the call may be repeated or was never delivered, and a 429 always, because
-- the cloud did not act on it. A device that is offline is not among them: the cloud has waited for it.

--- The policy's `classifier`.
---@param err particle.Error
---@return boolean
local function is_worth_it(err) return err.retryable == true end

return is_worth_it
