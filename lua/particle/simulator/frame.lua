-- What an event stream carries, as bytes.

local reply = require("particle.simulator.reply")

local frame = {}

--- How a stream begins.
frame.OPENING = ":ok\n\n"

--- What comes when there is nothing else.
frame.KEEP_ALIVE = "\n"

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function digit(sextet) return ALPHABET:sub(sextet + 1, sextet + 1) end

local function base64(bytes)
  local encoded = bytes:gsub("..?.?", function(group)
    local a, b, c = group:byte(1, 3)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    return digit(bits >> 18) .. digit(bits >> 12 & 63) .. (b and digit(bits >> 6 & 63) or "=")
      .. (c and digit(bits & 63) or "=")
  end)
  return encoded
end

-- What is no text travels as a data URL.
local function data_of(event)
  local data = event.data
  if data == nil then return reply.null end
  return utf8.len(data) and data or "data:application/octet-stream;base64," .. base64(data)
end

local FROM_THE_API = "api"

-- What streams of products and organizations tell besides, as names and values that take turns.
local function product_details(event, owner)
  return "userid", owner and owner.id or "", "version", event.coreid and 1 or 0,
    "public", not event.private, "productID", event.product
end

local function lines(event, ...)
  local data = reply.object("data", data_of(event), "ttl", event.ttl, "published_at", event.published_at,
    "coreid", event.coreid or FROM_THE_API, ...)
  return ("event: %s\ndata: %s\n\n"):format(event.name, data.text)
end

--- An event as a stream of a user, or of a device, carries it.
---@param event particle.simulator.Event
---@return string
function frame.event(event) return lines(event) end

--- An event as a stream of a product, or of an organization, carries it.
---@param event particle.simulator.Event
---@param owner? particle.simulator.User  whose event it is
---@return string
function frame.product_event(event, owner) return lines(event, product_details(event, owner)) end

return frame
