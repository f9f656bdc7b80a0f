-- What a fuzz target begins with: inputs, one file each, and words to put into others. Inputs that were
-- findings belong to the first. Usage: seeds.lua TARGET FOLDER DICTIONARY

local target, folder, dictionary = arg[1], arg[2], arg[3]

-- Four bytes before a stream say how it is run, see sse.c: without a limit and whole, and with all there is.
local function sse_inputs()
  local inputs = {}
  for _, suite in ipairs(dofile("spec/support/sse_vectors.lua")) do
    for _, vector in ipairs(suite) do
      inputs[#inputs + 1] = "\0\0\0\0" .. vector[2]
      inputs[#inputs + 1] = "\24\5\1\1" .. vector[2]
    end
  end
  return inputs
end

local JSON = {
  "null", "true", "false", "0", "-0", "1e3", "-12.5e-7", "9007199254740993", "1e400",
  "0.1", "999999999999999.9", '""', '"\\u00e9"',
  '"\\ud83d\\ude00"', '"\\u0000"', '"\u{E9}\u{1F600}"', '"\xFF"', "[]", "{}", "[[]]", "[null]", '{"a":null}',
  '[1,2.5,"x",null,{"a":false}]', '{"":{"a":[]},"b":[{},{}]}', '{"a":1,"a":2}',
  ("["):rep(101) .. ("]"):rep(101),
  '{"cmd":"VarReturn","name":"t","result":21.5,"coreInfo":{"connected":true,"deviceID":"0123"}}',
  '{"id":"0123","name":"lamp","connected":true,"return_value":-1}',
  '{"data":"open","ttl":60,"published_at":"2026-11-23T10:11:12.345Z","coreid":"0123","version":12,"x":null}',
  '[{"id":"0123","variables":{"t":"double"},"functions":["led"],"notes":null,"online":true}]',
}

local TOKEN = "0123456789abcdef0123456789abcdef01234567"

local ERROR_BODIES = {
  '{"error":"invalid_request","error_description":"The access token was not found"}',
  '{"ok":false,"error":"timed out"}', '{"error":"Timed out."}',
  '{"ok":false,"errors":["device does not exist"]}',
  [=[{"ok":false,"errors":[["Core isn't online",404]]}]=],
  '{"ok":false,"code":500,"errors":[{"error":"Timed out"}]}',
  [[{"error":"Permission Denied","info":"I didn't recognize that, try https://x?access_token=undefined"}]],
  '{"errors":[{"message":"text"}]}',
  '{"message":"Invalid Schema","description":"d","violations":[{"keyword":"k","message":"m"}]}',
  '{"error":"bad_request","description":"start_date must be ISO8601"}',
  '{"error":"mfa_required","error_description":"Multifactor","mfa_token":"opaque"}',
  '{"ok":false,"output":"no binary","stdout":"","errors":[{"ok":false,"errors":["x.c:1: error"]}]}',
  '{"error":{"status":404,"error":{"message":["deep"]}}}', '{"error":"' .. TOKEN .. '"}',
  '{"' .. TOKEN .. '":{"' .. TOKEN .. '":["' .. TOKEN .. TOKEN .. '"]}}', TOKEN:rep(3),
  "access_token=" .. TOKEN .. "&x=1", '"{\\"error\\":\\"' .. TOKEN .. '\\"}"',
  '{"error":"a\\u0000\\n\\tb\\u202e\\ud83d\\ude00"}', '{"error":"\xFF\xC3"}',
  '{"error":"' .. ("\u{20AC}"):rep(180) .. '"}',
  "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "", "null", "[]", "true",
}

local ADDRESSES = {
  "https://api.particle.io", "http://127.0.0.1:8080/prefix/", "http://[::1]:1/", "https://a.localhost",
  "localhost",
  "http://user:password@host", "https://host?query", "https://host#fragment", "ftp://host", "//host",
  "https://",
  "https://host:0", "https://host:65536", "https://host/a/../b/./c", "https://host/%2e%2e/a", "http://127.1",
  "http://0x7f.0.0.1", "HTTPS://HOST/PATH", "https://h\u{F6}st", "127.255.255.254", "[::1]", "::1",
  "/v1/devices/a",
  "/v1/devices/%2F", "/v1//x", "/v1/.", "/v1/..", "/v1/%2e", "/v1/%00", "/v1/%", "/v1/%4", "/a?b", ".", "..",
  "...",
  " ", "a b+c", "\u{E9}\0", "%41", ("x"):rep(300), "http:/2%2e1", "https:/%/::1://x",
}

local TARGETS = {
  sse = { inputs = sse_inputs, words = {
    "data", "data:", "data: ", "event:", "id:", "retry:", "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n",
    "\0",
    "\xEF\xBB\xBF", "86400000", ":ok\n\n",
  } },
  json = { inputs = JSON, words = {
    "null", "true", "false", "[]", "{}", '"":', ",", "\\u0000", "\\ud83d", "\\ude00", "\\n", "1e", "e+",
    "-0", ".0",
    "9007199254740992", "\xF0\x9F\x98\x80", "/*", "NaN", "Infinity", "0x",
  } },
  error_body = { inputs = ERROR_BODIES, words = {
    '"error":', '"errors":[', '"error_description":', '"info":', '"message":', '"description":',
    '"violations":[',
    '"ok":false', '"code":', '"output":', '"stdout":', '"status":', '"mfa_token":', '"access_token":', TOKEN,
    TOKEN:sub(1, 20), TOKEN:sub(21), "access_token=", "\\u0030", "%30", "<title>", "[[", "]]", "{", "}", ",",
  } },
  url = { inputs = ADDRESSES, words = {
    "http://", "https://", "127.0.0.1", "localhost", "[::1]", ":80", "@", "?", "#", "/", "//", "..", "%2e",
    "%2F", "%00",
    "%", "\\", "+", "\0", "\xC3\xA9",
  } },
}

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function quoted(word)
  return '"' .. word:gsub('[^%w ]', function(c) return ("\\x%02X"):format(c:byte()) end) .. '"\n'
end

local this = TARGETS[target]
local inputs = type(this.inputs) == "function" and this.inputs() or this.inputs
for i, input in ipairs(inputs) do write(("%s/%03d"):format(folder, i), input) end
local words = {}
for i, word in ipairs(this.words) do words[i] = quoted(word) end
write(dictionary, table.concat(words))
