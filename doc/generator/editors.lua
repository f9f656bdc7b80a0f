-- Writes the annotations of the operations, for editors: the one part of the public face that is not
-- annotated in the sources, since it is made of rows. It is installed beside them. Run from the checkout:
-- lua5.4 doc/generator/editors.lua FILE

package.path = "./?.lua;./lua/?.lua;./lua/?/init.lua;" .. package.path

local operations = require("doc.generator.operations")

local text = operations.annotations():gsub("^%-%-%-@meta[^\n]*\n+", "")

local file <close> = assert(io.open(assert(arg[1], "which file?"), "wb"))
file:write("---@meta particle.annotations\n\n---@class particle.Api\n")
file:write(table.concat(operations.fields(), "\n"), "\n\n", text, "\n")
