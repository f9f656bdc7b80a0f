-- A script that makes one call: the library is loaded, a variable is read. Usage: cold_client.lua URL

local api = require("particle").new { base_url = arg[1], token = "0123456789abcdef" }
assert(api:device("0123456789abcdef01234567"):read("temperature"))
