-- The cloud of the bench of idle streams: nothing happens there.

return { devices = { { name = "lamp" } }, keepalive = false }
