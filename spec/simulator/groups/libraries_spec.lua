local asking = require("spec.simulator.asking")
local support = require("spec.support")

local function archive(properties)
  local folder <close> = support.folder()
  folder:write("library.properties", properties)
  folder:write("src/x.h", "#pragma once\n")
  return support.run({ "tar", "-C", folder.path, "-czf", "-", "library.properties", "src" }).stdout
end

local FIRST = archive "name=Neo_Pixel\nversion=1.0.0\nsentence=Lights\nauthor=joe\ncategory=Display\n"
local SECOND = archive "name=Neo_Pixel\nversion=1.1.0\n"

describe("libraries", function()
  local call, ann

  before_each(function()
    local cloud
    cloud, call = asking.api { users = { { username = "joe", password = "p" },
      { username = "ann", password = "p" } } }
    ann = cloud.accounts:find("ann").token
  end)

  local function upload(bytes, token)
    local body, content_type = asking.multipart { { "file", bytes, "archive.tar.gz" } }
    return call("POST", "/v1/libraries", nil, { body = body, type = content_type, token = token })
  end

  it("are uploaded, listed, read, downloaded, published and deleted", function()
    local status, made = upload(FIRST)
    local attributes = made.data.attributes
    assert.same({ 201, "libraries", "Neo_Pixel", "1.0.0", "Lights", "private", true },
      { status, made.data.type,
      made.data.id, attributes.version, attributes.sentence, attributes.visibility, attributes.mine })
    assert.same({ data = {} }, select(2, call("GET", "/v1/libraries", nil, { token = ann })))
    assert.equal(404, (call("GET", "/v1/libraries/Neo_Pixel", nil, { token = ann })))
    upload(SECOND)
    assert.equal("1.1.0", select(2, call("GET", "/v1/libraries/Neo_Pixel")).data.attributes.version)
    assert.equal("1.0.0",
      select(2, call("GET", "/v1/libraries/Neo_Pixel?version=1.0.0")).data.attributes.version)
    assert.equal(2, #select(2, call("GET", "/v1/libraries/Neo_Pixel/versions")).data)
    local link = made.data.links.download:match("^http://[^/]+(/.*)$")
    local _, bytes = call("GET", link, nil, { token = false })
    assert.is_true(bytes == FIRST)
    assert.equal("public", select(2, call("PATCH", "/v1/libraries/Neo_Pixel",
      { visibility = "public" })).data.attributes.visibility)
    assert.is_false(select(2,
      call("GET", "/v1/libraries/Neo_Pixel", nil, { token = ann })).data.attributes.mine)
    assert.equal(403, (call("DELETE", "/v1/libraries/Neo_Pixel", { force = "x" }, { token = ann })))
    assert.equal(400, (call("DELETE", "/v1/libraries/Neo_Pixel")))
    assert.same({ ok = true }, select(2, call("DELETE", "/v1/libraries/Neo_Pixel", { force = "x" })))
    assert.same({ 404, { errors = { { message = "Library not found" } } } },
      { table.unpack({ call("GET", "/v1/libraries/Neo_Pixel") }, 1, 2) })
  end)

  it("are filtered, sorted and come in pages", function()
    for _, name in ipairs { "b", "a", "c" } do upload(archive(("name=%s\nversion=1.0.0\n"):format(name))) end
    local function names(query)
      local list = {}
      for i, library in ipairs(select(2, call("GET", "/v1/libraries?" .. query)).data) do
        list[i] = library.id
      end
      return table.concat(list, " ")
    end
    assert.equal("a b c", names(""))
    assert.equal("c b a", names("sort=-name"))
    assert.equal("b a c", names("sort=created"))
    assert.equal("c", names("limit=2&page=2"))
    assert.equal("b", names("filter=B"))
    assert.equal("", names("scope=public"))
    assert.equal("a b c", names("scope=mine"))
    assert.equal("", names("excludeScopes=public,private"))
  end)

  it("refuse what does not fit, in words of the cloud's shape", function()
    local function problem(...) return select(2, upload(...)).errors[1].message end
    assert.truthy(problem("x"):find("cannot be read", 1, true))
    assert.equal("library.properties has no usable version", problem(archive "name=x\n"))
    upload(FIRST)
    assert.equal("This version is already published: 1.0.0", problem(FIRST))
    assert.equal("This library name is taken", problem(SECOND, ann))
    assert.equal(400, (call("POST", "/v1/libraries", {})))
    assert.equal(400, (call("PATCH", "/v1/libraries/Neo_Pixel", { visibility = "x" })))
  end)
end)
