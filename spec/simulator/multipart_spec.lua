local multipart = require("particle.simulator.multipart")

local TYPE = "multipart/form-data; boundary=cut"

local function body(...)
  local lines = { ... }
  return table.concat(lines, "\r\n") .. "\r\n"
end

describe("multipart", function()
  it("reads parts in order", function()
    local parts = multipart.parse(TYPE, body(
      "--cut", 'Content-Disposition: form-data; name="file"; filename="a.bin"',
      "Content-Type: application/octet-stream", "", "bytes",
      "--cut", 'content-disposition:form-data;name=file_type', "", "binary", "--cut--"))
    assert.same({
      { name = "file", filename = "a.bin", type = "application/octet-stream", data = "bytes" },
      { name = "file_type", data = "binary" },
    }, parts)
  end)

  it("leaves the bytes of a part as they are", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local data = table.concat(all) .. "\r\n--cu\r\n\r\n--\r\n"
    local parts = multipart.parse(TYPE,
      body("--cut", 'Content-Disposition: form-data; name="x"', "", data, "--cut--"))
    assert.equal(data, parts[1].data)
  end)

  it("reads a quoted boundary, a preamble and an epilogue", function()
    local parts = multipart.parse('Multipart/Form-Data; charset=utf-8; Boundary="a b"', body(
      "Read by nobody.", "--a b  ", 'Content-Disposition: form-data; name="x"', "", "1", "--a b--",
        "The end."))
    assert.same({ { name = "x", data = "1" } }, parts)
  end)

  it("reads an empty part and no parts", function()
    assert.same({ { name = "x", data = "" } },
      multipart.parse(TYPE, body("--cut", 'Content-Disposition: form-data; name="x"', "", "", "--cut--")))
    assert.same({}, multipart.parse(TYPE, "--cut--\r\n"))
  end)

  local NAMES = {
    { [["a\"b\\c"]], [[a"b\c]] },
    { [["C:\x\y"]], [[C:\x\y]] },
    { '"a%22b"', 'a"b' },
    { '"a; filename=b"', "a; filename=b" },
    { '""', "" },
    { "bare", "bare" },
    { '"übung/lib.cpp"', "übung/lib.cpp" },
  }
  for _, case in ipairs(NAMES) do
    it("reads the file name " .. case[1], function()
      local parts = multipart.parse(TYPE, body(
        "--cut", "Content-Disposition: form-data; filename=" .. case[1] .. '; name="x"', "", "", "--cut--"))
      assert.same({ { name = "x", filename = case[2], data = "" } }, parts)
    end)
  end

  it("passes over a part without a name", function()
    assert.same({}, multipart.parse(TYPE, body("--cut", "Content-Type: text/plain", "", "1", "--cut--")))
  end)

  local BROKEN = {
    { "multipart/form-data", "--cut--\r\n", "the content type names no boundary" },
    { 'multipart/form-data; boundary="cut', "--cut--\r\n", "the content type names no boundary" },
    { TYPE, "", "the boundary does not occur" },
    { TYPE, "--cut", "a part is incomplete" },
    { TYPE, body("--cut", 'Content-Disposition: form-data; name="x"', "", "1"), "a part is incomplete" },
    { TYPE, body("--cut", 'Content-Disposition: form-data; name="x"', "--cut--"), "a part is incomplete" },
  }
  for i, case in ipairs(BROKEN) do
    it(("refuses what is none (%d)"):format(i), function()
      local parts, problem = multipart.parse(case[1], case[2])
      assert.is_nil(parts)
      assert.equal(case[3], problem)
    end)
  end
end)
