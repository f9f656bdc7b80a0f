-- Certificates of a private authority, made by the openssl command: `good` for this machine, `expired`,
-- `elsewhere` for another host, and `selfsigned`, which no authority vouches for.

local support = require("spec.support")

local certificates = {}

local HERE = "DNS:localhost,IP:127.0.0.1"

-- name -> subject's names, days
local LEAVES = { good = { HERE, 2 }, expired = { HERE, -1 }, elsewhere = { "DNS:elsewhere.test", 2 } }

local SCRIPT = [[
  set -e
  authority() { # NAME EXTENSION...
    name=$1; shift
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" "$@" \
      -keyout "$name.key" -out "$name.pem"
  }
  leaf() { # NAME SUBJECT-NAMES DAYS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" \
      -out "$1.csr"
    printf 'subjectAltName=%s\n' "$2" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days "$3" \
      -extfile "$1.ext" -out "$1.pem"
  }
  authority authority
]]

---Makes some of them: NAME.pem and NAME.key each, `authority.pem`, and the folder `trusted` that holds the
---authority as `ca_path` wants it.
---@param folder support.Folder
---@param names string[]
function certificates.make(folder, names)
  local lines = { SCRIPT }
  for _, name in ipairs(names) do
    local leaf = LEAVES[name]
    lines[#lines + 1] = leaf and ("leaf %s %s %d"):format(name, leaf[1], leaf[2])
      or ("authority %s -addext subjectAltName=%s"):format(name, HERE)
  end
  lines[#lines + 1] = "mkdir trusted"
  lines[#lines + 1] = 'cp authority.pem "trusted/$(openssl x509 -hash -noout -in authority.pem).0"'
  local result = support.run({ "sh", "-c", table.concat(lines, "\n") }, { cwd = folder.path })
  assert(result.status == 0, result.stderr)
end

return certificates
