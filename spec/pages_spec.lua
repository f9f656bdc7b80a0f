-- `each` over every kind of list: what is asked for, when, and what happens on the way.

local Cloud = require("spec.support.cloud")
local particle = require("particle")
local scheduler = require("particle.scheduler")

local wire = require("spec.support.wire")

local ID = "0123456789abcdef01234567"

describe("each", function()
  local cloud, api, answer

  before_each(function()
    cloud = Cloud.new(function(request, number) return answer(request, number) end)
    api = cloud:client()
  end)

  after_each(function()
    api:close()
    cloud:close()
  end)

  local function query_of(request)
    local query = {}
    for name, value in request.query:gmatch("([^&=]+)=([^&]*)") do query[name] = value end
    return query
  end

  local function numbers(from, to)
    local list = particle.array {}
    for n = from, to do list[#list + 1] = { n = n } end
    return list
  end

  -- The page of so many numbers that a request asks for.
  local function page_of(request, total, size, size_name)
    local query = query_of(request)
    size = math.tointeger(query[size_name]) or size
    local page = math.tointeger(query.page) or 1
    return numbers((page - 1) * size + 1, math.min(page * size, total)), math.ceil(total / size)
  end

  local function collect(iterator)
    local list = {}
    for item in iterator do list[#list + 1] = item.n end
    return list
  end

  local function first(total)
    local list = {}
    for n = 1, total do list[n] = n end
    return list
  end

  it("goes through pages that say how many there are", function()
    answer = function(request)
      local sims, pages = page_of(request, 60, 25, "per_page")
      return 200, { sims = sims, meta = { total_pages = pages } }
    end
    assert.are.same(first(60), collect(api.sims:each { product = 1 }))
    assert.equal(3, #cloud.requests)
    assert.equal("page=1", cloud.requests[1].query)
    assert.are.same(first(60), collect(api.sims:each { product = 1, per_page = 50 }))
    assert.equal(5, #cloud.requests)
    assert.are.same({ page = "2", per_page = "50" }, query_of(cloud.requests[5]))
    assert.are.same({ 51, 52, 53, 54, 55, 56, 57, 58, 59, 60 },
      collect(api.sims:each { product = 1, per_page = 50, page = 2 }))
    assert.equal(6, #cloud.requests)
  end)

  it("asks for a page when its items are due, and not before", function()
    answer = function(request)
      local sims, pages = page_of(request, 60, 25, "per_page")
      return 200, { sims = sims, meta = { total_pages = pages } }
    end
    local next_one = api.sims:each { product = 1 }
    assert.equal(0, #cloud.requests)
    for n = 1, 25 do assert.equal(n, next_one().n) end
    assert.equal(1, #cloud.requests)
    assert.equal(26, next_one().n)
    assert.equal(2, #cloud.requests)
  end)

  it("leaves its arguments alone", function()
    answer = function() return 200, { sims = particle.array {}, meta = { total_pages = 0 } } end
    local args = { product = 1 }
    local next_one = api.sims:each(args)
    args.product, args.nonsense = 2, true
    assert.is_nil(next_one())
    assert.equal("/v1/products/1/sims", cloud.requests[1].path)
    assert.is_nil(args.page)
  end)

  it("ends again and again", function()
    answer = function() return 200, { sims = particle.array {}, meta = { total_pages = 0 } } end
    local next_one = api.sims:each { product = 1 }
    assert.is_nil(next_one())
    assert.is_nil(next_one())
    assert.equal(1, #cloud.requests)
  end)

  it("goes through an account's list, which has no pages", function()
    answer = function() return 200, numbers(1, 3) end
    assert.are.same(first(3), collect(api.devices:each {}))
    assert.are.same(first(3), collect(api.devices:each()))
    assert.equal("", cloud.requests[1].query)
    assert.are.same(first(3), collect(api.sims:each {})) -- bare, as one source has it
    answer = function() return 200, { sims = numbers(1, 3) } end
    assert.are.same(first(3), collect(api.sims:each {}))
    assert.equal(4, #cloud.requests)
  end)

  it("goes through the pages of the api's product", function()
    answer = function(request)
      local devices, pages = page_of(request, 30, 25, "per_page")
      return 200, { devices = devices, customers = { { n = 0 } }, meta = { total_pages = pages } }
    end
    local with <close> = cloud:client { product = 7 }
    assert.are.same(first(30), collect(with.devices:each {}))
    assert.equal("/v1/products/7/devices", cloud.requests[1].path)
  end)

  it("goes through lists without pages, wherever their items are", function()
    answer = function() return 200, { ok = true, groups = numbers(1, 2) } end
    assert.are.same(first(2), collect(api.groups:each { product = 1 }))
    answer = function() return 200, { data = numbers(1, 2) } end
    assert.are.same(first(2), collect(api.service_agreements:each("list", {})))
    answer = function() return 200, { ledger_definitions = numbers(1, 2), meta = { total_pages = 1 } } end
    assert.are.same(first(2), collect(api.ledgers:each("list", {})))
    answer = function() return 200, numbers(1, 2) end
    assert.are.same(first(2), collect(api.integrations:each("list", {})))
    assert.equal(4, #cloud.requests)
  end)

  it("ends with a page that is not full, where pages do not say how many there are", function()
    answer = function(request) return 200, { data = page_of(request, 23, 10, "limit") } end
    assert.are.same(first(23), collect(api.libraries:each("list", {})))
    assert.equal(3, #cloud.requests)
    assert.are.same(first(23), collect(api.libraries:each("list", { limit = 23 })))
    assert.equal(5, #cloud.requests) -- it was full
  end)

  it("does not take a short page for the last where the cloud may not know the size asked for", function()
    answer = function(request) return 200, (page_of(request, 60, 25, "perPage")) end
    assert.are.same(first(60), collect(api.firmware:each { per_page = 100 }))
    assert.equal(4, #cloud.requests)
  end)

  it("ends where the cloud gives the same page again", function()
    answer = function() return 200, numbers(1, 30) end
    assert.are.same(first(30), collect(api.firmware:each {}))
    assert.equal(2, #cloud.requests)
  end)

  describe("over windows of time", function()
    local function version(n)
      return { n = n, version = n, replaced_at = ("2026-01-%02dT00:00:00.000Z"):format(n) }
    end

    -- Versions 1 to 7, three at a time; the ends of the window belong to it, or not.
    local function windows(descending, inclusive)
      return function(request)
        local query, found = query_of(request), {}
        local before = (query.replaced_before or "9"):gsub("%%3[Aa]", ":")
        local after = (query.replaced_after or "0"):gsub("%%3[Aa]", ":")
        for i = 1, 7 do
          local one = version(descending and 8 - i or i)
          local at = one.replaced_at
          local inside = inclusive and at <= before and at >= after or at < before and at > after
          if inside then found[#found + 1] = one end
        end
        return 200, { versions = { table.unpack(found, 1, 3) }, meta = { has_more = #found > 3 } }
      end
    end

    local NEWEST_FIRST, OLDEST_FIRST = { 7, 6, 5, 4, 3, 2, 1 }, first(7)
    local ARGS = { ledger = "l", scope_value = "s" }

    it("goes on before the last one, in whichever order they come, and tells none twice", function()
      for _, inclusive in ipairs { true, false } do
        answer = windows(true, inclusive)
        assert.are.same(NEWEST_FIRST, collect(api.ledgers:each("list_versions", ARGS)))
        answer = windows(false, inclusive)
        assert.are.same(OLDEST_FIRST, collect(api.ledgers:each("list_versions", ARGS)))
      end
      assert.equal("", cloud.requests[1].query)
      assert.equal("replaced_before=2026-01-05T00%3A00%3A00.000Z", wire.upper(cloud.requests[2].query))
    end)

    it("keeps to the window that was asked for", function()
      answer = windows(true, false)
      local args = { ledger = "l", scope_value = "s", replaced_before = version(6).replaced_at,
        replaced_after = version(1).replaced_at }
      assert.are.same({ 5, 4, 3, 2 }, collect(api.ledgers:each("list_versions", args)))
    end)

    it("raises where it cannot go on", function()
      answer = function() return 200, { versions = { { version = 1 } }, meta = { has_more = true } } end
      local fine, err = pcall(collect, api.ledgers:each("list_versions", ARGS))
      assert.is_false(fine)
      assert.equal("protocol", err.kind)
      answer = function() return 200, { versions = { version(1) }, meta = { has_more = true } } end
      fine, err = pcall(collect, api.ledgers:each("list_versions", ARGS))
      assert.is_false(fine)
      assert.equal("protocol", err.kind)
    end)
  end)

  it("raises the error of a page, and tries it again when it is asked again", function()
    answer = function(request, number)
      if number == 2 then return 403, { error = "no" } end
      local sims, pages = page_of(request, 4, 2, "per_page")
      return 200, { sims = sims, meta = { total_pages = pages } }
    end
    local next_one = api.sims:each { product = 1, per_page = 2 }
    assert.equal(1, next_one().n)
    assert.equal(2, next_one().n)
    local fine, err = pcall(next_one)
    assert.is_false(fine)
    assert.equal("error", particle.type(err))
    assert.equal("forbidden", err.kind)
    assert.equal(3, next_one().n)
    assert.equal(4, next_one().n)
    assert.is_nil(next_one())
  end)

  it("raises where the reply is no list", function()
    for _, reply in ipairs { { ok = true }, { sims = "none" }, { sims = { a = 1 } } } do
      answer = function() return 200, reply end
      local fine, err = pcall(api.sims:each { product = 1 })
      assert.is_false(fine)
      assert.equal("protocol", err.kind)
      assert.is_truthy(err.url:find("/v1/", 1, true))
    end
  end)

  it("looks a device's name up once", function()
    answer = function(request)
      if request.path == "/v1/products/9/devices" then
        return 200, { devices = { { id = ID, name = "lamp" } }, meta = { total_pages = 1 } }
      end
      return 200, { diagnostics = numbers(1, 2) }
    end
    assert.are.same(first(2), collect(api.diagnostics:each { product = 9, device = "lamp" }))
    assert.equal(2, #cloud.requests)
    assert.equal("/v1/products/9/diagnostics/" .. ID, cloud.requests[2].path)
  end)

  it("asks for a page once, however many tasks want its items", function()
    answer = function(request)
      scheduler.sleep(0.01)
      local sims, pages = page_of(request, 6, 2, "per_page")
      return 200, { sims = sims, meta = { total_pages = pages } }
    end
    local next_one, got, tasks = api.sims:each { product = 1, per_page = 2 }, {}, {}
    for i = 1, 4 do
      tasks[i] = scheduler.spawn(function()
        for item in next_one do got[#got + 1] = item.n end
      end)
    end
    for _, task in ipairs(tasks) do task:wait() end
    table.sort(got)
    assert.are.same(first(6), got)
    assert.equal(3, #cloud.requests)
  end)

  it("goes on for the others when a task that fetches is cancelled", function()
    answer = function(_, number)
      if number == 1 then scheduler.sleep(60) end
      return 200, { groups = numbers(1, 1) }
    end
    local next_one = api.groups:each { product = 1 }
    local fetching = scheduler.spawn(next_one)
    scheduler.wait(function() return #cloud.requests == 1 end)
    local other = scheduler.spawn(next_one)
    scheduler.sleep(0)
    fetching:cancel()
    assert.equal(1, other:wait().n)
  end)

  it("passes the options on to each page", function()
    answer = function(request)
      local sims, pages = page_of(request, 2, 1, "per_page")
      return 200, { sims = sims, meta = { total_pages = pages } }
    end
    collect(api.sims:each({ product = 1, per_page = 1 }, { headers = { ["X-Mark"] = "m" } }))
    for _, request in ipairs(cloud.requests) do assert.equal("m", request.headers["x-mark"]) end
    collect(api.sims:each("list", { product = 1, per_page = 1 }, { nulls = true }))
    assert.equal(4, #cloud.requests)
  end)
end)
