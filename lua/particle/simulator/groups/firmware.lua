-- Routes: compiling, binaries, Device OS versions.

local errors = require("particle.simulator.errors")
local firmware = require("particle.simulator.firmware")
local iso = require("particle.simulator.iso")
local pages = require("particle.simulator.pages")
local reply = require("particle.simulator.reply")
local requests = require("particle.simulator.request")

local LIFETIME = 86400 -- seconds that a binary is kept

local PLATFORMS = {
  { "core", 0 }, { "photon", 6 }, { "p1", 8 }, { "electron", 10 }, { "argon", 12 }, { "boron", 13 },
  { "bsom", 23 }, { "b5som", 25 }, { "tracker", 26 }, { "trackerm", 28 }, { "p2", 32 }, { "msom", 35 },
}
local NEWEST = { ["photon"] = "2.3.1", ["p1"] = "2.3.1", ["core"] = "1.4.4", ["electron"] = "3.3.1" }
local LATEST = "6.3.0"

-- The versions, newest first, each with the module number that devices report.
local VERSIONS = {
  { version = "6.3.0", module_version = 6300, release_date = "2025-03-26" },
  { version = "6.2.1", module_version = 6201, release_date = "2025-01-14" },
  { version = "5.9.0", module_version = 5900, release_date = "2024-07-08" },
  { version = "4.2.0", module_version = 4200, release_date = "2024-08-28" },
  { version = "3.3.1", module_version = 3310, release_date = "2022-08-31" },
  { version = "2.3.1", module_version = 2310, release_date = "2023-01-17" },
  { version = "1.4.4", module_version = 1411, release_date = "2019-11-14" },
}

local function newest_of(platform) return NEWEST[platform[1]] or LATEST end

local function is_at_most(version, newest)
  local a, b = {}, {}
  for number in version:gmatch("%d+") do a[#a + 1] = tonumber(number) end
  for number in newest:gmatch("%d+") do b[#b + 1] = tonumber(number) end
  for i = 1, 3 do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return true
end

local function platforms_of(version)
  local ids = {}
  for _, platform in ipairs(PLATFORMS) do
    if is_at_most(version, newest_of(platform)) then ids[#ids + 1] = platform[2] end
  end
  return ids
end

local function build_targets(_, request)
  local targets, names, defaults = {}, {}, {}
  for _, known in ipairs(VERSIONS) do
    if request.query.featured ~= "true" or known.version == LATEST then
      targets[#targets + 1] = reply.object("platforms", reply.array(platforms_of(known.version)),
        "prereleases", reply.array {}, "firmware_vendor", "Particle", "version", known.version)
    end
  end
  for i, platform in ipairs(PLATFORMS) do
    names[2 * i - 1], names[2 * i] = platform[1], platform[2]
    defaults[2 * i - 1], defaults[2 * i] = tostring(platform[2]), newest_of(platform)
  end
  return reply.json(200, reply.object("targets", reply.array(targets),
    "platforms", reply.object(table.unpack(names)), "default_versions", reply.object(table.unpack(defaults))))
end

local function platform_of(id)
  for _, platform in ipairs(PLATFORMS) do
    if platform[2] == id then return platform end
  end
end

local function platform_asked(cloud, request)
  local product = cloud.products:find(requests.text(request.fields.product_id))
  local id = requests.integer(request.fields.platform_id) or product and product.platform_id
  return id and platform_of(id)
end

local function failed(problem)
  return reply.json(406, reply.object("ok", false, "code", 200, "output", problem.output,
    "stdout", problem.stdout, "errors", reply.array(problem.errors)))
end

local SIZES = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n%7d\t      0\t      0\t%7d\t%7x\n"

local function compile(cloud, request)
  if not request.files or not request.files[1] then return errors.no_file end
  local platform = platform_asked(cloud, request)
  if not platform then return errors.bad_field("platform_id", "the id of a platform") end
  local version = requests.text(request.fields.build_target_version) or newest_of(platform)
  local binary, problem = firmware.compile(cloud, request.files)
  if not binary then return failed(problem) end
  local id, expires_at = cloud.store:id("binary"), cloud.clock() + LIFETIME
  cloud.store:of("binaries", request.user.id):add(id, { data = binary, expires_at = expires_at })
  return reply.json(200, reply.object("ok", true, "binary_id", id, "binary_url", "/v1/binaries/" .. id,
    "build_target_version", version, "expires_at", iso.format(expires_at),
    "sizeInfo", SIZES:format(#binary, #binary, #binary)))
end

local function download(cloud, request)
  local binary = cloud.store:of("binaries", request.user.id):get(request.params.binary)
  if not binary or binary.expires_at <= cloud.clock() then return errors.failed(404, "Binary not found") end
  return reply.binary(binary.data, "firmware.bin")
end

-- Device OS -------------------------------------------------------------------------------------------

local function os_version(known, platform_id)
  return reply.object("version", known.version, "platform_id", platform_id, "release_date",
    known.release_date,
    "module_version", known.module_version)
end

local function os_versions(_, request)
  local query, list = request.query, {}
  local wanted, internal = requests.integer(query.platform_id), requests.integer(query.internal_version)
  for _, known in ipairs(VERSIONS) do
    for _, id in ipairs(platforms_of(known.version)) do
      if (not wanted or id == wanted) and (not internal or known.module_version == internal) then
        list[#list + 1] = os_version(known, id)
      end
    end
  end
  return reply.json(200, reply.array(pages.cut(list, query, math.maxinteger).items))
end

local function os_version_by_name(_, request)
  local wanted = requests.integer(request.query.platform_id)
  for _, known in ipairs(VERSIONS) do
    if known.version == request.params.version then
      for _, id in ipairs(platforms_of(known.version)) do
        if not wanted or id == wanted then return reply.json(200, os_version(known, id)) end
      end
    end
  end
  return errors.failed(404, "Device OS version not found")
end

local function system_upgrade(_, request)
  local platform = platform_of(requests.integer(request.query.platform_id))
  if not platform then return errors.bad_field("platform_id", "the id of a platform") end
  local current = request.query.current_system_firmware_version
  if not current then return errors.missing_field("current_system_firmware_version") end
  if current == newest_of(platform) then return reply.empty(204) end
  return reply.json(200, reply.object("binary_url", ("/v1/system_firmware/%s/%s.bin"):format(platform[1],
    newest_of(platform))))
end

return {
  { "POST", "/v1/binaries", compile },
  { "GET", "/v1/binaries/{binary}", download },
  { "GET", "/v1/build_targets", build_targets, auth = "none" },
  { "GET", "/v1/device-os/versions", os_versions },
  { "GET", "/v1/device-os/versions/{version}", os_version_by_name },
  { "GET", "/v1/system_firmware/upgrade", system_upgrade },
}
