rockspec_format = "3.0"
package = "particle-simulator"
version = "scm-1"
source = {
  url = "git+https://github.com/particle-lua/particle.git",
}
description = {
  summary = "A simulated Particle cloud, to try particle and to test with it, offline",
  detailed = [[
    A server that answers as the Particle cloud does, with device code written as Lua closures: in the same Lua
    state as the program under test, or on its own as the command particle-simulator.
  ]],
  homepage = "https://github.com/particle-lua/particle",
  license = "MIT",
  labels = { "iot", "testing", "particle" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4",
  "particle",
}
external_dependencies = {
  MICROHTTPD = { library = "microhttpd" },
}
-- Not the type "builtin": that links without flags of ours (nodelete, see Makefile), and it installs all of lua/,
-- of which a part belongs to the other rock.
build = {
  type = "make",
  build_target = "build/rock/lib/particle/simulator/httpd.so",
  build_variables = {
    BUILD = "build/rock",
    CFLAGS = "$(CFLAGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong",
    LIBFLAG = "$(LIBFLAG)",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    MICROHTTPD_CFLAGS = "-I$(MICROHTTPD_INCDIR)",
    MICROHTTPD_LIBS = "-L$(MICROHTTPD_LIBDIR) -lmicrohttpd",
    HTTPD_SOURCES = "csrc/simulator/bytes.c csrc/simulator/exchange.c csrc/simulator/httpd.c "
      .. "csrc/simulator/httpd_reply.c csrc/simulator/intake.c csrc/simulator/listener.c "
      .. "csrc/simulator/server.c csrc/simulator/stream.c csrc/simulator/streams.c",
  },
  install_pass = false,
  install = {
    lua = {
      ["particle.simulator.access"] = "lua/particle/simulator/access.lua",
      ["particle.simulator.access_tokens"] = "lua/particle/simulator/access_tokens.lua",
      ["particle.simulator.accounts"] = "lua/particle/simulator/accounts.lua",
      ["particle.simulator.byte_reply"] = "lua/particle/simulator/byte_reply.lua",
      ["particle.simulator.claims"] = "lua/particle/simulator/claims.lua",
      ["particle.simulator.cloud"] = "lua/particle/simulator/cloud.lua",
      ["particle.simulator.connection"] = "lua/particle/simulator/connection.lua",
      ["particle.simulator.device"] = "lua/particle/simulator/device.lua",
      ["particle.simulator.device_calls"] = "lua/particle/simulator/device_calls.lua",
      ["particle.simulator.device_records"] = "lua/particle/simulator/device_records.lua",
      ["particle.simulator.device_updates"] = "lua/particle/simulator/device_updates.lua",
      ["particle.simulator.devices"] = "lua/particle/simulator/devices.lua",
      ["particle.simulator.errors"] = "lua/particle/simulator/errors.lua",
      ["particle.simulator.event_streams"] = "lua/particle/simulator/event_streams.lua",
      ["particle.simulator.events"] = "lua/particle/simulator/events.lua",
      ["particle.simulator.fault_kinds"] = "lua/particle/simulator/fault_kinds.lua",
      ["particle.simulator.fault_options"] = "lua/particle/simulator/fault_options.lua",
      ["particle.simulator.faults"] = "lua/particle/simulator/faults.lua",
      ["particle.simulator.form"] = "lua/particle/simulator/form.lua",
      ["particle.simulator.frame"] = "lua/particle/simulator/frame.lua",
      ["particle.simulator.ids"] = "lua/particle/simulator/ids.lua",
      ["particle.simulator.init"] = "lua/particle/simulator/init.lua",
      ["particle.simulator.iso"] = "lua/particle/simulator/iso.lua",
      ["particle.simulator.journal"] = "lua/particle/simulator/journal.lua",
      ["particle.simulator.live"] = "lua/particle/simulator/live.lua",
      ["particle.simulator.multipart"] = "lua/particle/simulator/multipart.lua",
      ["particle.simulator.oauth"] = "lua/particle/simulator/oauth.lua",
      ["particle.simulator.options"] = "lua/particle/simulator/options.lua",
      ["particle.simulator.reply"] = "lua/particle/simulator/reply.lua",
      ["particle.simulator.request"] = "lua/particle/simulator/request.lua",
      ["particle.simulator.ring"] = "lua/particle/simulator/ring.lua",
      ["particle.simulator.router"] = "lua/particle/simulator/router.lua",
      ["particle.simulator.routes"] = "lua/particle/simulator/routes.lua",
      ["particle.simulator.service"] = "lua/particle/simulator/service.lua",
      ["particle.simulator.stream_control"] = "lua/particle/simulator/stream_control.lua",
      ["particle.simulator.streams"] = "lua/particle/simulator/streams.lua",
      ["particle.simulator.subscription"] = "lua/particle/simulator/subscription.lua",
      ["particle.simulator.tokens"] = "lua/particle/simulator/tokens.lua",
      ["particle.simulator.user"] = "lua/particle/simulator/user.lua",
    },
    lib = {
      ["particle.simulator.httpd"] = "build/rock/lib/particle/simulator/httpd.so",
    },
    bin = {
      ["particle-simulator"] = "lua/particle/simulator/command.lua",
    },
  },
}
