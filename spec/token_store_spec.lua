local particle = require("particle")
local support = require("spec.support")

local RECORD = { access_token = "t0ken", refresh_token = "r", token_type = "bearer", expires_at = 1700000000,
  base_url = "https://api.particle.io", client_id = "mine" }

describe("a token store", function()
  local folder, path, store

  before_each(function()
    folder = support.folder()
    path = folder.path .. "/token.json"
    store = particle.token_store(path)
  end)

  after_each(function() folder:remove() end)

  it("gives back what it was given, also in another program", function()
    assert.are.same({ n = 2 }, table.pack(store:load())) -- nil, and no problem
    assert.is_true(store:save(RECORD))
    assert.are.same(RECORD, store:load())
    assert.are.same(RECORD, particle.token_store(path):load())
    assert.is_true(store:save { access_token = "another" })
    assert.are.same({ access_token = "another" }, store:load())
    assert.is_true(store:clear())
    assert.is_nil((store:load()))
    assert.is_true(store:clear())
  end)

  it("keeps nothing that is no part of a token", function()
    assert.is_true(store:save { access_token = "t", password = "canary", expires_in = 5 })
    assert.are.same({ access_token = "t" }, store:load())
    assert.not_matches("canary", support.read(path))
  end)

  it("says what is wrong with a file, and quotes none of it", function()
    for content, problem in pairs {
      [""] = "is not a JSON object", ["canary"] = "is not a JSON object", ["[]"] = "holds no access_token",
      ['"canary"'] = "is not a JSON object", ['{"access_token":7}'] = "holds no access_token",
      ['{"access_token":"t","expires_at":"canary"}'] = "holds a expires_at that is no number",
      ['{"access_token":"canary'] = "is not a JSON object",
    } do
      folder:write("token.json", content)
      assert(os.execute("chmod 600 " .. support.quote(path)))
      local record, message = store:load()
      assert.is_nil(record)
      assert.are.equal(path .. " " .. problem, message)
    end
  end)

  it("refuses a file that others can read", function()
    folder:write("token.json", '{"access_token":"t"}')
    assert(os.execute("chmod 640 " .. support.quote(path)))
    assert.matches("can be read or written by others", select(2, store:load()))
    assert.matches("can be read or written by others", select(2, store:save(RECORD)))
    assert.are.equal('{"access_token":"t"}', support.read(path))
  end)

  it("is shown by its path", function()
    store:save(RECORD)
    assert.are.equal(("particle.token_store (%s)"):format(path), tostring(store))
    assert.not_matches("t0ken", require("particle.inspect")(store))
  end)

  it("is misused with a message", function()
    for message, call in pairs {
      ["token_store: the path must be a string that is not empty, got nil"] = function()
        particle.token_store()
      end,
      ["token_store: the path must end in the name of a file"] = function() particle.token_store("/tmp/") end,
      ["load: call it with a colon, on a token store"] = function() store.load() end,
      ["save: the record is not a JSON object"] = function() store:save("t") end,
      ["save: the record holds no access_token"] = function() store:save {} end,
      ["save: the record holds a expires_at that is no number"] = function()
        store:save { access_token = "t", expires_at = "soon" }
      end,
    } do
      assert.error_matches(call, message, 1, true)
    end
  end)

  it("never shows half a record, however many write at once", function()
    local code = [[
      local store = require("particle").token_store(arg[1])
      for i = 1, 50 do
        assert(store:save { access_token = arg[2]:rep(10 * i + 1), refresh_token = arg[2] })
        local record, problem = store:load()
        assert(record, problem)
        assert(record.access_token == record.refresh_token:rep(#record.access_token))
      end
    ]]
    local program = folder:write("writer.lua", code)
    local writers = {}
    for i, letter in ipairs { "a", "b", "c" } do
      writers[i] = support.start { "lua5.4", program, path, letter }
    end
    for _, writer in ipairs(writers) do
      assert.are.same({ status = 0, stdout = "", stderr = "" }, writer:wait())
      writer:stop()
    end
    assert.are.equal(501, #store:load().access_token)
    local left = support.run { "ls", "-A", folder.path }
    assert.are.equal("token.json\nwriter.lua\n", left.stdout)
  end)
end)
