-- All routes, in one router.

local router = require("particle.simulator.router")

local all = router.new()

all:add(require("particle.simulator.oauth").routes)
all:add(require("particle.simulator.access_tokens"))
all:add(require("particle.simulator.user"))
all:add(require("particle.simulator.device_records"))
all:add(require("particle.simulator.device_calls"))
all:add(require("particle.simulator.device_updates"))
all:add(require("particle.simulator.claims"))
all:add(require("particle.simulator.events").routes)
all:add(require("particle.simulator.event_streams"))

return all
