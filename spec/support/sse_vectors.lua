-- Event streams and the events they hold, from public test suites: facts of the format. Each row: a name, the
-- bytes, the events. An event is its data, or a table of what differs from { event = "message" }.

local BOM = "\u{FEFF}"
local LONG = ("x"):rep(2048)


-- WHATWG, HTML standard, "Interpreting an event stream": its examples.
local standard = { from = "the standard",
  { "three lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", { "YHOO\n+2\n10" } },
  { "a comment, an id, an id taken back, an incomplete event",
    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
    { { data = "first event", id = "1" }, "second event" } },
  { "events of nothing", "data\n\ndata\ndata\n\ndata:", { "", "\n" } },
  { "a space after the colon says nothing", "data:test\n\ndata: test\n\n", { "test", "test" } },
}

-- web-platform-tests, eventsource/: what resources/message.py and its like send for each test.
local web_platform_tests = { from = "web-platform-tests",
  { "event-data",
    "data:msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n",
    { "msg\nmsg", "", "end" } },
  { "format-bom", BOM .. "data:1\n\n" .. BOM .. "data:2\n\ndata:3\n\n\n", { "1", "3" } },
  { "format-bom-2", BOM .. BOM .. "data:1\n\ndata:2\n\ndata:3\n\n\n", { "2", "3" } },
  { "format-comments",
    "data:1\r:\0\n:\r\ndata:2\n:" .. LONG .. "\rdata:3\n:data:fail\r:" .. LONG .. "\ndata:4\n\n",
    { "1\n2\n3\n4" } },
  { "format-data-before-final-empty-line", "retry:1000\ndata:test1\n\nid:test\ndata:test2\n",
    { { data = "test1", retry = 1000 } } },
  { "format-field-data", "data:\n\ndata\ndata\n\ndata:test\n\n\n", { "", "\n", "test" } },
  { "format-field-event", "event:test\ndata:x\n\ndata:x\n\n\n", { { event = "test", data = "x" }, "x" } },
  { "format-field-event-empty", "event: \ndata:data\n\n\n", { "data" } },
  { "format-field-id", "id: …\nretry: 200\ndata: hello\n\n", { { data = "hello", id = "…", retry = 200 } } },
  { "format-field-id-2", "id: …\nretry: 200\ndata: hello\n\ndata: …\n\ndata: …\n\n",
    { { data = "hello", id = "…", retry = 200 }, { data = "…", id = "…" }, { data = "…", id = "…" } } },
  { "format-field-id-3, persists", "id: 1\ndata: 1\n\ndata:2\n\n",
    { { data = "1", id = "1" }, { data = "2", id = "1" } } },
  { "format-field-id-3, changes", "id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n",
    { { data = "1", id = "1" }, { data = "2", id = "2" }, { data = "3", id = "2" } } },
  { "format-field-id-3, resets", "id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n",
    { { data = "1", id = "1" }, "2", "3" } },
  { "format-field-id-null, 1", "id: \0\0\nretry: 200\ndata: hello\n\n", { { data = "hello", retry = 200 } } },
  { "format-field-id-null, 2", "id: x\0\nretry: 200\ndata: hello\n\n", { { data = "hello", retry = 200 } } },
  { "format-field-id-null, 3", "id: \0x\nretry: 200\ndata: hello\n\n", { { data = "hello", retry = 200 } } },
  { "format-field-id-null, 4", "id: x\0x\nretry: 200\ndata: hello\n\n", { { data = "hello", retry = 200 } } },
  { "format-field-id-null, 5", "id:  \0\nretry: 200\ndata: hello\n\n", { { data = "hello", retry = 200 } } },
  { "format-field-parsing",
    "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\n"
      .. "data:3\rdata:\r\n data:32\ndata:4\n\n",
    { "\0\n 2\n1\n3\n\n4" } },
  { "format-field-retry", "retry:03000\ndata:x\n\n\n", { { data = "x", retry = 3000 } } },
  { "format-field-retry-bogus", "retry:3000\nretry:1000x\ndata:x\n\n\n", { { data = "x", retry = 3000 } } },
  { "format-field-retry-empty", "retry\ndata:test\n\n\n", { "test" } },
  { "format-field-unknown",
    "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n\n",
    { "test\n\ntest" } },
  { "format-leading-space", "data:\ttest\rdata: \ndata:test\n\n\n", { "\ttest\n\ntest" } },
  { "format-newlines", "data:test\r\ndata\ndata:test\r\n\r\n", { "test\n\ntest" } },
  { "format-null-character", "data:\0\n\n\n\n\n", { "\0" } },
  { "format-utf-8", "data:ok…\n\n\n", { "ok…" } },
}

