-- Vectors after RFC 8259 and what parsers are known to get wrong.

local core = require("particle.core")
local support = require("spec.support")

local null = core.null

local function decode(text, nulls)
  local value, message = core.decode(text, nulls)
  assert.is_not_nil(value, tostring(message) .. ": " .. text)
  return value
end

---Decodes text that must be refused, and returns the message.
local function refused(text)
  local value, message = core.decode(text)
  assert.is_nil(value, ("accepted: %q"):format(text))
  assert.equal("string", type(message))
  return message
end

---The message of an encoding that must raise.
local function unencodable(value)
  local ok, message = pcall(core.encode, value)
  assert.is_false(ok, "encoded")
  return message
end

---Equal, and of the same kind of number.
local function assert_number(expected, actual, text)
  assert.equal(math.type(expected), math.type(actual), text)
  assert.equal(expected, actual, text)
end

local function nested(depth) return ("["):rep(depth) .. ("]"):rep(depth) end

---What a Lua program prints, run in a process of its own.
local function run(program, env)
  local result = support.run({ "lua5.4", "-e", program }, { env = env })
  assert.equal(0, result.status, result.stdout .. result.stderr)
  return result.stdout
end

describe("core.decode", function()
  it("reads every kind of value", function()
    assert.equal("", decode('""'))
    assert.equal("x", decode(' "x"\n'))
    assert.equal(true, decode("true"))
    assert.equal(false, decode("\t\r\n false "))
    assert.equal(null, decode("null"))
    assert.same({}, decode("[]"))
    assert.same({}, decode("{ }"))
    assert.same({ 1, { a = { "b", false } }, "c" }, decode('[1, {"a":["b",false]}, "c"]'))
    assert.same({ [""] = 0, ["foo\0bar"] = 42 }, decode('{"":0,"foo\\u0000bar":42}'))
  end)

  it("takes the last of equal keys", function() assert.same({ a = "c" }, decode('{"a":"b","a":"c"}')) end)

  it("reads every escape", function()
    for text, expected in pairs {
      ['"\\"\\\\\\/\\b\\f\\n\\r\\t"'] = '"\\/\b\f\n\r\t', ['"\\u0060\\u012a\\u12AB"'] = "`\u{12A}\u{12AB}",
      ['"\\u0000"'] = "\0", ['"\\u0012"'] = "\x12", ['"\\uffff"'] = "\u{FFFF}",
      ['"\\uFDD0\\uFFFE"'] = "\u{FDD0}\u{FFFE}", ['"\\u2028\\u2029"'] = "\u{2028}\u{2029}",
      ['"\\uD801\\udc37"'] = "\u{10437}", ['"\\ud83d\\ude39\\ud83d\\udc8d"'] = "\u{1F639}\u{1F48D}",
      ['"\\uDBFF\\uDFFE"'] = "\u{10FFFE}", ['"\\\\u0000"'] = "\\u0000", ['"\\\\n"'] = "\\n",
      ['"\u{20AC}\u{1D11E}\u{10FFFF}\u{7F}"'] = "\u{20AC}\u{1D11E}\u{10FFFF}\u{7F}",
      ['"a/*b*/c/*d//e"'] = "a/*b*/c/*d//e",
    } do
      assert.equal(expected, decode(text), text)
    end
  end)

  it("sees each special character, wherever it stands in a string", function()
    for length = 0, 20 do
      for place = 0, length do
        local before, after = ("a"):rep(place), ("~"):rep(length - place)
        for _, as_it_is in ipairs { " ", "\127", "é", "日", "😀", "\n", "\31", "\xC3", "\xFF" } do
          assert.equal(before .. as_it_is .. after, decode(('"%s%s%s"'):format(before, as_it_is, after)))
        end
        for escape, meant in pairs { ['\\"'] = '"', ["\\\\"] = "\\", ["\\n"] = "\n" } do
          assert.equal(before .. meant .. after, decode(('"%s%s%s"'):format(before, escape, after)))
        end
        for _, wrong in ipairs { '"', "\\", "\0" } do
          refused('"' .. before .. wrong .. after .. '~"')
        end
      end
    end
  end)

  it("gives integers for whole numbers below 2^53", function()
    for text, expected in pairs {
      ["0"] = 0, ["-1"] = -1, ["1.0"] = 1, ["1e3"] = 1000, ["1E+2"] = 100, ["20e1"] = 200, ["-5.0e0"] = -5,
      ["123e65"] = 123e65, ["0e1"] = 0, ["1e-2"] = 0.01, ["123.456e78"] = 123.456e78, ["-0.5"] = -0.5,
      ["2147483648"] = 2147483648, ["9007199254740991"] = 9007199254740991,
      ["-9007199254740991"] = -9007199254740991, ["0.4e006"] = 400000, ["123.456e-789"] = 0,
    } do
      assert_number(expected, decode(text), text)
      assert_number(expected, decode("[" .. text .. "]")[1], text)
      assert_number(expected, decode('{"n":{"x":' .. text .. "}}").n.x, text)
    end
  end)

  it("never makes up an integer from 2^53 on", function()
    for _, text in ipairs {
      "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775806",
      "-9223372036854775808",
    } do
      local value = decode(text)
      if math.type(value) == "integer" then
        assert.equal(text, tostring(value)) -- later lua-cjson: exact
      else
        assert.equal(tonumber(text .. ".0"), value)
      end
    end
  end)

  it("keeps numbers beyond the integers close", function()
    assert.equal(1e20, decode("100000000000000000000"))
    assert.equal(-123123123123123123123123123123.0, decode("-123123123123123123123123123123"))
    assert.equal(1e100, decode("1e100"))
  end)

  it("keeps minus zero a float, where lua-cjson does", function()
    local value = decode("[-0]")[1]
    assert.equal(0, value)
    if math.type(value) == "float" then assert.equal(-math.huge, 1 / value) end
    assert.equal(-math.huge, 1 / decode("-0.0"))
  end)

  it("removes nulls from objects and keeps them in arrays", function()
    local value = decode('{"a":null,"b":[null,1,null],"c":{"d":null},"e":{"f":{"g":null,"h":1}},"i":null}')
    assert.same({ b = { null, 1, null }, c = {}, e = { f = { h = 1 } } }, value)
  end)

  it("keeps nulls in objects when asked", function()
    assert.same({ a = null, b = { null, { c = null } } }, decode('{"a":null,"b":[null,{"c":null}]}', true))
  end)

  it("uses lua-cjson's null, and leaves the program's own instance alone", function()
    local cjson = require("cjson")
    assert.equal(cjson.null, null)
    assert.equal("float", math.type(cjson.decode("1.5")))
    assert.equal(16, cjson.decode("0x10"))
    refused("0x10")
  end)

  it("walks objects of many keys", function()
    local parts, expected = {}, {}
    for i = 1, 3000 do
      parts[i] = ('"k%d":%s'):format(i, i % 3 == 0 and "null" or i .. ".0")
      expected["k" .. i] = i % 3 ~= 0 and i or nil
    end
    local value = decode("{" .. table.concat(parts, ",") .. "}")
    assert.same(expected, value)
    for _, number in pairs(value) do assert.equal("integer", math.type(number)) end
  end)

  it("reads a thousand levels and refuses more", function()
    local value = decode(nested(1000))
    for _ = 1, 999 do value = value[1] end
    assert.same({}, value)
    assert.truthy(refused(nested(1001)):find("nested"))
    assert.truthy(refused(("["):rep(100000)):find("nested"))
    assert.truthy(refused(('{"a":'):rep(100000)):find("nested"))
  end)

  it("names the byte order mark and the zero byte", function()
    assert.equal("the JSON text begins with a byte order mark", refused("\xEF\xBB\xBF{}"))
    for _, text in ipairs { "{}\0", "123\0", '["a\0a"]', "\0", "[\0]", "{}\0{}" } do
      assert.equal("the JSON text holds a zero byte", refused(text))
    end
  end)

  it("refuses UTF-16", function()
    refused("\xFF\xFE[\0]\0")
    refused("\xFE\xFF\0[\0]")
    refused("[\0\"\0\xE9\0\"\0]\0")
  end)

  it("says where the text is wrong", function()
    assert.truthy(refused("[1,2,"):find("character 6"))
    assert.truthy(refused("[1,2,x]"):find("character 6"))
  end)

  it("refuses what is not JSON", function()
    for _, text in ipairs {
      "", " ", "[", "]", "{", "}", ",", ":", "*", '"', "'", "-", "nan", "TRUE", "undefined", "<.>", "2@",
      "\xE5", "\xC3\xA9", "\u{2060}", "abc", "a\xC3\xA5",
      -- arrays
      "[1 true]", "[a\xC3\xA5]", '["": 1]', '[""],', "[,1]", "[1,,2]", '["x",,]', '["x"]]', '["",]', '["x"',
      "[x", "[3[4]]", "[\xFF]", "[1:2]", "[,]", "[-]", '[ , ""]', '["a",\n4\n,1,', "[1,]", "[1,,]", "[*]",
      '[""', "[1", "[1,\n1\n,1", "[{}", '["\va"\\f]', "[1]x", "[1]]", "1]", "[][]", "['", "[,", '[{"":',
      '["a', "[\f]", "[\v1]", "[\u{A0}1]", "[\u{2060}]", "\u{2028}[]", "[1]\x1A", "['single quote']",
      "[<null>]",
      -- literals
      "[fals]", "[nul]", "[tru]", "[True]", "[nulll]", "truefalse",
      -- objects
      '["x", truth]', '{[: "x"}\n', '{"x", null}', '{"x"::"b"}', "{\u{1F1E8}\u{1F1ED}}", '{"a":"a" 123}',
      "{key: 'value'}", '{"\xB9":"0",}', '{"a" b}', '{:"b"}', '{"a" "b"}', '{"a":', '{"a"', "{1:1}",
      "{9999E9999:1}", "{null:null,null:null}", '{"id":0,,,,,}', "{'a':0}", '{"id":0,}', '{"a":"b",,"c":"d"}',
      '{a: "b"}', '{"a":"a', '{ "foo" : "bar", "a" }', '{"x": true,', '{"a": true} "x"', "{}}", '{"":', "{,",
      '{"[', '{"asd":"asd"', "{]", "[}", "{[]}",
      -- comments
      '{"a":"b"}/**/', '{"a":"b"}//', '{"a":"b"}/', '{"a":"b"}#', '{"a":/*comment*/"b"}', "//\n1", "[1/**/]",
      -- strings
      '["\\uD800\\"]', '["\\uD800\\u"]', '["\\uD800\\u1"]', '["\\uD800\\u1x"]', "[\xC3\xA9]", '["\\x00"]',
      '["\\\\\\"]', '["\\\t"]', '["\\\u{1F300}"]', '["\\"]', '["\\u00A"]', '["\\uD834\\uDd"]', '["\\u\xE5"]',
      '["\\a"]', '["\\uqqqq"]', '["\\\xE5"]', '[\\u0020"asd"]', "[\\n]", '["\\', '"\\UA66D"', '"x"x',
      '["\\012"]', "[\"asd]",
    } do
      refused(text)
    end
  end)

  it("refuses numbers that other languages know", function()
    for _, text in ipairs {
      "++1234", "+1", "+Inf", "-01", "-1.0.", "-NaN", ".-1", ".2e-3", "0.1.2", "0.3e+", "0.3e", "0E+", "0E",
      "0e+", "0e", "1.0e+", "1.0e-", "1.0e", "1 000.0", "1eE2", "9.e+", "Inf", "NaN", "\u{FF11}", "1+2",
      "0x1", "0x42", "Infinity", "0e+-1", "-123.123foo", "123\xE5", "1e1\xE5", "0\xE5", "-Infinity", "-foo",
      "- 1", "-012", "-1x", "1ea", "1e\xE5", ".123", "1.2a-3", "1.8011670033376514H-308", "012", "00",
      "1_000", "1d3", "1f", "0b1", "0o7", "-00", "00.0", "-00e0", "-0x1",
    } do
      refused(text)
      refused("[" .. text .. "]")
    end
  end)

  it("refuses escaped surrogates without their other half", function()
    for _, text in ipairs {
      '{"\\uDFAA":0}', '["\\uDADA"]', '["\\uD888\\u1234"]', '["\\uD800\\n"]', '["\\uDd1ea"]',
      '["\\uD800\\uD800\\n"]', '["\\ud800"]', '["\\ud800abc"]', '["\\uDd1e\\uD834"]', '["\\uDFAA"]',
      '["\\uD800\\uD800\\x"]',
    } do
      refused(text)
    end
  end)

  it("reads no other value where lua-cjson 2.1.0 is lenient", function()
    for text, lenient in pairs {
      ["[-2.]"] = -2, ["[0.e1]"] = 0, ["[2.e+3]"] = 2000, ["[2.e-3]"] = 0.002, ["[2.e3]"] = 2000,
      ["[1.]"] = 1, ["[-.123]"] = -0.123, ["[1.5e+9999]"] = math.huge, ["[-1e9999]"] = -math.huge,
      ['["new\nline"]'] = "new\nline", ['["\t"]'] = "\t", ['["\x1F"]'] = "\x1F", ['["\xFF"]'] = "\xFF",
      ['["\x80"]'] = "\x80", ['["\xC0\xAF"]'] = "\xC0\xAF", ['["\xED\xA0\x80"]'] = "\xED\xA0\x80",
      ['["\xF4\xBF\xBF\xBF"]'] = "\xF4\xBF\xBF\xBF",
    } do
      local value, message = core.decode(text)
      if value == nil then
        assert.equal("string", type(message)) -- later ones refuse
      else
        assert_number(lenient, value[1], text)
      end
    end
  end)
end)

