-- Routes: libraries. What is known of one stands in the library.properties of its archive.

local errors = require("particle.simulator.errors")
local inflate = require("particle.simulator.inflate")
local iso = require("particle.simulator.iso")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")
local tar = require("particle.simulator.tar")

local PER_PAGE, MOST, LARGEST = 10, 100, 2 * 1024 * 1024

local function refused(status, message)
  return reply.json(status, reply.object("errors", reply.array { reply.object("message", message) }))
end

local UNKNOWN = refused(404, "Library not found")

-- A library: name, owner, visibility, versions (newest last), each { version, properties, archive,
-- created_at }.
local function all(cloud) return cloud.store:of("libraries", "all") end

local function view(library, version, request)
  local properties = version.properties
  local host = request.headers.host or "api.particle.io"
  local link = ("http://%s/v1/libraries/%s/versions/%s/archive"):format(host, library.name, version.version)
  return reply.object("type", "libraries", "id", library.name,
    "links", reply.object("download", link),
    "attributes", reply.object("name", library.name, "version", version.version, "installs", 0,
      "license", properties.license or "", "author", properties.author or "",
      "sentence", properties.sentence or "", "paragraph", properties.paragraph, "url", properties.url or "",
      "repository", properties.repository or "",
      "architectures", reply.array { properties.architectures }, "visibility", library.visibility,
      "mine", library.owner == request.user, "official", false, "verified", false,
      "maintainer", properties.maintainer, "category", properties.category))
end

local function newest(library) return library.versions[#library.versions] end

local function is_visible(library, user) return library.visibility == "public" or library.owner == user end

-- The library that the path names, of those that one may see | nil, refusal.
local function find(cloud, request)
  local library = all(cloud):get(request.params.library)
  if library and (request.user == nil or is_visible(library, request.user)) then return library end
  return nil, UNKNOWN
end

-- Lists -----------------------------------------------------------------------------------------------

local SCOPES = {
  all = function() return true end,
  public = function(library) return library.visibility == "public" end,
  private = function(library, user) return library.visibility == "private" and library.owner == user end,
  mine = function(library, user) return library.owner == user end,
  official = function() return false end,
  verified = function() return false end,
  featured = function() return false end,
}

local SORTS = {
  name = function(library) return library.name end,
  published = function(library) return library.order end,
  updated = function(library) return newest(library).created_at end,
  created = function(library) return library.order end,
}

local function sort(list, how)
  local is_reversed, name = (how or "name"):match("^(%-?)(.*)$")
  local key = SORTS[name] or SORTS.name
  table.sort(list, function(a, b)
    local key_a, key_b = key(a), key(b)
    if key_a == key_b then return a.order < b.order end
    return (key_a < key_b) == (is_reversed == "")
  end)
end

local function is_asked(library, request)
  local query, user = request.query, request.user
  if query.filter and not library.name:lower():find(query.filter:lower(), 1, true) then return false end
  if not (SCOPES[query.scope] or SCOPES.all)(library, user) then return false end
  for _, scope in ipairs(requests.list(request, "excludeScopes") or {}) do
    if SCOPES[scope] and SCOPES[scope](library, user) then return false end
  end
  return not query.category or newest(library).properties.category == query.category
end

local function list(cloud, request)
  local found, items = {}, {}
  for _, library in ipairs(all(cloud).list) do
    if is_visible(library, request.user) and is_asked(library, request) then found[#found + 1] = library end
  end
  sort(found, request.query.sort)
  for i, library in ipairs(pages.cut(found, request.query, PER_PAGE, MOST).items) do
    items[i] = view(library, newest(library), request)
  end
  return reply.json(200, reply.object("data", reply.array(items)))
end

local function versions(cloud, request)
  local library, refusal = find(cloud, request)
  if not library then return refusal end
  local items = {}
  for i, version in ipairs(pages.cut(library.versions, request.query, MOST, MOST).items) do
    items[i] = view(library, version, request)
  end
  return reply.json(200, reply.object("data", reply.array(items)))
end

-- One -------------------------------------------------------------------------------------------------

local function find_version(library, wanted)
  if not wanted or wanted == "latest" then return newest(library) end
  for _, version in ipairs(library.versions) do
    if version.version == wanted then return version end
  end
end

local function get(cloud, request)
  local library, refusal = find(cloud, request)
  if not library then return refusal end
  local version = find_version(library, request.query.version)
  if not version then return UNKNOWN end
  return reply.json(200, reply.object("data", view(library, version, request)))
end

local function download(cloud, request)
  local library, refusal = find(cloud, request)
  if not library then return refusal end
  local version = find_version(library, request.params.version)
  if not version then return UNKNOWN end
  local answer = reply.binary(version.archive, library.name .. ".tar.gz")
  answer.headers["Content-Type"] = "application/x-gzip"
  return answer
end

local function properties_of(archive)
  local text, problem = inflate.gzip(archive, LARGEST)
  if not text then return nil, "The archive cannot be read: " .. problem end
  for name, data in pairs(tar.files(text)) do
    if name:find("^%.?/?library%.properties$") then
      local properties = {}
      for key, value in data:gmatch("([%w_.]+)%s*=%s*([^\r\n]*)") do properties[key] = value end
      return properties
    end
  end
  return nil, "library.properties is missing"
end

local function upload(cloud, request)
  local file = request.files and request.files[1]
  if not file then return refused(400, "No library archive was uploaded") end
  local properties, problem = properties_of(file.data)
  if not properties then return refused(400, problem) end
  for _, name in ipairs { "name", "version" } do
    if not (properties[name] or ""):find("^[%w._-]+$") then
      return refused(400, ("library.properties has no usable %s"):format(name))
    end
  end
  local library = all(cloud):get(properties.name)
  if library and library.owner ~= request.user then return refused(400, "This library name is taken") end
  if library and find_version(library, properties.version) then
    return refused(400, ("This version is already published: %s"):format(properties.version))
  end
  library = library or all(cloud):add(properties.name, {
    name = properties.name, owner = request.user, visibility = "private", versions = {},
    order = cloud.store:count("library"),
  })
  local version = { version = properties.version, properties = properties, archive = file.data,
    created_at = iso.format(cloud.clock()) }
  library.versions[#library.versions + 1] = version
  return reply.json(201, reply.object("data", view(library, version, request)))
end

-- A handler that is given a library of one's own.
local function with_own(handle)
  return function(cloud, request)
    local library, refusal = find(cloud, request)
    if not library then return refusal end
    if library.owner ~= request.user then return refused(403, "This library belongs to someone else") end
    return handle(cloud, request, library)
  end
end

local function publish(_, request, library)
  if request.fields.visibility ~= "public" then return errors.bad_field("visibility", "public") end
  library.visibility = "public"
  return reply.json(200, reply.object("data", view(library, newest(library), request)))
end

local function delete(cloud, request, library)
  if library.visibility == "public" and requests.text(request.fields.force) == nil then
    return refused(400, "A public library can only be deleted with force")
  end
  all(cloud):remove(library.name)
  return reply.json(200, reply.object("ok", true))
end

return {
  { "GET", "/v1/libraries", list },
  { "POST", "/v1/libraries", upload },
  { "GET", "/v1/libraries/{library}", get },
  { "PATCH", "/v1/libraries/{library}", with_own(publish) },
  { "DELETE", "/v1/libraries/{library}", with_own(delete) },
  { "GET", "/v1/libraries/{library}/versions", versions },
  { "GET", "/v1/libraries/{library}/versions/{version}/archive", download, auth = "none" },
}