local function id_of(id, data) return { data = data, id = id } end

-- rexxars/eventsource-parser, test/parse.test.ts with test/fixtures.ts. Its limits and its reports of unknown
-- fields and bad retries are matters of its own.
local eventsource_parser = { from = "eventsource-parser",
  { "unnamed events, then a named one",
    "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\nevent: done\ndata: ✔\n\n",
    { "0", "1", "2", "3", "4", { event = "done", data = "✔" } } },
  { "named events", "event: time\ndata: 2026-11-24T00:00:00.000Z\n\nevent: done\ndata: ✔\n\n",
    { { event = "time", data = "2026-11-24T00:00:00.000Z" }, { event = "done", data = "✔" } } },
  { "ids and retry",
    "event: tick\nretry: 50\nid: 1337\ndata: 1337\n\nevent: tick\nretry: 50\nid: 1338\ndata: 1338\n\n",
    { { event = "tick", data = "1337", id = "1337", retry = 50 },
      { event = "tick", data = "1338", id = "1338", retry = 50 } } },
  { "heartbeats", ": ♥\n\ndata: A\n\n: ♥\n\ndata: B\n\n: ♥\n\nevent: done\ndata: ✔\n\n",
    { "A", "B", { event = "done", data = "✔" } } },
  { "lines of data",
    "event: stock\ndata: YHOO\ndata: +2\ndata: 10\n\nevent: stock\ndata: GOOG\ndata: -8\ndata: 1881\n\n",
    { { event = "stock", data = "YHOO\n+2\n10" }, { event = "stock", data = "GOOG\n-8\n1881" } } },
  { "many bytes to a character",
    "id: 0\ndata:Blåbæ\ndata:rsyltetøy 😶🌫️\n\nid: 1\ndata:በእርግጥ አንድ ሰው 🧔🏽♂️\n\n"
      .. "id: 2\ndata:一定能买到\ndata:蓝莓果酱吗？\n\n",
    { id_of("0", "Blåbæ\nrsyltetøy 😶🌫️"), id_of("1", "በእርግጥ አንድ ሰው 🧔🏽♂️"), id_of("2", "一定能买到\n蓝莓果酱吗？") } },
  { "empty lines first", "\n\n\n\nid: 1\ndata: 我現在都看實況不玩遊戲\n\nevent: done\ndata: ✔\n\n",
    { id_of("1", "我現在都看實況不玩遊戲"), { event = "done", data = "✔", id = "1" } } },
  { "a byte order mark", BOM .. "data: bomful 1\n\ndata: bomless 2\n\n", { "bomful 1", "bomless 2" } },
  { "byte order marks", BOM .. "data: bomful 1\n\n" .. BOM .. "data: bomful 2\n\ndata: bomless 3\n\n",
    { "bomful 1", "bomless 3" } },
  { "a byte order mark before two lines", BOM .. "data: first\ndata: second\n\n", { "first\nsecond" } },
  { "CR", "data: dog\rdata: bark\r\rdata: cat\rdata: meow\r\revent: done\ndata: ✔\n\n",
    { "dog\nbark", "cat\nmeow", { event = "done", data = "✔" } } },
  { "LF", "data: cow\ndata: moo\n\ndata: horse\ndata: neigh\n\n", { "cow\nmoo", "horse\nneigh" } },
  { "CRLF", "data: sheep\r\ndata: bleat\r\n\r\ndata: pig\r\ndata: oink\r\n\r\n",
    { "sheep\nbleat", "pig\noink" } },
  { "odd comments",
    ": Hello\n\n" .. (":"):rep(300) .. "\ndata: First\n\n: Первый: 第二\ndata: Second\n\n: Moop \n"
      .. ": Moop \n: ثالث\n"
      .. "data: Third\n\n:നാലാമത്തെ\ndata: Fourth\n\n: 😶🌫️ 😮💨 :\ndata: Fifth\n\n",
    { "First", "Second", "Third", "Fourth", "Fifth" } },
  { "odder comments",
    "data:1\r\r:\0\n:\r\ndata:2\n\n:" .. LONG .. "x\rdata:3\n\n:data:fail\r:"
      .. LONG .. "x\ndata:4\n\ndata:5",
    { "1", "2", "3", "4" } },
  { "empty names", "event:\ndata: Hello 1\n\nevent:\n\nevent: done\ndata: ✔\n\n",
    { "Hello 1", { event = "done", data = "✔" } } },
  { "an empty retry", "retry: 500\nid: 1\ndata: 🥌\n\nid:2\nretry:\ndata:🧹\n\nid: 3\ndata: ✅\n\n",
    { { data = "🥌", id = "1", retry = 500 }, id_of("2", "🧹"), id_of("3", "✅") } },
  { "odd data", "data:\n\ndata\ndata\n\ndata:test\n\n", { "", "\n", "test" } },
  { "CRLF in pieces", "data: A\r\ndata: B\r\ndata: C\r\n\r\n", { "A\nB\nC" } },
  { "a retry with a letter", "retry:1000\nretry:2000x\ndata:x\n\n", { { data = "x", retry = 1000 } } },
  { "NUL in an id", "id: 123\nid: bad\0id\ndata: hello\n\n", { id_of("123", "hello") } },
  { "ids of events without data", "id: 42\n\nid: bad\0id\n\ndata: a\n\nid:\n\ndata: b\n\n",
    { id_of("42", "a"), "b" } },
  { "an id with CR", "id: 42\r\rdata\r\r", { id_of("42", "") } },
  { "an id with CRLF", "id: 42\r\n\r\ndata\r\n\r\n", { id_of("42", "") } },
  { "retries between events", "\nretry: 500\n\ndata: first\n\nretry: 50x\n\ndata: second\n\n",
    { { data = "first", retry = 500 }, "second" } },
  { "unknown fields",
    "data:abc\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:123\n"
      .. "\nevent: done\ndata: ✔\n\n",
    { "abc\n\n123", { event = "done", data = "✔" } } },
  { "JSON that is no stream", '{"error":"Internal Server Error","message":"The server could not process"}\n',
    {} },
  { "text that is no stream", "Well, this is not what I expected\n", {} },
  { "a field that begins as data does", "datax: not a valid field\ndata: ok\n\n", { "ok" } },
  { "a comment that ends with CRLF", "data: one\n:ignored\r\ndata: two\n\n", { "one\ntwo" } },
  { "a comment that ends with CR", "data: one\n:ignored\rdata: two\n\n", { "one\ntwo" } },
  { "a bare field with CRLF", "data: one\ndata\r\ndata: two\n\n", { "one\n\ntwo" } },
  { "an unknown field with CR", "garbage\rdata: ok\n\n", { "ok" } },
  { "an empty line of CRLF after CR", "data: one\r\r\n", { "one" } },
}