describe("core.encode", function()
  it("writes every kind of value", function()
    for text, value in pairs {
      ["true"] = true, ["false"] = false, ["null"] = null, ['""'] = "", ['"x"'] = "x", ["{}"] = {},
      ["[1,2,3]"] = { 1, 2, 3 }, ['{"a":{"b":[null,{}]}}'] = { a = { b = { null, {} } } },
      ["[[[]]]"] = { { core.array {} } },
    } do
      assert.equal(text, core.encode(value))
    end
  end)

  it("writes all integers exactly", function()
    for text, value in pairs {
      ["0"] = 0, ["-1"] = -1, ["123456789012345"] = 123456789012345, ["9007199254740993"] = 2 ^ 53 | 1,
      ["9223372036854775807"] = math.maxinteger, ["-9223372036854775808"] = math.mininteger,
    } do
      assert.equal(text, core.encode(value))
    end
  end)

  it("writes floats in the shortest form that comes back", function()
    for text, value in pairs {
      ["0.1"] = 0.1, ["0.3333333333333333"] = 1 / 3, ["0.30000000000000004"] = 0.1 + 0.2, ["1e+100"] = 1e100,
      ["-1.25e-07"] = -1.25e-7, ["3"] = 3.0, ["9007199254740992"] = 2.0 ^ 53, ["-0"] = -0.0,
      ["1.7976931348623157e+308"] = 0x1.fffffffffffffp1023, ["4.94065645841247e-324"] = 0x1p-1074,
    } do
      assert.equal(text, core.encode(value))
      assert.equal(value, tonumber(text))
    end
    for _ = 1, 2000 do
      local value = string.unpack("d", string.pack("i8", math.random(0)))
      if value == value and math.abs(value) ~= math.huge then assert.equal(value,
        tonumber(core.encode(value))) end
    end
  end)

  it("refuses numbers that JSON has not", function()
    assert.equal("the value is NaN, which JSON cannot hold", unencodable(0 / 0))
    assert.equal("x[3] is infinite, which JSON cannot hold", unencodable { x = { 1, 2, math.huge } })
    assert.equal("x.y is infinite, which JSON cannot hold", unencodable { x = { y = -math.huge } })
  end)

  it("escapes quotes, backslashes and controls, and nothing else", function()
    local short = { [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r", [34] = '\\"',
      [92] = "\\\\" }
    for byte = 0, 127 do
      local expected = short[byte] or string.char(byte)
      if (byte < 32 and not short[byte]) or byte == 127 then expected = ("\\u%04x"):format(byte) end
      assert.equal('"' .. expected .. '"', core.encode(string.char(byte)))
      assert.equal('{"' .. expected .. '":1}', core.encode { [string.char(byte)] = 1 })
    end
    local text = "/ \u{E9} \u{2028}\u{2029} \u{FFFF} \u{1F600}"
    assert.equal('"' .. text .. '"', core.encode(text))
  end)

  it("takes every well-formed UTF-8 sequence", function()
    for _, edge in ipairs {
      0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x3FFFF,
        0x40000,
      0xFFFFF, 0x100000, 0x10FFFF,
    } do
      local text = "a" .. utf8.char(edge)
      assert.equal('"' .. text .. '"', core.encode(text))
    end
  end)

  it("refuses bytes that are not UTF-8, and says where", function()
    for text, byte in pairs {
      ["ab\xFF"] = 3, ["\x80"] = 1, ["a\xBFb"] = 2, ["\xC3"] = 1, ["\xC3x"] = 1, ["\xE2\x82"] = 1,
      ["\xE2\x82x"] = 1, ["\xF0\x9F\x98"] = 1, ["\xF0\x9F\x98x"] = 1, ["\xC0\x80"] = 1, ["\xC0\xAF"] = 1,
      ["\xC1\xBF"] = 1, ["\xE0\x80\xAF"] = 1, ["\xE0\x9F\xBF"] = 1,
      ["\xF0\x80\x80\xAF"] = 1, ["\xF0\x8F\xBF\xBF"] = 1, -- longer than need be
      ["\xED\xA0\x80"] = 1, ["\xED\xAF\xBF"] = 1, ["\xED\xBF\xBF"] = 1, ["x\xED\xA0\x81\xED\xB0\x80"] = 2,
      -- surrogates
      ["\xF4\x90\x80\x80"] = 1, ["\xF5\x80\x80\x80"] = 1, ["\xF8\x88\x80\x80\x80"] = 1, ["\xFE"] = 1,
      -- too high
    } do
      assert.equal("the value is not valid UTF-8 at byte " .. byte, unencodable(text))
      assert.equal("data.name is not valid UTF-8 at byte " .. byte, unencodable { data = { name = text } })
    end
  end)

  it("agrees with utf8.len on any bytes", function()
    local alphabet = { "\x00", "a", "\x7F", "\x80", "\x8F", "\x90", "\x9F", "\xA0", "\xBF", "\xC0", "\xC1",
      "\xC2",
      "\xDF", "\xE0", "\xE1", "\xEC", "\xED", "\xEE", "\xEF", "\xF0", "\xF1", "\xF3", "\xF4", "\xF5", "\xFF" }
    local function check(text)
      assert.equal(utf8.len(text) ~= nil, (pcall(core.encode, text)), ("%q"):format(text))
    end
    for _, a in ipairs(alphabet) do
      for _, b in ipairs(alphabet) do
        for _, c in ipairs(alphabet) do
          check(a .. b .. c)
          check("\xF0" .. a .. b .. c)
          check("\xF4" .. a .. b .. c)
        end
      end
    end
  end)

  it("names the key that is wrong", function()
    assert.equal('data["n?x"] is a key that is not valid UTF-8 at byte 2',
      unencodable { data = { ["n\xFFx"] = 1 } })
    assert.equal('["a b"]["x-y"][2][2] is a function, which JSON cannot hold',
      unencodable { ["a b"] = { ["x-y"] = { 1, { 2, print } } } })
    assert.equal("the value is a coroutine, which JSON cannot hold", unencodable(coroutine.create(print)))
    assert.equal("file is a userdata, which JSON cannot hold", unencodable { file = io.stdout })
    assert.equal("the value is nil, which JSON cannot hold (particle.null is its null)", unencodable(nil))
  end)

  it("shortens the path of what is wrong", function()
    local message = unencodable { [("k"):rep(5000)] = { [("\u{20AC}"):rep(1000)] = print } }
    assert.truthy(message:find("^kkk.*%.%.%. is a function"))
    assert.truthy(#message < 300)
    assert.truthy(utf8.len((unencodable { [("\u{20AC}"):rep(1000)] = print })))
  end)

  it("refuses tables that are neither arrays nor objects", function()
    local not_list = "list has keys that are not exactly 1..n (particle.null fills holes)"
    for _, list in ipairs { { 1, nil, 3 }, { [2] = 1 }, { [0] = 1, 2 }, { [-1] = 1 }, { [1.5] = 1 },
      { [true] = 1 },
      { [math.maxinteger] = 1 } } do
      assert.equal(not_list, unencodable { list = list })
    end
    for _, mixed in ipairs { { 1, 2, x = 3 }, { x = 1, [10] = 2 }, core.array { a = 1 } } do
      assert.truthy(unencodable { mixed = mixed }:find("^mixed "))
    end
  end)

  it("does not read through metatables", function()
    local proxy = setmetatable({}, { __index = { a = 1 }, __pairs = error, __len = error })
    assert.equal("{}", core.encode(proxy))
  end)

  it("ends cycles and what is nested too deep", function()
    local cycle = {}
    cycle.self = cycle
    assert.truthy(unencodable(cycle):find("^self%.self.*%.%.%. is nested more than 100 deep"))
    local function levels(n)
      local value = core.array {}
      for _ = 2, n do value = { value } end
      return value
    end
    assert.equal(nested(100), core.encode(levels(100)))
    assert.truthy(unencodable(levels(101)):find("nested more than 100 deep", 1, true))
  end)

  it("opens secrets", function()
    assert.equal('{"password":"a\\"b"}', core.encode { password = core.secret('a"b') })
    local message = unencodable { password = core.secret("hush\xFF") }
    assert.equal("password is not valid UTF-8 at byte 5", message)
  end)

  it("comes back through core.decode", function()
    local value = { list = { 1, 2.5, "x", null, { a = false } }, text = "\0\u{1F600}\"", n = -42,
      [""] = { { { 1 } } } }
    assert.same(value, decode(core.encode(value)))
  end)
end)

describe("core.array", function()
  it("marks a table, and returns it", function()
    local list = {}
    assert.equal(list, core.array(list))
    assert.equal("[]", core.encode(list))
    assert.equal(list, core.array(list))
    list[1] = "x"
    assert.equal('[["x"]]', core.encode { list })
  end)

  it("refuses tables with another metatable, and other values", function()
    assert.has_error(function() core.array(setmetatable({}, {})) end)
    assert.has_error(function() core.array("x") end)
    assert.has_error(function() core.array() end)
  end)
end)

describe("lua-cjson", function()
  -- A stand-in for the later versions: integers, metatables on arrays, a value for the empty array.
  local LATER = [[
    local array_mt, empty_array_mt = {}, {}
    local empty_array = debug.upvalueid(function() return array_mt end, 1)
    local cjson = {}
    function cjson.new()
      local marked = false
      return {
        array_mt = array_mt, empty_array_mt = empty_array_mt, empty_array = empty_array,
        decode_invalid_numbers = function(on) assert(on == false) end,
        decode_max_depth = function(n) assert(n == 1000) end,
        decode_array_with_array_mt = function(on) marked = on end,
        decode = function(text)
          if text == "nothing" then return nil end
          if text == "table" then error({}) end
          return { list = setmetatable({}, marked and array_mt or nil), n = 7, x = 2.0, big = 1 << 60 }
        end,
      }
    end
    package.loaded.cjson = cjson
    local core = require("particle.core")
  ]]

  it("is asked to mark arrays, where it can", function()
    assert.equal("[]\tinteger\tinteger\t1152921504606846976\n", run(LATER .. [[
      local value = core.decode("x")
      print(core.encode(value.list), math.type(value.n), math.type(value.x), value.big)
    ]]))
  end)

  it("knows its arrays by its own metatables, where it has them", function()
    assert.equal("[]\t[]\t[]\t[1]\t{\"a\":1}\ttrue\n", run(LATER .. [[
      print(core.encode(core.array {}), core.encode(empty_array), core.encode(setmetatable({},
        empty_array_mt)),
        core.encode(setmetatable({ 1 }, empty_array_mt)), core.encode(setmetatable({ a = 1 },
          empty_array_mt)),
        getmetatable(core.array {}) == array_mt)
    ]]))
  end)

  it("may fail in any way", function()
    local said = run(LATER .. [[ print(core.decode("nothing")) print(core.decode("table")) ]])
    assert.equal(("nil\tthe JSON text could not be decoded\n"):rep(2), said)
  end)

  it("is missed with a message that names it", function()
    local said = run([[
      package.preload.cjson = function() error("no such thing") end
      print(pcall(require, "particle.core"))
    ]])
    assert.truthy(said:find("particle needs lua-cjson, which could not be loaded", 1, true), said)
    assert.truthy(said:find("no such thing", 1, true), said)
  end)

  it("is not mistaken for another module of that name", function()
    local said = run([[ package.loaded.cjson = { decode = print } print(pcall(require, "particle.core")) ]])
    assert.truthy(said:find('particle needs lua-cjson 2.1.0 or later; the module "cjson" is another', 1,
      true), said)
  end)
end)

describe("a decimal comma", function()
  local COMMA = 'LC_NUMERIC\ndecimal_point ","\nthousands_sep ""\ngrouping -1\nEND LC_NUMERIC\n'
  local ASCII = "<code_set_name> ANSI_X3.4-1968\n<comment_char> %\n<escape_char> /\n" ..
    "CHARMAP\n<U0000>..<U007F> /x00 ASCII\nEND CHARMAP\n"
  local PROGRAM = [[
    local core = require("particle.core")
    for _, locale in ipairs { "comma", "C", "comma" } do
      assert(os.setlocale(locale, "numeric"))
      print(("%.1f"):format(1.5), core.encode { 21.5, 1e100, -1.25e-7 },
        core.encode(core.decode("[21.5,1.0]")))
    end
  ]]

  it("in the program's locale changes no JSON", function()
    local folder <close> = support.folder()
    local source, charmap = folder:write("source", COMMA), folder:write("charmap", ASCII)
    support.run { "localedef", "-c", "-f", charmap, "-i", source, folder.path .. "/comma" }
    local numbers = "\t[21.5,1e+100,-1.25e-07]\t[21.5,1]\n"
    assert.equal("1,5" .. numbers .. "1.5" .. numbers .. "1,5" .. numbers, run(PROGRAM,
      { LOCPATH = folder.path }))
  end)
end)
