-- The event-stream format of WHATWG's HTML standard, for the streams of any server: bytes in, events out. The
-- parser knows nothing of connections; however the bytes are cut, the same events come.
--
--   local parser <close> = particle.sse.parser()
--   for bytes in pieces do
--     assert(parser:feed(bytes))
--     for event in parser.next, parser do print(event.event, event.data) end
--   end

local core = require("particle.core")

local sse = {}

---@class particle.sse.Event
---@field event string    "message" where the stream names none
---@field data string     the event's lines with "\n" between them; the bytes are not changed
---@field id? string      the last id that the stream set, in this event or before; nil for an empty one
---@field retry? integer  milliseconds, at most a day, to wait before a new connection, where the stream set
---that since the event before

---@class particle.sse.Parser
---@field feed fun(self, bytes: string): particle.sse.Parser?, particle.Error?  Takes the next piece of the
---stream, of any length. Nothing is parsed before `next` asks. Raises on what is no string, and on a closed
---parser.
---@field next fun(self): particle.sse.Event?, particle.Error?  The next event, or nil when the bytes so far
---complete none. With an error of kind `too_large` when a line or an event's data exceeds the limit; `next`
---and `feed` return that error then, until `restart`.
---@field last_id fun(self): string?  What the header `Last-Event-ID` of a new connection should say. May be
---newer than the last event's, for events without data are not reported.
---@field restart fun(self): particle.sse.Parser  A new connection begins: forgets everything but the last id,
---also events that were not taken yet.
---@field close fun(self)  Frees the memory now. May be repeated; a `<close>` variable does it.

--- A parser at the beginning of a stream.
---@param limit? integer  bytes of a line and of an event's data (16 MiB)
---@return particle.sse.Parser
sse.parser = core.sse_parser

return sse