-- launchdarkly/sse-contract-tests, ssetests/tests_*.go
local sse_contract_tests = { from = "sse-contract-tests",
  { "one line", "data: Hello\n\n", { "Hello" } },
  { "two events", "data: Hello\n\ndata: World\n\n", { "Hello", "World" } },
  { "two lines", "data: Hello\ndata:World\n\n", { "Hello\nWorld" } },
  { "empty data", "data:\n\n", { "" } },
  { "a name", "event: greeting\ndata: Hello\n\n", { { event = "greeting", data = "Hello" } } },
  { "an id", "id: abc\ndata: Hello\n\n", { id_of("abc", "Hello") } },
  { "a name and an id", "event: greeting\nid: abc\ndata: Hello\n\n",
    { { event = "greeting", data = "Hello", id = "abc" } } },
  { "NUL in an id", "id: a\0bc\ndata: Hello\n\n", { "Hello" } },
  { "an id stays", "id: abc\ndata: first\n\ndata: second\n\n",
    { id_of("abc", "first"), id_of("abc", "second") } },
  { "an id goes", "id: abc\ndata: first\n\nid: \ndata: second\n\n", { id_of("abc", "first"), "second" } },
  { "fields the other way round", "data: Hello\nid: abc\nevent: greeting\n\n",
    { { event = "greeting", data = "Hello", id = "abc" } } },
  { "an unknown field", "event: greeting\ncolor: blue\ndata: Hello\n\n",
    { { event = "greeting", data = "Hello" } } },
  { "no spaces", "event:greeting\ndata:Hello\n\n", { { event = "greeting", data = "Hello" } } },
  { "spaces too many", "event:  greeting\ndata:  Hello\n\n", { { event = " greeting", data = " Hello" } } },
  { "no colon", "data\n\ndata\ndata\n\n", { "", "\n" } },
  { "three bytes to a character", "data: €豆腐\n\n", { "€豆腐" } },
  { "byte order mark: all fields", BOM .. "event: greeting\nid: abc\ndata: Hello\n\n",
    { { event = "greeting", data = "Hello", id = "abc" } } },
  { "byte order mark: two events", BOM .. "data: First\n\ndata: Second\n\n", { "First", "Second" } },
  { "byte order mark: later it is data", "data: First\n\ndata: " .. BOM .. "Second\n\n",
    { "First", BOM .. "Second" } },
  { "byte order mark: once", BOM .. "data: " .. BOM .. "Hello\n\n", { BOM .. "Hello" } },
  { "byte order mark: a comment", BOM .. ":comment\ndata: Hello\n\n", { "Hello" } },
  { "byte order mark: empty data", BOM .. "data:\n\n", { "" } },
  { "comments around an event", ":Hello\n:World\ndata: Hello\n\n:Hello\n", { "Hello" } },
  { "CRLF in pieces", "data: Hello\r\ndata: World\r\n\r\ndata: OK\r\n\r\n", { "Hello\nWorld", "OK" } },
}
for _, ending in ipairs { "\n", "\r\n", "\r" } do
  local function add(what, text, events)
    table.insert(sse_contract_tests, { ("%q: %s"):format(ending, what), (text:gsub("\n", ending)), events })
  end
  add("one line", "data: event 1\n\n", { "event 1" })
  add("one line, two lines", "data: event 1\n\ndata: event 2 line 1\ndata: event 2 line 2\n\n",
    { "event 1", "event 2 line 1\nevent 2 line 2" })
  add("an empty line first", "data:\ndata: line2\ndata: line3\n\n", { "\nline2\nline3" })
  add("an empty line between", "data: line1\ndata:\ndata: line3\n\n", { "line1\n\nline3" })
  add("an empty line too many", "data: event 1\n\n\ndata: event 2\n\n", { "event 1", "event 2" })
  add("two empty lines too many", "data: event 1\n\n\n\ndata: event 2\n\n", { "event 1", "event 2" })
