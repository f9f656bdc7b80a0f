-- Markdown pages as HTML: cmark-gfm does the text; here come the frame with its navigation, what headings are
-- found by, links from one page to another, and from a name in the text to what the reference says about it.

local highlight = require("doc.generator.highlight")
local markdown = require("doc.generator.markdown")

local html = {}

---@class doc.HtmlPage
---@field source string   path of the Markdown, as links name it: "doc/events.md", "reference/api.md"
---@field file string     path of the file to read
---@field target string   path under the output folder
---@field group string    of the navigation
---@field label string?   in the navigation; default: the title

local FRAME = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<link rel="stylesheet" href="%sstyle.css">
</head>
<body>
<nav>
%s</nav>
<main>
%s</main>
</body>
</html>
]]

-- Paths ---------------------------------------------------------------------------------------------

local function folder_of(path) return path:match("^(.*/)") or "" end

-- The path that a link in the page `from` means.
local function resolve(from, link)
  local parts = {}
  for part in (folder_of(from) .. link):gmatch("[^/]+") do
    if part == ".." then table.remove(parts) elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

-- How a page says where another file is.
local function relative(from, to)
  local folder = folder_of(from)
  if folder_of(to) == folder then return to:sub(#folder + 1) end
  return folder:gsub("[^/]+/", "../") .. to
end

-- Changing HTML -------------------------------------------------------------------------------------

local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"' }

local function plain(text)
  return (text:gsub("<[^>]*>", ""):gsub("&(%l+);", ENTITIES))
end

-- Lets `change` see the body without what the patterns find.
local function around(body, patterns, change)
  local kept = {}
  for _, pattern in ipairs(patterns) do
    body = body:gsub(pattern, function(text)
      kept[#kept + 1] = text
      return "\0" .. #kept .. "\0"
    end)
  end
  body = change(body)
  local count
  repeat
    body, count = body:gsub("\0(%d+)\0", function(number) return kept[tonumber(number)] end)
  until count == 0
  return body
end

-- Ids for the headings, and a list of them.
local function mark_headings(page, body)
  page.headings, page.ids = {}, {}
  return (body:gsub("<h([1-6])>(.-)</h%1>", function(level, text)
    local id = markdown.anchor(plain(text))
    while page.ids[id] do id = id .. "-1" end
    page.ids[id] = true
    table.insert(page.headings, { level = tonumber(level), text = text, id = id })
    return ('<h%s id="%s">%s <a class="here" href="#%s" aria-label="link to this">#</a></h%s>'):format(
      level, id, text, id, level)
  end))
end

local function colour_programs(body)
  return (body:gsub('<pre><code class="language%-lua">(.-)</code></pre>', function(text)
    return "<pre><code>" .. highlight.lua(plain(text)) .. "</code></pre>"
  end))
end

-- Names of the reference in the text become links to it.
local function link_names(page, body, targets)
  local function link(name)
    local target = targets[name]
    if not target or not name:find("[.:]") then return nil end
    local path = "reference/" .. target:gsub("%.md", ".html")
    if path == page.target then return nil end
    local href = relative(page.target, path)
    return ('<a href="%s">%s</a>'):format(href, name)
  end
  return around(body, { "<pre>.-</pre>", "<a [^>]*>.-</a>", "<h%d.-</h%d>" }, function(text)
    return (text:gsub("<code>(.-)</code>", function(inside)
      return "<code>" .. inside:gsub("[%a_][%w_.]*:?[%w_]*", link) .. "</code>"
    end))
  end)
end

local function is_file(path)
  local file <close> = io.open(path)
  return file ~= nil
end

-- Links to Markdown files lead to their pages; other files of the checkout are taken along.
local function turn_links(self, page, body)
  return (body:gsub('href="([^"#]*)(#?[^"]*)"', function(link, anchor)
    if link == "" or link:find("^%a+:") then return nil end
    local path = resolve(page.source, link)
    local other = self.by_source[path]
    if not other and not self.files[path] then
      if not is_file(path) then
        table.insert(self.problems, ("%s: links to %s, which is not there"):format(page.source, link))
      end
      self.files[path] = true
    end
    return ('href="%s%s"'):format(relative(page.target, other and other.target or path), anchor)
  end))
end

-- Tables whose head says nothing go without it.
local function tidy_tables(body)
  body = body:gsub("<thead>%s*<tr>[%s]*(.-)</tr>%s*</thead>", function(cells)
    if plain(cells):find("%S") then return nil end
    return ""
  end)
  return (body:gsub("<table>", '<div class="table"><table>'):gsub("</table>", "</table></div>"))
end

-- The frame -----------------------------------------------------------------------------------------

local function outline(page)
  local lines = {}
  for _, heading in ipairs(page.headings) do
    if heading.level == 2 or heading.level == 3 then
      lines[#lines + 1] = ('<li class="level%d"><a href="#%s">%s</a></li>\n'):format(
        heading.level, heading.id, plain(heading.text):gsub("[<>&]", highlight.escape))
    end
  end
  return "<ul class=\"outline\">\n" .. table.concat(lines) .. "</ul>\n"
end

local function navigation(self, page)
  local lines, group = {}, nil
  for _, other in ipairs(self.pages) do
    if other.group ~= group then
      lines[#lines + 1] = (group and "</ul>\n" or "") .. "<h2>" .. other.group .. "</h2>\n<ul>\n"
      group = other.group
    end
    local mark = other == page and ' aria-current="page"' or ""
    lines[#lines + 1] = ('<li><a href="%s"%s>%s</a>'):format(
      relative(page.target, other.target), mark, other.label or other.title)
    lines[#lines + 1] = (other == page and "\n" .. outline(page) or "") .. "</li>\n"
  end
  return table.concat(lines) .. "</ul>\n"
end

local function framed(self, page)
  local title = page.title == "particle" and page.title or page.title .. " - particle"
  return FRAME:format(title, relative(page.target, ""), navigation(self, page), page.body)
end

-- All of it -----------------------------------------------------------------------------------------

local function convert(self, page, targets)
  local pipe = assert(io.popen("cmark-gfm --extension table --extension autolink '" .. page.file .. "'"))
  local body = pipe:read("a")
  assert(pipe:close(), "cmark-gfm failed")
  body = mark_headings(page, body)
  body = link_names(page, turn_links(self, page, body), targets)
  page.body = tidy_tables(colour_programs(body))
  page.title = plain(page.headings[1].text)
end

local function leads_somewhere(self, page, link, anchor)
  if link:find("^%a+:") then return true end
  local other = self.by_target[link == "" and page.target or resolve(page.target, link)]
  return other and other.ids[anchor]
end

local function check_anchors(self)
  for _, page in ipairs(self.pages) do
    for link, anchor in page.body:gmatch('href="([^"#]*)#([^"]*)"') do
      if not leads_somewhere(self, page, link, anchor) then
        local message = ("%s: links to %s#%s, which is not there"):format(page.source, link, anchor)
        table.insert(self.problems, message)
      end
    end
  end
end

---Renders the pages.
---@param pages doc.HtmlPage[]
---@param targets table<string, string>  see `markdown.targets`
---@return table<string, string>  path under the output folder -> HTML
---@return table<string, true>    files of the checkout that are linked
---@return string[] problems      broken links
function html.render(pages, targets)
  local self = { pages = pages, by_source = {}, by_target = {}, files = {}, problems = {} }
  for _, page in ipairs(pages) do
    self.by_source[page.source], self.by_target[page.target] = page, page
  end
  for _, page in ipairs(pages) do convert(self, page, targets) end
  check_anchors(self)
  local texts = {}
  for _, page in ipairs(pages) do texts[page.target] = framed(self, page) end
  return texts, self.files, self.problems
end

return html
