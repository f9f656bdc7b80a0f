-- The cloud that the official clients are tried against.

local brightness = 5

return {
  users = { { username = "joe@example.com", password = "SuperSecret" },
    { username = "ann@example.com", password = "SuperSecret", mfa = "123456" } },
  devices = { {
    name = "lamp", id = "0123456789abcdef01234567",
    variables = { temperature = 21.5, brightness = function() return brightness end },
    functions = { dim = function(argument)
      brightness = tonumber(argument) or 0
      return brightness
    end },
  }, { name = "gate", platform_id = 13, online = false } },
  products = { { name = "Street Light", id = 42, devices = {
    { name = "light-1", id = "e00fce680000000000000001" }, { name = "light-2", platform_id = 26 },
  } } },
  orgs = { acme = { 42 } },
  flash_time = 0.2,
}
