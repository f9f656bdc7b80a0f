-- What the compiler says, and the time it may take.

local compiler = require("particle.compiler")
local core = require("particle.core")
local raw = require("spec.support.raw_server")
local simulator = require("particle.simulator")
local streaming = require("spec.support.streaming")

describe("a compiler's message", function()
  local function message(body)
    local err = core.error { kind = "bad_request", message = "as it was", body = body }
    compiler.explain(err)
    return err.message
  end

  it("names the errors, line by line", function()
    assert.equal("build didn't produce binary\n../src/a.cpp:3:9: error: 'x' was not declared", message {
      ok = false, output = "build didn't produce binary", stdout = "",
      errors = { "../src/a.cpp: In function 'void setup()':\r\n"
        .. "../src/a.cpp:3:9: error: 'x' was not declared\n   x = 1;\n   ^\nmake: *** [a.o] Error 1\n" },
    })
    assert.equal("no\n/tmp/a.o: undefined reference to `f'\na.h:1: fatal error: b.h", message {
      output = "no", errors = { "hm", "/tmp/a.o: undefined reference to `f'", "a.h:1: fatal error: b.h" },
    })
  end)

  it("is all there is where no line is an error", function()
    assert.equal("no\nmake: *** No source files\nsorry", message {
      output = "no", errors = { "make: *** No source files", "", "sorry" },
    })
    assert.equal("Compiler timed out or encountered an error", message {
      output = "Compiler timed out or encountered an error",
    })
  end)

  it("may be inside another", function()
    assert.equal("no\na.c:1: error: x", message {
      ok = false, errors = { { ok = false, output = "no", errors = { "a.c:1: error: x" } } },
    })
  end)

  it("is shortened", function()
    local lines = {}
    for i = 1, 14 do lines[i] = ("a.c:%d: error: %s"):format(i, ("ä"):rep(200)) end
    local text = message { output = "no", errors = { table.concat(lines, "\n") } }
    assert.is_truthy(text:find("a.c:10: error: ", 1, true))
    assert.is_nil(text:find("a.c:11: error: ", 1, true))
    assert.matches("\n%.%.%. and 4 more lines, see err%.body$", text)
    assert.is_true(#text < 2500)
    assert.is_truthy(utf8.len(text))
  end)

  it("drives no terminal", function()
    assert.equal("no\na.c:1: error:  [31mred", message {
      output = "no", errors = { "a.c:1: error: \27[31mred\7" },
    })
  end)

  it("is left alone where no compiler spoke, whatever came", function()
    local deep = {}
    for _ = 1, 100 do deep = { errors = { deep } } end
    for _, body in ipairs {
      "text", {}, { errors = {} }, { errors = "x" }, { errors = { 1, {} } }, deep, 5,
    } do assert.equal("as it was", message(body)) end
    assert.equal("no", message { output = "no", errors = { deep, 5, false } })
  end)

  it("comes with operations that compile, the whole in err.body", function()
    local sim <close> = simulator.new { devices = { { name = "lamp" } } }
    local api <close> = sim:client()
    local files = { { data = "#error no\n#error never", name = "src/a.ino" } }
    for operation, args in pairs { compile = { platform_id = 32 }, flash = { device = "lamp" } } do
      args.files = files
      local body, err = api.firmware[operation](api.firmware, args)
      assert.is_nil(body)
      assert.equal("bad_request", err.kind)
      assert.equal("build didn't produce binary\nsrc/a.ino:1:2: error: #error no\n"
        .. "src/a.ino:2:2: error: #error never", err.message)
      assert.equal("src/a.ino:1:2: error: #error no", err.body.errors[1])
    end
  end)
end)

describe("a call that compiles", function()
  local function times(options, opts)
    local server <close> = raw.new(raw.json '{"ok":true,"binary_id":"1","status":"Update started"}')
    local pump <close> = streaming.pump()
    local api <close> = streaming.client(server, options)
    local seen = {}
    api:use(function(request, send)
      seen[#seen + 1] = ("%s %s"):format(request.timeout, request.deadline)
      return send(request)
    end)
    local files = { { data = "", name = "a.ino" } }
    assert(api.firmware:compile({ files = files }, opts))
    assert(api:device("lamp"):flash({ sources = files }, opts))
    assert.equal(seen[1], seen[2])
    return seen[1], pump
  end

  it("may take as long as the cloud compiles, unless told otherwise", function()
    assert.equal("130 180", (times()))
    assert.equal("nil 180", (times { timeout = 5 }))
    assert.equal("130 nil", (times { deadline = 5 }))
    assert.equal("7 9", (times(nil, { timeout = 7, deadline = 9 })))
  end)
end)