end

-- Our own: corners that none of them has.
local corners = { from = "our own",
  { "nothing", "", {} },
  { "half a byte order mark is text", "\xEF\xBBdata: a\n\ndata: b\n\n", { "b" } },
  { "half a byte order mark, then the end of the line", "\xEF\ndata: a\n\n", { "a" } },
  { "half a byte order mark, then CR", "\xEF\xBB\rdata: a\n\n", { "a" } },
  { "half a byte order mark, then a whole one", "\xEF\xBB" .. BOM .. "\ndata: a\n\n", { "a" } },
  { "half a byte order mark at the end", "\xEF\xBB", {} },
  { "a byte order mark alone", BOM, {} },
  { "a byte order mark after an empty line is text", "\n" .. BOM .. "data: a\n\n", {} },
  { "a name without data does not reach the next event", "event: lost\n\ndata: a\n\n", { "a" } },
  { "the last name counts", "event: a\nevent: b\ndata\n\nevent: c\nevent\ndata\n\n",
    { { event = "b", data = "" }, "" } },
  { "the last id counts", "id: a\nid: b\ndata\n\n", { id_of("b", "") } },
  { "an incomplete event's id does not count", "id: a\ndata\n\nid: b\n:", { id_of("a", "") } },
  { "a colon in the value", "data: a: b:\nevent::\n\n", { { event = ":", data = "a: b:" } } },
  { "LF CR is two ends", "data: a\n\rdata: b\n\r", { "a", "b" } },
  { "CR CR LF is two ends", "data: a\r\r\ndata: b\r\r\n", { "a", "b" } },
  { "CR LF LF is two ends", "data: a\r\n\ndata: b\r\n\n", { "a", "b" } },
  { "other characters end no line", "data: a\v\f\u{85}\u{2028}\u{2029}b\n\n",
    { "a\v\f\u{85}\u{2028}\u{2029}b" } },
  { "bytes that are not UTF-8 stay", "data: \xFF\xC0\x80\nid: \xFE\n\n", { id_of("\xFE", "\xFF\xC0\x80") } },
  { "field names have a case and no spaces", "Data: a\nDATA: b\ndata : c\n data: d\ndata\t: e\n\n", {} },
  { "a retry that is no number",
    "retry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\nretry: 0x10\nretry:  7\nretry: 7 \ndata\n\n", { "" } },
  { "a retry of nothing at all", "retry: 0\ndata\n\n", { { data = "", retry = 0 } } },
  { "a retry beyond a day", "retry: 86400001\ndata\n\nretry: 99999999999999999999999999\ndata\n\n",
    { { data = "", retry = 86400000 }, { data = "", retry = 86400000 } } },
  { "the last retry counts", "retry: 1\nretry: 2\n\nretry: 3\n\ndata\n\ndata\n\n",
    { { data = "", retry = 3 }, "" } },
  { "what the cloud sends",
    ":ok\n\n\nevent: door\ndata: {\"data\":\"open\",\"ttl\":60}\n\n\n:\n\nevent: \ndata: {}\n\n",
    { { event = "door", data = '{"data":"open","ttl":60}' }, "{}" } },
}

return { standard, web_platform_tests, eventsource_parser, sse_contract_tests, corners }
