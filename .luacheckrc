std = "lua54"
max_line_length = 110
cache = false
files["spec"] = { std = "lua54+busted" }
