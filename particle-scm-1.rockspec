rockspec_format = "3.0"
package = "particle"
version = "scm-1"
source = {
  url = "git+https://github.com/particle-lua/particle.git",
}
description = {
  summary = "Particle devices at the fingertips of a Lua program",
  detailed = [[
    Calls functions and reads variables of a fleet of Particle devices, publishes events, and does whatever else
    the Particle cloud offers, blocking in a plain script, concurrent in a coroutine. A C core on libcurl does
    authenticated HTTP and JSON.
  ]],
  homepage = "https://github.com/particle-lua/particle",
  license = "MIT",
  labels = { "iot", "http", "particle" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4",
  "lua-cjson",
}
external_dependencies = {
  CURL = { library = "curl" },
}
-- Not the type "builtin": that links without flags of ours (nodelete, see Makefile), and it installs all of lua/,
-- of which a part belongs to the other rock.
build = {
  type = "make",
  build_target = "build/rock/lib/particle/core.so build/rock/annotations.lua",
  build_variables = {
    LUA = "$(LUA)",
    BUILD = "build/rock",
    CFLAGS = "$(CFLAGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong",
    LIBFLAG = "$(LIBFLAG)",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CURL_CFLAGS = "-I$(CURL_INCDIR)",
    CURL_LIBS = "-L$(CURL_LIBDIR) -lcurl",
    CORE_SOURCES = "csrc/api.c csrc/base64.c csrc/base_url.c csrc/buffer.c csrc/call.c csrc/channel.c "
      .. "csrc/connection.c csrc/core.c csrc/device.c csrc/engine.c csrc/error.c csrc/error_body.c "
      .. "csrc/error_scrub.c csrc/event_queue.c csrc/field.c csrc/form.c csrc/handle.c csrc/headers.c csrc/here.c "
      .. "csrc/interrupt.c csrc/json.c csrc/json_encode.c csrc/json_plain.c csrc/lines.c csrc/lua_util.c csrc/multipart.c csrc/path.c "
      .. "csrc/poller.c csrc/poller_epoll.c csrc/poller_lua.c csrc/poller_poll.c csrc/private_file.c csrc/reply.c "
      .. "csrc/request.c csrc/secret.c csrc/sink.c csrc/sse.c csrc/sse_lua.c csrc/stream.c csrc/text.c "
      .. "csrc/transfer.c csrc/upload.c csrc/url.c",
  },
  install_pass = false,
  install = {
    lua = {
      ["particle.address"] = "lua/particle/address.lua",
      ["particle.annotations"] = "build/rock/annotations.lua", -- for editors
      ["particle.api"] = "lua/particle/api.lua",
      ["particle.arguments"] = "lua/particle/arguments.lua",
      ["particle.backoff"] = "lua/particle/backoff.lua",
      ["particle.chain"] = "lua/particle/chain.lua",
      ["particle.check"] = "lua/particle/check.lua",
      ["particle.complete"] = "lua/particle/complete.lua",
      ["particle.compiler"] = "lua/particle/compiler.lua",
      ["particle.connection"] = "lua/particle/connection.lua",
      ["particle.device"] = "lua/particle/device.lua",
      ["particle.download"] = "lua/particle/download.lua",
      ["particle.failure"] = "lua/particle/failure.lua",
      ["particle.files"] = "lua/particle/files.lua",
      ["particle.flash"] = "lua/particle/flash.lua",
      ["particle.fleet"] = "lua/particle/fleet.lua",
      ["particle.group"] = "lua/particle/group.lua",
      ["particle.init"] = "lua/particle/init.lua",
      ["particle.inspect"] = "lua/particle/inspect.lua",
      ["particle.ledger"] = "lua/particle/ledger.lua",
      ["particle.limiter.backed"] = "lua/particle/limiter/backed.lua",
      ["particle.limiter.init"] = "lua/particle/limiter/init.lua",
      ["particle.limiter.limits"] = "lua/particle/limiter/limits.lua",
      ["particle.limiter.memory"] = "lua/particle/limiter/memory.lua",
      ["particle.limiter.places"] = "lua/particle/limiter/places.lua",
      ["particle.list"] = "lua/particle/list.lua",
      ["particle.log"] = "lua/particle/log.lua",
      ["particle.loop"] = "lua/particle/loop.lua",
      ["particle.loop.cqueues"] = "lua/particle/loop/cqueues.lua",
      ["particle.loop.luv"] = "lua/particle/loop/luv.lua",
      ["particle.login"] = "lua/particle/login.lua",
      ["particle.map"] = "lua/particle/map.lua",
      ["particle.operation"] = "lua/particle/operation.lua",
      ["particle.operations.clients"] = "lua/particle/operations/clients.lua",
      ["particle.operations.configuration"] = "lua/particle/operations/configuration.lua",
      ["particle.operations.customers"] = "lua/particle/operations/customers.lua",
      ["particle.operations.devices"] = "lua/particle/operations/devices.lua",
      ["particle.operations.diagnostics"] = "lua/particle/operations/diagnostics.lua",
      ["particle.operations.env_vars"] = "lua/particle/operations/env_vars.lua",
      ["particle.operations.events"] = "lua/particle/operations/events.lua",
      ["particle.operations.firmware"] = "lua/particle/operations/firmware.lua",
      ["particle.operations.groups"] = "lua/particle/operations/groups.lua",
      ["particle.operations.init"] = "lua/particle/operations/init.lua",
      ["particle.operations.integrations"] = "lua/particle/operations/integrations.lua",
      ["particle.operations.ledgers"] = "lua/particle/operations/ledgers.lua",
      ["particle.operations.legacy"] = "lua/particle/operations/legacy.lua",
      ["particle.operations.libraries"] = "lua/particle/operations/libraries.lua",
      ["particle.operations.locations"] = "lua/particle/operations/locations.lua",
      ["particle.operations.logic"] = "lua/particle/operations/logic.lua",
      ["particle.operations.metrics"] = "lua/particle/operations/metrics.lua",
      ["particle.operations.mfa"] = "lua/particle/operations/mfa.lua",
      ["particle.operations.oauth"] = "lua/particle/operations/oauth.lua",
      ["particle.operations.orgs"] = "lua/particle/operations/orgs.lua",
      ["particle.operations.product_firmware"] = "lua/particle/operations/product_firmware.lua",
      ["particle.operations.products"] = "lua/particle/operations/products.lua",
      ["particle.operations.provisioning"] = "lua/particle/operations/provisioning.lua",
      ["particle.operations.quarantine"] = "lua/particle/operations/quarantine.lua",
      ["particle.operations.search"] = "lua/particle/operations/search.lua",
      ["particle.operations.secrets"] = "lua/particle/operations/secrets.lua",
      ["particle.operations.serial_numbers"] = "lua/particle/operations/serial_numbers.lua",
      ["particle.operations.service_agreements"] = "lua/particle/operations/service_agreements.lua",
      ["particle.operations.sims"] = "lua/particle/operations/sims.lua",
      ["particle.operations.team"] = "lua/particle/operations/team.lua",
      ["particle.operations.tokens"] = "lua/particle/operations/tokens.lua",
      ["particle.operations.user"] = "lua/particle/operations/user.lua",
      ["particle.options"] = "lua/particle/options.lua",
      ["particle.outcome"] = "lua/particle/outcome.lua",
      ["particle.pause"] = "lua/particle/pause.lua",
      ["particle.pages"] = "lua/particle/pages.lua",
      ["particle.profile"] = "lua/particle/profile.lua",
      ["particle.progress"] = "lua/particle/progress.lua",
      ["particle.provider"] = "lua/particle/provider.lua",
      ["particle.renewal"] = "lua/particle/renewal.lua",
      ["particle.repl"] = "lua/particle/repl.lua",
      ["particle.retry.budget"] = "lua/particle/retry/budget.lua",
      ["particle.retry.classifier"] = "lua/particle/retry/classifier.lua",
      ["particle.retry.delay"] = "lua/particle/retry/delay.lua",
      ["particle.retry.init"] = "lua/particle/retry/init.lua",
      ["particle.retry.policy"] = "lua/particle/retry/policy.lua",
      ["particle.run"] = "lua/particle/run.lua",
      ["particle.scheduler"] = "lua/particle/scheduler.lua",
      ["particle.tasks"] = "lua/particle/tasks.lua",
      ["particle.timers"] = "lua/particle/timers.lua",
      ["particle.generator"] = "lua/particle/generator.lua",
      ["particle.scope"] = "lua/particle/scope.lua",
      ["particle.sealed"] = "lua/particle/sealed.lua",
      ["particle.sorted"] = "lua/particle/sorted.lua",
      ["particle.sse"] = "lua/particle/sse.lua",
      ["particle.stream"] = "lua/particle/stream.lua",
      ["particle.subscribe"] = "lua/particle/subscribe.lua",
      ["particle.suggest"] = "lua/particle/suggest.lua",
      ["particle.token"] = "lua/particle/token.lua",
      ["particle.token_store"] = "lua/particle/token_store.lua",
      ["particle.vitals"] = "lua/particle/vitals.lua",
      ["particle.watch"] = "lua/particle/watch.lua",
      ["particle.webhook"] = "lua/particle/webhook.lua",
    },
    lib = {
      ["particle.core"] = "build/rock/lib/particle/core.so",
    },
  },
}
