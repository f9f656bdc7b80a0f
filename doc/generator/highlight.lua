-- Colours for Lua: what is read, with its comments, texts and keywords marked for the style sheet.

local highlight = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
  true until while]]):gmatch("%a+") do KEYWORDS[word] = true end

-- What a piece may begin with, in the order of trying: a pattern, and its class.
local PIECES = {
  { "^%-%-[^\n]*", "comment" },
  { '^"[^"\n]*"', "text" },
  { "^'[^'\n]*'", "text" },
  { "^%[%[.-%]%]", "text" },
  { "^[%a_][%w_]*" },
  { "^%s+" },
  { "^." },
}

---Text as HTML shows it.
---@param text string
---@return string
function highlight.escape(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

local function next_piece(source, at)
  for _, kind in ipairs(PIECES) do
    local piece = source:match(kind[1], at)
    if piece then return piece, KEYWORDS[piece] and "keyword" or kind[2] end
  end
end

---@param source string  a program
---@return string        HTML
function highlight.lua(source)
  local parts, at = {}, 1
  while at <= #source do
    local piece, class = next_piece(source, at)
    local shown = highlight.escape(piece)
    parts[#parts + 1] = class and ('<span class="%s">%s</span>'):format(class, shown) or shown
    at = at + #piece
  end
  return table.concat(parts)
end

return highlight
