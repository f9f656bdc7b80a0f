-- Writes the manual: the reference as Markdown, guides and reference as HTML, and the annotations for
-- editors. Run from the checkout: lua5.4 doc/generator/main.lua FOLDER. Ends with status 1, and says why,
-- when something public is not described or a link leads nowhere.

package.path = "./?.lua;" .. package.path

local html = require("doc.generator.html")
local markdown = require("doc.generator.markdown")
local meta = require("doc.generator.meta")
local operations = require("doc.generator.operations")
local postman = require("doc.generator.postman")
local surface = require("doc.generator.surface")

local folder = assert(arg[1], "which folder?")

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  path = folder .. "/" .. path
  assert(os.execute("mkdir -p " .. quote(path:match("^(.*)/"))))
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function stop_at(problems)
  if #problems == 0 then return end
  io.stderr:write(table.concat(problems, "\n"), "\n")
  os.exit(1)
end

local function guides()
  local pages = { {
    source = "README.md", file = "README.md", target = "index.html", group = "Guides", label = "Introduction",
  } }
  local pipe <close> = assert(io.popen("ls doc/*.md"))
  for path in pipe:lines() do
    pages[#pages + 1] = {
      source = path, file = path, target = path:gsub("^doc/(.*)%.md$", "%1.html"), group = "Guides",
    }
  end
  pages[#pages + 1] = {
    source = "CHANGELOG.md", file = "CHANGELOG.md", target = "changelog.html", group = "Guides",
    label = "Changes",
  }
  return pages
end

local public, problems = surface.read(surface.sources())
stop_at(problems)

local pages = guides()

local function add_pages(group, list)
  for _, page in ipairs(list) do
    local path = "reference/" .. page.name
    write(path .. ".md", page.text)
    pages[#pages + 1] = {
      source = path .. ".md", file = folder .. "/" .. path .. ".md", target = path .. ".html",
      group = group, label = page.name == "index" and "Overview" or nil,
    }
  end
end

add_pages("Reference", markdown.pages(public))
add_pages("Operations", operations.pages(markdown.anchor))
write("postman_collection.json", postman.collection())

local targets = markdown.targets(public)
operations.add_targets(targets, markdown.anchor)
local texts, files, broken = html.render(pages, targets)
for path, text in pairs(texts) do write(path, text) end
for path in pairs(files) do write(path, read(path)) end
write("style.css", read("doc/generator/style.css"))
for path, text in pairs(meta.files(public)) do write("luals/" .. path, text) end
write("luals/particle/operations.lua", operations.annotations())
stop_at(broken)
print(("%s/index.html: %d pages; %s/luals: annotations for editors"):format(folder, #pages, folder))
