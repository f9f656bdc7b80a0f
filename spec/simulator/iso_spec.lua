local iso = require("particle.simulator.iso")

describe("iso", function()
  it("writes milliseconds and Z", function()
    assert.equal("1970-01-01T00:00:00.000Z", iso.format(0))
    assert.equal("2015-07-03T05:15:00.125Z", iso.format(1435900500.125))
    assert.equal("2015-07-03T05:15:00.999Z", iso.format(1435900500.9999))
  end)

  local VALID = {
    { "1970-01-01", 0 },
    { "2030-01-01", 1893456000 },
    { "2000-02-29", 951782400 },
    { "1969-12-31", -86400 },
    { "2015-07-03T05:15:00Z", 1435900500 },
    { "2015-07-03T05:15:00.125Z", 1435900500.125 },
    { "2015-07-03T05:15Z", 1435900500 },
    { "2015-07-03T07:15:00+02:00", 1435900500 },
    { "2015-07-02T23:45:00-0530", 1435900500 },
    { "9999-12-31T23:59:59.999Z", 253402300799.999 },
  }
  for _, case in ipairs(VALID) do
    it("reads " .. case[1], function() assert.equal(case[2], iso.parse(case[1])) end)
  end

  local INVALID = {
    "", "tomorrow", "2030", "2030-1-1", "2030-13-01", "2030-00-01", "2030-01-32", "2030-04-31", "2030-02-30",
    "2029-02-29", "2030-01-01T", "2030-01-01T00:00:00", "2030-01-01T24:00:00Z", "2030-01-01T00:60Z",
    "2030-01-01T00:00:00+2", "2030-01-01Z",
  }
  for _, text in ipairs(INVALID) do
    it("does not take " .. (text == "" and "nothing" or text), function() assert.is_nil(iso.parse(text)) end)
  end

  it("reads what it writes", function()
    for seconds = -10 ^ 9, 4 * 10 ^ 9, 12345678.5 do assert.equal(seconds, iso.parse(iso.format(seconds))) end
  end)
end)
