-- Secrets that can be told from everything else, wherever they turn up.

local canaries = {}

for i, name in ipairs {
  "token", "other_token", "cloud_token", "environment_token", "profile_token", "password", "otp", "mfa_token",
  "client_secret", "refresh_token", "proxy_password", "header", "basic", "json",
} do
  canaries[name] = ("canary%02dfedcba9876543210"):format(i)
end

return canaries
