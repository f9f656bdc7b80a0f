-- nginx as a reverse proxy with TLS and HTTP/2, as a process of the specs' own: its files lie in a temporary
-- folder, it stays in the foreground, and nothing of an nginx that the system runs is touched.

local certificates = require("spec.support.certificates")
local support = require("spec.support")

local nginx = {}

local CONFIG = [[
  %s
  worker_processes 2;
  daemon off;
  pid nginx.pid;
  error_log error.log;
  events { worker_connections 1024; }
  http {
    log_format facts '$pid $connection "$http2" "$ssl_session_reused" $status $request_method $uri';
    access_log access.log facts;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;
    http2_max_concurrent_streams 512;
    client_max_body_size 64m;
    proxy_buffering off;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    %s
  }
]]

local SERVER = [[
    server {
      listen 127.0.0.1:%d ssl%s;
      %s
      ssl_certificate %s.pem;
      ssl_certificate_key %s.key;
      location / { proxy_pass %s; }
    }
]]

---@class support.Nginx
---@field url string                 of the server whose certificate is good
---@field urls table<string, string> name of a certificate -> the server that shows it
---@field ca_file string             the authority that the clients are to trust
---@field ca_path string
local Nginx = {}
Nginx.__index = Nginx

-- A worker of root would otherwise become another user, who may not enter the folder.
local function user()
  return support.run({ "id", "-u" }).stdout == "0\n" and "user root;" or ""
end

local function ready(self)
  support.wait_until(function()
    return self.process:status() or (support.read(self.folder.path .. "/nginx.pid") or "") ~= ""
  end, { what = "nginx to start" })
  assert(not self.process:status(), self.process:stderr())
end

---@class support.NginxOptions
---@field directives? string  for all servers
---@field http2? boolean      true
---@field names? string[]     of certificates besides `good`: each has a server of its own

---Starts it in front of a server of plain http.
---@param backend string  its address
---@param options? support.NginxOptions
---@return support.Nginx  ended by `close` or when a <close> variable goes
function nginx.start(backend, options)
  options = options or {}
  local http2 = options.http2 == false and "" or " http2"
  local folder = support.folder()
  local names = { "good", table.unpack(options.names or {}) }
  certificates.make(folder, names)
  local self = setmetatable({
    folder = folder, urls = {},
    ca_file = folder.path .. "/authority.pem", ca_path = folder.path .. "/trusted",
  }, Nginx)
  local servers = {}
  for _, name in ipairs(names) do
    local port = support.free_port()
    self.urls[name] = "https://127.0.0.1:" .. port
    servers[#servers + 1] = SERVER:format(port, http2, options.directives or "", name, name, backend)
  end
  self.url = self.urls.good
  folder:write("nginx.conf", CONFIG:format(user(), table.concat(servers)))
  self.process = support.start({ "nginx", "-p", folder.path .. "/", "-e", "error.log", "-c", "nginx.conf" },
    { env = { PATH = os.getenv("PATH") .. ":/usr/sbin:/usr/local/sbin" } })
  ready(self)
  return self
end

---@class support.NginxEntry
---@field worker integer    the process that served it
---@field connection string its number
---@field h2 boolean
---@field resumed boolean   the TLS session was one of an earlier connection
---@field status integer
---@field method string
---@field path string

---The requests that were answered so far, once there are n.
---@param n integer
---@return support.NginxEntry[]
function Nginx:log(n)
  local entries
  support.wait_until(function()
    entries = {}
    for line in (support.read(self.folder.path .. "/access.log") or ""):gmatch("([^\n]*)\n") do
      local worker, connection, h2, resumed, status, method, path = line:match(
        '^(%d+) (%d+) "(.-)" "(.-)" (%d+) (%S+) (%S+)$')
      entries[#entries + 1] = {
        worker = math.tointeger(worker), connection = connection, h2 = h2 == "h2", resumed = resumed == "r",
        status = math.tointeger(status), method = method, path = path,
      }
    end
    return #entries >= n
  end, { what = n .. " lines of nginx's log" })
  return entries
end

---How many connections the entries came by.
---@param entries support.NginxEntry[]
---@return integer
function nginx.connections(entries)
  local seen, count = {}, 0
  for _, entry in ipairs(entries) do
    if not seen[entry.connection] then count = count + 1 end
    seen[entry.connection] = true
  end
  return count
end

---Has it take up its configuration anew: it says goodbye on its connections.
function Nginx:reload() self.process:kill("HUP") end

---Kills one of its workers, as a crash would.
---@param worker integer
function Nginx.kill_worker(_, worker) assert(os.execute("kill -KILL " .. worker)) end

---Keeps one of its workers from doing anything: its connections fall silent.
---@param worker integer
---@return table  lets it go on, if it lives, when the <close> variable goes
function Nginx.stop_worker(_, worker)
  assert(os.execute("kill -STOP " .. worker))
  return setmetatable({}, { __close = function() os.execute("kill -CONT " .. worker .. " 2>/dev/null") end })
end

---Whether bytes lie in the system that no worker has read yet.
---@return boolean
function Nginx:has_unread()
  local port = math.tointeger(self.url:match("%d+$"))
  for line in support.read("/proc/net/tcp"):gmatch("[^\n]+") do
    local own, state, unread = line:match("^%s*%d+: %x+:(%x+) %x+:%x+ (%x+) %x+:(%x+)")
    if own and tonumber(own, 16) == port and state == "01" and tonumber(unread, 16) > 0 then return true end
  end
  return false
end

---Ends it.
function Nginx:close()
  self.process:stop()
  self.folder:remove()
end

Nginx.__close = Nginx.close

return nginx
